"""Rendering: one module a format, imported when the format is chosen.

Each offers ``write_list(items, view, *, stream, style)``, which gives the number of items written,
and ``write_one(item, view, *, stream, style)``. Items are dicts as the API sends them. What is JSON
in every format has ``write_value(value, *, stream)`` of json, or of jsonl where that is chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmctl import errors

if TYPE_CHECKING:
    from types import ModuleType

FORMATS = ("table", "plain", "json", "jsonl", "csv", "ids", "md")


def renderer(name: str) -> ModuleType:
    """The module that writes a format. Raises UsageError where there is no such format."""
    if name not in FORMATS:
        formats = ", ".join(FORMATS)
        raise errors.UsageError(f"{name!r:.60} is not an output format; there are: {formats}.")
    from importlib import import_module

    return import_module(f"crmctl.output.{name}")
