"""Plain text: tab-separated, no header, nothing cut. For `cut`, `awk` and `while read`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from crmctl.output.style import Style
from crmctl.output.text import one_line
from crmctl.output.view import Item, View, pick


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write one line for each item and give their number."""
    number = 0
    names = [column.name for column in view.columns]
    for item in items:
        stream.write("\t".join([cell(pick(item, name)) for name in names]) + "\n")
        number += 1
        if number == 1:
            stream.flush()
    return number


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write ``name<TAB>value`` for each field that has a value; unknown fields as well."""
    names = view.fields
    if not view.chosen:
        names = [name for name in view.fields if "." not in name]
        names += [name for name in item if name not in names]
    for name in names:
        text = cell(pick(item, name))
        if text:
            stream.write(f"{one_line(name)}\t{text}\n")


def cell(value: Any) -> str:
    """A value on one line: an object by its name, else its type and ID; a list with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        if value.get("name"):
            return one_line(str(value["name"]))
        return one_line(":".join(str(part) for part in value.values() if part is not None))
    if isinstance(value, list):
        return ",".join(cell(part) for part in value)
    return one_line(str(value))
