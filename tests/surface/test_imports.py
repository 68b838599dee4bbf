"""What each command imports: start-up time is what a command line program is judged by."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from crmctl import __version__
from crmctl.api.client import Client
from tests.contract.world import open_workspace
from tests.scripted_server import ScriptedServer, answer

# Neither is ever wanted; the others are for a few commands alone.
NEVER = {"click", "pydantic", "keyring", "tomlkit", "psycopg", "psycopg_pool"}

RUN = """
import os, sys
from crmctl.cli.app import run
from crmctl.cli.context import Context
from crmctl.directories import system_directory
crm = Context(
    environ=os.environ,
    system=system_directory,
    stdin=None,
    stdout=sys.stdout,
    stderr=sys.stderr,
)
status = run(sys.argv[1:], crm)
print("MODULES", *sys.modules, file=sys.stderr)
sys.exit(status)
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose workspace has a task."""
    directory = tmp_path_factory.mktemp("data")
    with open_workspace(directory / "local.db") as workspace:
        Client(workspace).create_task({"title": "Call Jane", "description": "Soon"})
    return directory


def imported(data: Path, command: str, environ: Mapping[str, str] | None = None) -> set[str]:
    """The modules that a command has imported when it ends, with their packages."""
    result = subprocess.run(
        [sys.executable, "-c", RUN, *command.split()],
        env={
            "PATH": os.defpath,
            "HOME": str(data),
            "TZ": "UTC",
            "CRMCTL_DATA_DIR": str(data),
            "CRMCTL_CONFIG_DIR": str(data),
            "CRMCTL_CACHE_DIR": str(data),
            **(environ or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    names = set(result.stderr.rpartition("MODULES")[2].split())
    assert "crmctl" in names
    return names | {name.partition(".")[0] for name in names}


def found(names: set[str], unwanted: set[str]) -> list[str]:
    """Those of the names that are not wanted."""
    return sorted(names & unwanted)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_loads_no_command_line(option: str) -> None:
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "crmctl", option],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert result.stdout == f"crmctl {__version__}\n"
    assert {name for name in loaded if name.startswith("crmctl")} == {"crmctl"}
    assert not loaded & {"typer", "sqlite3", "json"}


@pytest.mark.parametrize("format", ["json", "jsonl", "plain", "csv", "ids", "md"])
def test_a_local_list_loads_neither_the_network_nor_the_table(data: Path, format: str) -> None:
    names = imported(data, f"task list -o {format}")
    assert not found(names, NEVER | {"httpx", "rich", "hashlib"})
    assert {"typer", "sqlite3", f"crmctl.output.{format}"} <= names


def test_a_local_table_loads_no_network_and_no_markdown(data: Path) -> None:
    names = imported(data, "task list -o table")
    assert not found(names, NEVER | {"httpx", "rich.markdown", "markdown_it", "pygments"})
    assert "rich" in names


@pytest.mark.parametrize(
    "command",
    [
        "task create x -o json",
        "activity log note x",
        "activity feed -o json",
        "agenda -o json",
        "workspace info",
        "report tasks -o json",
        "report activities",
        "task create x --due fri -n",
    ],
)
def test_other_local_commands_load_neither_the_network_nor_the_table(
    data: Path, command: str
) -> None:
    assert not found(imported(data, command), NEVER | {"httpx", "rich"})


def test_an_examination_of_a_workspace_does_not_touch_the_network(data: Path) -> None:
    assert not found(imported(data, "doctor --json"), {"httpx", "rich", "tomlkit"})


@pytest.mark.parametrize(
    "command",
    [
        *("config list", "completion bash", "task list --help", "help task", "help options"),
        *("commands --json", "schema task", "guide"),
    ],
)
def test_what_asks_for_no_data_loads_neither_workspace_nor_network(
    data: Path, command: str
) -> None:
    assert not found(imported(data, command), NEVER | {"httpx", "rich", "sqlite3"})


def test_a_noun_loads_no_other_noun(data: Path) -> None:
    nouns = {
        f"crmctl.cli.commands.{noun}" for noun in ("activity", "auth", "config", "workspace", "api")
    }
    assert not found(imported(data, "task list -o json"), nouns)


def test_a_command_loads_no_help_and_help_on_a_noun_no_other_noun(data: Path) -> None:
    told = {f"crmctl.cli.{name}" for name in ("help", "describe", "synonyms", "catalogue")}
    assert not found(imported(data, "task list -o json"), told)
    nouns = {
        name for name in imported(data, "help task") if name.startswith("crmctl.cli.commands.")
    }
    assert nouns == {"crmctl.cli.commands.task"}


def test_a_command_over_http_loads_no_workspace(data: Path) -> None:
    with ScriptedServer(answer(200, {"data": []})) as server:
        environ = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": "key"}
        names = imported(data, "task list -o json", environ)
    assert not found(names, NEVER | {"sqlite3", "rich", "crmctl.workspace"})
    assert "httpx" in names


def test_only_a_log_that_is_queued_loads_the_outbox(data: Path) -> None:
    logged = answer(200, {"success": True, "data": {"id": "act_1", "type": "note"}})
    with ScriptedServer(logged, logged) as server:
        environ = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": "key"}
        environ["CRMCTL_STATE_DIR"] = str(data / "state")
        plain = imported(data, "activity log note x", environ)
        queued = imported(data, "activity log note x --queue", environ)
    assert not found(plain, NEVER | {"sqlite3", "crmctl.delivery"})
    assert not found(queued, NEVER | {"rich", "crmctl.workspace", "crmctl.store"})
    assert "crmctl.delivery.outbox" in queued
