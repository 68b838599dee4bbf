"""`crmctl task postpone`, on a workspace and with a clock of the test's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.world import insert_tasks, open_workspace
from tests.e2e.running import Result
from tests.in_process import run_at
from tests.scripted_server import ScriptedServer, Step, answer

# A Wednesday, 13:30 in Berlin.
NOW = datetime(2026, 3, 18, 12, 30, 15, tzinfo=UTC)
TASKS = (
    {"id": "task_1", "title": "Send the contract", "due_date": "2026-03-27T16:00:00"},
    {"id": "task_2", "title": "Call Jane", "due_date": "2026-03-20T22:59:59"},
    {"id": "task_3", "title": "Tidy up"},
    {
        "id": "task_4",
        "title": "[/x] 日本 \x1b[31m",
        "status": "completed",
        "completed_at": "2026-03-10T12:00:00",
        "due_date": "2026-03-10T12:00:00",
    },
)


def run(home: Path, *args: str, **environ: str) -> Result:
    """What a command leaves behind at `NOW`, on the workspace in Berlin or on what is given."""
    given = environ or {"CRMCTL_PROFILE": "local", "CRMCTL_TIMEZONE": "Europe/Berlin"}
    return run_at(lambda: NOW, home, *args, **given)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with the TASKS in its workspace."""
    (tmp_path / "data").mkdir(mode=0o700)
    with open_workspace(tmp_path / "data" / "local.db") as workspace:
        insert_tasks(workspace.store, TASKS)
    return tmp_path


def due_dates(home: Path, *args: str) -> list[tuple[str, str]]:
    """The IDs and due dates that `task postpone` prints, and that are kept."""
    shown = [
        (task["id"], task["due_date"])
        for task in run(home, "task", "postpone", *args, "--json").data
    ]
    for task_id, due_date in shown:
        assert run(home, "task", "get", task_id, "--json").data["due_date"] == due_date
    return shown


def test_an_offset_counts_from_each_task_s_own_due_date_and_keeps_its_clock(home: Path) -> None:
    assert due_dates(home, "task_1", "task_2", "task_3", "task_4", "+1w") == [
        ("task_1", "2026-04-03T15:00:00Z"),  # still 17:00 in Berlin, in summer time
        ("task_2", "2026-03-27T22:59:59Z"),  # still the whole day
        ("task_3", "2026-03-25T22:59:59Z"),  # from today: it had none
        ("task_4", "2026-03-17T12:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("when", "due_date"),
    [
        ("+2bd", "2026-03-31T15:00:00Z"),
        ("+1mo", "2026-04-27T15:00:00Z"),
        ("+1d 9am", "2026-03-28T08:00:00Z"),
        ("+2h", "2026-03-27T18:00:00Z"),
        ("fri", "2026-03-20T22:59:59Z"),
        ("next mon 9am", "2026-03-23T08:00:00Z"),
        ("1 Dec", "2026-12-01T22:59:59Z"),
        ("in 3 days", "2026-03-21T22:59:59Z"),
    ],
)
def test_an_offset_is_from_the_due_date_and_any_other_date_is_from_today(
    home: Path, when: str, due_date: str
) -> None:
    assert due_dates(home, "task_1", when) == [("task_1", due_date)]


def test_an_offset_back_stands_after_two_dashes(home: Path) -> None:
    refused = run(home, "task", "postpone", "task_1", "-1d")
    assert refused.status == 2
    assert refused.stderr.endswith(" What begins with a dash and is no option stands after `--`.\n")
    moved = run(home, "task", "postpone", "--json", "--", "task_1", "-1d").data
    assert moved[0]["due_date"] == "2026-03-26T16:00:00Z"


def test_each_word_is_completed_as_a_task_s_id(home: Path) -> None:
    ids = ["task_1", "task_2", "task_3", "task_4"]
    for before in ([], ["task_1"], ["task_1", "task_2"]):
        offered = run(home, "__complete", "task", "postpone", *before, "ta").stdout
        assert sorted(line.partition("\t")[0] for line in offered.splitlines()) == ids


def test_other_fields_stay_as_they_are(home: Path) -> None:
    before = run(home, "task", "get", "task_4", "--json").data
    [after] = run(home, "task", "postpone", "task_4", "+1d", "--json").data
    assert {name for name in after if after[name] != before[name]} == {"due_date", "updated_at"}


def test_a_task_named_twice_is_moved_once(home: Path) -> None:
    assert due_dates(home, "task_1", "task_1", "+1d") == [("task_1", "2026-03-28T16:00:00Z")]


def test_verbose_says_what_each_one_became(home: Path) -> None:
    assert run(home, "task", "postpone", "task_1", "task_3", "+1w", "-v").stderr == (
        "task_1 +1w: Fri 03 Apr 2026 17:00:00 (2026-04-03T15:00:00Z)\n"
        "task_3 +1w: Wed 25 Mar 2026 23:59:59 (2026-03-25T22:59:59Z)\n"
    )
    assert run(home, "task", "postpone", "task_1", "fri", "-v").stderr == (
        "WHEN fri: Fri 20 Mar 2026 23:59:59 (2026-03-20T22:59:59Z)\n"
    )


def test_one_that_is_not_there_does_not_stop_the_others(home: Path) -> None:
    result = run(home, "task", "postpone", "task_1", "task_9", "+1w")
    assert result.status == 13
    assert result.stdout.split("\t")[0] == "task_1"
    assert result.stderr == (
        "crmctl: task_9: There is no task task_9 (HTTP 404).\ncrmctl: Postponed 1 of 2; 1 failed.\n"
    )


@pytest.mark.parametrize("words", [["task_1"], ["task_1", "task_2"], ["task_1", "+1x"], ["fri"]])
def test_what_makes_no_sense_is_refused_and_moves_nothing(home: Path, words: list[str]) -> None:
    before = run(home, "task", "list", "--json").data
    assert run(home, "task", "postpone", *words).status == 2
    assert run(home, "task", "list", "--json").data == before


def test_a_rehearsal_reads_the_task_where_the_offset_counts_from_it(home: Path) -> None:
    def put(task_id: str, due_date: str) -> dict[str, Any]:
        return {"method": "PUT", "path": f"/tasks/{task_id}", "body": {"due_date": due_date}}

    before = run(home, "task", "list", "--json").data
    assert run(home, "task", "postpone", "task_1", "task_3", "+1w", "-n").data == [
        put("task_1", "2026-04-03T15:00:00Z"),
        put("task_3", "2026-03-25T22:59:59Z"),
    ]
    assert run(home, "task", "postpone", "task_9", "fri", "-n").data == [
        put("task_9", "2026-03-20T22:59:59Z")
    ]
    assert run(home, "task", "list", "--json").data == before


def test_over_http_an_offset_is_a_get_and_a_put_and_a_date_is_a_put(tmp_path: Path) -> None:
    def task(due_date: str) -> Step:
        return answer(body={"success": True, "data": {"id": "task_1", "due_date": due_date}})

    later, soon = "2026-04-03T16:00:00Z", "2026-03-20T23:59:59Z"
    with ScriptedServer(task("2026-03-27T16:00:00Z"), task(later), task(soon)) as server:
        remote = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": "key_0123456789", "TZ": "UTC"}
        assert run(tmp_path, "task", "postpone", "task_1", "+1w", **remote).status == 0
        assert run(tmp_path, "task", "postpone", "task_1", "fri", **remote).status == 0
    assert [(each.method, each.path) for each in server.received] == [
        ("GET", "/tasks/task_1"),
        ("PUT", "/tasks/task_1"),
        ("PUT", "/tasks/task_1"),
    ]
    bodies = [json.loads(each.body) for each in server.received[1:]]
    assert bodies == [{"due_date": later}, {"due_date": soon}]


def test_a_due_date_that_makes_no_sense_is_the_server_s_fault(tmp_path: Path) -> None:
    odd = answer(body={"success": True, "data": {"id": "task_1", "due_date": "\x1b[2Jsoon"}})
    with ScriptedServer(odd) as server:
        remote = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": "key_0123456789"}
        result = run(tmp_path, "task", "postpone", "task_1", "+1w", **remote)
    assert result.status == 9
    assert result.stderr == (
        "crmctl: task_1 has the due date '\\x1b[2Jsoon', from which crmctl cannot count.\n"
        "Say when: a date, without the sign.\n"
    )
