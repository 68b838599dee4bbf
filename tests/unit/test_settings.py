"""Profiles, where each value comes from, and changing the config file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tomllib
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

import pytest

from crmctl import errors
from crmctl.config import file as configfile
from crmctl.config.file import profile_names
from crmctl.config.profile import VENDOR_URL, Value
from crmctl.config.settings import Settings
from crmctl.files import directory
from crmctl.origin import origin

WORK = """\
# kept by hand
default_profile = "work"

[profiles.work]  # the company's
base_url = "https://crm.example.com/api/"
user_id = "usr_1"
output = "csv"

[profiles.local]
timezone = "Europe/Berlin"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"CRMCTL_CONFIG_DIR": str(tmp_path / "config")}


def write_config(environ: dict[str, str], text: str | bytes) -> Path:
    path = Path(environ["CRMCTL_CONFIG_DIR"]) / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read_config(environ: dict[str, str]) -> str:
    return (Path(environ["CRMCTL_CONFIG_DIR"]) / "config.toml").read_text()


def pair(value: Value[Any]) -> tuple[Any, str]:
    return value.value, value.source


# Where files are


@pytest.mark.parametrize("kind", ["config", "data", "state", "cache"])
def test_a_directory_is_where_its_variable_says(
    kind: Literal["config", "data", "state", "cache"],
) -> None:
    assert directory(kind, {f"CRMCTL_{kind.upper()}_DIR": "/some/where"}) == Path("/some/where")


@pytest.mark.parametrize("kind", ["config", "data", "state", "cache"])
def test_a_directory_is_the_systems_own_where_nothing_moves_it(
    kind: Literal["config", "data", "state", "cache"],
) -> None:
    place = directory(kind, {f"CRMCTL_{kind.upper()}_DIR": ""})
    assert place.is_absolute()
    assert "crmctl" in place.parts


def test_reading_settings_creates_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    settings = Settings.load(environ, {})
    settings.entries()
    assert profile_names(environ) == ["local", "demo"]
    assert list(tmp_path.iterdir()) == []


def test_settings_of_a_local_command_load_nothing_heavy(environ: dict[str, str]) -> None:
    program = (
        "import pathlib, sys; before = set(sys.modules)\n"
        "import os; from crmctl.config.settings import Settings\n"
        "assert Settings.load(os.environ, {}).profile.name == 'local'\n"
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
    by_variable = Settings.load(environ, {"profile": None}).profile
    assert (by_variable.name, by_variable.source) == ("demo", "CRMCTL_PROFILE")
    by_flag = Settings.load(environ, {"profile": "work"}).profile
    assert (by_flag.name, by_flag.source, by_flag.kind) == ("work", "--profile", "http")


def test_a_key_in_the_environment_is_a_profile_of_its_own(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    profile = Settings.load(environ | {"CRMCTL_API_KEY": "k"}, {}).profile
    assert (profile.name, profile.source, profile.kind) == ("environment", "CRMCTL_API_KEY", "http")
    assert pair(profile.base_url) == (VENDOR_URL, "default")
    assert pair(profile.output) == (None, "default")
    environ |= {"CRMCTL_API_KEY": "k", "CRMCTL_BASE_URL": "http://localhost:8080/"}
    profile = Settings.load(environ, {}).profile
    assert pair(profile.base_url) == ("http://localhost:8080", "CRMCTL_BASE_URL")


def test_an_environment_that_gives_the_key_needs_no_config_file(environ: dict[str, str]) -> None:
    write_config(environ, "not = [toml")
    assert Settings.load(environ | {"CRMCTL_API_KEY": "k"}, {}).profile.name == "environment"


def test_the_config_files_default_comes_third(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    profile = Settings.load(environ | {"CRMCTL_API_KEY": "", "CI": "true"}, {}).profile
    assert (profile.name, profile.source, profile.fallback) == ("work", "config.toml", False)
    place = "config.toml [profiles.work]"
    assert pair(profile.base_url) == ("https://crm.example.com/api", place)
    assert pair(profile.user_id) == ("usr_1", place)
    assert pair(profile.output) == ("csv", place)
    assert pair(profile.timezone) == (None, "default")


@pytest.mark.parametrize("ci", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "False"}, {"CI": "0"}])
def test_local_is_the_fallback(environ: dict[str, str], ci: dict[str, str]) -> None:
    profile = Settings.load(environ | ci, {}).profile
    assert (profile.name, profile.kind, profile.fallback) == ("local", "workspace", True)
    assert pair(profile.base_url) == (None, "default")


def test_local_by_name_is_no_fallback(environ: dict[str, str]) -> None:
    assert Settings.load(environ | {"CI": "1"}, {"profile": "local"}).profile.fallback is False


@pytest.mark.parametrize("ci", ["true", "1", "woodpecker"])
def test_in_ci_a_missing_key_is_an_error_and_not_a_disk_that_is_thrown_away(
    environ: dict[str, str], ci: str
) -> None:
    settings = Settings.load(environ | {"CI": ci, "CRMCTL_API_KEY": ""}, {})
    with pytest.raises(errors.Unauthorized) as caught:
        _ = settings.profile
    assert "CI" in caught.value.message
    assert "CRMCTL_API_KEY" in str(caught.value.hint)
    assert "--profile local" in str(caught.value.hint)


def test_in_ci_commands_that_need_no_profile_work(environ: dict[str, str]) -> None:
    settings = Settings.load(environ | {"CI": "true"}, {})
    assert pair(settings.output) == (None, "default")
    assert settings.entries()[0] == {"key": "profile", "value": None, "source": "default"}
    assert Settings.load(environ | {"CI": "true"}, {"output": "json"}).output.value == "json"


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
        _ = Settings.load(environ | variables, flags).profile
    assert source in caught.value.message


def test_a_default_profile_that_is_gone_is_an_error(environ: dict[str, str]) -> None:
    write_config(environ, 'default_profile = "gone"')
    with pytest.raises(errors.SettingsError, match=r"'gone' \(from config\.toml\)"):
        _ = Settings.load(environ, {}).profile


def test_a_profile_without_a_url_is_at_the_vendors(environ: dict[str, str]) -> None:
    write_config(environ, '[profiles.plain]\nuser_id = "usr_9"')
    profile = Settings.load(environ, {"profile": "plain"}).profile
    assert pair(profile.base_url) == (VENDOR_URL, "default")


# Which value


def test_a_flag_beats_the_environment_which_beats_the_config_file(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    assert Settings.load(environ, {}).output.value == "csv"
    environ["CRMCTL_OUTPUT"] = "jsonl"
    assert pair(Settings.load(environ, {}).output) == ("jsonl", "CRMCTL_OUTPUT")
    assert pair(Settings.load(environ, {"output": "ids"}).profile.output) == ("ids", "--output")


def test_variables_give_user_and_timezone_but_never_the_url_of_a_named_profile(
    environ: dict[str, str],
) -> None:
    write_config(environ, WORK)
    environ |= {
        "CRMCTL_USER_ID": "usr_2",
        "CRMCTL_TIMEZONE": "UTC",
        "CRMCTL_BASE_URL": "https://other.example.com",
    }
    profile = Settings.load(environ, {}).profile
    assert pair(profile.user_id) == ("usr_2", "CRMCTL_USER_ID")
    assert pair(profile.timezone) == ("UTC", "CRMCTL_TIMEZONE")
    assert profile.base_url.value == "https://crm.example.com/api"
    assert profile.zone() is UTC


def test_a_timezone_that_does_not_exist_is_refused_with_its_source_when_it_is_used(
    environ: dict[str, str],
) -> None:
    profile = Settings.load(environ | {"CRMCTL_TIMEZONE": "Mars/Olympus"}, {}).profile
    with pytest.raises(errors.SettingsError, match=r"CRMCTL_TIMEZONE is 'Mars/Olympus'"):
        profile.zone()


def test_global_options_have_defaults(environ: dict[str, str]) -> None:
    settings = Settings.load(environ, {"timeout": None, "no_input": False})
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
    settings = Settings.load(environ, {})
    assert pair(settings.timeout) == (2.5, "CRMCTL_TIMEOUT")
    assert pair(settings.color) == ("never", "CRMCTL_COLOR")
    assert pair(settings.no_input) == (True, "CRMCTL_NO_INPUT")
    assert pair(settings.ca_file) == ("/etc/ca.pem", "CRMCTL_CA_FILE")
    settings = Settings.load(
        environ | {"CRMCTL_NO_INPUT": "0"}, {"timeout": 9, "color": "always", "ca_file": "x"}
    )
    assert pair(settings.timeout) == (9.0, "--timeout")
    assert pair(settings.color) == ("always", "--color")
    assert pair(settings.no_input) == (False, "CRMCTL_NO_INPUT")
    assert pair(settings.ca_file) == ("x", "--ca-file")
    assert pair(Settings.load({}, {"no_input": True}).no_input) == (True, "--no-input")


@pytest.mark.parametrize("text", ["soon", "0", "-1", "nan", "inf", "1e9", "30s"])
def test_a_timeout_that_is_no_number_of_seconds_is_refused(
    environ: dict[str, str], text: str
) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        Settings.load(environ | {"CRMCTL_TIMEOUT": text}, {})
    assert caught.value.message == (
        f"timeout from CRMCTL_TIMEOUT is {text!r}."
        " Accepted: seconds, more than 0 and at most 86400."
    )


def test_a_color_that_does_not_exist_is_refused(environ: dict[str, str]) -> None:
    with pytest.raises(errors.SettingsError, match=r"--color is 'red'.*auto, always, never"):
        Settings.load(environ, {"color": "red"})


@pytest.mark.parametrize(
    ("variables", "text", "source"),
    [
        ({"CRMCTL_OUTPUT": "xml"}, "", "CRMCTL_OUTPUT"),
        ({}, '[profiles.local]\noutput = "xml"', r"config.toml \[profiles.local\]"),
    ],
)
def test_an_output_format_that_does_not_exist_is_refused(
    environ: dict[str, str], variables: dict[str, str], text: str, source: str
) -> None:
    write_config(environ, text)
    expected = f"output from {source} is 'xml'. Accepted: table, plain, json, jsonl, csv, ids"
    with pytest.raises(errors.SettingsError, match=expected):
        _ = Settings.load(environ | variables, {}).profile


def test_entries_name_every_setting_and_its_source(environ: dict[str, str]) -> None:
    path = write_config(environ, WORK)
    settings = Settings.load(environ | {"CRMCTL_TIMEOUT": "5"}, {"output": "json"})
    assert [tuple(entry.values()) for entry in settings.entries()] == [
        ("profile", "work", "config.toml"),
        ("base_url", "https://crm.example.com/api", "config.toml [profiles.work]"),
        ("user_id", "usr_1", "config.toml [profiles.work]"),
        ("timezone", None, "default"),
        ("output", "json", "--output"),
        ("timeout", 5.0, "CRMCTL_TIMEOUT"),
        ("color", "auto", "default"),
        ("no_input", False, "default"),
        ("ca_file", None, "default"),
        ("default_profile", "work", "config.toml"),
        ("config_file", str(path), "CRMCTL_CONFIG_DIR"),
    ]
    assert list(settings.entries()[0]) == ["key", "value", "source"]


# URLs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://Host", "https://host:443"),
        ("HTTPS://host:443/api", "https://host:443"),
        ("https://host:8443/", "https://host:8443"),
        ("http://LOCALHOST/x", "http://localhost:80"),
        ("http://127.8.8.8:1", "http://127.8.8.8:1"),
        ("http://[0:0::1]:9/", "http://[::1]:9"),
        ("https://crm-2.example.com", "https://crm-2.example.com:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    assert origin(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "crm.example.com",
        "ftp://crm.example.com",
        "https://",
        "https:///api",
        "https://host:port",
        "https://host:0",
        "https://host:99999",
        "https://[::1",
        "https://ho st/",
        "https://host/\n",
        "https://host\\@evil.example",
        "https://höst/",
        "https://ho%73t/",
        "https://host/api?tenant=secret",
        "https://host/#secret",
        "https://jane:secret@host/",
        "http://crm.example.com",
        "http://10.0.0.1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
    ],
)
def test_a_url_that_cannot_be_trusted_is_refused_and_not_repeated(
    environ: dict[str, str], url: str
) -> None:
    with pytest.raises(errors.SettingsError):
        origin(url)
    if url:
        environ |= {"CRMCTL_API_KEY": "k", "CRMCTL_BASE_URL": url}
        with pytest.raises(errors.SettingsError, match="base_url from CRMCTL_BASE_URL") as caught:
            _ = Settings.load(environ, {}).profile
        assert "secret" not in caught.value.message


# The config file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('default_profile = "work\n', "line 1"),
        ('\n\n[profiles.work\nbase_url = "https://x"', "line 3"),
        ("default_profile =", "line 1"),
        ('a = """\nopen\n', "line 2"),
        (b'\ndefault_profile = "\xff"', "line 2: this is not UTF-8"),
        ("a = " + "9" * 9999, "not valid TOML"),
        ("a = " + "[" * 99999, "not valid TOML"),
        ("default_profile = 3", "line 1: default_profile must be a text"),
        ("\ncolour = 1", r"line 2: There is no setting 'colour'. Accepted: default_profile, \["),
        ("[profile.work]", r"There is no setting 'profile'"),
        ('api_key = "k-123"', "Keys are kept by `crmctl auth login`"),
        ("profiles = 3", "profiles must be tables"),
        ("[profiles]\nwork = 3", "line 2: profiles.work must be a table"),
        ("[profiles.work]\nuser_id = 7", "line 2: user_id must be a text"),
        (
            '[profiles.a]\noutput="csv"\n[profiles.b]\n# x\n"output2" = "csv" # y',
            "line 5: There is no setting 'output2'. Accepted: base_url, user_id, timezone, output",
        ),
        ('[profiles.local]\nbase_url = "https://x"', "line 2: local is a workspace"),
        ('[profiles."a b"]', "line 1: A profile's name has 1 to 64 letters"),
        ("[profiles.environment]", "line 1: The name environment is reserved"),
        (f"[profiles.{'a' * 65}]", "1 to 64 letters"),
    ],
)
def test_a_config_file_that_is_not_in_order_is_refused_with_path_and_line(
    environ: dict[str, str], text: str | bytes, message: str
) -> None:
    path = write_config(environ, text)
    with pytest.raises(errors.SettingsError, match=message) as caught:
        _ = Settings.load(environ, {}).profile
    assert caught.value.message.startswith(str(path))
    assert "k-123" not in caught.value.message
    assert profile_names(environ) == ["local", "demo"]


def test_a_directory_in_the_config_files_place_is_refused(environ: dict[str, str]) -> None:
    (Path(environ["CRMCTL_CONFIG_DIR"]) / "config.toml").mkdir(parents=True)
    with pytest.raises(errors.SettingsError, match=r"config\.toml cannot be read"):
        _ = Settings.load(environ, {}).profile


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_config_file_that_may_not_be_read_is_refused(environ: dict[str, str]) -> None:
    write_config(environ, WORK).chmod(0)
    with pytest.raises(errors.SettingsError, match="Permission denied"):
        _ = Settings.load(environ, {}).profile


def test_a_file_in_the_config_directorys_place_is_refused(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("")
    with pytest.raises(errors.SettingsError, match="cannot be read"):
        _ = Settings.load(environ, {}).profile
    with pytest.raises(errors.SettingsError):
        configfile.set_value(environ, "output", "csv", "local")


def test_a_byte_order_mark_is_no_error(environ: dict[str, str]) -> None:
    write_config(environ, b"\xef\xbb\xbf" + WORK.encode())
    assert Settings.load(environ, {}).profile.name == "work"
    configfile.set_value(environ, "output", "ids", "work")
    assert Settings.load(environ, {}).output.value == "ids"


def test_one_profiles_wrong_value_does_not_stop_another(environ: dict[str, str]) -> None:
    write_config(environ, '[profiles.work]\nbase_url = "nowhere"')
    assert Settings.load(environ, {"profile": "demo"}).profile.name == "demo"
    with pytest.raises(errors.SettingsError, match=r"base_url from config.toml \[profiles.work\]"):
        _ = Settings.load(environ, {"profile": "work"}).profile


def test_profile_names_are_the_built_in_ones_and_then_the_configured(
    environ: dict[str, str],
) -> None:
    write_config(environ, WORK + "[profiles.zeta]\n[profiles.alpha]\n")
    assert profile_names(environ) == ["local", "demo", "work", "zeta", "alpha"]


# Changing it


def test_setting_a_value_keeps_comments_and_order(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.set_value(environ, "output", "jsonl", "work")
    configfile.set_value(environ, "profiles.local.user_id", "usr_5")
    assert read_config(environ) == WORK.replace('"csv"', '"jsonl"') + 'user_id = "usr_5"\n'


def test_unsetting_a_value_says_whether_it_was_there(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    assert configfile.unset_value(environ, "output", "work") is True
    assert configfile.unset_value(environ, "default_profile") is True
    assert configfile.unset_value(environ, "profiles.work.timezone") is False
    assert configfile.unset_value(environ, "profiles.gone.timezone") is False
    expected = WORK.replace('output = "csv"\n', "").replace('default_profile = "work"\n', "")
    assert read_config(environ) == expected


def test_the_first_value_creates_a_file_that_is_its_owners_alone(
    environ: dict[str, str], tmp_path: Path
) -> None:
    configfile.set_value(environ, "timezone", "Europe/Berlin", "local")
    path = tmp_path / "config" / "config.toml"
    assert read_config(environ) == '[profiles.local]\ntimezone = "Europe/Berlin"\n'
    assert list(path.parent.iterdir()) == [path]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet",
        '[profiles]\nwork = {base_url = "https://x"}\n',
        '[profiles]\nwork.base_url = "https://x"\n',
        '[profiles.work]\nbase_url = "https://x"\n[profiles.b]\n',
        '[profiles.work]\r\nbase_url = "https://x"\r\n\r\n# end\r\n',
    ],
)
def test_a_login_is_saved_however_the_file_is_written(environ: dict[str, str], text: str) -> None:
    write_config(environ, text)
    before = tomllib.loads(text).get("profiles", {})
    configfile.save_profile(environ, "work", "https://new.example.com/", "file")
    configfile.save_profile(environ, "other", "http://localhost:1", "keyring", make_default=False)
    assert tomllib.loads(read_config(environ)) == {
        "default_profile": "work",
        "profiles": before
        | {
            "work": {"base_url": "https://new.example.com", "key_store": "file"},
            "other": {"base_url": "http://localhost:1", "key_store": "keyring"},
        },
    }


@pytest.mark.parametrize(
    "text",
    [
        'profiles.work.base_url = "https://x"\ndefault_profile = "work"\n',
        'profiles = {work = {base_url = "https://x"}}\n',
    ],
)
def test_a_file_in_which_a_new_profile_has_no_place_is_left_alone(
    environ: dict[str, str], text: str
) -> None:
    write_config(environ, text)
    with pytest.raises(errors.SettingsError, match="crmctl cannot change"):
        configfile.save_profile(environ, "other", "https://new.example.com", "file")
    assert read_config(environ) == text


def test_a_login_keeps_what_the_profile_had(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.save_profile(environ, "work", "https://new.example.com", "file", make_default=False)
    profile = Settings.load(environ, {}).profile
    assert profile.base_url.value == "https://new.example.com"
    assert (profile.key_store, profile.user_id.value) == ("file", "usr_1")


def test_the_default_profile_must_exist(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.set_default_profile(environ, "demo")
    assert Settings.load(environ, {}).profile.name == "demo"
    with pytest.raises(errors.SettingsError, match="Known: local, demo, work"):
        configfile.set_default_profile(environ, "gone")
    assert Settings.load(environ, {}).profile.name == "demo"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("output", "xml", "Accepted: table, plain"),
        ("timezone", "Mars/Olympus", "no time zone"),
        ("user_id", "", "one word"),
        ("user_id", "a b", "one word"),
        ("base_url", "http://crm.example.com", "must begin with https"),
        ("profiles.local.base_url", "https://x", "no base_url"),
        ("profiles.wrok.output", "csv", "Known: local, demo, work"),
        ("profiles.a b.base_url", "https://x", "1 to 64 letters"),
        ("profiles.environment.output", "csv", "no place for output"),
        ("profiles.output", "csv", "1 to 64 letters"),
        ("profiles.work", "csv", "There is no setting 'profiles.work'"),
        ("key_store", "file", "There is no setting 'key_store'. Accepted: default_profile, base"),
        ("timeout", "3", "There is no setting 'timeout'"),
    ],
)
def test_what_does_not_fit_is_not_written(
    environ: dict[str, str], key: str, value: str, message: str
) -> None:
    write_config(environ, WORK)
    with pytest.raises(errors.SettingsError, match=message):
        configfile.set_value(environ, key, value, "work")
    assert read_config(environ) == WORK


def test_without_a_profile_a_key_has_to_name_one(environ: dict[str, str]) -> None:
    for profile in (None, "environment"):
        with pytest.raises(errors.SettingsError) as caught:
            configfile.set_value(environ, "output", "csv", profile)
        assert caught.value.hint == "Say which one: profiles.NAME.output"


@pytest.mark.parametrize("name", ["local", "demo", "environment", "", "a/b", "ä"])
def test_a_login_cannot_take_a_name_that_is_not_free(environ: dict[str, str], name: str) -> None:
    with pytest.raises(errors.SettingsError):
        configfile.save_profile(environ, name, "https://x", "file")
    assert not Path(environ["CRMCTL_CONFIG_DIR"]).exists()


def test_a_damaged_file_is_not_overwritten(environ: dict[str, str]) -> None:
    write_config(environ, "not = [toml")
    with pytest.raises(errors.SettingsError, match="not valid TOML"):
        configfile.set_value(environ, "output", "csv", "local")
    assert read_config(environ) == "not = [toml"


@pytest.mark.skipif(os.name != "posix", reason="links need a privilege on Windows")
def test_a_link_stays_a_link_and_a_mode_stays_a_mode(
    environ: dict[str, str], tmp_path: Path
) -> None:
    dotfile = tmp_path / "dotfiles" / "crmctl.toml"
    dotfile.parent.mkdir()
    dotfile.write_text(WORK)
    dotfile.chmod(0o644)
    path = Path(environ["CRMCTL_CONFIG_DIR"]) / "config.toml"
    path.parent.mkdir()
    path.symlink_to("../dotfiles/crmctl.toml")
    configfile.set_value(environ, "output", "ids", "work")
    assert path.is_symlink()
    assert 'output = "ids"' in dotfile.read_text()
    assert stat.S_IMODE(dotfile.stat().st_mode) == 0o644
    assert list(dotfile.parent.iterdir()) == [dotfile]


def test_a_write_that_fails_leaves_the_old_file_as_it_was(environ: dict[str, str]) -> None:
    resource = pytest.importorskip("resource")
    path = write_config(environ, WORK)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The kernel refuses to let any file grow beyond 16 bytes, much as a full disk would.
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, limits[1]))
    try:
        with pytest.raises(errors.StoreError, match="could not be written") as caught:
            configfile.set_value(environ, "output", "ids", "work")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.exit_status == 12
    assert read_config(environ) == WORK
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_is_a_store_error(environ: dict[str, str]) -> None:
    path = write_config(environ, WORK)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(errors.StoreError, match="Permission denied"):
            configfile.set_value(environ, "output", "ids", "work")
    finally:
        path.parent.chmod(0o700)
    assert read_config(environ) == WORK
