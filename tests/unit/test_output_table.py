from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from rich.cells import cell_len

from crmctl.output import table
from crmctl.output.console import cut
from crmctl.output.style import Style
from crmctl.output.view import View, columns_of, view_of
from crmctl.resources import ACTIVITY, TASK
from tests.unit import rendered
from tests.unit.rendered import HOSTILE

NOW = datetime(2026, 3, 24, 9, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))
TASKS: list[dict[str, Any]] = [
    {
        "id": "task_001",
        "title": "Follow up with Acme Corp",
        "status": "pending",
        "priority": "high",
        "assignee_id": "usr_abc123",
        "assignee_name": "Sarah Johnson",
        "due_date": "2026-03-25T17:00:00Z",
        "related_to": {"type": "deal", "id": "deal_xyz789", "name": "Enterprise License"},
    },
    {
        "id": "task_002",
        "title": "Send the contract",
        "status": "in_progress",
        "priority": "urgent",
        "assignee_id": "usr_def456",
        "assignee_name": None,
        "due_date": "2026-03-20T17:00:00Z",
        "related_to": {"type": "contact", "id": "con_abc123", "name": None},
    },
    {"id": "task_003", "title": "Old leads", "status": "completed", "due_date": "2026-03-01"},
]


def listed(
    items: list[dict[str, Any]],
    width: int | None,
    *,
    fields: str | None = None,
    color: bool = False,
    view: View | None = None,
) -> str:
    style = Style(now=NOW, zone=BERLIN, width=width, color=color)
    return rendered.listed(table, items, view or view_of(TASK, fields), style)


def test_a_table_has_every_column_where_there_is_room() -> None:
    expected = """\
ID        Title                     Status       Priority  Assignee       Due             Related to
task_001  Follow up with Acme Corp  pending      high      Sarah Johnson  tomorrow 18:00  Enterprise License
task_002  Send the contract         in progress  urgent    usr_def456     ! 20 Mar 2026   contact:con_abc123
task_003  Old leads                 completed                             1 Mar 2026
"""  # noqa: E501 - as wide as the table
    assert listed(TASKS, 120) == expected
    assert listed(TASKS, None) == expected


def test_the_least_important_columns_go_first_and_the_title_is_cut_last() -> None:
    assert (
        listed(TASKS, 80)
        == """\
ID        Title                     Status       Priority  Due
task_001  Follow up with Acme Corp  pending      high      tomorrow 18:00
task_002  Send the contract         in progress  urgent    ! 20 Mar 2026
task_003  Old leads                 completed              1 Mar 2026
"""
    )
    assert (
        listed(TASKS, 60)
        == """\
ID        Title                  Status       Due
task_001  Follow up with Acme…   pending      tomorrow 18:00
task_002  Send the contract      in progress  ! 20 Mar 2026
task_003  Old leads              completed    1 Mar 2026
"""
    )
    assert (
        listed(TASKS, 40)
        == """\
ID        Title           Due
task_001  Follow up wit…  tomorrow 18:00
task_002  Send the cont…  ! 20 Mar 2026
task_003  Old leads       1 Mar 2026
"""
    )
    assert (
        listed(TASKS, 20)
        == """\
ID        Title
task_001  Follow up…
task_002  Send the…
task_003  Old leads
"""
    )


@pytest.mark.parametrize("width", [1, 5, 10, 20, 33, 40, 57, 60, 79, 80, 100])
def test_no_id_is_cut_and_no_line_is_wider_than_the_terminal(width: int) -> None:
    items = [*TASKS, {"id": "task_004", "title": HOSTILE, "assignee_name": "日本語" * 9}]
    lines = listed(items, width).splitlines()
    assert [line[:8] for line in lines[1:]] == ["task_001", "task_002", "task_003", "task_004"]
    if width >= 20:
        assert max(map(cell_len, lines)) <= width


def test_an_id_wider_than_the_terminal_stays_whole() -> None:
    task_id = "task_0192f3c4-7c1e-7b7e-9f39-0d5f3a3f1b2c"
    assert listed([{"id": task_id, "title": "Long"}], 20).splitlines()[1].startswith(task_id)


def test_an_overdue_date_has_a_sign_besides_its_colour() -> None:
    items = [
        {"id": "1", "status": "pending", "due_date": "2026-03-23"},
        {"id": "2", "status": "in_progress", "due_date": "2026-03-24T08:00:00Z"},
        {"id": "3", "status": "pending", "due_date": "2026-03-24"},
        {"id": "4", "status": "completed", "due_date": "2026-03-23"},
        {"id": "5", "status": "cancelled", "due_date": "2026-03-23"},
    ]
    assert (
        listed(items, 80)
        == """\
ID  Status       Due
1   pending      ! yesterday
2   in progress  ! 1 h ago
3   pending      today
4   completed    yesterday
5   cancelled    yesterday
"""
    )


FULL: list[dict[str, Any]] = [
    {
        **TASKS[1],
        "title": "Ask everybody who was at the meeting what is still missing from the offer",
        "type": "follow_up",
        "assignee_name": "Wilhelmina Featherstonehaugh",
        "due_date": "2026-03-23T14:00:00Z",
        "related_to": {"type": "deal", "id": "deal_1", "name": "Enterprise License - Acme Corp"},
    },
    {
        **TASKS[0],
        "title": "日本語の長いタイトルは途中で切られます、列は揃ったままです",
        "type": "call",
    },
]


def test_what_is_short_is_never_cut_and_the_title_takes_what_names_leave() -> None:
    assert (
        listed(FULL, 60)
        == """\
ID        Title               Status       Due
task_002  Ask everybody who…  in progress  ! yesterday 15:00
task_001  日本語の長いタイ…   pending      tomorrow 18:00
"""
    )
    assert (
        listed(FULL, 80)
        == """\
ID        Title              Status       Priority  Type       Due
task_002  Ask everybody wh…  in progress  urgent    follow up  ! yesterday 15:00
task_001  日本語の長いタイ…  pending      high      call       tomorrow 18:00
"""
    )
    assert (
        listed(FULL, 120)
        == """\
ID        Title                          Status       Priority  Type       Assignee      Due                Related to
task_002  Ask everybody who was at the…  in progress  urgent    follow up  Wilhelmina…   ! yesterday 15:00  Enterprise…
task_001  日本語の長いタイトルは途中で…  pending      high      call       Sarah Johns…  tomorrow 18:00     Enterprise…
"""  # noqa: E501 - as wide as the table
    )
    assert (
        listed(FULL, 200)
        == """\
ID        Title                                                                      Status       Priority  Type       Assignee                      Due                Related to
task_002  Ask everybody who was at the meeting what is still missing from the offer  in progress  urgent    follow up  Wilhelmina Featherstonehaugh  ! yesterday 15:00  Enterprise License - Acme Corp
task_001  日本語の長いタイトルは途中で切られます、列は揃ったままです                 pending      high      call       Sarah Johnson                 tomorrow 18:00     Enterprise License
"""  # noqa: E501 - as wide as the table
    )


@pytest.mark.parametrize(
    "title", ["👩‍👩‍👧" * 20, "🇩🇪" * 20, "a" + "🇩🇪" * 20, "👍🏽" * 20, "é" * 40]
)
def test_a_picture_of_several_characters_is_cut_off_whole(title: str) -> None:
    for width in range(1, 24):
        shown = cut(title, width)
        kept = shown.removesuffix("…")
        assert cell_len(shown) <= width
        assert not kept.endswith("\u200d")
        assert kept.count("🇩") == kept.count("🇪")


def test_chosen_columns_are_all_shown() -> None:
    fields = "id,title,related_to.name,created_at,reminder,type"
    item = {
        **TASKS[0],
        "type": "follow_up",
        "created_at": "2026-03-24T08:15:00Z",
        "reminder": {"type": "email", "before_minutes": 60},
    }
    assert (
        listed([item], 100, fields=fields)
        == """\
ID        Title                     Related to name     Created at  Reminder  Type
task_001  Follow up with Acme Corp  Enterprise License  45 min ago  email:60  follow up
"""
    )
    assert (
        listed([item], 50, fields=fields)
        == """\
ID        Title   Relat…  Create…  Remin…  Type
task_001  Follo…  Enter…  45 min…  email…  follow…
"""
    )
    assert (
        listed([item], 60, fields=fields)
        == """\
ID        Title    Related…  Created at  Reminder  Type
task_001  Follow…  Enterpr…  45 min ago  email:60  follow up
"""
    )


def test_activities_have_durations_in_hours_and_outcomes_in_words() -> None:
    item = {
        "id": "act_1",
        "type": "call",
        "subject": "Discovery call",
        "contact_name": "Jane Smith",
        "deal_id": "deal_1",
        "duration": 75,
        "outcome": "no_answer",
        "occurred_at": "2026-03-23T13:30:00Z",
    }
    assert (
        listed([item], 120, view=view_of(ACTIVITY, None))
        == """\
ID     Type  Subject         Contact     Deal    Duration    Outcome    When
act_1  call  Discovery call  Jane Smith  deal_1  1 h 15 min  no answer  yesterday 14:30
"""
    )


def test_server_text_is_never_markup_and_never_acts_on_the_terminal() -> None:
    item = {"id": "t\x1b", "title": HOSTILE, "status": "\x9b31m"}
    assert listed([item], 100, fields="id,status,title", color=True) == (
        "\x1b[1mID\x1b[0m     \x1b[1mStatus\x1b[0m   \x1b[1mTitle\x1b[0m\n"
        "t\\x1b  \\x9b31m  [/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧\n"
    )


def test_colours_have_a_meaning() -> None:
    items = [
        *TASKS,
        {"id": "4", "title": "a", "status": "pending", "due_date": "2026-03-24"},
        {"id": "5", "title": "b", "status": "cancelled", "due_date": "2026-03-24T08:00:00Z"},
        {"id": "6", "title": "c", "status": "pending", "due_date": "2026-03-23"},
    ]
    rows = listed(items, 120, fields="title,status,due_date,priority", color=True).splitlines()
    gap, red = " " * 3, "\x1b[31murgent\x1b[0m"
    assert rows[1:] == [
        "Follow up with Acme Corp  pending      tomorrow 18:00  \x1b[33mhigh\x1b[0m",
        (
            "Send the contract         \x1b[36min progress\x1b[0m"
            f"  \x1b[31m! 20 Mar 2026\x1b[0m{gap}{red}"
        ),
        "\x1b[2mOld leads\x1b[0m                 \x1b[32mcompleted\x1b[0m    1 Mar 2026",
        "a                         pending      \x1b[33mtoday\x1b[0m",
        "\x1b[2mb\x1b[0m                         \x1b[2mcancelled\x1b[0m    1 h ago",
        "c                         pending      \x1b[31m! yesterday\x1b[0m",
    ]


def test_wrongly_typed_values_are_shown_as_they_are() -> None:
    wrong = {
        "id": 5,
        "title": ["a", None],
        "status": {"x": [1]},
        "priority": True,
        "assignee_name": 1.5,
        "due_date": "soon",
        "related_to": "text",
    }
    assert (
        listed([wrong, {}, {"due_date": 3, "priority": "someday_maybe"}], 100)
        == """\
ID  Title   Status  Priority       Assignee  Due   Related to
5   a null  [1]     yes            1.5       soon  text

                    someday maybe            3
"""
    )


def test_dates_at_the_ends_of_time_are_no_trouble() -> None:
    items = [
        {"id": "1", "due_date": text, "status": "pending"}
        for text in ("9999-12-31T23:59:59Z", "9999-12-31", "0001-01-01", "0001-01-01T00:00:00Z")
    ]
    for hours in (-12, 0, 14):
        stream = io.StringIO()
        style = Style(now=NOW, zone=timezone(timedelta(hours=hours)), width=80)
        assert table.write_list(items, view_of(TASK, None), stream=stream, style=style) == 4


def test_nothing_is_no_table() -> None:
    assert listed([], 80) == ""


def test_a_column_in_which_nothing_stands_is_left_out() -> None:
    names = ["key", "value", "source"]
    view = View(columns=columns_of(names), fields=names, name="setting")
    items = [{"key": "timezone", "value": None, "source": "default"}]
    assert listed(items, 40, view=view) == "Key       Source\ntimezone  default\n"
    nameless = View(columns=[], fields=[], name="item")
    assert listed([{"a": 1}], 40, view=nameless) == "\n\n"
