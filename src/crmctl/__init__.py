"""Manage CRM tasks and log activities from the command line."""

__version__ = "0.1.0"
