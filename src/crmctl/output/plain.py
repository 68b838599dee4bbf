"""Plain text: tab-separated, no header, nothing cut. For `cut`, `awk` and `while read`.

An empty cell is ``-``: a shell's `read` takes several tabs for one, and would move the columns.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from crmctl.output.escape import one_line
from crmctl.output.style import Style
from crmctl.output.view import Item, View, pick, pick_shown, to_text


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write one line an item, its columns with tabs between; give the number of items."""
    del style
    names = [column.name for column in view.columns]
    value_of = pick if view.chosen else pick_shown
    number = 0
    for number, item in enumerate(items, start=1):
        cells = [_cell(value_of(item, name)) for name in names]
        stream.write("\t".join(cells) + "\n")
        if number == 1:
            stream.flush()
    return number


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write ``name<TAB>value`` for each field that has a value, fields unknown to us as well.

    Fields that were asked for have a line even if they are empty.
    """
    del style
    names = list(view.fields)
    if not view.chosen:
        objects = {name for name in names if isinstance(item.get(name), dict)}
        parts = {name for name in names if "." in name}
        # A known object is told by its parts, any other value in its place by itself.
        told = {name.partition(".")[0] for name in parts} & objects
        names += [name for name in item if name not in names]
        names = [name for name in names if name not in told]
    for name in names:
        value = item[name] if name in item else pick(item, name)
        if value is not None or view.chosen:
            stream.write(f"{one_line(name)}\t{_cell(value)}\n")


def _cell(value: Any) -> str:
    return one_line(to_text(value)) or "-"
