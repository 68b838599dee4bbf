"""`crmctl config`: settings, where they come from, and the file they are kept in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.running import Crmctl
from tests.in_process import InProcess

FILE = """\
# What I use.
default_profile = "work"  # not home

[profiles.work]
# Ours.
base_url = "https://crm.example.com/api"
timezone = "Europe/Berlin"
"""


@pytest.fixture
def configured(home: Path) -> Crmctl:
    """crmctl with FILE as its config file."""
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(FILE)
    return InProcess(home)


def file_of(crmctl: Crmctl) -> str:
    return (crmctl.home / "config" / "config.toml").read_text()


def test_list_says_where_each_value_comes_from(configured: Crmctl) -> None:
    rows = configured.having(CRMCTL_USER_ID="usr_1").json("--timeout", "9", "config", "list")
    found = {row["key"]: (row["value"], row["source"]) for row in rows}
    assert found["profile"] == ("work", "config.toml")
    assert found["base_url"] == ("https://crm.example.com/api", "config.toml [profiles.work]")
    assert found["user_id"] == ("usr_1", "CRMCTL_USER_ID")
    assert found["timezone"] == ("Europe/Berlin", "config.toml [profiles.work]")
    assert found["timeout"] == (9.0, "--timeout")
    assert found["color"] == ("auto", "default")


def test_get_prints_one_value(configured: Crmctl) -> None:
    assert configured.done("config", "get", "timezone").stdout == "Europe/Berlin\n"
    assert configured.done("config", "get", "user_id").stdout == ""
    assert configured.json("config", "get", "timezone")["value"] == "Europe/Berlin"


def test_get_of_an_unknown_setting_lists_the_known(configured: Crmctl) -> None:
    result = configured.run("config", "get", "colour")
    assert result.status == 2
    assert "color" in result.stderr


def test_set_changes_one_value_and_keeps_the_comments(configured: Crmctl) -> None:
    configured.done("config", "set", "timezone", "Europe/Paris")
    assert file_of(configured) == FILE.replace("Berlin", "Paris")


def test_unset_takes_one_value_out_and_keeps_the_rest(configured: Crmctl) -> None:
    configured.done("config", "unset", "timezone")
    assert file_of(configured) == FILE.replace('timezone = "Europe/Berlin"\n', "")
    assert "was not set" in configured.done("config", "unset", "timezone").stderr


def test_set_of_another_profile_s_value_names_it(configured: Crmctl) -> None:
    configured.done("config", "set", "user_id", "usr_9", "--profile", "local")
    assert configured.done("--profile", "local", "config", "get", "user_id").stdout == "usr_9\n"
    assert configured.done("config", "get", "user_id").stdout == ""


def test_a_format_that_was_set_is_used(configured: Crmctl) -> None:
    configured.done("config", "set", "output", "jsonl", "--profile", "local")
    assert configured.done("--profile", "local", "task", "list", "--count").stdout == (
        '{"count": 0}\n'
    )


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("timezone", "Europe/Atlantis", "IANA"),
        ("output", "xml", "jsonl"),
        ("default_profile", "nope", "local, demo, work"),
        ("api_key", "123", "user_id, timezone, output"),
        ("base_url", "http://crm.example.com", "https://"),
    ],
)
def test_set_refuses_what_does_not_fit(configured: Crmctl, key: str, value: str, said: str) -> None:
    result = configured.run("config", "set", key, value)
    assert result.status == 2
    assert said in result.stderr
    assert file_of(configured) == FILE


def test_path_prints_where_the_file_is_or_would_be(configured: Crmctl, crmctl: Crmctl) -> None:
    assert configured.done("config", "path").stdout.strip() == str(
        configured.home / "config" / "config.toml"
    )
    assert Path(crmctl.done("config", "path").stdout.strip()).is_relative_to(crmctl.home)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('default_profile = "work\n', "line 1"),
        ('# ok\n\n[profiles.work]\nbase_ur = "x"\n', "line 4"),
        ('[profiles.work]\napi_key = "x"\n', "line 2"),
        ("# ok\n[profiles.work]\ntimezone = 3\n", "line 3"),
        (b"# ok\n# \xff\xfe\n", "line 2"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_line(
    configured: Crmctl, content: str | bytes, line: str
) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    (configured.home / "config" / "config.toml").write_bytes(raw)
    result = configured.run("task", "list")
    assert result.status == 2
    assert line in result.stderr
    as_json = configured.run("task", "list", "-o", "json")
    assert as_json.status == 2
    assert as_json.error["code"] == "settings"


def test_config_path_works_where_the_file_is_unreadable(configured: Crmctl) -> None:
    (configured.home / "config" / "config.toml").write_text("[[[")
    assert configured.done("config", "path").stdout.strip().endswith("config.toml")


def test_an_unknown_profile_lists_the_known(configured: Crmctl) -> None:
    for result in (
        configured.run("task", "list", "--profile", "nope"),
        configured.having(CRMCTL_PROFILE="nope").run("task", "list"),
    ):
        assert result.status == 2
        assert "local, demo, work" in result.stderr
