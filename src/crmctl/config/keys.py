"""Where keys live: CRMCTL_API_KEY, the system's keyring, or a file that is its owner's alone.

A key belongs to its origin (scheme, host and port) and is given for no other. Nothing here puts a
key into a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.config.keyring import UNATTENDED, Keyring
from crmctl.config.profile import check_setting, environment_url
from crmctl.files import OwnFile
from crmctl.origin import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmctl.config.profile import Profile
    from crmctl.directories import Directories

FILE_NAME = "credentials.json"
# What a key of each store names as its source.
KEY_SOURCES = {"keyring": "keyring", "file": FILE_NAME}


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
    keyring: Keyring = UNATTENDED,
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
    source = KEY_SOURCES.get(profile.key_store or "", "")
    if profile.key_store == "keyring":
        kept = keyring.get(name)
    elif profile.key_store == "file":
        kept = _read_keys(_file(directories)).get(name)
    if not kept:
        raise errors.Unauthorized(
            f"The profile {profile.name} has no key for {origin(url)}.{advice}",
            hint=f"Run `crmctl auth login --profile {profile.name}`.",
        )
    return Key(check_key(kept, source), source)


def check_store(
    name: str,
    base_url: str,
    store: str,
    directories: Directories,
    *,
    keyring: Keyring = UNATTENDED,
) -> None:
    """Raise as `keep_key` would, before anybody is asked for a key: is there such a store?"""
    if check_setting("key_store", store, "--store") == "keyring":
        keyring.get(_name_of(name, base_url))  # one that is locked is unlocked now
    else:
        _read_keys(_file(directories))


def keep_key(
    name: str,
    base_url: str,
    key: str,
    store: str,
    directories: Directories,
    *,
    keyring: Keyring = UNATTENDED,
) -> None:
    """Keep a profile's key in ``store``, ``keyring`` or ``file``, and nowhere else.

    Raises InvalidInput for what cannot be a key, SettingsError and StoreError where the store
    does not take it.
    """
    key = check_key(key, "the input")
    user = _name_of(name, base_url)
    if check_setting("key_store", store, "--store") == "keyring":
        keyring.put(user, key)
        return
    file = _file(directories)
    with file.locked():
        _write_keys(file, {**_read_keys(file), user: key})


def forget_key(
    name: str,
    base_url: str,
    store: str,
    directories: Directories,
    *,
    keyring: Keyring = UNATTENDED,
) -> bool:
    """Take a profile's key out of ``store``; False if there was none. Raises as `keep_key` does."""
    user = _name_of(name, base_url)
    if check_setting("key_store", store, "--store") == "keyring":
        return keyring.remove(user)
    file = _file(directories)
    if user not in _read_keys(file):
        return False
    with file.locked():
        keys = _read_keys(file)
        keys.pop(user, None)
        _write_keys(file, keys)
    return True


def _name_of(name: str, base_url: str) -> str:
    return f"{name}@{origin(base_url)}"


def _file(directories: Directories) -> OwnFile:
    return OwnFile(directories.config / FILE_NAME, secret=True)


def _read_keys(file: OwnFile) -> dict[str, str]:
    keys, problem = _parse_keys(file.read() or b"")
    if problem:
        # Raised here, outside of `except`: the parser's own error holds the whole text.
        raise errors.SettingsError(
            f"{file.path}{problem}", hint="Mend it, or remove it and log in once more."
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


def _write_keys(file: OwnFile, keys: dict[str, str]) -> None:
    import json

    file.replace((json.dumps(keys, indent=2) + "\n").encode())
