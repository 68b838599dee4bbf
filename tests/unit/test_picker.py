"""A verb that takes an ID and gets none: on a terminal, a numbered list to choose from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crmctl.cli.picker import read_numbers
from tests.in_process import InProcess

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OPEN = ["task_soon", "task_later", "task_free"]
VERBS = ["get", "start", "cancel", "complete", "delete", "update", "reopen"]


@pytest.fixture
def crmctl(tmp_path: Path) -> InProcess:
    crmctl = InProcess(tmp_path, NOW, CRMCTL_PROFILE="local", COLUMNS="80")
    crmctl.put_tasks(
        {"id": "task_free", "title": "Tidy up"},
        {"id": "task_later", "title": "Sign", "due_date": "2026-12-24T12:00:00Z"},
        {"id": "task_soon", "title": "Call [/x]\x1b[2J", "due_date": "2026-11-20T12:00:00Z"},
        {"id": "task_first", "status": "cancelled", "updated_at": "2026-11-01T00:00:00Z"},
        {"id": "task_last", "status": "completed", "updated_at": "2026-11-02T00:00:00Z"},
    )
    return crmctl


def statuses(crmctl: InProcess) -> dict[str, str]:
    return {task["id"]: task["status"] for task in crmctl.tasks()}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1", [1]),
        ("1,3", [1, 3]),
        ("2-4", [2, 3, 4]),
        (" 4 , 2-3 ", [4, 2, 3]),
        ("1 2", [1, 2]),
        ("3,1-3,3", [3, 1, 2]),
        *((text, []) for text in ("0", "6", "1-6", "3-2", "x", "1,x", "-1", "1-", "٣", "1.5", ",")),
    ],
)
def test_numbers_are_read_as_people_type_them(text: str, numbers: list[int]) -> None:
    assert read_numbers(text, 5) == numbers


def test_open_tasks_are_offered_soonest_first_on_stderr(crmctl: InProcess) -> None:
    result = crmctl.run("task", "get", "--json", typed="2\n")
    assert (result.status, result.data["id"]) == (0, "task_later")
    lines = result.stderr.splitlines()
    assert [line.split()[-1] for line in lines[1:4]] == OPEN
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "3"]
    assert "Call [/x]\\x1b[2J" in lines[1]
    assert lines[4] == "Which one? "


def test_a_verb_for_several_takes_several_numbers(crmctl: InProcess) -> None:
    result = crmctl.run("task", "complete", "-o", "ids", typed="1-2\n")
    assert (result.status, result.lines) == (0, ["task_soon", "task_later"])
    assert statuses(crmctl)["task_later"] == "completed"


def test_what_makes_no_sense_is_asked_again(crmctl: InProcess) -> None:
    result = crmctl.run("task", "get", "-o", "ids", typed="9\n1,2\nx\n3\n")
    assert (result.status, result.lines) == (0, ["task_free"])
    assert result.stderr.count("Type one number from 1 to 3.\n") == 3


@pytest.mark.parametrize(
    "typed", ["\n", "", "  \n", "9\n"], ids=["enter", "end", "blank", "then end"]
)
@pytest.mark.parametrize("verb", VERBS)
def test_nothing_chosen_is_nothing_done(crmctl: InProcess, verb: str, typed: str) -> None:
    before = statuses(crmctl)
    result = crmctl.run("task", verb, "-o", "plain", typed=typed)
    assert (result.status, result.stdout) == (2, "")
    assert "Nothing was chosen" in result.stderr
    assert statuses(crmctl) == before


def test_closed_tasks_are_offered_to_reopen_those_changed_last_first(crmctl: InProcess) -> None:
    result = crmctl.run("task", "reopen", "-o", "ids", typed="2\n")
    assert (result.status, result.lines) == (0, ["task_first"])
    assert "task_free" not in result.stderr


def test_deleting_what_was_chosen_still_asks(crmctl: InProcess) -> None:
    kept = crmctl.run("task", "delete", typed="1\nn\n")
    assert (kept.status, "task_soon" in statuses(crmctl)) == (2, True)
    gone = crmctl.run("task", "delete", typed="1\ny\n")
    assert (gone.status, "task_soon" in statuses(crmctl)) == (0, False)


@pytest.mark.parametrize("verb", VERBS)
def test_off_a_terminal_an_id_is_missing(crmctl: InProcess, verb: str) -> None:
    metavar = "ID" if verb == "get" else "ID..."
    expected = (
        2,
        f"crmctl: Missing argument '{metavar}'.\nRun `crmctl task {verb} --help`.\n",
    )
    piped = crmctl.run("task", verb)
    assert (piped.status, piped.stderr) == expected
    quiet = crmctl.run("task", verb, "--no-input", "--color", "never", typed="1\n")
    assert (quiet.status, quiet.stderr) == expected


def test_an_empty_id_is_no_missing_one(crmctl: InProcess) -> None:
    for verb in ("get", "start"):
        result = crmctl.run("task", verb, "", "--color", "never", typed="1\n")
        assert (result.status, result.stderr) == (2, "crmctl: '' is not an ID.\n")


def test_where_there_is_nothing_to_choose_that_is_said(tmp_path: Path) -> None:
    result = InProcess(tmp_path, NOW, CRMCTL_PROFILE="local").run(
        "task", "start", "--color", "never", typed="1\n"
    )
    assert result.status == 2
    assert result.stderr == (
        "crmctl: There is no open task to choose.\nRun `crmctl task start --help`.\n"
    )


def test_of_many_the_first_15_are_offered_and_how_to_see_the_others(tmp_path: Path) -> None:
    crmctl = InProcess(tmp_path, NOW, CRMCTL_PROFILE="local")
    crmctl.put_tasks(*({"title": f"Task {number}"} for number in range(20)))
    result = crmctl.run("task", "start", typed="15\n")
    assert result.status == 0
    assert "\nOthers are listed by `crmctl task list --open`.\n" in result.stderr
    assert "16" not in crmctl.run("task", "start", typed="").stderr.split()


def test_a_date_alone_postpones_what_is_chosen(crmctl: InProcess) -> None:
    result = crmctl.run("task", "postpone", "+1d", "--json", typed="1,2\n")
    assert (result.status, [task["due_date"] for task in result.data]) == (
        0,
        ["2026-11-21T12:00:00Z", "2026-12-25T12:00:00Z"],
    )
    refused = crmctl.run("task", "postpone", "task_soon", typed="1\n")
    assert (refused.status, "one of the two is missing" in refused.stderr) == (2, True)
    assert crmctl.run("task", "postpone", "+1d").status == 2
