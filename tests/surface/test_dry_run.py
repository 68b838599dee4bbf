"""`-n`: the request that a write would send, and nothing sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Crmctl, FarEnd
from tests.in_process import InProcess


def task(task_id: str, **body: Any) -> dict[str, Any]:
    return {"method": "PUT", "path": f"/tasks/{task_id}", "body": body}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (
            "task create Call --due 2099-01-02T03:04:05Z -p high --deal d_1 --remind push:5",
            {
                "method": "POST",
                "path": "/tasks",
                "body": {
                    "title": "Call",
                    "due_date": "2099-01-02T03:04:05Z",
                    "priority": "high",
                    "related_to_type": "deal",
                    "related_to_id": "d_1",
                    "reminder": {"type": "push", "before_minutes": 5},
                },
            },
        ),
        ("task update task_1 --title New --no-due", [task("task_1", title="New", due_date=None)]),
        ("task start task_1", [task("task_1", status="in_progress")]),
        ("task cancel task_1", [task("task_1", status="cancelled")]),
        (
            "task reopen task_1 task_2",
            [task("task_1", status="pending"), task("task_2", status="pending")],
        ),
        (
            "task postpone task_1 2099-01-02T03:04:05Z",
            [task("task_1", due_date="2099-01-02T03:04:05Z")],
        ),
        (
            "task complete task_1 --note Signed",
            [
                {
                    "method": "PUT",
                    "path": "/tasks/task_1/complete",
                    "body": {"completion_note": "Signed"},
                }
            ],
        ),
        ("task delete a/b", [{"method": "DELETE", "path": "/tasks/a%2Fb"}]),
        (
            "activity log call Hello --duration 1h --at 2026-01-02T03:04:05Z --attendee con_1",
            {
                "method": "POST",
                "path": "/activities",
                "body": {
                    "type": "call",
                    "subject": "Hello",
                    "duration": 60,
                    "attendees": ["con_1"],
                    "occurred_at": "2026-01-02T03:04:05Z",
                },
            },
        ),
        (
            "api POST /tasks -f title=x -F before=3",
            {"method": "POST", "path": "/tasks", "body": {"title": "x", "before": 3}},
        ),
        ("api DELETE /tasks/task_1", {"method": "DELETE", "path": "/tasks/task_1"}),
    ],
)
def test_a_rehearsal_prints_the_request_and_needs_neither_key_nor_server(
    home: Path, command: str, expected: Any
) -> None:
    job = InProcess(home, CI="true")
    result = job.done(*command.split(), "-n")
    assert result.data == expected
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("flag", ["-n", "--dry-run"])
def test_a_rehearsal_sends_nothing(remote: Crmctl, far_end: FarEnd, flag: str) -> None:
    for command in ("task create x", "task delete task_late task_far", "activity log note x"):
        remote.done(flag, *command.split())
    assert far_end.requests == []


def test_a_rehearsal_reads_what_there_is(remote: Crmctl) -> None:
    assert len(remote.ids("task", "list", "-n")) == 6
    assert remote.done("api", "GET", "/tasks", "-n").data["meta"]["total"] == 6


def test_a_rehearsal_refuses_what_the_real_thing_would(home: Path) -> None:
    result = InProcess(home).run("task", "create", " ", "-n")
    assert result.status == 2
    assert result.stdout == ""


@pytest.mark.parametrize(
    "command",
    [
        "config set timezone UTC",
        "config unset timezone",
        "auth switch demo",
        "auth login --store file",
        "record add contact con_1 Jane",
        "record remove contact con_1",
        "workspace backup copy.db",
        "demo",
    ],
)
def test_a_rehearsal_of_what_sends_no_request_says_what_it_would_do(
    crmctl: Crmctl, command: str
) -> None:
    if command.startswith("auth login"):
        crmctl = crmctl.having(CRMCTL_PROFILE="")
    result = crmctl.done(*command.split(), "-n")
    assert result.stderr.startswith("Would ")
    assert result.stdout == ""
    assert list(crmctl.home.iterdir()) == []
