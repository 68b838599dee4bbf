"""`crmctl commands` and `crmctl schema` say what is so: of every command, by running it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crmctl.cli.app import build_root
from crmctl.cli.catalogue import READS, WRITES, WRITES_FILES, catalogue
from crmctl.cli.schemas import json_schema, schema_names
from crmctl.resources import ACTIVITY, PRIORITIES, TASK
from tests.surface.examples import (
    EXAMPLES,
    OUTBOX,
    REHEARSED,
    call,
    commands,
    demo_home,
    ending_examples_of,
    make_demo,
    run_example,
    words_of,
)
from tests.surface.regenerate import FILE, surface

ENTRIES = {entry["command"]: entry for entry in catalogue(build_root())}
COMMANDS = {" ".join(words): command for words, command in commands()}
OUTPUTS = {**READS, **WRITES, **WRITES_FILES}
NOWHERE = Path("/nonexistent")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_demo(tmp_path_factory.mktemp("demo") / "home")


@pytest.fixture
def home(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("changes.json").write_text('{"priority": "low"}')
    other = {**OUTBOX, "ref": "build-2"}
    other["body"] = {**OUTBOX["body"], "description": "crmctl-ref:build-2"}  # type: ignore[dict-item]
    Path("from-runner.jsonl").write_text(json.dumps(other))
    return demo_home(demo, tmp_path / "home")


def is_valid(value: Any, output: str) -> bool:
    """Whether a value is what an output is said to be, as in ``[task] | count``."""
    for name in output.split(" | "):
        schema = json_schema(name.strip("[]"))
        if name.startswith("["):
            schema = {"type": "array", "items": schema}
        if Draft202012Validator(schema).is_valid(value):
            return True
    return False


def files_below(home: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(home)): file.read_bytes()
        for file in sorted(home.parent.rglob("*"))
        if file.is_file() and file.is_relative_to(home)
    } | {file.name: b"" for file in home.parent.iterdir()}


def test_the_surface_changes_only_on_purpose() -> None:
    kept = FILE.read_text(encoding="utf-8").splitlines()
    now = surface()
    changed = [f"- {line}" for line in kept if line not in now]
    changed += [f"+ {line}" for line in now if line not in kept]
    assert kept == now, "\n".join(
        ["If this is meant, run `python -m tests.surface.regenerate`:", *changed]
    )


def test_every_command_is_said_to_read_or_to_write() -> None:
    told = [*READS, *WRITES, *WRITES_FILES]
    assert len(told) == len(set(told))
    verbs = {name for name in COMMANDS if not hasattr(COMMANDS[name], "commands")}
    assert set(told) == verbs, "cli/catalogue.py names each command once"


def test_an_entry_has_all_that_a_command_takes() -> None:
    create = ENTRIES["crmctl task create"]
    assert (create["summary"], create["writes"], create["output"]) == (
        "Create a task.",
        True,
        "task",
    )
    assert create["arguments"] == [
        {
            "name": "TITLE",
            "help": "What there is to do.",
            "choices": [],
            "required": True,
            "repeatable": False,
        }
    ]
    [priority] = [option for option in create["options"] if "--priority" in option["names"]]
    assert priority == {
        "names": ["--priority", "-p"],
        "metavar": "LEVEL",
        "help": "low|medium|high|urgent",
        "choices": list(PRIORITIES),
        "default": None,
        "repeatable": False,
    }
    [attendee] = [
        option
        for option in ENTRIES["crmctl activity log"]["options"]
        if "--attendee" in option["names"]
    ]
    assert attendee["repeatable"]
    assert ENTRIES["crmctl task update"]["arguments"][0]["repeatable"]
    assert {"--profile", "--json", "--help", "--version"} <= {
        name for option in ENTRIES["crmctl"]["options"] for name in option["names"]
    }


def test_the_catalogue_is_printed_as_json_and_as_a_list() -> None:
    printed = json.loads(call(["commands", "--json"], NOWHERE).stdout)
    assert printed == list(ENTRIES.values())
    lines = call(["commands"], NOWHERE, CI="1").stdout.splitlines()
    assert "crmctl task start\tMark tasks as in progress." in lines
    assert len(lines) == len(ENTRIES)


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_a_command_prints_as_json_is_valid_by_its_schema(example: str, home: Path) -> None:
    args = words_of(example)
    words = args[2:] if args[:1] == ["--profile"] else args
    called = next(name for name in OUTPUTS if name in [" ".join(words[:n]) for n in (1, 2, 3)])
    output = OUTPUTS[called]
    result = run_example(example, home, "--json")
    assert result.status == 0, result.stderr
    rehearsed = called in REHEARSED or {"--dry-run", "-n"} & set(args)
    if rehearsed and not result.stdout:
        assert result.stderr
    else:
        printed = json.loads(result.stdout)
        allowed = "request | [request]" if rehearsed and called in WRITES else output
        assert is_valid(printed, allowed), printed
    for line in result.stderr.splitlines():
        assert is_valid(json.loads(line), "note"), line


@pytest.mark.parametrize("called", COMMANDS)
def test_every_example_works_and_what_is_said_to_write_does(called: str, home: Path) -> None:
    before = files_below(home)
    for example in ending_examples_of(COMMANDS[called]):
        result = run_example(example, home)
        assert result.status == 0, result.stderr
    if called in READS or called in REHEARSED:
        assert files_below(home) == before
    elif called in OUTPUTS:
        assert files_below(home) != before


@pytest.mark.parametrize("called", OUTPUTS)
def test_a_read_only_profile_refuses_what_is_said_to_write_to_the_crm(
    called: str, home: Path
) -> None:
    before = files_below(home)
    statuses = [
        run_example(example, home, CRMCTL_READ_ONLY="1").status
        for example in ending_examples_of(COMMANDS[called])
        if "--dry-run" not in example
    ]
    if called in WRITES:
        assert 5 in statuses
        assert files_below(home) == before
    else:
        assert set(statuses) == {0}


def test_every_schema_is_one_and_is_printed_by_its_name() -> None:
    for name, description in schema_names().items():
        schema = json.loads(call(["schema", name], NOWHERE).stdout)
        assert schema == json_schema(name)
        Draft202012Validator.check_schema(schema)
        assert (schema["title"], schema["description"]) == (name, description)
    listed = json.loads(call(["schema", "--json"], NOWHERE).stdout)
    assert {entry["name"]: entry["description"] for entry in listed} == schema_names()


def test_every_output_names_a_schema() -> None:
    named = {name.strip("[]") for output in OUTPUTS.values() for name in output.split(" | ")}
    assert named <= set(schema_names())
    # Of stderr and of rehearsals.
    assert set(schema_names()) - named == {"error", "note", "request"}


def test_the_schema_of_a_resource_is_its_vocabulary() -> None:
    for resource in (TASK, ACTIVITY):
        schema = json_schema(resource.name)
        readable = [field for field in resource.fields if field.readable]
        assert list(schema["properties"]) == [field.name for field in readable]
    assert json_schema("task")["properties"]["priority"] == {
        "description": "How much it matters",
        "anyOf": [{"enum": list(PRIORITIES)}, {"type": "string"}],
    }
    assert json_schema("task")["properties"]["due_date"]["type"] == ["string", "null"]


def test_fields_and_values_that_only_a_server_knows_are_valid() -> None:
    odd = {"id": "t1", "title": "x", "status": "paused", "mood": {"colour": "blue"}}
    assert is_valid([odd], "[task]")
    assert not is_valid([{**odd, "title": 5}], "[task]")


@pytest.mark.parametrize("line", ["task get task_9 --json", "task lst --json", "taks -o json"])
def test_an_error_is_valid_by_its_schema(line: str, home: Path) -> None:
    result = call(line.split(), home, CRMCTL_PROFILE="demo")
    assert result.status != 0
    assert is_valid(json.loads(result.stderr), "error")


def test_an_unknown_schema_is_answered_with_what_there_is() -> None:
    result = call(["schema", "taks"], NOWHERE)
    assert (result.status, result.stdout) == (2, "")
    assert "Did you mean task?" in result.stderr
