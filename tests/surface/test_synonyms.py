"""Words that hands type: some are taken, the others are answered with what is meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmctl.cli.synonyms import ALIASES, MEANT
from tests.surface.examples import call, commands

COMMANDS = {" ".join(words) for words, _ in commands()}
NOWHERE = Path("/nonexistent")


def told(*words: str) -> tuple[int, list[str]]:
    result = call(list(words), NOWHERE, CRMCTL_PROFILE="local")
    assert result.stdout == ""
    return result.status, result.stderr.splitlines()


@pytest.mark.parametrize(
    ("typed", "verb"),
    [
        ("task ls", "task list"),
        ("task add", "task create"),
        ("task new", "task create"),
        ("task show", "task get"),
        ("task view", "task get"),
        ("task done", "task complete"),
        ("task rm", "task delete"),
        ("activity ls", "activity list"),
        ("record ls", "record list"),
        ("config ls", "config list"),
        ("config view", "config get"),
    ],
)
def test_an_alias_is_the_verb_itself(typed: str, verb: str) -> None:
    assert call([*typed.split(), "-h"], NOWHERE) == call([*verb.split(), "-h"], NOWHERE)


def test_an_alias_runs_its_verb_and_errors_name_that() -> None:
    shown = call(["task", "new", "Call", "-n"], NOWHERE, CRMCTL_PROFILE="local").stdout
    assert json.loads(shown) == {"method": "POST", "path": "/tasks", "body": {"title": "Call"}}
    assert told("task", "new") == (
        2,
        ["crmctl: Missing argument 'TITLE'.", "Run `crmctl task create --help`."],
    )


def test_aliases_are_in_no_help_and_no_completion() -> None:
    shown = call(["task", "--help"], NOWHERE).stdout
    offered = call(["__complete", "task", ""], NOWHERE).stdout
    listed = {line.split()[0] for text in (shown, offered) for line in text.splitlines() if line}
    assert not listed & set(ALIASES)
    options = call(["__complete", "task", "ls", "--ov"], NOWHERE).stdout
    assert options.startswith("--overdue\t")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("close task_001", "task complete"),
        ("log call x", "activity log"),
        ("search Jane", "task list --search"),
        ("login", "auth login"),
        ("whoami", "auth status"),
        ("status", "auth status"),
        ("init", "auth login"),
        ("export", "task export"),
        ("version", "--version"),
        ("tasks", "task list"),
        ("todo", "task list"),
        ("activities", "activity list"),
        ("contacts", "record list contact"),
        ("contact", "record list contact"),
        ("today", "agenda"),
        ("call Jane", "activity log call"),
        ("note x", "activity log note"),
        ("feed", "activity feed"),
        ("tail", "activity feed --follow"),
        ("config show", "config list"),
        ("task finish task_001", "task complete"),
        ("task edit-description", "task edit"),
        ("activity create call", "activity log"),
        ("taks list", "task"),
        ("task lst", "task list"),
        ("task crate x", "task create"),
        ("activity fed", "activity feed"),
        ("loggin", "auth login"),
        ("help taks", "task"),
    ],
)
def test_another_word_is_answered_with_the_command_that_is_meant(typed: str, meant: str) -> None:
    words = typed.removeprefix("help ").split()
    wrong = words[1] if words[0] in COMMANDS else words[0]
    assert told(*typed.split()) == (
        2,
        [f"crmctl: No such command {wrong!r}.", f"Did you mean `crmctl {meant}`?"],
    )


def test_a_word_like_no_other_is_answered_with_what_there_is() -> None:
    status, lines = told("record", "xyzzy")
    assert (status, lines[0]) == (2, "crmctl: No such command 'xyzzy'.")
    assert lines[1].startswith("There are: add, list, pull, remove")
    assert lines[1].endswith(" Run `crmctl record --help`.")


def test_the_answer_is_json_where_the_line_asks_for_it() -> None:
    result = call(["close", "task_001", "--json"], NOWHERE)
    assert json.loads(result.stderr)["error"]["hint"] == "Did you mean `crmctl task complete`?"


@pytest.mark.parametrize("typed", MEANT)
def test_what_is_meant_is_a_command_and_what_was_typed_is_none(typed: str) -> None:
    assert typed not in COMMANDS
    named = MEANT[typed].partition(" -")[0]
    known = any(f"{named} ".startswith(f"{command} ") for command in COMMANDS if command)
    assert known or named in ("--version", "help options")


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        (["task", "create", "Call", "Jane"], 'crmctl task create "Call Jane"'),
        (["task", "new", "Call", "Jane", "--due", "fri"], 'crmctl task create "Call Jane"'),
        (
            ["activity", "log", "call", "Discovery", "call", "with", "Jane"],
            'crmctl activity log call "Discovery call with Jane"',
        ),
        (["task", "create", "Pay", "$5"], "crmctl task create 'Pay $5'"),
        (["record", "add", "contact", "c_1", "J", "S"], 'crmctl record add contact c_1 "J S"'),
    ],
)
def test_several_words_for_one_are_answered_with_the_quoted_line(
    words: list[str], quoted: str
) -> None:
    status, lines = told(*words)
    assert (status, lines[1:]) == (2, ["Quote what is several words:", f"  {quoted}"])
    assert " does not take '" in lines[0]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("task list mine", "task list --mine"),
        ("task list overdue", "task list --overdue"),
        ("task ls search contract", "task list --search"),
        ("agenda mine", "agenda --mine"),
        ("activity feed since monday", "activity feed --since"),
    ],
)
def test_an_option_without_its_hyphens_is_answered_with_it(typed: str, meant: str) -> None:
    assert told(*typed.split())[1][1:] == [f"Did you mean `crmctl {meant}`?"]


def test_a_word_that_is_hardly_like_a_command_is_answered_with_what_there_is() -> None:
    assert told("jane", "smith")[1][1].startswith("There are: agenda, ")


def test_a_word_too_many_where_no_text_is_asked_for_is_only_named() -> None:
    assert told("task", "list", "x") == (
        2,
        ["crmctl: crmctl task list does not take 'x'.", "Run `crmctl task list --help`."],
    )


@pytest.mark.parametrize(
    "line",
    [
        "task list --status pending --status completed",
        "task list -s pending --status completed",
        "activity log call Hi --complete task_1 --complete task_2",
        "task update task_1 --contact con_1 --contact=con_2",
    ],
)
def test_an_option_that_would_undo_itself_is_refused(line: str) -> None:
    status, [message, hint] = told(*line.split())
    assert (status, message.endswith(" is given twice.")) == (2, True)
    assert "commas between" in hint


def test_of_a_global_option_the_last_counts_and_others_add_up() -> None:
    line = "-o table task list -o json --open --open --count -o ids -o json -v -v"
    result = call(line.split(), NOWHERE, CRMCTL_PROFILE="local")
    assert (result.status, json.loads(result.stdout)) == (0, {"count": 0})
    line = "activity log call Hi --attendee con_1 --attendee con_2 -n"
    result = call(line.split(), NOWHERE, CRMCTL_PROFILE="local")
    assert json.loads(result.stdout)["body"]["attendees"] == ["con_1", "con_2"]
