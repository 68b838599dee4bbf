"""`crmctl report`: what is counted, in every format."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmctl.resources import ACTIVITY
from tests.contract.world import insert_tasks, open_workspace
from tests.e2e.running import KEY, FarEnd, Result, open_far_end
from tests.in_process import run_in
from tests.scripted_server import ScriptedServer, answer

RECORDS = (
    ("user", "usr_ann", "Ann Archer"),
    ("user", "usr_bob", "\x1b[31m[/x] 日本 😀"),
    ("deal", "deal_acme", "Acme"),
)
NOBODY: dict[str, Any] = {}
ANN = {"assignee_id": "usr_ann"}
BOB = {"assignee_id": "usr_bob", "status": "in_progress"}
TASKS: list[dict[str, Any]] = [
    {**ANN, "due_date": "2026-03-01T10:00:00"},
    {**ANN, "due_date": "2026-03-24T22:30:00"},
    {**ANN, "due_date": "2026-03-29T21:00:00", "related_to_type": "deal"},
    {**ANN, "due_date": "2026-03-01T10:00:00", "status": "completed"},
    {**BOB, "due_date": "2026-03-23T10:00:00", "related_to_id": "deal_acme"},
    {**BOB, "due_date": "2027-01-01T10:00:00", "status": "cancelled"},
    NOBODY,
]
ACTIVITIES: list[dict[str, Any]] = [
    {"type": "call", "outcome": "connected", "duration": 30, "occurred_at": "2026-03-22T23:30:00Z"},
    {"type": "call", "outcome": "connected", "duration": 15, "occurred_at": "2026-03-24T08:00:00Z"},
    {"type": "note", "occurred_at": "2026-03-10T08:00:00Z", "deal_id": "deal_acme"},
    {"type": "email", "occurred_at": "2025-12-31T08:00:00Z"},
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose workspace has the tasks and activities above. Nothing here writes to it."""
    home = tmp_path_factory.mktemp("home")
    stock(home / "data" / "local.db")
    return home


@pytest.fixture
def far_end(tmp_path: Path) -> Iterator[FarEnd]:
    """A server with the same."""
    file = tmp_path / "far" / "local.db"
    stock(file)
    with open_far_end(file) as far_end:
        yield far_end


def stock(file: Path) -> None:
    file.parent.mkdir(mode=0o700)
    with open_workspace(file) as workspace:
        rows = []
        for number, task in enumerate(TASKS):
            about = {"related_to_type": "deal", "related_to_id": "deal_acme"}
            related = about if "related_to_type" in task or "related_to_id" in task else {}
            rows.append({"id": f"task_{number}", "title": f"T{number}", **task, **related})
        insert_tasks(workspace.store, rows)
        with workspace.store.writing() as kept:
            for record in RECORDS:
                kept.put_record(*record)
            for number, activity in enumerate(ACTIVITIES):
                kept.insert(
                    ACTIVITY,
                    {
                        "id": f"act_{number}",
                        "user_id": "usr_ann",
                        "created_at": activity["occurred_at"],
                        "attendees": [],
                        **activity,
                    },
                )


def report(home: Path, *args: str, **environ: str) -> Result:
    environ = {"CRMCTL_PROFILE": "local", **environ}
    return run_in(home, "report", *args, **environ)


def test_a_row_an_assignee_with_what_is_due_when(home: Path) -> None:
    result = report(home, "tasks")
    assert (result.status, result.stderr) == (0, "")
    assert result.rows == [
        ["usr_ann", "Ann Archer", "1", "0", "1", "1", "0", "0", "3"],
        ["usr_bob", "\\x1b[31m[/x] 日本 😀", "0", "1", "0", "0", "0", "0", "1"],
        ["-", "-", "0", "0", "0", "0", "0", "1", "1"],
    ]


def test_json_is_one_object_with_the_totals(home: Path) -> None:
    data = report(home, "tasks", "--json").data
    assert list(data) == ["as_of", "by_assignee", "total"]
    assert data["as_of"] == "2026-03-24T09:00:00Z"
    assert data["by_assignee"][1]["assignee_name"] == "\x1b[31m[/x] 日本 😀"
    assert data["total"] == {
        "overdue_over_7_days": 1,
        "overdue_up_to_7_days": 1,
        "today": 1,
        "this_week": 1,
        "later": 0,
        "no_due_date": 1,
        "total": 5,
    }


def test_days_are_those_of_the_profile_s_zone(home: Path) -> None:
    # 22:30 UTC is the next day in Kyiv, and 21:00 on Sunday is Monday.
    data = report(home, "tasks", "--json", CRMCTL_TIMEZONE="Europe/Kyiv").data
    assert (data["total"]["today"], data["total"]["this_week"], data["total"]["later"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("flags", "assignees"),
    [
        (("--assignee", "usr_bob"), ["usr_bob"]),
        (("--assignee", "usr_bob,usr_ann"), ["usr_ann", "usr_bob"]),
        (("--mine",), ["usr_ann"]),
        (("--deal", "deal_acme"), ["usr_bob", "usr_ann"]),
        (("--mine", "--deal", "deal_acme"), ["usr_ann"]),
        (("--contact", "con_1"), []),
    ],
)
def test_filters_are_those_of_task_list(
    home: Path, flags: tuple[str, ...], assignees: list[str]
) -> None:
    result = report(home, "tasks", "--json", *flags, CRMCTL_USER_ID="usr_ann")
    assert [row["assignee_id"] for row in result.data["by_assignee"]] == assignees


def test_options_that_contradict_each_other_are_refused(home: Path) -> None:
    assert report(home, "tasks", "--mine", "--assignee", "usr_bob").status == 2
    assert report(home, "tasks", "--deal", "deal_1", "--contact", "con_1").status == 2
    assert report(home, "activities", "--type", "fax").status == 2
    assert report(home, "activities", "--since", "whenever").status == 2


def test_other_formats_have_the_rows(home: Path) -> None:
    heading, row, *_ = report(home, "tasks", "-o", "csv").lines
    assert heading == (
        "assignee_id,assignee_name,overdue_over_7_days,overdue_up_to_7_days,today,this_week,later,"
        "no_due_date,total"
    )
    assert row == "usr_ann,Ann Archer,1,0,1,1,0,0,3"
    rows = [json.loads(line) for line in report(home, "tasks", "-o", "jsonl").lines]
    assert [row["total"] for row in rows] == [3, 1, 1]


def test_fields_are_those_of_the_rows(home: Path) -> None:
    fields = ("--fields", "assignee_id,total")
    assert report(home, "tasks", *fields).rows == [["usr_ann", "3"], ["usr_bob", "1"], ["-", "1"]]
    data = report(home, "tasks", *fields, "--json").data
    assert data["by_assignee"][0] == {"assignee_id": "usr_ann", "total": 3}
    assert data["total"]["total"] == 5
    table = report(home, "tasks", *fields, "-o", "table").lines
    assert table[:2] == ["Assignee ID  Total", "usr_ann      3"]
    refused = report(home, "tasks", "--fields", "title")
    assert (refused.status, refused.stdout) == (2, "")
    assert "assignee_id, assignee_name, overdue_over_7_days" in refused.stderr


def test_a_terminal_gets_bars(home: Path) -> None:
    result = report(home, "tasks", "-o", "table", COLUMNS="80")
    assert (
        result.stdout
        == """\
5 open tasks, 2 overdue, 1 due today

                          overdue
Assignee              >7 d  1-7 d  today  week  later  no date  total
Ann Archer               1      ·      1     1      ·        ·      3  ███▓▓▓▒▒▒
\\x1b[31m[/x] 日本 😀     ·      1      ·     ·      ·        ·      1  ███
unassigned               ·      ·      ·     ·      ·        1      1  ░░░
Total                    1      1      1     1      ·        1      5

█ overdue  ▓ today  ▒ this week  ░ later or no date
"""
    )


def test_activities_have_a_row_for_each_week_type_and_outcome(home: Path) -> None:
    result = report(home, "activities")
    assert (result.status, result.stderr) == (0, "")
    assert result.rows == [
        ["2026-03-09", "note", "-", "1", "0"],
        ["2026-03-16", "call", "connected", "1", "30"],
        ["2026-03-23", "call", "connected", "1", "15"],
    ]
    assert report(home, "activities", CRMCTL_TIMEZONE="Europe/Berlin").rows[1:] == [
        ["2026-03-23", "call", "connected", "2", "45"],
    ]


def test_activities_as_json_are_summed_up_too(home: Path) -> None:
    data = report(home, "activities", "--json").data
    assert list(data) == [
        *("as_of", "date_from", "date_to", "by_week", "by_type", "by_outcome", "rows"),
        *("undated", "total"),
    ]
    assert (data["date_from"], data["date_to"]) == ("2026-02-02T00:00:00Z", None)
    assert [week["week"] for week in data["by_week"]] == [
        *("2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"),
        *("2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23"),
    ]
    assert data["by_week"][-1] == {
        "week": "2026-03-23",
        "count": 1,
        "minutes": 15,
        "days": [0, 1, 0, 0, 0, 0, 0],
    }
    assert data["total"] == {"count": 3, "minutes": 45}


@pytest.mark.parametrize(
    ("flags", "counted"),
    [
        (("--since", "2025-12-01"), 4),
        (("--since", "2025-12-01", "--to", "2025-12-31"), 1),
        (("--since", "2026-03-22", "--to", "2026-03-23"), 1),
        (("--type", "call,note"), 3),
        (("--type", "note"), 1),
        (("--deal", "deal_acme"), 1),
        (("--contact", "con_1"), 0),
        (("--user", "usr_ann"), 3),
        (("--user", "me"), 0),
    ],
)
def test_activities_are_filtered(home: Path, flags: tuple[str, ...], counted: int) -> None:
    result = report(home, "activities", "--json", *flags, CRMCTL_USER_ID="usr_bob")
    assert result.data["total"]["count"] == counted


def test_a_terminal_gets_bars_and_a_strip_a_week(home: Path) -> None:
    result = report(home, "activities", "--since", "2026-03-09", "-o", "table", COLUMNS="60")
    assert (
        result.stdout
        == """\
3 activities since 9 Mar 2026, 45 min

Type
call  2  ████████████████████  45 min  ████████████████████
note  1  ██████████

Outcome
connected   2  ████████████████████████████████████████
no outcome  1  ████████████████████

Week of      Mon Tue Wed Thu Fri Sat Sun
 9 Mar 2026   ·   █   ·   ·   ·   ·   ·   1  ███████████████
16 Mar 2026   ·   ·   ·   ·   ·   ·   █   1  ███████████████
23 Mar 2026   ·   █                       1  ███████████████

A day: █ 1
"""
    )


def test_a_table_shows_the_last_25_weeks_and_says_so(home: Path) -> None:
    result = report(home, "activities", "--since", "2024-12-30", "-o", "table")
    assert sum("2025" in line or "2026" in line for line in result.lines) == 25
    assert result.stderr == "Showing the last 25 of 65 weeks. -o json has them all.\n"


def test_nothing_to_report_is_a_note_and_json_all_the_same(tmp_path: Path) -> None:
    for noun, note in (("tasks", "No open tasks found."), ("activities", "No activities found.")):
        for format in ("table", "plain"):
            result = report(tmp_path, noun, "-o", format)
            assert (result.status, result.stdout, result.stderr) == (0, "", f"{note}\n")
    assert report(tmp_path, "tasks", "--json").data["by_assignee"] == []
    data = report(tmp_path, "activities", "--json").data
    assert (data["rows"], data["by_type"], len(data["by_week"])) == ([], [], 8)
    assert report(tmp_path, "activities", "-o", "csv").stdout == "week,type,outcome,count,minutes\n"


def test_a_server_is_asked_once_for_each_open_status(tmp_path: Path, far_end: FarEnd) -> None:
    remote = {"CRMCTL_API_KEY": KEY, "CRMCTL_BASE_URL": far_end.url}
    assert run_in(tmp_path, "report", "tasks", **remote).rows[0][-1] == "3"
    queries = [dict(request.query) for request in far_end.requests]
    assert sorted(queries, key=lambda query: query["status"]) == [
        {"status": "in_progress", "limit": "100"},
        {"status": "pending", "limit": "100"},
    ]
    far_end.requests.clear()
    rows = run_in(tmp_path, "report", "activities", "--type", "call", **remote).rows
    assert [row[3] for row in rows] == ["1", "1"]
    assert [dict(request.query) for request in far_end.requests] == [
        {"date_from": "2026-02-02T00:00:00Z", "type": "call", "limit": "100"}
    ]


def test_every_page_is_read_and_what_a_server_gives_twice_counts_once(tmp_path: Path) -> None:
    first = {"id": "t1", "assignee_id": ["odd"], "due_date": "2026-03-24"}
    rest = {"id": "t2", "assignee_id": "u", "due_date": {}, "status": "done"}
    pages = [
        answer(200, {"data": [first], "meta": {"has_more": True, "next_cursor": "c"}}),
        answer(200, {"data": [first, rest], "meta": {"has_more": False, "total": 3}}),
    ]
    # One connection for each status: it depends on which comes first.
    with ScriptedServer(pages[0], pages[1], pages[1]) as server:
        remote = {"CRMCTL_API_KEY": KEY, "CRMCTL_BASE_URL": server.url}
        result = run_in(tmp_path, "report", "tasks", "--json", **remote)
    assert result.status == 0
    assert [(row["assignee_id"], row["total"]) for row in result.data["by_assignee"]] == [
        (["odd"], 1),
        ("u", 1),
    ]


def test_part_of_a_list_is_no_report(tmp_path: Path) -> None:
    page = {"data": [{"id": "t1"}], "meta": {"has_more": True}}
    with ScriptedServer(answer(200, page)) as server:
        remote = {"CRMCTL_API_KEY": KEY, "CRMCTL_BASE_URL": server.url}
        result = run_in(tmp_path, "report", "activities", "--json", **remote)
    assert (result.status, result.stdout) == (9, "")


def test_the_fields_of_a_row_are_completed(tmp_path: Path) -> None:
    result = run_in(tmp_path, "__complete", "report", "tasks", "--fields", "total,overdue")
    assert result.lines == ["total,overdue_over_7_days", "total,overdue_up_to_7_days"]
    result = run_in(tmp_path, "__complete", "report", "activities", "--fields", "")
    assert result.lines == ["week", "type", "outcome", "count", "minutes"]
