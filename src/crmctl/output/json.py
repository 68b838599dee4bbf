"""JSON: a list is an array, written item by item; one thing is an object.

The data are kept exactly. What acts on a terminal is escaped, so that it may also be looked at.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crmctl.errors import BadAnswer
from crmctl.output.text import UNSEEN
from crmctl.output.view import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from crmctl.output.style import Style
    from crmctl.output.view import View

# Each call of `json.dumps` with such options builds an encoder anew. What comes from JSON holds no
# circles; one too deep is a RecursionError with or without the check.
_OPTIONS: dict[str, Any] = {"ensure_ascii": False, "check_circular": False, "default": str}
_compact = json.JSONEncoder(separators=(",", ":"), **_OPTIONS).encode
_indented = json.JSONEncoder(indent=2, **_OPTIONS).encode


def write_list(
    items: Iterable[Mapping[str, Any]], view: View, *, stream: TextIO, style: Style
) -> int:
    """Write an array, each item as it comes; give their number."""
    del style
    fields = view.fields if view.chosen else []
    number = 0
    for item in items:
        shown = indent(select(item, fields) if fields else item)
        stream.write("[\n  " if number == 0 else ",\n  ")
        stream.write(shown.replace("\n", "\n  "))
        number += 1
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


def indent(value: Any) -> str:
    """A value as JSON over several lines, two spaces a level. Raises BadAnswer if too deep."""
    try:
        return _escape(_indented(value))
    except RecursionError:
        # The library indents in Python, which goes less deep than its reader does.
        return encode(value)


def encode(value: Any) -> str:
    """A value as JSON on one line. Raises BadAnswer for one that is nested too deeply."""
    try:
        text = _compact(value)
    except RecursionError as error:
        raise BadAnswer("The answer is nested too deeply to be shown.") from error
    if text.isascii():
        return text if "\x7f" not in text else text.replace("\x7f", "\\u007f")
    return text if text.isprintable() else _escape(text)


def _escape(text: str) -> str:
    # Characters outside of ASCII stand inside of strings only, where an escape may replace them.
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(f"[{UNSEEN}]", lambda match: f"\\u{ord(match[0]):04x}", text)
