"""Settings: profiles, the config file, keys, and the order in which they count."""
