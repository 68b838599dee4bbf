"""Read-only profiles: every write is refused before a key is read, and nothing lifts that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import KEY, Crmctl, FarEnd, Result
from tests.in_process import InProcess

WRITES = (
    ("task", "create", "Call"),
    ("task", "update", "task_late", "--priority", "low"),
    ("task", "complete", "task_late"),
    ("task", "complete", "task_late", "task_far"),
    ("task", "cancel", "task_late"),
    ("task", "delete", "task_late", "--yes"),
    ("task", "delete", "task_late"),
    ("activity", "log", "note", "Signed"),
    ("activity", "log", "note", "Signed", "--ref", "build-1"),
    ("api", "POST", "/tasks", "-f", "title=Call"),
    ("api", "PATCH", "/tasks/task_late"),
    ("api", "DELETE", "/tasks/task_late"),
)
IN_THE_WORKSPACE = (
    ("record", "add", "contact", "con_1", "Jane"),
    ("record", "remove", "contact", "con_jane"),
)


def check_refused(result: Result) -> None:
    assert (result.status, result.stdout) == (5, "")
    assert "this profile is read-only" in result.stderr


@pytest.mark.parametrize("line", WRITES)
def test_a_write_is_refused_before_a_key_is_read(home: Path, line: tuple[str, ...]) -> None:
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(
        '[profiles.work]\nbase_url = "https://crm.example"\nkey_store = "file"\nread_only = true\n'
    )
    (home / "config" / "credentials.json").write_text("not to be read")
    crmctl = InProcess(home)
    check_refused(crmctl.run("--profile", "work", *line))
    assert crmctl.run("--profile", "work", "task", "list").status == 2  # it reads the keys


@pytest.mark.parametrize("line", WRITES + IN_THE_WORKSPACE)
def test_the_variable_makes_any_profile_read_only(stocked: Crmctl, line: tuple[str, ...]) -> None:
    before = stocked.json("task", "list"), stocked.json("record", "list")
    reader = stocked.having(CRMCTL_READ_ONLY="1")
    check_refused(reader.run(*line))
    assert reader.run(*line, "--dry-run").status == 0
    assert (reader.json("task", "list"), reader.json("record", "list")) == before


def test_nothing_is_sent_and_reads_are(remote: Crmctl, far_end: FarEnd) -> None:
    reader = remote.having(CRMCTL_READ_ONLY="true")
    for line in WRITES:
        check_refused(reader.run(*line))
    assert far_end.requests == []
    assert "task_late" in reader.ids("task", "list")
    assert reader.json("auth", "status")["accepted"] is True


def test_the_error_has_a_code_of_its_own_and_names_the_source(remote: Crmctl) -> None:
    error = remote.having(CRMCTL_READ_ONLY="1").run("task", "create", "x", "-o", "json").error
    assert (error["code"], error["status"], error["retryable"]) == ("read_only", None, False)
    assert error["message"] == "POST /tasks was not sent: this profile is read-only."
    assert error["hint"] == "read_only comes from CRMCTL_READ_ONLY. No option overrides it."


def test_no_demo_is_made_and_a_rehearsal_is_free(crmctl: Crmctl) -> None:
    reader = crmctl.having(CRMCTL_READ_ONLY="1")
    check_refused(reader.run("demo"))
    assert list(crmctl.home.iterdir()) == []
    assert reader.run("demo", "-n").status == 0


def test_settings_keys_and_backups_are_free(home: Path, far_end: FarEnd) -> None:
    InProcess(home).done("task", "create", "Call", "--profile", "local")
    reader = InProcess(home, CRMCTL_READ_ONLY="1")
    login = ("auth", "login", "--base-url", far_end.url, "--store", "file", "--key-stdin")
    reader.done(*login, stdin=KEY)
    reader.done("config", "set", "output", "json")
    reader.done("--profile", "local", "workspace", "backup", str(home / "copy.db"))
    reader.done("auth", "logout")


def test_it_is_set_shown_and_taken_back_in_the_config_file(crmctl: Crmctl) -> None:
    crmctl.done("config", "set", "read_only", "true")
    for line in (("task", "create", "x"), ("task", "create", "x", "--no-input")):
        check_refused(crmctl.having(CRMCTL_READ_ONLY="0").run(*line))
    rows = {row["key"]: row for row in crmctl.json("config", "list")}
    assert rows["read_only"] == {
        "key": "read_only",
        "value": True,
        "source": "config.toml [profiles.local]",
    }
    assert crmctl.done("config", "get", "read_only").stdout == "true\n"
    assert crmctl.done("config", "get", "profiles.local.read_only").stdout == "true\n"
    crmctl.done("config", "unset", "read_only")
    crmctl.done("task", "create", "x")
