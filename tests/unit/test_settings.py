"""Which profile, and where each value comes from."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from crmctl import errors
from crmctl.config import file as configfile
from crmctl.config.file import profile_names
from crmctl.config.profile import CHOICES, VENDOR_URL
from crmctl.config.settings import Settings
from crmctl.output import FORMATS
from tests.unit.configured import WORK, directories, load, pair, write_config


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"CRMCTL_CONFIG_DIR": str(tmp_path / "config")}


def test_reading_settings_creates_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    settings = load(environ, {})
    settings.entries()
    assert profile_names(directories(environ)) == ["local", "demo"]
    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_local_command_load_nothing_heavy(environ: dict[str, str]) -> None:
    program = (
        "import pathlib, sys; before = set(sys.modules)\n"
        "import os; from crmctl.config.settings import Settings\n"
        "from crmctl.directories import Directories, system_directory\n"
        "places = Directories(os.environ, system_directory)\n"
        "assert Settings(os.environ, {}, places).profile.name == 'local'\n"
        "print(*sorted(set(sys.modules) - before))"
    )
    clean = {**environ, "PYTHONPATH": str(Path(configfile.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env=clean, capture_output=True, text=True
    )
    assert done.stderr == ""
    heavy = {"tomllib", "tomlkit", "platformdirs", "keyring", "dataclasses", "json", "datetime"}
    assert heavy.isdisjoint(done.stdout.split())
    assert "crmctl.config.settings" in done.stdout.split()


# Which profile


def test_a_profile_that_is_named_comes_before_everything_else(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    environ |= {"CRMCTL_API_KEY": "k", "CRMCTL_PROFILE": "demo"}
    by_variable = load(environ, {}).profile
    assert (by_variable.name, by_variable.source) == ("demo", "CRMCTL_PROFILE")
    by_flag = load(environ, {"profile": "work"}).profile
    assert (by_flag.name, by_flag.source, by_flag.kind) == ("work", "--profile", "http")


def test_a_key_in_the_environment_is_a_profile_of_its_own(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    profile = load(environ | {"CRMCTL_API_KEY": "k"}, {}).profile
    assert (profile.name, profile.source, profile.kind) == ("environment", "CRMCTL_API_KEY", "http")
    assert pair(profile.base_url) == (VENDOR_URL, "default")
    assert pair(profile.output) == (None, "default")
    environ |= {"CRMCTL_API_KEY": "k", "CRMCTL_BASE_URL": "http://localhost:8080/"}
    profile = load(environ, {}).profile
    assert pair(profile.base_url) == ("http://localhost:8080", "CRMCTL_BASE_URL")


def test_a_server_in_the_environment_without_a_key_is_no_workspace(
    environ: dict[str, str],
) -> None:
    write_config(environ, WORK)
    environ |= {"CRMCTL_BASE_URL": "https://crm.example.com"}
    with pytest.raises(errors.Unauthorized) as caught:
        _ = load(environ, {}).profile
    assert caught.value.message == "CRMCTL_BASE_URL is set, and CRMCTL_API_KEY is not."
    assert load(environ, {"profile": "local"}).profile.name == "local"
    rehearsal = Settings(environ, {}, directories(environ), may_fall_back=True).profile
    assert (rehearsal.name, rehearsal.source) == ("environment", "CRMCTL_BASE_URL")
    assert rehearsal.base_url.value == "https://crm.example.com"


def test_an_environment_that_gives_the_key_needs_no_config_file(environ: dict[str, str]) -> None:
    write_config(environ, "not = [toml")
    assert load(environ | {"CRMCTL_API_KEY": "k"}, {}).profile.name == "environment"


def test_the_config_files_default_comes_third(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    profile = load(environ | {"CRMCTL_API_KEY": "", "CI": "true"}, {}).profile
    assert (profile.name, profile.source, profile.fallback) == ("work", "config.toml", False)
    place = "config.toml [profiles.work]"
    assert pair(profile.base_url) == ("https://crm.example.com/api", place)
    assert pair(profile.user_id) == ("usr_1", place)
    assert pair(profile.output) == ("csv", place)
    assert pair(profile.timezone) == (None, "default")


@pytest.mark.parametrize("ci", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "False"}, {"CI": "0"}])
def test_local_is_the_fallback(environ: dict[str, str], ci: dict[str, str]) -> None:
    profile = load(environ | ci, {}).profile
    assert (profile.name, profile.kind, profile.fallback) == ("local", "workspace", True)
    assert pair(profile.base_url) == (None, "default")


def test_local_by_name_is_no_fallback(environ: dict[str, str]) -> None:
    assert load(environ | {"CI": "1"}, {"profile": "local"}).profile.fallback is False


@pytest.mark.parametrize("ci", ["true", "1", "woodpecker"])
def test_in_ci_a_missing_key_is_an_error_and_not_a_disk_that_is_thrown_away(
    environ: dict[str, str], ci: str
) -> None:
    settings = load(environ | {"CI": ci, "CRMCTL_API_KEY": ""}, {})
    with pytest.raises(errors.Unauthorized) as caught:
        _ = settings.profile
    assert "CI" in caught.value.message
    assert "CRMCTL_API_KEY" in str(caught.value.hint)
    assert "--profile local" in str(caught.value.hint)


def test_in_ci_a_rehearsal_may_fall_back_all_the_same(environ: dict[str, str]) -> None:
    environ["CI"] = "true"
    settings = Settings(environ, {}, directories(environ), may_fall_back=True)
    assert (settings.profile.name, settings.profile.fallback) == ("local", True)


def test_in_ci_commands_that_need_no_profile_work(environ: dict[str, str]) -> None:
    settings = load(environ | {"CI": "true"}, {})
    assert pair(settings.output) == (None, "default")
    assert settings.entries()[0] == {"key": "profile", "value": None, "source": "default"}
    assert load(environ | {"CI": "true"}, {"output": "json"}).output.value == "json"


@pytest.mark.parametrize(
    ("variables", "flags", "source"),
    [
        ({}, {"profile": "wrok"}, "--profile"),
        ({"CRMCTL_PROFILE": "wrok"}, {}, "CRMCTL_PROFILE"),
        ({}, {"profile": ""}, "--profile"),
        ({"CRMCTL_API_KEY": "k"}, {"profile": "environment"}, "--profile"),
    ],
)
def test_an_unknown_profile_is_refused_with_the_known_ones(
    environ: dict[str, str], variables: dict[str, str], flags: dict[str, object], source: str
) -> None:
    write_config(environ, WORK)
    with pytest.raises(errors.SettingsError, match="Known: local, demo, work") as caught:
        _ = load(environ | variables, flags).profile
    assert source in caught.value.message


def test_a_default_profile_that_is_gone_is_an_error(environ: dict[str, str]) -> None:
    write_config(environ, 'default_profile = "gone"')
    with pytest.raises(errors.SettingsError, match=r"'gone' \(from config\.toml\)"):
        _ = load(environ, {}).profile


def test_a_profile_without_a_url_is_at_the_vendors(environ: dict[str, str]) -> None:
    write_config(environ, '[profiles.plain]\nuser_id = "usr_9"')
    profile = load(environ, {"profile": "plain"}).profile
    assert pair(profile.base_url) == (VENDOR_URL, "default")


def test_me_in_the_demo_is_the_sample_data_s_user(environ: dict[str, str]) -> None:
    def user(profile: str) -> object:
        (found,) = [
            e for e in load(environ, {"profile": profile}).entries() if e["key"] == "user_id"
        ]
        return found["value"], found["source"]

    assert user("demo") == ("usr_abc123", "the sample data")
    assert user("local") == (None, "default")
    write_config(environ, '[profiles.demo]\nuser_id = "usr_def456"')
    assert user("demo") == ("usr_def456", "config.toml [profiles.demo]")
    environ["CRMCTL_USER_ID"] = "usr_9"
    assert user("demo") == ("usr_9", "CRMCTL_USER_ID")


# Which value


def test_a_flag_beats_the_environment_which_beats_the_config_file(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    assert load(environ, {}).output.value == "csv"
    environ["CRMCTL_OUTPUT"] = "jsonl"
    assert pair(load(environ, {}).output) == ("jsonl", "CRMCTL_OUTPUT")
    assert pair(load(environ, {"output": "ids"}).profile.output) == ("ids", "--output")


def test_variables_give_user_and_timezone_but_never_the_url_of_a_named_profile(
    environ: dict[str, str],
) -> None:
    write_config(environ, WORK)
    environ |= {
        "CRMCTL_USER_ID": "usr_2",
        "CRMCTL_TIMEZONE": "UTC",
        "CRMCTL_BASE_URL": "https://other.example.com",
    }
    profile = load(environ, {"profile": "work"}).profile
    assert pair(profile.user_id) == ("usr_2", "CRMCTL_USER_ID")
    assert pair(profile.timezone) == ("UTC", "CRMCTL_TIMEZONE")
    assert profile.base_url.value == "https://crm.example.com/api"
    assert profile.zone(environ) is UTC


def test_a_timezone_that_does_not_exist_is_refused_with_its_source_when_it_is_used(
    environ: dict[str, str],
) -> None:
    profile = load(environ | {"CRMCTL_TIMEZONE": "Mars/Olympus"}, {}).profile
    with pytest.raises(errors.SettingsError, match=r"CRMCTL_TIMEZONE is 'Mars/Olympus'"):
        profile.zone(environ)


def test_global_options_have_defaults(environ: dict[str, str]) -> None:
    settings = load(environ, {})
    assert pair(settings.timeout) == (30.0, "default")
    assert pair(settings.color) == ("auto", "default")
    assert pair(settings.no_input) == (False, "default")
    assert pair(settings.ca_file) == (None, "default")


def test_global_options_come_from_flags_and_variables(environ: dict[str, str]) -> None:
    environ |= {
        "CRMCTL_TIMEOUT": "2.5",
        "CRMCTL_COLOR": "never",
        "CRMCTL_NO_INPUT": "yes",
        "CRMCTL_CA_FILE": "/etc/ca.pem",
    }
    settings = load(environ, {})
    assert pair(settings.timeout) == (2.5, "CRMCTL_TIMEOUT")
    assert pair(settings.color) == ("never", "CRMCTL_COLOR")
    assert pair(settings.no_input) == (True, "CRMCTL_NO_INPUT")
    assert pair(settings.ca_file) == ("/etc/ca.pem", "CRMCTL_CA_FILE")
    settings = load(
        environ | {"CRMCTL_NO_INPUT": "0"}, {"timeout": 9, "color": "always", "ca_file": "x"}
    )
    assert pair(settings.timeout) == (9.0, "--timeout")
    assert pair(settings.color) == ("always", "--color")
    assert pair(settings.no_input) == (False, "CRMCTL_NO_INPUT")
    assert pair(settings.ca_file) == ("x", "--ca-file")
    assert pair(load({}, {"no_input": True}).no_input) == (True, "--no-input")


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9", "30s"])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(
    environ: dict[str, str], text: str
) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        load(environ | {"CRMCTL_TIMEOUT": text}, {})
    assert caught.value.message == (
        f"timeout from CRMCTL_TIMEOUT is {text!r}."
        " Accepted: seconds, more than 0 and at most 86400."
    )


def test_a_color_that_does_not_exist_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(
        errors.SettingsError, match="--color: 'red' is not one of auto, always, never"
    ):
        load(environ, {"color": "red"})


@pytest.mark.parametrize(
    ("variables", "text", "source"),
    [
        ({"CRMCTL_OUTPUT": "xml"}, "", "output from CRMCTL_OUTPUT"),
        ({}, '[profiles.local]\noutput = "xml"', r"config.toml \[profiles.local\]"),
    ],
)
def test_an_output_format_that_does_not_exist_is_refused(
    environ: dict[str, str], variables: dict[str, str], text: str, source: str
) -> None:
    write_config(environ, text)
    expected = f"{source}: 'xml' is not one of table, plain, json, jsonl, csv, ids, md"
    with pytest.raises(errors.SettingsError, match=expected):
        _ = load(environ | variables, {}).profile


def test_every_output_format_can_be_chosen() -> None:
    assert CHOICES["output"] == FORMATS


def test_entries_name_every_setting_and_its_source(environ: dict[str, str]) -> None:
    path = write_config(environ, WORK)
    settings = load(environ | {"CRMCTL_TIMEOUT": "5"}, {"output": "json"})
    assert [tuple(entry.values()) for entry in settings.entries()] == [
        ("profile", "work", "config.toml"),
        ("base_url", "https://crm.example.com/api", "config.toml [profiles.work]"),
        ("user_id", "usr_1", "config.toml [profiles.work]"),
        ("timezone", None, "default"),
        ("output", "json", "--output"),
        ("read_only", False, "default"),
        ("timeout", 5.0, "CRMCTL_TIMEOUT"),
        ("color", "auto", "default"),
        ("no_input", False, "default"),
        ("ca_file", None, "default"),
        ("queue", False, "default"),
        ("outbox_settle", 120.0, "default"),
        ("outbox_recheck", 30.0, "default"),
        ("default_profile", "work", "config.toml"),
        ("config_file", str(path), "CRMCTL_CONFIG_DIR"),
    ]
    assert list(settings.entries()[0]) == ["key", "value", "source"]


@pytest.mark.parametrize(
    "url", ["crm.example.com", "https://jane:secret@host/", "https://host/api?tenant=secret"]
)
def test_a_url_that_cannot_be_trusted_is_refused_and_not_repeated(
    environ: dict[str, str], url: str
) -> None:
    environ |= {"CRMCTL_API_KEY": "k", "CRMCTL_BASE_URL": url}
    with pytest.raises(errors.SettingsError, match="base_url from CRMCTL_BASE_URL") as caught:
        _ = load(environ, {}).profile
    assert "secret" not in caught.value.message


# Read-only


@pytest.mark.parametrize("name", ["READ_ONLY", "QUEUE", "NO_INPUT"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(environ: dict[str, str], name: str) -> None:
    with pytest.raises(errors.SettingsError, match=f"CRMCTL_{name} is 'maybe'. Accepted: 1, true"):
        load(environ | {f"CRMCTL_{name}": "maybe"}, {}).profile  # noqa: B018


@pytest.mark.parametrize(
    ("variable", "kept", "expected"),
    [
        (None, None, (False, "default")),
        (None, "true", (True, "config.toml [profiles.work]")),
        (None, "false", (False, "config.toml [profiles.work]")),
        ("1", None, (True, "CRMCTL_READ_ONLY")),
        ("yes", "false", (True, "CRMCTL_READ_ONLY")),
        ("0", "true", (True, "config.toml [profiles.work]")),
        ("false", None, (False, "CRMCTL_READ_ONLY")),
        ("NO", None, (False, "CRMCTL_READ_ONLY")),
        ("On", None, (True, "CRMCTL_READ_ONLY")),
    ],
)
def test_a_profile_is_read_only_if_the_variable_or_the_file_says_so(
    environ: dict[str, str], variable: str | None, kept: str | None, expected: tuple[bool, str]
) -> None:
    line = f"read_only = {kept}\n" if kept else ""
    write_config(environ, WORK.replace("user_id =", f"{line}user_id ="))
    environ |= {"CRMCTL_READ_ONLY": variable} if variable else {}
    settings = load(environ, {})
    assert pair(settings.profile.read_only) == expected
    [entry] = [entry for entry in settings.entries() if entry["key"] == "read_only"]
    assert (entry["value"], entry["source"]) == expected
