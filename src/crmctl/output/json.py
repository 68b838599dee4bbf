"""JSON: a list is an array, written item by item; one thing is an object.

The data are kept exactly. What acts on a terminal is escaped, so that it may also be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.output.json_text import indent
from crmctl.output.view import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from crmctl.output.style import Style
    from crmctl.output.view import View


def write_list(
    items: Iterable[Mapping[str, Any]], view: View, *, stream: TextIO, style: Style
) -> int:
    """Write an array, each item as it comes; give their number."""
    del style
    fields = view.fields if view.chosen else []
    number = 0
    for number, item in enumerate(items, start=1):
        shown = indent(select(item, fields) if fields else item)
        stream.write("[\n  " if number == 1 else ",\n  ")
        stream.write(shown.replace("\n", "\n  "))
        if number == 1:
            stream.flush()
    stream.write("\n]\n" if number else "[]\n")
    return number


def write_one(item: Mapping[str, Any], view: View, *, stream: TextIO, style: Style) -> None:
    """Write an object."""
    del style
    write_value(select(item, view.fields) if view.chosen else item, stream=stream)


def write_value(value: Any, *, stream: TextIO) -> None:
    """Write any JSON value, indented."""
    stream.write(indent(value) + "\n")
