"""Where keys live: CRMCTL_API_KEY, the system's keyring, or a file that is its owner's alone.

A key belongs to its origin (scheme, host and port) and is given for no other. Nothing here puts a
key into a message, and what a library says of a failure is not passed on, since it may.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from crmctl import errors
from crmctl.config.profile import check_setting, environment_url
from crmctl.files import locked, read_file, replace_file
from crmctl.origin import origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from keyring.backend import KeyringBackend

    from crmctl.config.profile import Profile
    from crmctl.files import Directories

SERVICE = "crmctl"
FILE_NAME = "credentials.json"
KEYRING_SECONDS = 5.0
KEYRING_HINT = (
    "`crmctl auth login --store file` keeps the key in a 0600 file instead; a job sets"
    " CRMCTL_API_KEY."
)

T = TypeVar("T")


class Key:
    """An API key, and its source: ``CRMCTL_API_KEY``, ``keyring`` or ``credentials.json``."""

    __slots__ = ("source", "value")

    def __init__(self, value: str, source: str) -> None:
        self.value = value
        self.source = source

    def __repr__(self) -> str:
        return f"Key(from {self.source})"


def check_key(text: str, source: str) -> str:
    """The key without the blanks around it. Raises InvalidInput if a header cannot carry it."""
    key = text.strip()
    if not key:
        raise errors.InvalidInput(f"The key from {source} is empty.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise errors.InvalidInput(
            f"The key from {source} is not one word of plain ASCII characters.",
            hint="Copy it once more: is there a line break or another text in it?",
        )
    return key


def find_key(
    profile: Profile,
    environ: Mapping[str, str],
    directories: Directories,
    *,
    keyring_seconds: float = KEYRING_SECONDS,
) -> Key:
    """The key for the profile's origin.

    CRMCTL_API_KEY, if it belongs to that origin; else what the profile's key store has. Raises
    Unauthorized if there is none, SettingsError or StoreError if the store cannot be read.
    """
    url = profile.base_url.value
    if url is None:
        raise errors.UsageError(f"The profile {profile.name} is on this machine and has no key.")
    advice = ""
    if text := environ.get("CRMCTL_API_KEY"):
        home = environment_url(environ)
        if origin(home.value) == origin(url):
            return Key(check_key(text, "CRMCTL_API_KEY"), "CRMCTL_API_KEY")
        advice = f" CRMCTL_API_KEY is for {origin(home.value)} and goes nowhere else."
    name = _name_of(profile.name, url)
    kept: str | None = None
    source = ""
    if profile.key_store == "keyring":
        source = "keyring"
        kept = _call_keyring(lambda keyring: keyring.get_password(SERVICE, name), keyring_seconds)
    elif profile.key_store == "file":
        source = FILE_NAME
        kept = _read_keys(_path(directories)).get(name)
    if not kept:
        raise errors.Unauthorized(
            f"The profile {profile.name} has no key for {origin(url)}.{advice}",
            hint=f"Run `crmctl auth login --profile {profile.name}`.",
        )
    return Key(check_key(kept, source), source)


def keep_key(
    name: str,
    base_url: str,
    key: str,
    store: str,
    directories: Directories,
    *,
    keyring_seconds: float = KEYRING_SECONDS,
) -> None:
    """Keep a profile's key in ``store``, ``keyring`` or ``file``, and nowhere else.

    Raises InvalidInput for what cannot be a key, SettingsError and StoreError where the store
    does not take it.
    """
    key = check_key(key, "the input")
    user = _name_of(name, base_url)
    if check_setting("key_store", store, "--store") == "keyring":
        _call_keyring(lambda keyring: keyring.set_password(SERVICE, user, key), keyring_seconds)
        return
    path = _path(directories)
    with locked(path):
        _write_keys(path, {**_read_keys(path), user: key})


def forget_key(
    name: str,
    base_url: str,
    store: str,
    directories: Directories,
    *,
    keyring_seconds: float = KEYRING_SECONDS,
) -> bool:
    """Take a profile's key out of ``store``; False if there was none. Raises as `keep_key` does."""
    user = _name_of(name, base_url)
    if check_setting("key_store", store, "--store") == "keyring":
        return _call_keyring(lambda keyring: _delete(keyring, user), keyring_seconds)
    path = _path(directories)
    if user not in _read_keys(path):
        return False
    with locked(path):
        keys = _read_keys(path)
        keys.pop(user, None)
        _write_keys(path, keys)
    return True


def _delete(keyring: KeyringBackend, user: str) -> bool:
    # Each backend says "there is none" in its own way when it deletes, but None when it is asked.
    if keyring.get_password(SERVICE, user) is None:
        return False
    keyring.delete_password(SERVICE, user)
    return True


def _name_of(name: str, base_url: str) -> str:
    return f"{name}@{origin(base_url)}"


def _call_keyring(call: Callable[[KeyringBackend], T], seconds: float) -> T:
    """What the call gives, if the keyring answers in time; StoreError, and no other way, if not.

    A keyring may wait for a person to unlock it, where there is no person. Finding the backend
    may wait as well, so the import is made in the thread too.
    """
    import threading

    answers: list[T] = []
    failures: list[str] = []

    def work() -> None:
        try:
            import keyring
            from keyring.core import recommended

            backend = keyring.get_keyring()
            # Of low priority are those that keep nothing, and those that are a plain file.
            if recommended(backend):
                answers.append(call(backend))
            else:
                failures.append("There is no usable keyring on this machine.")
        except Exception as error:  # noqa: BLE001 - each backend raises what its library does
            failures.append(f"The keyring failed ({type(error).__name__}).")

    thread = threading.Thread(target=work, name="keyring", daemon=True)
    thread.start()
    thread.join(seconds)
    if answers:
        return answers[0]
    problem = failures[0] if failures else f"The keyring gave no answer within {seconds:g} seconds."
    raise errors.StoreError(problem, hint=KEYRING_HINT)


def _path(directories: Directories) -> Path:
    return directories.config / FILE_NAME


def _read_keys(path: Path) -> dict[str, str]:
    found = read_file(path)
    if found is None:
        return {}
    content, status = found
    if os.name == "posix" and status.st_mode & 0o077:
        raise errors.SettingsError(
            f"Others than its owner may use {path}, which holds keys.",
            hint=f"Run `chmod 600 '{path}'`.",
        )
    keys, problem = _parse_keys(content)
    if problem:
        # Raised here, outside of `except`: the parser's own error holds the whole text.
        raise errors.SettingsError(
            f"{path}{problem}", hint="Mend it, or remove it and log in once more."
        )
    return keys


def _parse_keys(content: bytes) -> tuple[dict[str, str], str]:
    """The keys by NAME@ORIGIN, or what is wrong with the file."""
    import json

    try:
        keys = json.loads(content.decode() or "{}")
    except json.JSONDecodeError as error:
        return {}, f", line {error.lineno}: this is not JSON."
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return {}, f", line {line}: this is not UTF-8."
    except (ValueError, RecursionError):
        return {}, " is not JSON that can be read."
    if isinstance(keys, dict) and all(isinstance(key, str) for key in keys.values()):
        return keys, ""
    return {}, " is not one JSON object of texts."


def _write_keys(path: Path, keys: dict[str, str]) -> None:
    import json

    replace_file(path, (json.dumps(keys, indent=2) + "\n").encode())
