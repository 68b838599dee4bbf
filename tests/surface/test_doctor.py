"""`crmctl doctor`: what it finds, and what it leaves alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring.backends.fail
import pytest

from crmctl.cli.completion.scripts import read_script
from tests.e2e.running import Result
from tests.in_process import run_in
from tests.keyrings import FailingKeyring, MemoryKeyring, machine_keyring
from tests.scripted_server import ScriptedServer, answer, unused_port

KEY = "key_doctor_0123456789"
CHECKS = [
    *("settings", "profile", "keyring", "key", "server", "workspace", "time zone", "completion")
]
STORE_FILE = (
    "`crmctl auth login --store file` keeps the key in a 0600 file instead; a job sets"
    " CRMCTL_API_KEY."
)
NO_TASKS = answer(200, {"success": True, "data": []})


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    """The machine's keyring, in memory."""
    with machine_keyring(MemoryKeyring()) as backend:
        yield backend


@pytest.fixture(autouse=True)
def bare() -> Iterator[None]:
    """No keyring of the machine's own is asked."""
    with machine_keyring(keyring.backends.fail.Keyring()):  # type: ignore[no-untyped-call]
        yield


def examine(home: Path, *args: str, **environ: str) -> tuple[dict[str, dict[str, Any]], Result]:
    """What is found, by check, and what the command left behind; never a key."""
    result = run_in(home, "doctor", "--json", *args, **environ)
    assert KEY not in result.stdout + result.stderr
    assert [found["check"] for found in result.data] == CHECKS
    assert {tuple(found) for found in result.data} == {("check", "status", "finding", "fix")}
    return {found["check"]: found for found in result.data}, result


def configure(home: Path, text: str) -> Path:
    file = home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def keep_key_in_file(home: Path, url: str) -> None:
    configure(
        home,
        f'default_profile = "work"\n[profiles.work]\nbase_url = "{url}"\nkey_store = "file"\n',
    )
    file = home / "config" / "credentials.json"
    file.write_text(f'{{"work@{url}": "{KEY}"}}')
    file.chmod(0o600)


def test_where_crmctl_never_ran_all_is_well_and_nothing_is_made(tmp_path: Path) -> None:
    result = run_in(tmp_path, "doctor")
    assert (result.status, result.stderr) == (0, "")
    assert result.rows == [
        [
            "settings",
            "ok",
            f"{tmp_path / 'config' / 'config.toml'} is not there: all is default.",
            "-",
        ],
        ["profile", "ok", "local, as nothing chooses another.", "-"],
        [
            "keyring",
            "remark",
            "There is no keyring on this machine. It is not used.",
            STORE_FILE,
        ],
        ["key", "ok", "None is needed: the workspace is on this machine.", "-"],
        ["server", "ok", "None is used: the workspace is on this machine.", "-"],
        [
            "workspace",
            "remark",
            f"{tmp_path / 'data' / 'local.db'} is not there yet: the first write makes it.",
            "`crmctl demo` shows one with sample data.",
        ],
        ["time zone", "ok", "UTC, from the machine: it is Tue 09:00.", "-"],
        [
            "completion",
            "remark",
            "Not checked: $SHELL is not set.",
            "There are scripts for bash, zsh, fish, powershell.",
        ],
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_table_says_by_words_and_signs_what_colour_says(tmp_path: Path) -> None:
    result = run_in(
        tmp_path,
        *("doctor", "-o", "table"),
        CI="true",
        COLUMNS="60",
        SHELL="/bin/tcsh",
        CRMCTL_CONFIG_DIR="/nowhere/config",
    )
    assert result.status == 3
    assert (
        result.stdout
        == """\
  ok      settings    /nowhere/config/config.toml is not
                      there: all is default.
✗ broken  profile     CI is set, and there is neither a
                      profile nor CRMCTL_API_KEY: what a job
                      wrote to a workspace on this machine
                      would be thrown away.
                      Set CRMCTL_API_KEY, or say `--profile
                      local` if the workspace is meant.
! remark  keyring     Not checked: which profile is meant is
                      not known.
! remark  key         Not checked: which profile is meant is
                      not known.
! remark  server      Not checked: which profile is meant is
                      not known.
! remark  workspace   Not checked: which profile is meant is
                      not known.
! remark  time zone   Not checked: which profile is meant is
                      not known.
! remark  completion  $SHELL names 'tcsh', for which there
                      is no script.
                      There are scripts for bash, zsh, fish,
                      powershell.
"""
    )
    assert result.stderr.startswith("crmctl: CI is set, and there is neither a profile nor")


def test_a_server_is_asked_once_and_its_time_told(tmp_path: Path) -> None:
    with ScriptedServer(NO_TASKS) as server:
        keep_key_in_file(tmp_path, server.url)
        found, result = examine(tmp_path)
        assert [request.query for request in server.received] == [{"limit": "1"}]
    assert result.status == 0
    assert found["profile"]["finding"] == "work, chosen by config.toml."
    assert found["key"]["finding"] == f"Kept in {tmp_path / 'config' / 'credentials.json'}."
    said = f"{re.escape(server.url)} accepts the key, and answered in [0-9]+ ms\\."
    assert re.fullmatch(said, found["server"]["finding"])
    assert found["workspace"]["finding"] == "None is used: the profile is a server."


@pytest.mark.parametrize(
    ("steps", "status", "finding"),
    [
        ([answer(401, {"error": {"message": f"{KEY} is not known"}})], 3, "is not known"),
        ([answer(200, b"<html><title>Sign in</title></html>")], 9, "Sign in"),
        ([answer(503, {"error": {"message": "Not today"}})] * 3, 9, "Not today"),
    ],
)
def test_a_server_that_does_not_do_is_the_exit_status(
    tmp_path: Path, steps: list[Any], status: int, finding: str
) -> None:
    with ScriptedServer(*steps) as server:
        keep_key_in_file(tmp_path, server.url)
        found, result = examine(tmp_path)
    assert result.status == status
    assert found["server"]["status"] == "broken"
    assert finding in found["server"]["finding"]
    assert result.error["message"] == found["server"]["finding"]
    assert found["key"]["status"] == "ok"


def test_a_server_that_is_not_there_is_8(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    found, result = examine(tmp_path, CRMCTL_API_KEY=KEY, CRMCTL_BASE_URL=url)
    assert result.status == 8
    assert found["server"]["status"] == "broken"
    assert found["server"]["fix"].startswith("Check the connection")
    assert found["profile"]["finding"] == "environment, chosen by CRMCTL_API_KEY."
    assert found["keyring"]["finding"] == "Not asked: CRMCTL_API_KEY is set."
    assert found["key"]["finding"] == "Kept in CRMCTL_API_KEY."


def test_a_key_that_may_not_list_tasks_is_a_remark(tmp_path: Path) -> None:
    with ScriptedServer(answer(403, {"error": {"message": "No"}})) as server:
        found, result = examine(tmp_path, CRMCTL_API_KEY=KEY, CRMCTL_BASE_URL=server.url)
    assert result.status == 0
    assert found["server"]["status"] == "remark"
    assert "knows the key, which may not list tasks" in found["server"]["finding"]


def test_without_a_key_no_server_is_asked(tmp_path: Path) -> None:
    with ScriptedServer() as server:
        configure(tmp_path, f'[profiles.work]\nbase_url = "{server.url}"\n')
        found, result = examine(tmp_path, "--profile", "work")
        assert server.received == []
    assert result.status == 3
    assert found["key"] == {
        "check": "key",
        "status": "broken",
        "finding": f"The profile work has no key for {server.url}.",
        "fix": "Run `crmctl auth login --profile work`.",
    }
    assert found["server"]["status"] == "remark"


def test_a_keyring_that_is_used_is_named(tmp_path: Path, memory: MemoryKeyring) -> None:
    with ScriptedServer(NO_TASKS) as server:
        memory.set_password("crmctl", f"work@{server.url}", KEY)
        configure(tmp_path, f'[profiles.work]\nbase_url = "{server.url}"\nkey_store = "keyring"\n')
        found, result = examine(tmp_path, CRMCTL_PROFILE="work")
    assert result.status == 0
    assert found["keyring"]["finding"] == "keyrings MemoryKeyring is there, and used."
    assert found["key"]["finding"] == "Kept in the keyring."


def test_a_keyring_that_is_not_used_is_asked_for_nothing_but_its_name(
    tmp_path: Path, memory: MemoryKeyring
) -> None:
    found, _ = examine(tmp_path)
    assert found["keyring"]["finding"] == "keyrings MemoryKeyring is there, and not used."
    assert memory.calls == 0


def test_a_locked_keyring_with_the_key_is_12(tmp_path: Path) -> None:
    configure(tmp_path, '[profiles.work]\nbase_url = "https://x.test"\nkey_store = "keyring"\n')
    with machine_keyring(FailingKeyring()):
        found, result = examine(tmp_path, CRMCTL_PROFILE="work")
    assert result.status == 12
    assert found["key"]["finding"] == "The keyring is locked, and nobody unlocked it."
    assert found["server"]["status"] == "remark"


def test_no_keyring_where_the_key_ought_to_be_in_it_is_12(tmp_path: Path) -> None:
    configure(tmp_path, '[profiles.work]\nbase_url = "https://x.test"\nkey_store = "keyring"\n')
    found, result = examine(tmp_path, CRMCTL_PROFILE="work")
    assert result.status == 12
    assert found["keyring"]["status"] == "broken"
    assert found["key"]["finding"] == "Not read: it is in the keyring."


@pytest.mark.parametrize("text", ["default_profile = ", "colour = 1", "[profiles.work]\nkey = 'x'"])
def test_a_config_file_that_cannot_be_read_is_a_finding(tmp_path: Path, text: str) -> None:
    file = configure(tmp_path, text)
    found, result = examine(tmp_path)
    assert result.status == 2
    assert found["settings"]["status"] == "broken"
    assert str(file) in found["settings"]["finding"]
    assert found["profile"]["finding"] == "Not known: the settings cannot be read."
    assert run_in(tmp_path, "doctor").rows[0][:2] == ["settings", "broken"]


def test_a_broken_config_file_that_nothing_is_taken_from_is_a_remark(tmp_path: Path) -> None:
    configure(tmp_path, "default_profile = ")
    with ScriptedServer(NO_TASKS) as server:
        found, result = examine(tmp_path, CRMCTL_API_KEY=KEY, CRMCTL_BASE_URL=server.url)
    assert result.status == 0
    assert found["settings"]["status"] == "remark"


@pytest.mark.parametrize(
    ("environ", "check"),
    [
        ({"CRMCTL_TIMEOUT": "soon"}, "settings"),
        ({"CRMCTL_COLOR": "blue"}, "settings"),
        ({"CRMCTL_PROFILE": "nobody"}, "profile"),
        ({"CRMCTL_TIMEZONE": "Mars/Base"}, "time zone"),
    ],
)
def test_a_setting_that_does_not_fit_is_a_finding(
    tmp_path: Path, environ: dict[str, str], check: str
) -> None:
    result = run_in(tmp_path, "doctor", **environ)
    assert result.status == 2
    assert [row[0] for row in result.rows] == CHECKS
    assert [row[0] for row in result.rows if row[1] == "broken"] == [check]
    assert run_in(tmp_path, "doctor", "-o", "table", **environ).status == 2


def test_so_is_a_format_that_there_is_not(tmp_path: Path) -> None:
    result = run_in(tmp_path, "doctor", "-o", "parchment")
    assert result.status == 2
    assert result.rows[1][:2] == ["profile", "broken"]


def test_what_is_said_of_the_profile(tmp_path: Path) -> None:
    configure(
        tmp_path,
        'default_profile = "local"\n[profiles.local]\nuser_id = "usr_1"\nread_only = true\n'
        'timezone = "Europe/Berlin"\n',
    )
    found, result = examine(tmp_path)
    assert result.status == 0
    assert found["profile"]["finding"] == (
        "local, chosen by config.toml. It is read-only, as config.toml [profiles.local] says."
        " `me` is usr_1."
    )
    assert found["time zone"]["finding"] == (
        "Europe/Berlin, from config.toml [profiles.local]: it is Tue 10:00."
    )


def test_a_workspace_says_what_it_holds_and_a_damaged_one_is_12(tmp_path: Path) -> None:
    assert run_in(tmp_path, "task", "create", "Call Jane").status == 0
    found, result = examine(tmp_path)
    file = tmp_path / "data" / "local.db"
    assert result.status == 0
    assert found["workspace"]["finding"] == f"{file} holds: tasks 1, activities 0, records 0."
    file.write_bytes(b"no database" * 100)
    found, result = examine(tmp_path)
    assert result.status == 12
    assert found["workspace"]["status"] == "broken"


def test_a_completion_script_is_compared_with_this_version_s(tmp_path: Path) -> None:
    file = tmp_path / ".config" / "fish" / "completions" / "crmctl.fish"

    def completion() -> tuple[str, str]:
        found, result = examine(tmp_path, SHELL="/usr/bin/fish")
        assert result.status == 0
        return found["completion"]["status"], found["completion"]["finding"]

    assert completion() == ("remark", f"fish has none: {file} is missing.")
    file.parent.mkdir(parents=True)
    file.write_text("# of last year")
    assert completion() == ("remark", f"{file} is of another version of crmctl.")
    file.write_text(read_script("fish"), encoding="utf-8")
    assert completion() == ("ok", f"fish finds it: {file}.")


def test_a_completion_script_that_no_startup_file_reads_is_a_remark(tmp_path: Path) -> None:
    assert run_in(tmp_path, "completion", "install", "zsh").status == 0
    script = tmp_path / ".zfunc" / "_crmctl"
    found, _ = examine(tmp_path, SHELL="zsh")
    assert found["completion"]["finding"] == f"zsh finds it: {script}."
    (tmp_path / ".zshrc").write_text("")
    found, _ = examine(tmp_path, SHELL="zsh")
    assert found["completion"]["status"] == "remark"
    assert found["completion"]["fix"] == "Run `crmctl completion install`."


def test_a_field_that_findings_do_not_have_is_refused(tmp_path: Path) -> None:
    result = run_in(tmp_path, "doctor", "--fields", "check,colour")
    assert (result.status, result.stdout) == (2, "")
    result = run_in(tmp_path, "doctor", "--fields", "check,status")
    assert result.rows[0] == ["settings", "ok"]
