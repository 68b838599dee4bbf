"""The config file: what may stand in it, and changing it."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from crmctl import errors
from crmctl.config import file as configfile
from crmctl.config.file import profile_names
from crmctl.config.place import locate
from crmctl.config.profile import PROFILE_KEYS
from tests.unit.configured import WORK, directories, load, read_config, write_config


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"CRMCTL_CONFIG_DIR": str(tmp_path / "config")}


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
        ('[profiles.work]\nread_only = "true"', "line 2: read_only must be true or false"),
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
        _ = load(environ, {}).profile
    assert caught.value.message.startswith(str(path))
    assert "k-123" not in caught.value.message
    assert profile_names(directories(environ)) == ["local", "demo"]


def test_a_directory_in_the_config_files_place_is_refused(environ: dict[str, str]) -> None:
    (Path(environ["CRMCTL_CONFIG_DIR"]) / "config.toml").mkdir(parents=True)
    with pytest.raises(errors.SettingsError, match=r"config\.toml .* is a directory, not"):
        _ = load(environ, {}).profile


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_config_file_that_may_not_be_read_is_refused(environ: dict[str, str]) -> None:
    write_config(environ, WORK).chmod(0)
    with pytest.raises(errors.SettingsError, match="Permission denied"):
        _ = load(environ, {}).profile


def test_a_file_in_the_config_directorys_place_is_refused(
    environ: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("")
    with pytest.raises(errors.SettingsError, match="cannot be read"):
        _ = load(environ, {}).profile
    with pytest.raises(errors.SettingsError):
        configfile.set_value(directories(environ), "output", "csv", "local")


def test_a_byte_order_mark_is_no_error(environ: dict[str, str]) -> None:
    write_config(environ, b"\xef\xbb\xbf" + WORK.encode())
    assert load(environ, {}).profile.name == "work"
    configfile.set_value(directories(environ), "output", "ids", "work")
    assert load(environ, {}).output.value == "ids"


def test_one_profiles_wrong_value_does_not_stop_another(environ: dict[str, str]) -> None:
    write_config(environ, '[profiles.work]\nbase_url = "nowhere"')
    assert load(environ, {"profile": "demo"}).profile.name == "demo"
    with pytest.raises(errors.SettingsError, match=r"base_url from config.toml \[profiles.work\]"):
        _ = load(environ, {"profile": "work"}).profile


def test_profile_names_are_the_built_in_ones_and_then_the_configured(
    environ: dict[str, str],
) -> None:
    write_config(environ, WORK + "[profiles.zeta]\n[profiles.alpha]\n")
    assert profile_names(directories(environ)) == ["local", "demo", "work", "zeta", "alpha"]


# Changing it


def test_setting_a_value_keeps_comments_and_order(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.set_value(directories(environ), "output", "jsonl", "work")
    configfile.set_value(directories(environ), "profiles.local.user_id", "usr_5")
    assert read_config(environ) == WORK.replace('"csv"', '"jsonl"') + 'user_id = "usr_5"\n'


def test_a_truth_value_is_written_as_one(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.set_value(directories(environ), "read_only", "true", "local")
    assert read_config(environ) == WORK + "read_only = true\n"
    configfile.set_value(directories(environ), "read_only", "false", "local")
    assert read_config(environ) == WORK + "read_only = false\n"


def test_unsetting_a_value_says_whether_it_was_there(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    assert configfile.unset_value(directories(environ), "output", "work") is True
    assert configfile.unset_value(directories(environ), "default_profile") is True
    assert configfile.unset_value(directories(environ), "profiles.work.timezone") is False
    assert configfile.unset_value(directories(environ), "profiles.gone.timezone") is False
    expected = WORK.replace('output = "csv"\n', "").replace('default_profile = "work"\n', "")
    assert read_config(environ) == expected


def test_the_first_value_creates_a_file_that_is_its_owners_alone(
    environ: dict[str, str], tmp_path: Path
) -> None:
    configfile.set_value(directories(environ), "timezone", "Europe/Berlin", "local")
    path = tmp_path / "config" / "config.toml"
    assert read_config(environ) == '[profiles.local]\ntimezone = "Europe/Berlin"\n'
    assert sorted(path.parent.iterdir()) == [path.parent / ".lock", path]
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
    configfile.save_profile(directories(environ), "other", "http://localhost:1", "keyring")
    configfile.save_profile(directories(environ), "work", "https://new.example.com/", "file")
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
        configfile.save_profile(directories(environ), "other", "https://new.example.com", "file")
    assert read_config(environ) == text


def test_a_login_keeps_what_the_profile_had(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.save_profile(directories(environ), "work", "https://new.example.com", "file")
    profile = load(environ, {}).profile
    assert profile.base_url.value == "https://new.example.com"
    assert (profile.key_store, profile.user_id.value) == ("file", "usr_1")


def test_the_default_profile_must_exist(environ: dict[str, str]) -> None:
    write_config(environ, WORK)
    configfile.set_default_profile(directories(environ), "demo")
    assert load(environ, {}).profile.name == "demo"
    with pytest.raises(errors.SettingsError, match="Known: local, demo, work"):
        configfile.set_default_profile(directories(environ), "gone")
    assert load(environ, {}).profile.name == "demo"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("output", "xml", "not one of table, plain"),
        ("timezone", "Mars/Olympus", "no time zone"),
        ("read_only", "yes", "not one of true, false"),
        ("user_id", "", "one word"),
        ("user_id", "a b", "one word"),
        ("base_url", "http://crm.example.com", "must begin with https"),
        ("profiles.local.base_url", "https://x", "no base_url"),
        ("profiles.wrok.output", "csv", "Known: local, demo, work"),
        ("profiles.a b.base_url", "https://x", "1 to 64 letters"),
        ("profiles.environment.output", "csv", "comes from CRMCTL_API_KEY"),
        ("profiles.output", "csv", "1 to 64 letters"),
        ("profiles.work", "csv", "There is no setting 'profiles.work'"),
        ("colour", "never", "There is no setting 'colour'. Accepted: default_profile, base_url"),
        ("timeout", "3", "`crmctl config` does not set timeout"),
    ],
)
def test_what_does_not_fit_is_not_written(
    environ: dict[str, str], key: str, value: str, message: str
) -> None:
    write_config(environ, WORK)
    with pytest.raises(errors.SettingsError, match=message):
        configfile.set_value(directories(environ), key, value, "work")
    assert read_config(environ) == WORK


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("timeout", "Set CRMCTL_TIMEOUT, or give --timeout."),
        ("color", "Set CRMCTL_COLOR, or give --color."),
        ("no_input", "Set CRMCTL_NO_INPUT, or give --no-input."),
        ("ca_file", "Set CRMCTL_CA_FILE, or give --ca-file."),
        ("profile", "`crmctl auth switch NAME` sets the default; --profile NAME is for one"),
        ("config_file", "Set CRMCTL_CONFIG_DIR."),
        ("key_store", "`crmctl auth login --store keyring` or `--store file` sets it."),
        ("profiles.work.key_store", "`crmctl auth login --store keyring` or `--store file` sets"),
        ("userid", "Did you mean user_id?"),
        ("profiles.work.read-only", "Did you mean read_only?"),
        ("timeuot", "Did you mean timeout?"),
        ("api_key", "Keys are kept by `crmctl auth login`, not here."),
    ],
)
def test_what_the_file_does_not_keep_is_refused_with_what_sets_it(
    environ: dict[str, str], key: str, hint: str
) -> None:
    write_config(environ, WORK)
    changes: list[Callable[[], object]] = [
        lambda: configfile.set_value(directories(environ), key, "1", "work"),
        lambda: configfile.unset_value(directories(environ), key, "work"),
    ]
    for change in changes:
        with pytest.raises(errors.SettingsError) as caught:
            change()
        assert str(caught.value.hint).startswith(hint)
    assert read_config(environ) == WORK


def test_every_setting_that_is_listed_can_be_set_or_says_what_sets_it(
    environ: dict[str, str],
) -> None:
    others = {entry["key"] for entry in load(environ, {}).entries()}
    others -= {"default_profile", *PROFILE_KEYS}
    assert {"profile", "timeout", "config_file"} < others
    for key in others:
        with pytest.raises(errors.SettingsError, match=f"config` does not set {key}") as caught:
            locate(key, "work")
        assert caught.value.hint


def test_without_a_profile_a_key_has_to_name_one(environ: dict[str, str]) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        configfile.set_value(directories(environ), "output", "csv", None)
    assert caught.value.hint == "Say whose it is: profiles.NAME.output"


def test_the_environment_s_profile_is_set_by_variables(environ: dict[str, str]) -> None:
    with pytest.raises(errors.SettingsError) as caught:
        configfile.set_value(directories(environ), "user_id", "usr_1", "environment")
    assert caught.value.message == (
        "The profile in use comes from CRMCTL_API_KEY, so config.toml has no user_id of it."
    )
    assert caught.value.hint == "Set CRMCTL_USER_ID, or name a profile: --profile NAME."


@pytest.mark.parametrize("name", ["local", "demo", "environment", "", "a/b", "ä"])
def test_a_login_cannot_take_a_name_that_is_not_free(environ: dict[str, str], name: str) -> None:
    with pytest.raises(errors.SettingsError):
        configfile.save_profile(directories(environ), name, "https://x", "file")
    assert not Path(environ["CRMCTL_CONFIG_DIR"]).exists()


def test_a_damaged_file_is_not_overwritten(environ: dict[str, str]) -> None:
    write_config(environ, "not = [toml")
    with pytest.raises(errors.SettingsError, match="not valid TOML"):
        configfile.set_value(directories(environ), "output", "csv", "local")
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
    configfile.set_value(directories(environ), "output", "ids", "work")
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
            configfile.set_value(directories(environ), "output", "ids", "work")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.exit_status == 12
    assert read_config(environ) == WORK
    assert sorted(path.parent.iterdir()) == [path.parent / ".lock", path]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_is_a_store_error(environ: dict[str, str]) -> None:
    path = write_config(environ, WORK)
    path.parent.chmod(0o500)
    try:
        with pytest.raises(errors.StoreError, match="Permission denied"):
            configfile.set_value(directories(environ), "output", "ids", "work")
    finally:
        path.parent.chmod(0o700)
    assert read_config(environ) == WORK
