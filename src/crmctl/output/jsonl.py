"""JSON Lines: one compact object a line, written as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.output.json_text import encode
from crmctl.output.view import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from crmctl.output.style import Style
    from crmctl.output.view import View


def write_list(
    items: Iterable[Mapping[str, Any]], view: View, *, stream: TextIO, style: Style
) -> int:
    """Write one line an item; give their number."""
    del style
    fields = view.fields if view.chosen else []
    write = stream.write
    number = 0
    for number, item in enumerate(items, start=1):
        write(encode(select(item, fields) if fields else item) + "\n")
        if number == 1:
            stream.flush()
    return number


def write_one(item: Mapping[str, Any], view: View, *, stream: TextIO, style: Style) -> None:
    """Write one line."""
    write_list([item], view, stream=stream, style=style)


def write_value(value: Any, *, stream: TextIO) -> None:
    """Write any JSON value: a list one line an item, everything else as one line."""
    for line in value if isinstance(value, list) else [value]:
        stream.write(encode(line) + "\n")
