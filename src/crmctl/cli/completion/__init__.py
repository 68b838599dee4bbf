"""Completion: what the shells ask, and what they are told."""
