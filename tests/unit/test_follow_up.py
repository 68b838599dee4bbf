"""`activity log … --complete TASK --then TITLE`: what follows an activity."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Result
from tests.in_process import InProcess
from tests.scripted_server import ScriptedServer, Step, answer, close

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
LOG = ("activity", "log", "call", "Wants an offer")
THEN = ("--then", "Send the offer", "--then-due", "fri")
CREATED = {
    "title": "Send the offer",
    "type": "follow_up",
    "status": "pending",
    "due_date": "2026-11-27T23:59:59Z",
}


@pytest.fixture
def crmctl(tmp_path: Path) -> InProcess:
    crmctl = InProcess(tmp_path, NOW, CRMCTL_PROFILE="local")
    crmctl.put_tasks({"id": "task_1", "title": "Call Jane"})
    crmctl.put_records(("contact", "con_1", "Jane Smith"), ("deal", "deal_1", "Acme"))
    return crmctl


def only(item: Mapping[str, Any], names: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in names}


def test_the_activity_is_logged_the_task_completed_and_the_next_created(crmctl: InProcess) -> None:
    result = crmctl.run(*LOG, "--contact", "con_1", "--complete", "task_1", *THEN, "--json")
    assert (result.status, result.stderr) == (0, "")
    assert list(result.data) == ["activity", "completed", "created"]
    [activity] = crmctl.activities()
    assert result.data["activity"] == activity
    assert result.data["completed"] == crmctl.task("task_1")
    assert result.data["completed"]["status"] == "completed"
    created = crmctl.task(result.data["created"]["id"])
    assert result.data["created"] == created
    assert only(created, CREATED) == CREATED
    assert created["related_to"] == {"type": "contact", "id": "con_1", "name": "Jane Smith"}


@pytest.mark.parametrize(
    ("flags", "related"),
    [
        (["--deal", "deal_1"], "deal_1"),
        (["--deal", "deal_1", "--contact", "con_1"], "con_1"),
        ([], None),
    ],
)
def test_the_follow_up_concerns_the_contact_else_the_deal(
    crmctl: InProcess, flags: list[str], related: str | None
) -> None:
    created = crmctl.run(*LOG, *flags, "--then", "Next", "--json").data["created"]
    assert (created["related_to"] or {"id": None})["id"] == related
    assert created["due_date"] is None


def test_in_other_formats_stdout_is_the_activity_and_stderr_says_the_rest(
    crmctl: InProcess,
) -> None:
    result = crmctl.run(*LOG, "--complete", "task_1", "--then", "Next", "-o", "ids")
    [activity] = crmctl.activities()
    created = next(task["id"] for task in crmctl.tasks() if task["id"] != "task_1")
    assert result.lines == [activity["id"]]
    assert result.stderr == f"Completed task_1: Call Jane\nCreated {created}: Next\n"


def test_json_lines_and_chosen_fields_are_of_the_activity(crmctl: InProcess) -> None:
    result = crmctl.run(*LOG, "--complete", "task_1", "-o", "jsonl", "--fields", "subject")
    shown = json.loads(result.stdout)
    assert shown["activity"] == {"subject": "Wants an offer"}
    assert (shown["completed"]["id"], shown["created"]) == ("task_1", None)
    assert len(result.lines) == 1


def test_without_them_json_is_the_activity_as_ever(crmctl: InProcess) -> None:
    assert crmctl.run(*LOG, "--json").data == crmctl.activities()[0]


def test_a_dry_run_shows_all_three_requests_and_sends_none(crmctl: InProcess) -> None:
    result = crmctl.run(*LOG, "--contact", "con_1", "--complete", "task_1", *THEN, "-n")
    assert result.status == 0
    assert [(shown["method"], shown["path"]) for shown in result.data] == [
        ("POST", "/activities"),
        ("PUT", "/tasks/task_1/complete"),
        ("POST", "/tasks"),
    ]
    assert result.data[2]["body"] == {
        "title": "Send the offer",
        "type": "follow_up",
        "due_date": "2026-11-27T23:59:59Z",
        "related_to_type": "contact",
        "related_to_id": "con_1",
    }
    assert (crmctl.activities(), crmctl.task("task_1")["status"]) == ([], "pending")


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--then-due", "fri"], "--then-due goes with --then."),
        (["--then", "Next", "--then-due", "someday"], "'someday' is not a date or time"),
        (["--then", " "], "--then: the title is empty."),
        (["--complete", ""], "'' is not an ID."),
        (["--complete", ".."], "'..' is not an ID."),
        (["--then", "Next", "--ref", "r1"], "--then does not go with --ref or --ci"),
    ],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(
    crmctl: InProcess, flags: list[str], said: str
) -> None:
    result = crmctl.run(*LOG, *flags)
    assert (result.status, result.stdout) == (2, "")
    assert said in result.stderr
    assert crmctl.activities() == []


def test_a_second_run_under_a_reference_completes_the_task_to_no_effect(crmctl: InProcess) -> None:
    for day in (24, 25):
        crmctl.now = NOW.replace(day=day)
        assert crmctl.run(*LOG, "--ref", "r1", "--complete", "task_1").status == 0
    assert len(crmctl.activities()) == 1
    assert crmctl.task("task_1")["completed_at"] == "2026-11-24T12:00:00Z"


def test_a_log_that_fails_leaves_the_rest_undone(crmctl: InProcess) -> None:
    result = over(crmctl, [answer(422, {"error": {"message": "No."}})], *LOG, *THEN)
    assert result.status == 6
    assert result.stderr.endswith("Nothing was completed or created.\n")


def test_a_task_that_cannot_be_completed_leaves_what_to_run(crmctl: InProcess) -> None:
    result = crmctl.run(*LOG, "--contact", "con_1", "--complete", "task_x y", *THEN, "-o", "ids")
    [activity] = crmctl.activities()
    assert (result.status, result.lines) == (13, [activity["id"]])
    first, *hint = result.stderr.splitlines()
    assert first.startswith(
        f"crmctl: {activity['id']} was logged, but task_x y was not completed: "
    )
    # The task is not there: to complete it is not left.
    assert hint[-2:] == [
        "To do what is left:",
        (
            "  crmctl task create --type follow_up --due 2026-11-27T23:59:59Z --contact con_1"
            " 'Send the offer'"
        ),
    ]
    assert [task["id"] for task in crmctl.tasks()] == ["task_1"]
    finish(crmctl, hint[-1])
    assert only(crmctl.tasks()[0], CREATED) == CREATED


def test_what_is_left_can_be_copied_from_a_narrow_terminal(crmctl: InProcess) -> None:
    refused = [success("act_1"), answer(403, {"error": {"message": "No."}})]
    line = (*LOG, "--contact", "id:Jane", "--complete", "task_1", *THEN)
    result = over(crmctl, refused, *line, typed="")
    assert result.status == 13
    assert result.stderr.splitlines()[-3:] == [
        "To do what is left:",
        "  crmctl task complete task_1",
        (
            "  crmctl task create --type follow_up --due 2026-11-27T23:59:59Z --contact id:Jane"
            " 'Send the offer'"
        ),
    ]


def test_a_follow_up_that_cannot_be_created_leaves_what_to_run(crmctl: InProcess) -> None:
    title = "-- what's $HOME?"
    steps = [success("act_1"), success("task_1"), answer(403, {"error": {"message": "No."}})]
    result = over(crmctl, steps, *LOG, "--complete", "task_1", f"--then={title}", "--json")
    assert result.status == 13
    assert result.data == {
        "activity": {"id": "act_1"},
        "completed": {"id": "task_1"},
        "created": None,
    }
    error = json.loads(result.stderr)["error"]
    assert (error["code"], error["status"]) == ("partial", 403)
    assert error["message"] == (
        "act_1 was logged and task_1 completed, but the follow-up was not created: No (HTTP 403)."
    )
    steps_told = [(step["step"], step.get("id", step.get("code"))) for step in error["details"]]
    assert steps_told == [("log", "act_1"), ("complete", "task_1"), ("create", "forbidden")]
    command = error["hint"].partition("To do what is left:\n")[2]
    finish(crmctl, command)
    assert crmctl.tasks()[0]["title"] == title


def test_a_follow_up_that_may_have_been_created_is_looked_for_first(crmctl: InProcess) -> None:
    lost = [success("act_1"), *[close()] * 2]
    result = over(crmctl, lost, *LOG, "--then", "Send the offer", "--timeout", "1")
    assert result.status == 13
    assert "act_1 was logged, but the follow-up may not be created: " in result.stderr
    assert result.stderr.endswith(
        "Look whether it is there:\n  crmctl task list --search 'Send the offer'\n"
        "If not:\n  crmctl task create --type follow_up 'Send the offer'\n"
    )


def test_the_commands_are_for_the_same_profile(crmctl: InProcess) -> None:
    line = (*LOG, "--complete", "task_x", "--then", "x", "--profile", "local")
    assert crmctl.run(*line).stderr.endswith(
        "crmctl task create --profile local --type follow_up x\n"
    )


@pytest.mark.parametrize(
    ("typed", "subject"), [("It went well\n", "It went well"), ("\n", None), ("  \n", None)]
)
def test_a_person_is_asked_for_a_subject(
    crmctl: InProcess, typed: str, subject: str | None
) -> None:
    result = crmctl.run("activity", "log", "call", typed=typed)
    assert result.status == 0
    assert result.stderr.startswith("Subject (Enter for none): ")
    assert crmctl.activities()[0]["subject"] == subject


def test_an_end_at_the_prompt_logs_nothing(crmctl: InProcess) -> None:
    result = crmctl.run("activity", "log", "call", "--color", "never", typed="")
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == "Subject (Enter for none): \ncrmctl: Nothing was logged.\n"
    assert crmctl.activities() == []


@pytest.mark.parametrize("flags", [["Offer"], ["--no-input"], ["--ci"]], ids=" ".join)
def test_nobody_is_asked_where_the_subject_is_given_or_asking_is_not_wanted(
    crmctl: InProcess, flags: list[str]
) -> None:
    job = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "1"}
    result = crmctl.run("activity", "log", "note", *flags, typed="no\n", environ=job)
    assert "Subject (" not in result.stderr
    assert all(activity["subject"] != "no" for activity in crmctl.activities())


def test_what_is_wrong_is_told_before_anybody_is_asked(crmctl: InProcess) -> None:
    result = crmctl.run("activity", "log", "cal", "--color", "never", typed="x\n")
    assert result.status == 2
    assert "Subject (" not in result.stderr


def success(item_id: str) -> Step:
    return answer(200, {"success": True, "data": {"id": item_id}})


def over(crmctl: InProcess, steps: list[Step], *args: str, typed: str | None = None) -> Result:
    """Run over a server that does these steps; on a terminal where ``typed`` is given."""
    with ScriptedServer(*steps) as server:
        server_environ = {
            "CRMCTL_BASE_URL": server.url,
            "CRMCTL_API_KEY": "key_1",
            "CRMCTL_PROFILE": "",
        }
        return crmctl.run(*args, typed=typed, environ=server_environ)


def finish(crmctl: InProcess, command: str) -> None:
    """Run a command line as a shell reads it."""
    program, *words = shlex.split(command)
    assert program == "crmctl"
    assert crmctl.run(*words).status == 0
