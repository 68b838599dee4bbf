"""CSV: a header, then every field, objects flattened to dotted names."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from crmctl.output.style import Style
from crmctl.output.text import visible
from crmctl.output.view import Item, View, pick

# A spreadsheet takes a cell that begins with one of these for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write the header and one record for each item, and give the number of items."""
    names = _flat_names(view)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    number = 0
    for item in items:
        writer.writerow([_cell(pick(item, name), raw=style.raw) for name in names])
        number += 1
        if number == 1:
            stream.flush()
    return number


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write the header and one record."""
    write_list([item], view, stream=stream, style=style)


def _flat_names(view: View) -> list[str]:
    """The fields, with an object's parts in place of the object."""
    if view.chosen:
        return view.fields
    objects = {name.partition(".")[0] for name in view.fields if "." in name}
    return [name for name in view.fields if name not in objects]


def _cell(value: Any, *, raw: bool) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, list):
        text = " ".join(str(part) for part in value)
    elif isinstance(value, Mapping):
        text = " ".join(str(part) for part in value.values() if part is not None)
    else:
        text = str(value)
    if raw:
        return text
    return ("'" if text.startswith(_FORMULA) else "") + visible(text)
