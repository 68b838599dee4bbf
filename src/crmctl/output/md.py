r"""Markdown, as GitHub reads it: for a job's summary, an issue, a wiki page.

A list is a table with the columns of the terminal's, one thing is a heading, a list of its fields,
and its description as a quotation. Dates are absolute and short, ``2026-03-25 18:00`` in the
reader's zone, a whole day ``2026-03-25``: a page is read on another day than it was made. ``!``
stands before a date that was overdue then.

Text from a server is text: what Markdown or HTML would make of it is escaped. A description is
Markdown, and stays so but for HTML. Neither mentions anybody: a zero-width space follows the ``@``
of a name and the ``#`` of a number, for a comment would call them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from crmctl.output.escape import visible
from crmctl.output.facts import Facts
from crmctl.output.humanize import instant_of, is_whole_day, marked, say, say_at_length
from crmctl.output.style import Style
from crmctl.output.view import Item, View, in_words, pick, pick_shown
from crmctl.timestamps import in_zone

if TYPE_CHECKING:
    from crmctl.fields import FieldType

# An underscore inside a word, as IDs have it, is nothing but itself.
_ACTS = r"[\\`*~\[\]<>|$&#]|(?<![^\W_])_|_(?![^\W_])"
_CALLS = r"(?<!\w)[@#](?=\w)"
_HTML = r"<(?!(?:https?://|mailto:))(?=[A-Za-z/!?])"
_NO_WORD = "\u200b"


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write a table, a row an item as it comes; give their number. Nothing for none."""
    value_of = pick if view.chosen else pick_shown
    number = 0
    for number, item in enumerate(items, start=1):
        if number == 1:
            headings = [_escape(column.heading) for column in view.columns]
            stream.write(_row(headings) + _row(["---"] * len(headings)))
        cells = []
        for column in view.columns:
            text = _say(column.name, column.type, value_of(item, column.name), style)
            cells.append(_escape(marked(text, column.name, item, style)))
        stream.write(_row(cells))
        if number == 1:
            stream.flush()
    return number


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write one thing in full."""
    facts = Facts(item, view, style, say=_say_at_length)
    parts = [f"## {_escape(facts.title)}\n"] if facts.title else []
    if facts.rows:
        rows = [f"- **{_escape(label)}**: {_escape(value)}" for label, value, _ in facts.rows]
        parts.append("".join(f"{row.rstrip()}\n" for row in rows))
    for name, text in facts.texts:
        if name != "description" or view.chosen:
            parts.append(f"**{_escape(in_words(name))}**\n")
        parts.append(_quote(text))
    stream.write("\n".join(parts))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _say(name: str, type: FieldType, value: Any, style: Style) -> str:
    if type == "time" and (instant := instant_of(value, style.zone)):
        local = in_zone(instant, style.zone).replace(tzinfo=None)
        return f"{local.date()}" if is_whole_day(local) else local.isoformat(" ", "minutes")
    return say(name, type, value, style)


def _say_at_length(name: str, type: FieldType, value: Any, style: Style) -> str:
    return (_say if type == "time" else say_at_length)(name, type, value, style)


def _escape(line: str) -> str:
    """One line as text."""
    called = re.sub(_CALLS, rf"\g<0>{_NO_WORD}", line)
    return re.sub(_ACTS, r"\\\g<0>", called)


def _quote(text: str) -> str:
    """A text in Markdown as a quotation, in which nothing is HTML."""
    # In code, which need not be told apart, neither a backslash nor an entity would do.
    harmless = re.sub(f"{_HTML}|{_CALLS}", rf"\g<0>{_NO_WORD}", visible(text))
    lines = re.split("\r?\n", harmless.strip("\r\n"))
    return "".join(f"> {line}".rstrip() + "\n" for line in lines)
