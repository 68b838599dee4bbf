"""The embedded workspace: the API, implemented on SQLite."""
