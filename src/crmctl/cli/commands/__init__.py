"""One module a noun, imported when its noun is typed.

These modules do without ``from __future__ import annotations``: Typer would evaluate each
annotation from its text at every start.
"""
