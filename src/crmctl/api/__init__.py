"""The API wrapper: a client over any transport."""
