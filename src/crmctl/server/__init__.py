"""The workspace behind a socket."""
