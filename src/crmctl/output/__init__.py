"""Rendering: one module a format."""
