"""Keys: which one is given to whom, and where they are kept."""

from __future__ import annotations

import json
import os
import stat
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keyring.backends.fail
import keyring.backends.null
import pytest

from crmctl import errors
from crmctl.config import file as configfile
from crmctl.config.keyring import Keyring
from crmctl.config.keys import Key, check_key, check_store, find_key, forget_key, keep_key
from crmctl.config.profile import VENDOR_URL, Profile
from tests.keyrings import (
    FailingKeyring,
    MemoryKeyring,
    PlainFileKeyring,
    SlowKeyring,
    machine_keyring,
)
from tests.unit.configured import directories, load

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://crm.example.com/api"
KEY = "sk-live-0123456789"


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    with machine_keyring(MemoryKeyring()) as backend:
        yield backend


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> Iterator[Any]:
    with machine_keyring(request.param()) as backend:
        yield backend


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"CRMCTL_CONFIG_DIR": str(tmp_path / "config")}


def keys_path(environ: dict[str, str]) -> Path:
    return Path(environ["CRMCTL_CONFIG_DIR"]) / "credentials.json"


def write_keys(environ: dict[str, str], content: bytes) -> Path:
    path = keys_path(environ)
    path.parent.mkdir(mode=0o700)
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path


def log_in(environ: dict[str, str], store: str, name: str = "work", url: str = URL) -> Profile:
    configfile.save_profile(directories(environ), name, url, store)
    return load(environ, {"profile": name}).profile


def pair(key: Key) -> tuple[str, str]:
    return key.value, key.source


# The environment's key


def test_the_environments_key_is_for_the_vendor_where_nothing_else_is_said() -> None:
    environ = {"CRMCTL_API_KEY": f" {KEY}\n"}
    profile = load(environ, {}).profile
    assert profile.base_url.value == VENDOR_URL
    assert pair(find_key(profile, environ, directories(environ))) == (KEY, "CRMCTL_API_KEY")


def test_the_environments_key_goes_where_the_environment_says() -> None:
    environ = {"CRMCTL_API_KEY": KEY, "CRMCTL_BASE_URL": "http://localhost:8080"}
    profile = load(environ, {}).profile
    assert pair(find_key(profile, environ, directories(environ))) == (KEY, "CRMCTL_API_KEY")


def test_the_environments_key_is_used_by_a_named_profile_of_the_same_origin(
    environ: dict[str, str], memory: MemoryKeyring
) -> None:
    profile = log_in(environ, "keyring")
    environ |= {"CRMCTL_API_KEY": KEY, "CRMCTL_BASE_URL": "https://CRM.example.com:443/other"}
    assert pair(find_key(profile, environ, directories(environ))) == (KEY, "CRMCTL_API_KEY")
    assert memory.calls == 0


@pytest.mark.parametrize(
    "elsewhere",
    [
        {},
        {"CRMCTL_BASE_URL": "https://crm.example.com:8443/api"},
        {"CRMCTL_BASE_URL": "https://crm.example.com.evil.example/api"},
    ],
)
def test_the_environments_key_goes_to_no_other_origin(
    environ: dict[str, str], elsewhere: dict[str, str]
) -> None:
    profile = log_in(environ, "file")
    environ |= {"CRMCTL_API_KEY": KEY} | elsewhere
    with pytest.raises(errors.Unauthorized) as caught:
        find_key(profile, environ, directories(environ))
    assert "The profile work has no key for https://crm.example.com:443." in caught.value.message
    assert "CRMCTL_API_KEY is for https://" in caught.value.message
    assert caught.value.hint == "Run `crmctl auth login --profile work`."
    keep_key("work", URL, "kept-key", "file", directories(environ))
    assert pair(find_key(profile, environ, directories(environ))) == (
        "kept-key",
        "credentials.json",
    )


def test_a_profile_without_a_key_says_how_to_get_one(
    environ: dict[str, str], memory: MemoryKeyring
) -> None:
    for store in ("keyring", "file"):
        with pytest.raises(errors.Unauthorized) as caught:
            find_key(log_in(environ, store), environ, directories(environ))
        assert (
            caught.value.message == "The profile work has no key for https://crm.example.com:443."
        )
    configfile.set_value(directories(environ), "profiles.plain.base_url", URL)
    with pytest.raises(errors.Unauthorized):
        find_key(load(environ, {"profile": "plain"}).profile, environ, directories(environ))


def test_a_workspace_has_no_key(environ: dict[str, str]) -> None:
    with pytest.raises(errors.UsageError, match="demo"):
        find_key(load(environ, {"profile": "demo"}).profile, environ, directories(environ))


# The stores


@pytest.mark.parametrize(
    ("store", "source"), [("keyring", "keyring"), ("file", "credentials.json")]
)
def test_a_key_is_kept_found_and_forgotten(
    environ: dict[str, str], memory: MemoryKeyring, store: str, source: str
) -> None:
    profile = log_in(environ, store)
    keep_key("work", URL, f"{KEY}\n", store, directories(environ))
    keep_key("home", URL, "another", store, directories(environ))
    assert pair(find_key(profile, environ, directories(environ))) == (KEY, source)
    assert forget_key("work", URL, store, directories(environ)) is True
    assert forget_key("work", URL, store, directories(environ)) is False
    with pytest.raises(errors.Unauthorized):
        find_key(profile, environ, directories(environ))
    assert pair(find_key(log_in(environ, store, "home"), environ, directories(environ))) == (
        "another",
        source,
    )


def test_the_keyring_has_keys_by_name_and_origin_and_the_disk_has_none(
    environ: dict[str, str], memory: MemoryKeyring
) -> None:
    keep_key("work", URL, KEY, "keyring", directories(environ))
    assert memory.kept == {("crmctl", "work@https://crm.example.com:443"): KEY}
    assert not Path(environ["CRMCTL_CONFIG_DIR"]).exists()


@pytest.mark.parametrize("store", ["keyring", "file"])
def test_a_key_does_not_follow_a_profile_to_another_origin(
    environ: dict[str, str], memory: MemoryKeyring, store: str
) -> None:
    log_in(environ, store)
    keep_key("work", URL, KEY, store, directories(environ))
    configfile.set_value(directories(environ), "base_url", "https://evil.example", "work")
    with pytest.raises(errors.Unauthorized, match=r"https://evil\.example:443"):
        find_key(load(environ, {}).profile, environ, directories(environ))


def test_a_file_of_keys_is_its_owners_alone(environ: dict[str, str], memory: MemoryKeyring) -> None:
    keep_key("work", URL, KEY, "file", directories(environ))
    path = keys_path(environ)
    assert json.loads(path.read_text()) == {"work@https://crm.example.com:443": KEY}
    assert memory.calls == 0
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_file_of_keys_that_others_may_use_is_refused(environ: dict[str, str], mode: int) -> None:
    profile = log_in(environ, "file")
    keep_key("work", URL, KEY, "file", directories(environ))
    keys_path(environ).chmod(mode)
    with pytest.raises(errors.SettingsError) as caught:
        find_key(profile, environ, directories(environ))
    assert caught.value.hint == f"Run `chmod 600 '{keys_path(environ)}'`."
    with pytest.raises(errors.SettingsError):
        keep_key("work", URL, "new", "file", directories(environ))
    assert KEY in keys_path(environ).read_text()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b'{\n"work@https://crm.example.com:443": "sk-live-0123456789"',
            "line 2: this is not JSON",
        ),
        (b'{\n"a": "sk-live-0123456789\xff"}', "line 2: this is not UTF-8"),
        (b'["sk-live-0123456789"]', "not one JSON object"),
        (b'{"a": {"sk-live-0123456789": 1}}', "not one JSON object"),
        (b"[" * 99999, "not JSON that can be read"),
        (b'{"a": ' + b"9" * 9999 + b"}", "not JSON that can be read"),
    ],
)
def test_a_damaged_file_of_keys_is_refused_and_left_alone(
    environ: dict[str, str], content: bytes, message: str
) -> None:
    path = write_keys(environ, content)
    profile = log_in(environ, "file")
    for use in (
        lambda: find_key(profile, environ, directories(environ)),
        lambda: keep_key("work", URL, "new", "file", directories(environ)),
        lambda: forget_key("work", URL, "file", directories(environ)),
    ):
        with pytest.raises(errors.SettingsError, match=message) as caught:
            use()
        assert KEY not in everything(caught.value)
    assert path.read_bytes() == content


def test_a_directory_in_the_place_of_the_keys_is_refused(environ: dict[str, str]) -> None:
    keys_path(environ).mkdir(parents=True)
    with pytest.raises(errors.SettingsError, match="is a directory, not a regular file"):
        keep_key("work", URL, KEY, "file", directories(environ))


def test_an_empty_file_of_keys_holds_none(environ: dict[str, str]) -> None:
    write_keys(environ, b"")
    with pytest.raises(errors.Unauthorized):
        find_key(log_in(environ, "file"), environ, directories(environ))


def test_there_is_no_third_store(environ: dict[str, str]) -> None:
    with pytest.raises(errors.SettingsError, match="not one of keyring, file"):
        keep_key("work", URL, KEY, "cloud", directories(environ))


# The keyring's troubles


@pytest.mark.parametrize(
    "backend",
    [
        keyring.backends.fail.Keyring,
        keyring.backends.null.Keyring,
        FailingKeyring,
        PlainFileKeyring,
    ],
    indirect=True,
)
def test_a_keyring_that_does_not_work_is_an_error_and_never_becomes_a_file(
    environ: dict[str, str], backend: Any
) -> None:
    profile = log_in(environ, "keyring")
    for use in (
        lambda: find_key(profile, environ, directories(environ)),
        lambda: keep_key("work", URL, KEY, "keyring", directories(environ)),
    ):
        with pytest.raises(errors.StoreError, match="keyring") as caught:
            use()
        assert "--store file" in str(caught.value.hint)
        assert KEY not in everything(caught.value)
    assert not keys_path(environ).exists()


@pytest.mark.parametrize("backend", [SlowKeyring], indirect=True)
def test_a_keyring_that_does_not_answer_is_not_waited_for(
    environ: dict[str, str], backend: SlowKeyring
) -> None:
    profile = log_in(environ, "keyring")
    start = time.monotonic()
    with pytest.raises(errors.StoreError, match=r"no answer within 0\.05 seconds"):
        find_key(profile, environ, directories(environ), keyring=Keyring(0.05))
    with pytest.raises(errors.StoreError, match="no answer"):
        keep_key("work", URL, KEY, "keyring", directories(environ), keyring=Keyring(0.05))
    with pytest.raises(errors.StoreError, match="no answer"):
        forget_key("work", URL, "keyring", directories(environ), keyring=Keyring(0.05))
    assert time.monotonic() - start < 20
    backend.unlocked.set()


@pytest.mark.parametrize("backend", [SlowKeyring], indirect=True)
def test_what_is_waited_for_is_said_after_a_moment(
    environ: dict[str, str], backend: SlowKeyring
) -> None:
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        backend.unlocked.set()

    keep_key("work", URL, KEY, "keyring", directories(environ), keyring=Keyring(30, tell=tell))
    assert said == ["Waiting for the keyring, which may be asking for its password …"]
    assert list(backend.kept.values()) == [KEY]
    forget_key("work", URL, "keyring", directories(environ), keyring=Keyring(30, tell=tell))
    assert len(said) == 1


@pytest.mark.parametrize("backend", [FailingKeyring], indirect=True)
def test_a_locked_keyring_is_called_that(environ: dict[str, str], backend: Any) -> None:
    profile = log_in(environ, "keyring")
    with pytest.raises(errors.StoreError, match="The keyring is locked, and nobody unlocked it"):
        find_key(profile, environ, directories(environ))


@pytest.mark.parametrize("backend", [PlainFileKeyring], indirect=True)
def test_a_keyring_that_the_user_chose_is_used_whatever_is_thought_of_it(
    environ: dict[str, str], backend: Any
) -> None:
    chosen = Keyring(chosen=True)
    keep_key("work", URL, KEY, "keyring", directories(environ), keyring=chosen)
    profile = log_in(environ, "keyring")
    found = find_key(profile, environ, directories(environ), keyring=chosen)
    assert pair(found) == (KEY, "keyring")


@pytest.mark.parametrize(
    "backend", [keyring.backends.fail.Keyring, keyring.backends.null.Keyring], indirect=True
)
def test_a_keyring_that_keeps_nothing_is_none_also_where_it_was_chosen(
    environ: dict[str, str], backend: Any
) -> None:
    with pytest.raises(errors.StoreError, match="There is no keyring on this machine"):
        check_store("work", URL, "keyring", directories(environ), keyring=Keyring(chosen=True))


# What a key is, and that nothing shows it


@pytest.mark.parametrize(
    "text", ["", " \n", f"{KEY} x", f"{KEY}\r\nX-Evil: 1", f"{KEY}é", f"{KEY}\0"]
)
def test_what_a_header_cannot_carry_is_no_key_and_is_not_repeated(
    environ: dict[str, str], text: str
) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        keep_key("work", URL, text, "file", directories(environ))
    assert KEY not in everything(caught.value)
    variables = {"CRMCTL_API_KEY": text or " "}
    with pytest.raises(errors.InvalidInput, match="from CRMCTL_API_KEY") as found:
        find_key(load(variables, {}).profile, variables, directories(variables))
    assert KEY not in everything(found.value)
    assert not keys_path(environ).exists()


def test_blanks_around_a_key_do_not_matter() -> None:
    assert check_key(f"\t{KEY}\r\n", "stdin") == KEY


def test_a_key_does_not_show_itself() -> None:
    key = Key(KEY, "keyring")
    assert f"{key} {key!r} {[key]}" == "Key(from keyring) Key(from keyring) [Key(from keyring)]"


def everything(error: errors.CrmctlError) -> str:
    """All that could be printed of an error and of the errors behind it."""
    shown = [json.dumps(error.as_dict())]
    behind: BaseException | None = error
    while behind is not None:
        shown += [*traceback.format_exception(behind, chain=False), repr(vars(behind))]
        behind = behind.__context__
    return "\n".join(shown)
