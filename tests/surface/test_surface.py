"""The command line against the API's vocabulary: nothing documented is out of reach."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from crmctl.cli.app import NOUNS
from crmctl.fields import Resource
from crmctl.resources import ACTIVITY, TASK
from tests.in_process import run_at
from tests.surface.examples import commands

# Where people type another word than the API's.
TYPED = {
    "assignee_id": "--assignee",
    "attendees": "--attendee",
    "completion_note": "--note",
    "contact_id": "--contact",
    "date_from": "--from",
    "date_to": "--to",
    "deal_id": "--deal",
    "due_date": "--due",
    "occurred_at": "--at",
    "reminder": "--remind",
    "user_id": "--user",
}
CLEARED = {"related_to_type": "--no-related", "related_to_id": "--no-related"}
# What a command takes by its place.
PLACED = {("task", "create"): {"title"}, ("activity", "log"): {"type", "subject"}}


COMMANDS = dict(commands())
ALL = pytest.mark.parametrize("words", COMMANDS, ids=" ".join)


def options_of(*words: str) -> set[str]:
    return {option for param in COMMANDS[words].params for option in param.opts}


def typed(field: str) -> str:
    return TYPED.get(field, "--" + field.replace("_", "-"))


def test_every_noun_is_there() -> None:
    assert {words[0] for words in COMMANDS if words} == set(NOUNS)


@pytest.mark.parametrize("resource", [TASK, ACTIVITY], ids=lambda resource: resource.name)
def test_every_filter_of_a_list_has_its_flag(resource: Resource) -> None:
    missing = {typed(filter.name) for filter in resource.filters} - options_of(
        resource.name, "list"
    )
    assert not missing


@pytest.mark.parametrize(
    ("resource", "verb", "action"),
    [
        (TASK, "create", "create"),
        (TASK, "update", "update"),
        (TASK, "complete", "complete"),
        (ACTIVITY, "log", "create"),
    ],
)
def test_every_writable_field_can_be_set(resource: Resource, verb: str, action: str) -> None:
    words = (resource.name, verb)
    placed = {param.name for param in COMMANDS[words].params if not param.opts[0].startswith("-")}
    assert PLACED.get(words, set()) <= placed
    writable = {field.name for field in resource.fields if getattr(field, action)}
    missing = {typed(name) for name in writable - PLACED.get(words, set())} - options_of(*words)
    assert not missing


def test_every_field_that_may_be_empty_can_be_cleared() -> None:
    optional = [
        field.name
        for field in TASK.fields
        if field.update and not field.required and field.default is None
    ]
    missing = {
        CLEARED.get(name, typed(name).replace("--", "--no-")) for name in optional
    } - options_of("task", "update")
    assert not missing


@ALL
def test_everything_says_what_it_is(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    assert command.help
    silent = [param.name for param in command.params if not getattr(param, "help", None)]
    assert not silent


@ALL
def test_no_option_means_two_things(words: tuple[str, ...]) -> None:
    names = [name for param in COMMANDS[words].params for name in param.opts if name[0] == "-"]
    assert len(names) == len(set(names))


@ALL
def test_every_option_is_typed_in_small_letters(words: tuple[str, ...]) -> None:
    # As Typer 0.27 has it no more where the metavar is the option's name in capitals.
    names = [name for param in COMMANDS[words].params for name in param.opts if name[:2] == "--"]
    assert names == [name.lower() for name in names]


def test_a_bug_is_one_line_and_where_to_report_it(tmp_path: Path) -> None:
    def broken() -> datetime:
        raise ZeroDivisionError("division by zero")

    def told(*args: str, **environ: str) -> tuple[int, str]:
        result = run_at(broken, tmp_path, *args, "task", "list", "--overdue", **environ)
        return result.status, result.stderr

    report = (
        "Please report it, with what CRMCTL_DEBUG=1 shows: https://github.com/crmctl/crmctl/issues"
    )
    assert told() == (
        1,
        f"crmctl: This is a bug in crmctl (ZeroDivisionError: division by zero).\n{report}\n",
    )
    status, said = told("--json")
    assert (status, json.loads(said)["error"]["code"]) == (1, "bug")
    status, said = told(CRMCTL_DEBUG="1")
    assert status == 1
    assert said.startswith("Traceback")
