"""Reports, for a person at a terminal: numbers, and bars beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, TextIO

from crmctl.output.bars import bar, say_shades, shade, stacked
from crmctl.output.console import cell_len, cut, open_console, print_wrapped
from crmctl.output.dates import say_duration
from crmctl.output.escape import one_line
from crmctl.output.humanize import instant_of, say
from crmctl.output.style import Style
from crmctl.output.view import to_text
from crmctl.timestamps import in_zone

Report = Mapping[str, Any]
Part = tuple[str, str]
Line = list[Part]

_GAP = 2
_NAME_WIDTH = 24
_LEAST_NAME = 8
_LEAST_BAR = 8
_MOST_BAR = 40

# Each age of a task with its heading.
_AGES = {
    "overdue_over_7_days": ">7 d",
    "overdue_up_to_7_days": "1-7 d",
    "today": "today",
    "this_week": "week",
    "later": "later",
    "no_due_date": "no date",
}
_OVERDUE = ("overdue_over_7_days", "overdue_up_to_7_days")
# The parts of an assignee's bar: their sign, their colour, the ages that they sum up.
_PARTS = (
    ("█", "red", _OVERDUE, "overdue"),
    ("▓", "yellow", ("today",), "today"),
    ("▒", "", ("this_week",), "this week"),
    ("░", "dim", ("later", "no_due_date"), "later or no date"),
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def write_tasks(report: Report, *, stream: TextIO, style: Style) -> None:
    """Write a row an assignee: how many tasks are how late, and a bar of them."""
    rows, total = report["by_assignee"], report["total"]
    names = [_assignee(row) for row in rows]
    shown = [*rows, total] if len(rows) > 1 else rows
    widths = [
        max(len(heading), *(len(f"{row[age]}") for row in shown))
        for age, heading in (*_AGES.items(), ("total", "total"))
    ]
    natural = min(_NAME_WIDTH, max(map(cell_len, ["Assignee", *names])))
    spare = (style.width or 80) - natural - sum(widths)
    gap = _GAP if spare >= _GAP * len(widths) else 1
    numbers = sum(widths) + gap * len(widths)
    name_width = _room(natural, numbers, style)
    bar_width = _bar_width(name_width + numbers + _GAP, style)
    largest = max(row["total"] for row in rows)
    over = "overdue".rjust(name_width + sum(widths[:2]) + 2 * gap)
    lines: list[Line] = [_say_open(total), [], [(over, "dim")]]
    headings = [(heading, "bold") for heading in (*_AGES.values(), "total")]
    lines.append(_columns(("Assignee", "bold"), name_width, headings, widths, gap))
    for name, row in zip(names, rows, strict=True):
        known = (name, "") if name else ("unassigned", "dim")
        line = _columns(known, name_width, _counts(row), widths, gap)
        lines.append([*line, *_ages_bar(row, largest, bar_width)])
    if len(rows) > 1:
        counts = [(text, color or "bold") for text, color in _counts(total)]
        lines.append(_columns(("Total", "bold"), name_width, counts, widths, gap))
    if bar_width:
        lines += [[], [(f"{sign} {words}  ", color) for sign, color, _, words in _PARTS]]
    _print(lines, stream, style)


def write_activities(report: Report, *, stream: TextIO, style: Style) -> None:
    """Write bars for each type and outcome, then a line a week with a shade for each day."""
    sections = (
        _say_happened(report, style),
        _by_type(report["by_type"], style),
        _by_outcome(report["by_outcome"], style),
        _by_week(report["by_week"], style),
    )
    lines: list[Line] = []
    for section in sections:
        lines += [[], *section] if lines and section else section
    _print(lines, stream, style)


def _assignee(row: Report) -> str:
    return one_line(to_text(row["assignee_name"]) or to_text(row["assignee_id"]))


def _say_open(total: Report) -> Line:
    overdue = sum(total[age] for age in _OVERDUE)
    said: Line = [(_number(total["total"], "open task"), "bold")]
    if overdue:
        said.append((f", {overdue} overdue", "red"))
    if total["today"]:
        said.append((f", {total['today']} due today", "yellow"))
    return said


def _counts(row: Report) -> Line:
    counts = []
    for age in (*_AGES, "total"):
        color = {"today": "yellow", "total": "bold"}.get(age, "red" if age in _OVERDUE else "")
        counts.append((f"{row[age]}", color) if row[age] else ("·", "dim"))
    return counts


def _ages_bar(row: Report, largest: int, width: int) -> Line:
    if not width:
        return []
    values = [sum(row[age] for age in ages) for _, _, ages, _ in _PARTS]
    parts = stacked(values, [sign for sign, *_ in _PARTS], largest, width)
    colors = [color for _, color, *_ in _PARTS]
    return [(" " * _GAP, ""), *zip(parts, colors, strict=True)]


def _say_happened(report: Report, style: Style) -> list[Line]:
    total = report["total"]
    said = _number(total["count"], "activity", "activities")
    start = instant_of(report["date_from"], style.zone)
    end = instant_of(report["date_to"], style.zone)
    if start:
        said += f" since {_say_day(in_zone(start, style.zone).date())}"
    if end:
        said += f" and up to {_say_day(in_zone(end, style.zone).date())}"
    if total["minutes"]:
        said += f", {say_duration(total['minutes'])}"
    if report["undated"]:
        said += f"; {report['undated']} without a date"
    return [[(said, "bold")]]


def _by_type(rows: Sequence[Report], style: Style) -> list[Line]:
    names = [say("type", "enum", row["type"], style) or "no type" for row in rows]
    times = [say_duration(row["minutes"]) if row["minutes"] else "" for row in rows]
    return _bars("Type", names, rows, times, style)


def _by_outcome(rows: Sequence[Report], style: Style) -> list[Line]:
    names = [say("outcome", "enum", row["outcome"], style) or "no outcome" for row in rows]
    return _bars("Outcome", names, rows, [""] * len(rows), style)


def _bars(
    heading: str, names: list[str], rows: Sequence[Report], times: list[str], style: Style
) -> list[Line]:
    """A line a row: its name, its count with a bar, and where any has one its time with a bar."""
    if not rows:
        return []
    number_width = max(len(f"{row['count']}") for row in rows)
    time_width = min(_NAME_WIDTH, max(map(len, times)))
    fixed = number_width + _GAP + (time_width and time_width + _GAP)
    natural = min(_NAME_WIDTH, max(map(cell_len, [heading, *names])))
    name_width = _room(natural, fixed + _GAP + _LEAST_BAR, style)
    spare = (style.width or 80) - name_width - fixed - _GAP
    second = (spare - _GAP) // 2 if time_width and spare >= 2 * _LEAST_BAR + _GAP else 0
    width = max(0, min(_MOST_BAR, second or spare))
    largest = {key: max(row[key] for row in rows) for key in ("count", "minutes")}
    lines: list[Line] = [[(heading, "bold")]]
    for name, row, time in zip(names, rows, times, strict=True):
        line = _columns((name, ""), name_width, [(f"{row['count']}", "")], [number_width], _GAP)
        drawn = bar(row["count"], largest["count"], width)
        line += [(" " * _GAP, ""), (drawn, "cyan")]
        if time:
            told = cut(time, time_width).rjust(time_width)
            line.append((" " * (width - len(drawn) + _GAP) + told, ""))
            if second:
                spent = bar(row["minutes"], largest["minutes"], width)
                line += [(" " * _GAP, ""), (spent, "magenta")]
        lines.append(line)
    return lines


def _by_week(weeks: Sequence[Report], style: Style) -> list[Line]:
    if not weeks:
        return []
    mondays = [date.fromisoformat(week["week"]) for week in weeks]
    name_width = max(len(_say_day(monday)) for monday in mondays)
    number_width = max(len(f"{week['count']}") for week in weeks)
    busiest = max(max(week["days"]) for week in weeks)
    most = max(week["count"] for week in weeks)
    strip = len(_DAYS) * (len(_DAYS[0]) + 1)
    width = _bar_width(name_width + 1 + strip + _GAP + number_width + _GAP, style)
    lines: list[Line] = [[("Week of".ljust(name_width + _GAP) + " ".join(_DAYS), "bold")]]
    today = in_zone(style.now, style.zone).date()
    for monday, week in zip(mondays, weeks, strict=True):
        line: Line = [(_say_day(monday).rjust(name_width) + " ", "")]
        for number, count in enumerate(week["days"]):
            to_come = monday.toordinal() + number > today.toordinal()
            sign = " " if to_come and not count else shade(count, busiest)
            line.append((f"  {sign} ", "green" if count else "dim"))
        line.append((f"{week['count']}".rjust(_GAP + number_width), ""))
        if width:
            line += [(" " * _GAP, ""), (bar(week["count"], most, width), "cyan")]
        lines.append(line)
    if busiest:
        lines += [[], [(f"A day: {say_shades(busiest)}", "dim")]]
    return lines


def _say_day(day: date) -> str:
    return f"{day.day} {day:%b} {day.year}"


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


def _room(natural: int, taken: int, style: Style) -> int:
    """How wide a column of names is, beside what is taken."""
    if style.width is None:
        return natural
    return max(min(natural, _LEAST_NAME), min(natural, style.width - taken))


def _bar_width(taken: int, style: Style) -> int:
    """How wide a bar may be, 0 where there is no room for one."""
    spare = min(_MOST_BAR, (style.width or 80) - taken)
    return spare if spare >= _LEAST_BAR else 0


def _columns(
    name: Part, name_width: int, cells: Sequence[Part], widths: Sequence[int], gap: int
) -> Line:
    """A name, then numbers to the right of their columns."""
    shown = cut(name[0], name_width)
    line: Line = [(shown, name[1]), (" " * (name_width - cell_len(shown)), "")]
    for (text, color), width in zip(cells, widths, strict=True):
        line.append((text.rjust(width + gap), color))
    return line


def _print(lines: Sequence[Line], stream: TextIO, style: Style) -> None:
    with open_console(stream, style) as console:
        for line in lines:
            print_wrapped(console, line, indent=_GAP, width=style.width)
