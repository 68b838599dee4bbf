"""The command line: one module a noun.

The modules of nouns do without ``from __future__ import annotations``: Typer would evaluate each
annotation from its text at every start.
"""
