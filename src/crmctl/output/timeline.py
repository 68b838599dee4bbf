"""The feed, for a person at a terminal: what happened, day by day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, TextIO

from crmctl.output import dates
from crmctl.output.console import GLUE, Console, cut, open_console, print_wrapped
from crmctl.output.escape import one_line
from crmctl.output.humanize import instant_of, say
from crmctl.output.style import Style
from crmctl.output.view import Item, pick_shown, to_text
from crmctl.timestamps import in_zone, is_date_only

_NO_DATE = "No date"
_TYPE_WIDTH = 7
_INDENT = 18
_NARROW = 50


def write_timeline(items: Iterable[Item], *, stream: TextIO, style: Style) -> int:
    """Write each item as a line below its day, as it comes; give their number.

    What has no date that can be read stands last.
    """
    timeline = Timeline(stream)
    number = 0
    undated: list[Item] = []
    for item in items:
        number += 1
        if instant_of(_when(item), style.zone) is None:
            undated.append(item)
        else:
            timeline.write(item, style)
    for item in undated:
        timeline.write(item, style)
    return number


class Timeline:
    """Writes items as lines below their days, for as long as there are some.

    The day is that of the item before, whatever it is called by now.
    """

    __slots__ = ("_day", "_stream")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._day: date | str | None = None  # of what was written last

    def write(self, item: Item, style: Style) -> None:
        """Write an item; above it its day, where that is another than the last one's."""
        when = _when(item)
        instant = instant_of(when, style.zone)
        day: date | str = _NO_DATE
        heading, clock = _NO_DATE, ""
        if instant is not None:
            local = in_zone(instant, style.zone)
            day = local.date()
            heading = dates.day_heading(instant, now=style.now, zone=style.zone)
            clock = "" if is_date_only(str(when)) else f"{local:%H:%M}"
        with open_console(self._stream, style) as console:
            if day != self._day:
                if self._day is not None:
                    console.line()
                print_wrapped(console, [(heading, "bold")], indent=0, width=style.width)
            _write_item(item, clock, console, style)
        self._day = day


def _when(item: Item) -> Any:
    return item.get("occurred_at") or item.get("created_at")


def _write_item(item: Item, clock: str, console: Console, style: Style) -> None:
    narrow = style.width is not None and style.width < _NARROW
    indent = 2 if narrow else _INDENT
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
