"""Every command has JSON: with -o json one value on stdout, with -o jsonl one a line."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import KEY, FarEnd
from tests.in_process import run_at
from tests.surface.examples import OUTBOX
from tests.surface.test_surface import COMMANDS

# What a command needs to do its work; one that needs nothing has no line. The words in capitals
# stand for what a test makes up.
LINES = {
    "brief": "con_jane",
    "task get": "task_late",
    "task create": "Call",
    "task update": "task_late --priority low",
    "task edit": "task_late",
    "task start": "task_late",
    "task cancel": "task_late",
    "task reopen": "task_late",
    "task complete": "task_late",
    "task postpone": "task_late +1w",
    "task delete": "task_late --yes",
    "task import": "DIRECTORY/tasks.jsonl",
    "activity log": "note Signed",
    "outbox show": "1 --profile work",
    "outbox retry": "1 --profile work",
    "outbox drop": "1 --yes --profile work",
    "outbox export": "DIRECTORY/outbox.jsonl",
    "outbox import": "DIRECTORY/dead.jsonl --profile work",
    "activity import": "DIRECTORY/activities.jsonl",
    "record add": "contact con_1 Jane",
    "record pull": "--profile work",
    "record remove": "contact con_jane",
    "report activities": "--since 2026-01-01",
    "auth login": "--base-url URL --key-stdin --store file --profile work",
    "auth logout": "--profile work",
    "auth switch": "local",
    "auth token": "--profile work",
    "config get": "timezone",
    "config set": "timezone Europe/Paris",
    "config unset": "timezone",
    "workspace key create": "robot --user usr_ann",
    "workspace key revoke": "ci",
    "serve": "--dry-run",
    "workspace backup": "DIRECTORY/copy.db",
    "workspace copy": "--to DIRECTORY/copy.db",
    "api": "GET /tasks",
    "completion install": "bash",
}
# A key has to be there before it is forgotten or shown.
PREPARED = {
    **dict.fromkeys(("auth logout", "auth token", "record pull"), ("auth login",)),
    "outbox import": ("auth login",),
    "workspace key revoke": ("workspace key create ci --user usr_ann",),
    **dict.fromkeys(
        ("outbox show", "outbox retry", "outbox drop"), ("auth login", "outbox import")
    ),
}


class Home:
    """A home with a stocked workspace, and a server beside it."""

    def __init__(self, directory: Path, far_end: FarEnd) -> None:
        self.directory = directory
        self.far_end = far_end

    def run(self, command: str, format: str) -> str:
        """What the command prints in that format; it has to succeed."""
        line = f"{command} {LINES.get(command, '')} -o {format}"
        words = line.replace("URL", self.far_end.url).replace("DIRECTORY", str(self.directory))
        result = run_at(
            lambda: datetime.now(UTC),
            self.directory,
            *shlex.split(words),
            piped=KEY,
            SHELL="/bin/bash",
            EDITOR="true",
        )
        assert result.status == 0, result.stderr
        for told in result.stderr.splitlines():
            assert list(json.loads(told)) == ["note"]
        return result.stdout


@pytest.fixture
def home(tmp_path: Path, stocked_file: Path, far_end: FarEnd) -> Home:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "local.db").write_bytes(stocked_file.read_bytes())
    (tmp_path / "data" / "local.db").chmod(0o600)
    (tmp_path / "dead.jsonl").write_text(json.dumps({**OUTBOX, "base_url": far_end.url}))
    (tmp_path / "tasks.jsonl").write_text('{"title": "Call"}\n')
    (tmp_path / "activities.jsonl").write_text('{"type": "note"}\n')
    return Home(tmp_path, far_end)


def leaves() -> list[str]:
    """Every command that does something, and is no group of others."""
    return [
        " ".join(words)
        for words, command in COMMANDS.items()
        if not getattr(command, "commands", None)
    ]


@pytest.mark.parametrize("format", ["json", "jsonl"])
@pytest.mark.parametrize("command", leaves())
def test_stdout_is_json_and_nothing_else(home: Home, command: str, format: str) -> None:
    for before in PREPARED.get(command, ()):
        home.run(before, "json")
    shown = home.run(command, format)
    assert shown.endswith("\n") or (format == "jsonl" and not shown)
    for text in [shown] if format == "json" else shown.splitlines():
        assert isinstance(json.loads(text), (dict, list))


def test_a_rehearsal_in_jsonl_is_a_line_for_each_request(home: Home) -> None:
    assert home.run("task complete task_far task_late -n", "jsonl") == (
        '{"method":"PUT","path":"/tasks/task_far/complete","body":{}}\n'
        '{"method":"PUT","path":"/tasks/task_late/complete","body":{}}\n'
    )


def shape(value: Any) -> Any:
    """The keys of an object, or of a list's objects."""
    return [shape(value[0])] if isinstance(value, list) else sorted(value)


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        ("auth login", ["accepted", "base_url", "key_from", "profile", "user_id"]),
        ("auth status", ["accepted", "base_url", "key_from", "profile", "user_id"]),
        ("auth logout", ["accepted", "base_url", "key_from", "profile", "user_id"]),
        ("auth switch", ["key", "source", "value"]),
        ("auth token", ["token"]),
        ("config list", [["key", "source", "value"]]),
        ("config get", ["key", "source", "value"]),
        ("config set", ["key", "source", "value"]),
        ("config unset", ["key", "source", "value"]),
        ("config path", ["path"]),
        ("outbox flush", ["delivered", "held", "pending", "refused", "sending", "unknown"]),
        ("outbox drop", ["deleted", "id"]),
        ("outbox export", ["count", "path"]),
        ("outbox import", ["imported", "known"]),
        ("record remove", ["deleted", "id", "type"]),
        ("workspace backup", ["path"]),
        ("workspace check", ["ok", "path"]),
        (
            "workspace copy",
            ["activities", "answers", "copied", "from", "keys", "records", "tasks", "to"],
        ),
        ("workspace path", ["path"]),
        ("completion install", ["path", "shell", "startup_file"]),
        ("completion fish", ["script", "shell"]),
    ],
)
def test_the_keys_of_what_is_no_task_and_no_activity(
    home: Home, command: str, keys: list[Any]
) -> None:
    for before in PREPARED.get(command, ()):
        home.run(before, "json")
    assert shape(json.loads(home.run(command, "json"))) == keys


def test_what_was_set_is_told_as_config_get_tells_it(home: Home) -> None:
    told = json.loads(home.run("config set", "json"))
    assert told == {
        "key": "profiles.local.timezone",
        "value": "Europe/Paris",
        "source": "config.toml",
    }
    assert json.loads(home.run("config get profiles.local.timezone", "json")) == told
    gone = {"key": "profiles.local.timezone", "value": None, "source": "default"}
    assert json.loads(home.run("config unset", "json")) == gone


def test_a_login_and_a_logout_are_told_as_the_status_is(home: Home) -> None:
    told = json.loads(home.run("auth login", "json"))
    assert told == {
        "profile": "work",
        "base_url": home.far_end.url,
        "user_id": None,
        "key_from": "credentials.json",
        "accepted": True,
    }
    assert json.loads(home.run("auth status", "json")) == told
    assert json.loads(home.run("auth logout", "json")) == {
        **told,
        "key_from": None,
        "accepted": None,
    }
