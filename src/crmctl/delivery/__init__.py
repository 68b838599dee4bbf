"""Writes that a job may repeat."""
