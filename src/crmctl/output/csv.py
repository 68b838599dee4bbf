"""CSV: a header, then every field, objects flattened to dotted names."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any, TextIO

from crmctl.output.escape import visible
from crmctl.output.style import Style
from crmctl.output.view import Item, View, pick, to_text

# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write the header and one record an item; give the number of items."""
    names = view.fields if view.chosen else _flat_names(view.fields)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    # Raw is for programs: on a terminal a formula does nothing, and an escape sequence would.
    seen = stream.isatty()
    number = 0
    for number, item in enumerate(items, start=1):
        writer.writerow([_cell(pick(item, name), raw=style.raw, seen=seen) for name in names])
        if number == 1:
            stream.flush()
    return number


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write the header and one record."""
    write_list([item], view, stream=stream, style=style)


def _flat_names(fields: list[str]) -> list[str]:
    """The fields, with an object's parts in place of the object."""
    objects = {name.partition(".")[0] for name in fields if "." in name}
    return [name for name in fields if name not in objects]


def _cell(value: Any, *, raw: bool, seen: bool) -> str | int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    text = to_text(value)
    if raw:
        return visible(text) if seen else text
    # What begins with the guard's own sign has one more, so that it can be taken away again.
    guarded = text.lstrip("'").startswith(FORMULA)
    return ("'" if guarded else "") + visible(text)
