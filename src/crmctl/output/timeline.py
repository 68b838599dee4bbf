"""The feed, for a person at a terminal: what happened, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from crmctl.output import dates
from crmctl.output.console import GLUE, cut, open_console, print_wrapped
from crmctl.output.escape import one_line
from crmctl.output.humanize import instant_of, local_clock, say
from crmctl.output.style import Style
from crmctl.output.view import Item, pick_shown, to_text
from crmctl.timestamps import is_date_only

_NO_DATE = "No date"
_TYPE_WIDTH = 7
_INDENT = 18
_NARROW = 50


def write_timeline(items: Iterable[Item], *, stream: TextIO, style: Style) -> int:
    """Write each item as a line below its day, as it comes; give their number.

    What has no date that can be read stands last.
    """
    shown_day = ""
    number = 0
    undated: list[Item] = []
    for item in items:
        number += 1
        when = item.get("occurred_at") or item.get("created_at")
        instant = instant_of(when, style)
        if instant is None:
            undated.append(item)
            continue
        day = dates.day_heading(instant, now=style.now, zone=style.zone)
        clock = "" if is_date_only(str(when)) else f"{local_clock(instant, style):%H:%M}"
        _write_item(item, clock, day if day != shown_day else "", shown_day, stream, style)
        shown_day = day
    for item in undated:
        heading = _NO_DATE if shown_day != _NO_DATE else ""
        _write_item(item, "", heading, shown_day, stream, style)
        shown_day = _NO_DATE
    return number


def _write_item(
    item: Item, clock: str, heading: str, shown_day: str, stream: TextIO, style: Style
) -> None:
    narrow = style.width is not None and style.width < _NARROW
    indent = 2 if narrow else _INDENT
    with open_console(stream, style) as console:
        if heading:
            if shown_day:
                console.line()
            print_wrapped(console, [(heading, "bold")], indent=0, width=style.width)
        parts = [("  ", ""), (f"{clock:5}  ", "dim"), *_told(item, style)]
        print_wrapped(console, parts, indent=indent, width=style.width)
        description = one_line(_first_line(item.get("description")))
        if description:
            if style.width is not None:
                description = cut(description, max(1, style.width - indent))
            parts = [(" " * indent, ""), (description, "dim")]
            print_wrapped(console, parts, indent=indent, width=None)


def _told(item: Item, style: Style) -> list[tuple[str, str]]:
    """The type, the subject, then what else is known."""
    kind = cut(say("type", "enum", item.get("type"), style), 2 * _TYPE_WIDTH)
    subject = one_line(to_text(item.get("subject") or item.get("title")))
    known = [
        say("contact_name", "string", pick_shown(item, "contact_name"), style),
        say("deal_name", "string", pick_shown(item, "deal_name"), style),
        say("related_to", "object", item.get("related_to"), style),
        say("duration", "integer", item.get("duration"), style).replace(" ", GLUE),
        say("outcome", "enum", item.get("outcome"), style),
    ]
    # A line may end with a dash or a dot, and does not begin with one.
    rest = f"{GLUE}· ".join(text for text in known if text)
    if not subject and not rest:
        subject = one_line(to_text(item.get("id")))
    between = f"{GLUE}— " if subject and rest else ""
    return [(f"{kind:{_TYPE_WIDTH}}  ", "cyan"), (subject, ""), (between + rest, "dim")]


def _first_line(description: Any) -> str:
    lines = to_text(description).strip().splitlines()
    return lines[0] if lines else ""
