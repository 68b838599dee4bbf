"""What is to do, for a person at a terminal: overdue, today, and the days after, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TextIO

from crmctl.output.console import Console, Text, cell_len, open_console, print_wrapped
from crmctl.output.humanize import color_of, instant_of, is_whole_day, say
from crmctl.output.style import Style
from crmctl.output.table import fit, line_of
from crmctl.output.view import Column, Item, pick_shown
from crmctl.timestamps import in_zone

MOST_OVERDUE = 10

_INDENT = 2
# The ID stands last, to be copied. Whoever has all of it is not named in each line.
_COLUMNS = [
    Column("due_date", "Due", "time"),
    Column("title", "Title"),
    Column("priority", "Priority", "enum"),
    Column("related_to", "Related to", "object"),
    Column("assignee_name", "Assignee"),
    Column("id", "ID", "id"),
]
_TELLING = ("high", "urgent")


class Agenda:
    """What an agenda tells.

    ``items`` are open tasks, soonest first. ``more_overdue`` is how many overdue ones are not among
    them, None for nobody knows how many; ``later`` and ``undated`` are how many open tasks are due
    after the days shown, and have no due date, None where that is not known. ``overdue_command``
    lists all that is overdue.
    """

    __slots__ = ("items", "later", "more_overdue", "overdue_command", "undated")

    def __init__(
        self,
        items: Sequence[Item],
        *,
        more_overdue: int | None,
        later: int | None,
        undated: int | None,
        overdue_command: str,
    ) -> None:
        self.items = items
        self.more_overdue = more_overdue
        self.later = later
        self.undated = undated
        self.overdue_command = overdue_command


def write_agenda(agenda: Agenda, *, stream: TextIO, style: Style) -> None:
    """Write a heading for each day that has tasks, and for today, each with a line a task."""
    today = in_zone(style.now, style.zone).date()
    overdue, days, undated = _by_day(agenda.items, style)
    days.setdefault(today, [])
    shown = [*overdue[:MOST_OVERDUE], *(item for day in sorted(days) for item in days[day])]
    rows = _Rows([*shown, *undated], style)
    with open_console(stream, style) as console:

        def head(heading: str) -> None:
            print_wrapped(console, [(heading, "bold")], indent=0, width=style.width)

        if overdue or agenda.more_overdue != 0:
            _write_overdue(agenda, overdue, rows, console, style)
            console.line()
        for day in sorted(days):
            if day != today:
                console.line()
            number = f" ({len(days[day])})" if days[day] else ""
            head(_heading(day, today) + number)
            rows.write(days[day], console)
            if not days[day]:
                more = "more " if any(_day_of(item, style) == today for item in overdue) else ""
                nothing = f"{' ' * _INDENT}nothing {more}is due today"
                print_wrapped(console, [(nothing, "dim")], indent=_INDENT, width=style.width)
        if undated:
            console.line()
            head(f"No date that can be read ({len(undated)})")
            rows.write(undated, console)
        rest = [
            f"{number} {what}"
            for number, what in ((agenda.undated, "without a due date"), (agenda.later, "later"))
            if number
        ]
        if rest:
            console.line()
            print_wrapped(console, [(", ".join(rest), "")], indent=0, width=style.width)


class _Rows:
    """Lines for tasks, aligned through all of the agenda."""

    def __init__(self, items: list[Item], style: Style) -> None:
        self._style = style
        self._shares_assignee = len({_assignee(item, style) for item in items}) < 2
        natural = [0] * len(_COLUMNS)
        for item in items:
            lengths = (cell_len(text) for text, _ in self._cells(item))
            natural = list(map(max, natural, lengths))
        # A column in which nothing stands takes no room.
        kept = [index for index, width in enumerate(natural) if width]
        room = None if style.width is None else max(1, style.width - _INDENT)
        fitted = fit(
            [_COLUMNS[index] for index in kept],
            [natural[index] for index in kept],
            room,
            chosen=False,
        )
        self._widths = [0] * len(_COLUMNS)
        for index, width in zip(kept, fitted, strict=True):
            self._widths[index] = width

    def write(self, items: list[Item], console: Console) -> None:
        for item in items:
            line = line_of(self._cells(item), self._widths)
            console.print(Text(" " * _INDENT).append_text(line), soft_wrap=True)

    def _cells(self, item: Item) -> list[tuple[str, str]]:
        style = self._style
        when, color = _when(item, style)
        priority = item.get("priority")
        telling = isinstance(priority, str) and priority in _TELLING
        return [
            (when, color),
            (say("title", "string", item.get("title"), style), ""),
            (str(priority) if telling else "", color_of("priority", item, style)),
            (say("related_to", "object", item.get("related_to"), style), ""),
            ("" if self._shares_assignee else _assignee(item, style), ""),
            (say("id", "id", item.get("id"), style), "dim"),
        ]


def _by_day(
    items: Sequence[Item], style: Style
) -> tuple[list[Item], dict[date, list[Item]], list[Item]]:
    """The overdue ones, the others by their day, and those whose date cannot be read."""
    overdue: list[Item] = []
    days: dict[date, list[Item]] = {}
    undated: list[Item] = []
    for item in items:
        instant = instant_of(item.get("due_date"), style.zone)
        if instant is None:
            undated.append(item)
        elif instant < style.now:
            overdue.append(item)
        else:
            days.setdefault(in_zone(instant, style.zone).date(), []).append(item)
    return overdue, days, undated


def _write_overdue(
    agenda: Agenda, overdue: list[Item], rows: _Rows, console: Console, style: Style
) -> None:
    hidden = max(0, len(overdue) - MOST_OVERDUE)
    if agenda.more_overdue is None:
        number, rest = f"more than {len(overdue)}", "and more"
    else:
        hidden += agenda.more_overdue
        number, rest = str(len(overdue) + agenda.more_overdue), f"and {hidden} more"
    print_wrapped(console, [(f"Overdue ({number})", "bold red")], indent=0, width=style.width)
    rows.write(overdue[:MOST_OVERDUE], console)
    if hidden or agenda.more_overdue is None:
        text = f"{' ' * _INDENT}{rest}: {agenda.overdue_command}"
        print_wrapped(console, [(text, "dim")], indent=_INDENT, width=style.width)


def _heading(day: date, today: date) -> str:
    if (day - today).days == 1:
        return "Tomorrow"
    year = "" if day.year == today.year else f" {day.year}"
    said = f"{day:%a} {day.day} {day:%B}{year}"
    return f"Today, {said}" if day == today else said


def _when(item: Item, style: Style) -> tuple[str, str]:
    """An overdue date with its sign, else the time of day, which a date alone does not have."""
    instant = instant_of(item.get("due_date"), style.zone)
    if instant is None:
        return say("due_date", "time", item.get("due_date"), style), ""
    if instant < style.now:
        return f"! {say('due_date', 'time', item.get('due_date'), style)}", "red"
    local = in_zone(instant, style.zone)
    return "" if is_whole_day(local) else f"{local:%H:%M}", ""


def _day_of(item: Item, style: Style) -> date | None:
    instant = instant_of(item.get("due_date"), style.zone)
    return None if instant is None else in_zone(instant, style.zone).date()


def _assignee(item: Item, style: Style) -> str:
    return say("assignee_name", "string", pick_shown(item, "assignee_name"), style)
