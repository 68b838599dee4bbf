"""Files of ours as commands use them: nothing is lost, and what is no file of ours is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.e2e.running import COMMAND, KEY, PATIENCE, Crmctl, FarEnd

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root becomes another user"
)


@pytest.fixture
def own(home: Path) -> Crmctl:
    """crmctl with directories whose paths the tests know."""
    return Crmctl(
        home,
        **{
            f"CRMCTL_{kind.upper()}_DIR": str(home / kind)
            for kind in ("config", "data", "state", "cache")
        },
    )


def log_in(far_end: FarEnd, name: str = "work") -> tuple[str, ...]:
    """The command line that logs in, its key on stdin."""
    where = ("--base-url", far_end.url, "--store", "file", "--key-stdin")
    return ("auth", "login", "--profile", name, *where)


def test_what_logins_and_settings_write_at_once_is_all_kept(own: Crmctl, far_end: FarEnd) -> None:
    values = {"user_id": "usr_1", "timezone": "Europe/Berlin", "output": "ids"}
    names = {f"p{number}" for number in range(12)}
    logins = [own.start(*log_in(far_end, name), stdin=subprocess.PIPE) for name in names]
    settings = [
        own.start("config", "set", f"profiles.{name}.{key}", value)
        for name in ("local", "demo")
        for key, value in values.items()
    ]
    for process in logins:
        process.communicate(KEY.encode(), timeout=PATIENCE)
    assert {process.wait(PATIENCE) for process in logins + settings} == {0}
    kept = json.loads((own.home / "config" / "credentials.json").read_text())
    assert kept == {f"{name}@{far_end.url}": KEY for name in names}
    config = tomllib.loads((own.home / "config" / "config.toml").read_text())
    profile = {"base_url": far_end.url, "key_store": "file"}
    assert config["profiles"] == {"local": values, "demo": values, **dict.fromkeys(names, profile)}


@posix
def test_a_fifo_as_any_file_of_ours_is_refused_or_left_out(own: Crmctl, far_end: FarEnd) -> None:
    own.done(*log_in(far_end), stdin=KEY)
    own.done("task", "list")
    [cache] = [file for file in (own.home / "cache").iterdir() if file.suffix == ".json"]
    cache.unlink()
    os.mkfifo(cache)
    assert "task_late" in own.ids("task", "list")
    assert own.done("__complete", "task", "get", "").lines == []
    credentials = own.home / "config" / "credentials.json"
    credentials.unlink()
    os.mkfifo(credentials, 0o600)
    for line in (("task", "list"), log_in(far_end), ("auth", "logout")):
        result = own.run(*line, stdin=KEY)
        assert result.status == 2
        assert f"{credentials} cannot be read: it is a FIFO" in result.stderr
    config = own.home / "config" / "config.toml"
    config.unlink()
    os.mkfifo(config, 0o600)
    for line in (("task", "list"), ("config", "set", "output", "ids"), ("auth", "switch", "demo")):
        result = own.run(*line)
        assert result.status == 2
        assert f"{config} cannot be read: it is a FIFO" in result.stderr
    config.unlink()
    (own.home / "data").mkdir()
    os.mkfifo(own.home / "data" / "local.db")
    for line in (("task", "list"), ("task", "create", "x"), ("workspace", "check")):
        result = own.run("--profile", "local", *line)
        assert result.status == 12
        assert "local.db cannot be used: it is a FIFO" in result.stderr


@posix
def test_a_key_is_not_written_into_what_the_file_of_keys_links_to(
    own: Crmctl, far_end: FarEnd
) -> None:
    other = own.home / "other.json"
    other.write_text("{}")
    (own.home / "config").mkdir()
    (own.home / "config" / "credentials.json").symlink_to(other)
    result = own.run(*log_in(far_end), stdin=KEY)
    assert (result.status, far_end.requests) == (2, [])
    assert "credentials.json cannot be read: it is a link" in result.stderr
    assert other.read_text() == "{}"
    assert [file.name for file in (own.home / "config").iterdir()] == ["credentials.json"]


@as_root
@pytest.mark.parametrize(
    ("line", "said"),
    [
        (("config", "path"), "HOME or CRMCTL_CONFIG_DIR"),
        (("task", "list", "--profile", "local"), "HOME or CRMCTL_CONFIG_DIR"),
        (("completion", "install", "bash"), "Set HOME."),
    ],
)
def test_a_user_without_a_home_is_told_what_to_set(
    home: Path, line: tuple[str, ...], said: str
) -> None:
    result = run_as_nobody(home, *line)
    assert result.returncode == 2
    assert "crmctl: This user has no home directory." in result.stderr
    assert said in result.stderr
    assert "CRMCTL_DATA_DIR" in result.stderr
    assert list(home.iterdir()) == []


@as_root
def test_a_user_without_a_home_works_where_the_directories_are_named(
    home: Path, far_end: FarEnd
) -> None:
    local = {"CRMCTL_CONFIG_DIR": str(home / "c"), "CRMCTL_DATA_DIR": str(home / "d")}
    made = run_as_nobody(home, "task", "create", "Call", "-o", "json", **local)
    assert (made.returncode, json.loads(made.stdout)["title"]) == (0, "Call")
    key = {"CRMCTL_BASE_URL": far_end.url, "CRMCTL_API_KEY": KEY}
    listed = run_as_nobody(home, "task", "list", "-o", "ids", "-v", **key)
    assert (listed.returncode, "task_late" in listed.stdout) == (0, True)
    assert "no names were kept: This user has no home directory." in listed.stderr


def run_as_nobody(home: Path, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run it as a user whom the system does not know, without HOME.

    Only the real user is another: the effective one has to reach this Python, wherever it is.
    """
    return subprocess.run(
        [*COMMAND, *args],
        env={"PATH": os.defpath, "TZ": "UTC", **environ},
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=lambda: os.setreuid(54321, 0),
    )
