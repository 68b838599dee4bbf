"""IDs alone, one a line: for `xargs`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from crmctl.output.escape import one_line
from crmctl.output.style import Style
from crmctl.output.view import Item, View, to_text


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write the ID of each item that has one; give the number of items."""
    del view, style
    number = 0
    for number, item in enumerate(items, start=1):
        if item.get("id") is not None:
            stream.write(one_line(to_text(item["id"])) + "\n")
        if number == 1:
            stream.flush()
    return number


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write the ID."""
    write_list([item], view, stream=stream, style=style)
