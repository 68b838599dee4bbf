from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.cells import cell_len

from crmctl.output.bars import bar, say_shades, shade, stacked
from crmctl.output.report import write_activities, write_tasks
from crmctl.output.style import Style
from crmctl.report import count_activities, count_tasks

NOW = datetime(2026, 3, 24, 9, tzinfo=UTC)
HOSTILE = "[/x] \x1b[31m 日本語 🎉"


def tasks(name: str | None, *due_dates: str | None) -> list[dict[str, Any]]:
    return [
        {"assignee_id": name and "usr_1" + name, "assignee_name": name, "due_date": due_date}
        for due_date in due_dates
    ]


TASKS = [
    *tasks("Sarah Johnson", "2026-02-01", "2026-03-20", "2026-03-24", "2026-03-24"),
    *tasks("Sarah Johnson", "2026-03-28", "2026-03-29", "2026-05-01", None),
    *tasks("田中 花子", "2026-03-23", "2026-04-01"),
    *tasks(HOSTILE, "2026-03-24"),
    *tasks(None, None),
]
ACTIVITIES: list[dict[str, Any]] = [
    {"type": "call", "outcome": "no_answer", "occurred_at": "2026-03-10T09:00:00Z"},
    *(
        {
            "type": "call",
            "outcome": "connected",
            "duration": minutes,
            "occurred_at": "2026-03-23T09:00:00Z",
        }
        for minutes in (30, 45, 15)
    ),
    {
        "type": "meeting",
        "outcome": "completed",
        "duration": 60,
        "occurred_at": "2026-03-24T08:00:00Z",
    },
    {"type": HOSTILE, "occurred_at": "2026-03-22T08:00:00Z"},
    {"type": "note", "occurred_at": None},
]


def shown_tasks(width: int, items: list[dict[str, Any]] = TASKS, *, color: bool = False) -> str:
    stream = io.StringIO()
    report = count_tasks(items, now=NOW, zone=UTC)
    write_tasks(report, stream=stream, style=Style(now=NOW, zone=UTC, width=width, color=color))
    return stream.getvalue()


def shown_activities(
    width: int, items: list[dict[str, Any]] = ACTIVITIES, *, color: bool = False
) -> str:
    stream = io.StringIO()
    start = datetime(2026, 3, 2, tzinfo=UTC)
    report = count_activities(items, date_from=start, now=NOW, zone=UTC)
    style = Style(now=NOW, zone=UTC, width=width, color=color)
    write_activities(report, stream=stream, style=style)
    return stream.getvalue()


def test_a_bar_grows_by_eighths_and_nothing_has_none() -> None:
    assert [bar(value, 16, 2) for value in (0, 1, 2, 7, 8, 9, 15, 16)] == [
        *("", "▏", "▎", "▉", "█", "█▏", "█▉", "██")
    ]


def test_whatever_is_more_than_nothing_is_seen() -> None:
    assert bar(1, 10**6, 5) == "▏"
    assert stacked([1, 10**6], "█░", 10**6, 5) == ["█", "░░░░"]


def test_there_is_no_bar_of_nothing_at_all() -> None:
    assert bar(0, 0, 10) == ""
    assert stacked([0, 0], "█░", 0, 10) == ["", ""]
    assert shade(0, 0) == "·"


def test_the_parts_of_a_bar_end_where_their_sum_does() -> None:
    assert stacked([1, 2, 0, 1], "█▓▒░", 8, 16) == ["██", "▓▓▓▓", "", "░░"]
    assert stacked([1, 1, 1], "█▓▒", 3, 10) == ["███", "▓▓▓▓", "▒▒▒"]


@pytest.mark.parametrize("largest", range(1, 40))
def test_the_legend_says_what_each_shade_stands_for(largest: int) -> None:
    numbers: dict[str, list[int]] = {}
    for value in range(1, largest + 1):
        numbers.setdefault(shade(value, largest), []).append(value)
    assert say_shades(largest).split("  ") == [
        f"{sign} {values[0]}" if len(values) == 1 else f"{sign} {values[0]}-{values[-1]}"
        for sign, values in numbers.items()
    ]


def test_open_tasks_at_80_columns() -> None:
    plain = [task for task in TASKS if task["assignee_name"] != HOSTILE]
    assert (
        shown_tasks(80, plain)
        == """\
11 open tasks, 3 overdue, 2 due today

                   overdue
Assignee       >7 d  1-7 d  today  week  later  no date  total
Sarah Johnson     1      1      2     2      1        1      8  ████▓▓▓▓▒▒▒▒░░░░
田中 花子         ·      1      ·     ·      1        ·      2  ██░░
unassigned        ·      ·      ·     ·      ·        1      1  ░░
Total             1      2      2     2      2        2     11

█ overdue  ▓ today  ▒ this week  ░ later or no date
"""
    )


def test_open_tasks_at_60_columns_have_no_bars() -> None:
    assert (
        shown_tasks(60)
        == """\
12 open tasks, 3 overdue, 3 due today

                      overdue
Assignee           >7 d 1-7 d today week later no date total
Sarah Johnson         1     1     2    2     1       1     8
田中 花子             ·     1     ·    ·     1       ·     2
[/x] \\x1b[31m 日…     ·     ·     1    ·     ·       ·     1
unassigned            ·     ·     ·    ·     ·       1     1
Total                 1     2     3    2     2       2    12
"""
    )


def test_open_tasks_at_120_columns() -> None:
    assert (
        shown_tasks(120)
        == """\
12 open tasks, 3 overdue, 3 due today

                             overdue
Assignee                 >7 d  1-7 d  today  week  later  no date  total
Sarah Johnson               1      1      2     2      1        1      8  ██████████▓▓▓▓▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░
田中 花子                   ·      1      ·     ·      1        ·      2  █████░░░░░
[/x] \\x1b[31m 日本語 🎉     ·      ·      1     ·      ·        ·      1  ▓▓▓▓▓
unassigned                  ·      ·      ·     ·      ·        1      1  ░░░░░
Total                       1      2      3     2      2        2     12

█ overdue  ▓ today  ▒ this week  ░ later or no date
"""  # noqa: E501 - as wide as it is
    )


def test_one_assignee_alone_needs_no_total() -> None:
    assert (
        shown_tasks(80, tasks("Ann", None))
        == """\
1 open task

              overdue
Assignee  >7 d  1-7 d  today  week  later  no date  total
Ann          ·      ·      ·     ·      ·        1      1  ░░░░░░░░░░░░░░░░░░░░░

█ overdue  ▓ today  ▒ this week  ░ later or no date
"""
    )


def test_activities_at_80_columns() -> None:
    assert (
        shown_activities(80)
        == """\
7 activities since 2 Mar 2026, 2 h 30 min; 1 without a date

Type
call                     4  ███████████████████  1 h 30 min  ███████████████████
meeting                  1  ████▊                       1 h  ████████████▋
note                     1  ████▊
[/x] \\x1b[31m 日本語 🎉  1  ████▊

Outcome
connected   3  ████████████████████████████████████████
no outcome  2  ██████████████████████████▋
no answer   1  █████████████▎
completed   1  █████████████▎

Week of      Mon Tue Wed Thu Fri Sat Sun
 2 Mar 2026   ·   ·   ·   ·   ·   ·   ·   0
 9 Mar 2026   ·   ▒   ·   ·   ·   ·   ·   1  ████████▊
16 Mar 2026   ·   ·   ·   ·   ·   ·   ▒   1  ████████▊
23 Mar 2026   █   ▒                       4  ███████████████████████████████████

A day: ▒ 1  ▓ 2  █ 3
"""
    )


def test_activities_at_60_columns() -> None:
    assert (
        shown_activities(60)
        == """\
7 activities since 2 Mar 2026, 2 h 30 min; 1 without a date

Type
call                     4  █████████  1 h 30 min  █████████
meeting                  1  ██▎               1 h  ██████
note                     1  ██▎
[/x] \\x1b[31m 日本語 🎉  1  ██▎

Outcome
connected   3  ████████████████████████████████████████
no outcome  2  ██████████████████████████▋
no answer   1  █████████████▎
completed   1  █████████████▎

Week of      Mon Tue Wed Thu Fri Sat Sun
 2 Mar 2026   ·   ·   ·   ·   ·   ·   ·   0
 9 Mar 2026   ·   ▒   ·   ·   ·   ·   ·   1  ███▊
16 Mar 2026   ·   ·   ·   ·   ·   ·   ▒   1  ███▊
23 Mar 2026   █   ▒                       4  ███████████████

A day: ▒ 1  ▓ 2  █ 3
"""
    )


def test_activities_at_120_columns() -> None:
    assert (
        shown_activities(120)
        == """\
7 activities since 2 Mar 2026, 2 h 30 min; 1 without a date

Type
call                     4  ███████████████████████████████████████  1 h 30 min  ███████████████████████████████████████
meeting                  1  █████████▊                                      1 h  ██████████████████████████
note                     1  █████████▊
[/x] \\x1b[31m 日本語 🎉  1  █████████▊

Outcome
connected   3  ████████████████████████████████████████
no outcome  2  ██████████████████████████▋
no answer   1  █████████████▎
completed   1  █████████████▎

Week of      Mon Tue Wed Thu Fri Sat Sun
 2 Mar 2026   ·   ·   ·   ·   ·   ·   ·   0
 9 Mar 2026   ·   ▒   ·   ·   ·   ·   ·   1  ██████████
16 Mar 2026   ·   ·   ·   ·   ·   ·   ▒   1  ██████████
23 Mar 2026   █   ▒                       4  ████████████████████████████████████████

A day: ▒ 1  ▓ 2  █ 3
"""  # noqa: E501 - as wide as it is
    )


def test_without_durations_there_is_one_bar_a_line() -> None:
    assert (
        shown_activities(80, [ACTIVITIES[0]])
        == """\
1 activity since 2 Mar 2026

Type
call  1  ████████████████████████████████████████

Outcome
no answer  1  ████████████████████████████████████████

Week of      Mon Tue Wed Thu Fri Sat Sun
 2 Mar 2026   ·   ·   ·   ·   ·   ·   ·   0
 9 Mar 2026   ·   █   ·   ·   ·   ·   ·   1  ███████████████████████████████████
16 Mar 2026   ·   ·   ·   ·   ·   ·   ·   0
23 Mar 2026   ·   ·                       0

A day: █ 1
"""
    )


@pytest.mark.parametrize("width", [50, 60, 72, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal_or_ends_in_a_blank(width: int) -> None:
    for line in (shown_tasks(width) + shown_activities(width)).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_colour_adds_nothing_that_is_not_there_without_it() -> None:
    for show in (shown_tasks, shown_activities):
        colored = show(80, color=True)
        assert "\x1b[" in colored
        assert strip(colored) == show(80)


def strip(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
