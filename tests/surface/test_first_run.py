"""The first commands of somebody who has chosen nothing yet, and what they are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.in_process import NOW, run_at

WROTE = "This is the embedded workspace; `crmctl auth login` connects an account.\n"
EMPTY = (
    "This is the embedded workspace. Try `crmctl demo`, `crmctl task create TITLE`,\n"
    "or `crmctl auth login`, which connects an account.\n"
)
MISSED = (
    "This is the embedded workspace `local`, which nobody chose.\n"
    "`--profile demo` has the sample data; `crmctl auth login` connects an account.\n"
)


class Newcomer:
    """Somebody who runs crmctl in a home where it never ran."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def run(
        self, line: str, *, terminal: bool = True, status: int = 0, **environ: str
    ) -> tuple[str, str]:
        """What a command shows on stdout, and says on stderr: a terminal, or pipes."""
        typed = "" if terminal else None
        result = run_at(
            lambda: NOW, self._home, *line.split(), typed=typed, NO_COLOR="1", **environ
        )
        assert result.status == status, result.stderr
        return result.stdout, result.stderr


@pytest.fixture
def newcomer(tmp_path: Path) -> Newcomer:
    return Newcomer(tmp_path)


@pytest.mark.parametrize(
    ("line", "nothing"),
    [
        ("task list", "No tasks found.\n"),
        ("task list --overdue", "No tasks found.\n"),
        ("activity list", "No activities found.\n"),
        ("activity feed", "Nothing has happened yet.\n"),
    ],
)
def test_where_nothing_is_found_a_person_is_told_what_to_try(
    newcomer: Newcomer, line: str, nothing: str
) -> None:
    assert newcomer.run(line) == ("", nothing + EMPTY)
    assert newcomer.run(line, terminal=False) == ("", nothing)
    assert newcomer.run(f"{line} --profile local") == ("", nothing)


def test_what_is_found_is_shown_without_a_word(newcomer: Newcomer) -> None:
    newcomer.run("task create Call")
    found, said = newcomer.run("task list --fields title")
    assert (found, said) == ("Title\nCall\n", "")
    assert newcomer.run("task list --count") == ("1\n", "")


@pytest.mark.parametrize(
    "line",
    [
        "task create Call",
        "activity log note Signed",
        "record add contact con_1 Jane",
        "api POST /tasks -f title=Call",
    ],
)
def test_a_write_tells_a_person_where_it_went(newcomer: Newcomer, line: str) -> None:
    assert newcomer.run(line)[1].count(WROTE) == 1
    assert newcomer.run(line, terminal=False)[1] == ""
    assert WROTE not in newcomer.run(line, CRMCTL_PROFILE="local")[1]
    assert WROTE not in newcomer.run(f"{line} --quiet")[1]


def test_a_rehearsal_and_a_refused_write_went_nowhere(newcomer: Newcomer) -> None:
    assert newcomer.run("task create Call -n")[1] == ""
    assert WROTE not in newcomer.run("task create Call", status=5, CRMCTL_READ_ONLY="1")[1]
    assert WROTE not in newcomer.run("api POST /tasks -f title=", status=6)[1]


def test_the_note_is_json_where_the_output_is(newcomer: Newcomer) -> None:
    written, said = newcomer.run("task create Call --json")
    assert json.loads(written)["title"] == "Call"
    notes = [json.loads(line)["note"] for line in said.splitlines()]
    assert notes[0] == {"code": "unchosen", "message": WROTE.strip()}


def test_an_id_that_is_not_in_a_workspace_nobody_chose_is_told_with_where_it_may_be(
    newcomer: Newcomer,
) -> None:
    message = "crmctl: There is no task task_001 (HTTP 404).\n"
    for terminal in (True, False):
        said = newcomer.run("task get task_001", terminal=terminal, status=4)[1]
        assert said == message + MISSED
    assert newcomer.run("task get task_001", status=4, CRMCTL_PROFILE="local")[1] == message
    error = json.loads(newcomer.run("task get task_001 --json", status=4)[1])["error"]
    assert error["hint"] == MISSED.strip()


def test_of_several_ids_that_are_not_there_it_is_told_once(newcomer: Newcomer) -> None:
    said = newcomer.run("task complete task_001 task_002", terminal=False, status=4)[1]
    assert said == (
        "crmctl: task_001: There is no task task_001 (HTTP 404).\n"
        f"{MISSED}"
        "crmctl: task_002: There is no task task_002 (HTTP 404).\n"
        "crmctl: Completed 0 of 2; 2 failed.\n"
    )
    error = json.loads(newcomer.run("task complete a b --json", status=4)[1])["error"]
    assert (error["hint"], error["details"][0]["hint"]) == (MISSED.strip(), None)


def test_me_is_nobody_and_how_to_change_that_depends_on_the_profile(newcomer: Newcomer) -> None:
    def told(line: str, **environ: str) -> str:
        return newcomer.run(line, terminal=True, status=2, **environ)[1].splitlines()[-1]

    assert told("task list --mine") == "Run `crmctl config set user_id USER_ID`."
    assert told("task list --mine --profile local") == (
        "Run `crmctl config set user_id USER_ID --profile local`."
    )
    assert told("task list --mine", CRMCTL_API_KEY="k") == "Set CRMCTL_USER_ID."


def test_what_is_set_says_so_where_a_variable_comes_before_it(newcomer: Newcomer) -> None:
    def told(line: str, **environ: str) -> str:
        return newcomer.run(line, terminal=False, status=0, **environ)[1]

    assert told("config set timezone UTC") == ""
    assert told("config set timezone UTC", CRMCTL_TIMEZONE="Europe/Paris") == (
        "CRMCTL_TIMEZONE comes first: timezone is Europe/Paris for now.\n"
    )
    assert told("config set timezone UTC --profile demo", CRMCTL_TIMEZONE="Europe/Paris") == ""
    assert told("auth switch local", CRMCTL_PROFILE="demo") == (
        "The default profile is local.\nCRMCTL_PROFILE comes first: profile is demo for now.\n"
    )


def test_logging_in_to_the_demo_names_what_chose_it_and_how_to_choose(newcomer: Newcomer) -> None:
    said = newcomer.run("auth login", status=2, CRMCTL_PROFILE="demo")[1]
    assert said == (
        "crmctl: demo is a workspace on this machine and needs no key. CRMCTL_PROFILE\n"
        "chose it.\n"
        "Name a profile for the account: --profile NAME.\n"
    )
