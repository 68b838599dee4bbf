"""The config file: reading it, and changing it.

Every command reads it and few change it: tomlkit, which keeps the user's comments and order, is
imported for a change alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl import errors
from crmctl.config.profile import (
    EMBEDDED_PROFILES,
    PROFILE_KEYS,
    check_profile_name,
    check_setting,
    name_problem,
)
from crmctl.files import OwnFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from crmctl.directories import Directories

    # Values by (profile, key), the profile None for the top of the file; None takes a key out.
    Changes = Mapping[tuple[str | None, str], str | bool | None]

FILE_NAME = "config.toml"


class Config:
    """What the config file says: ``profiles`` holds each profile's own values, by name."""

    __slots__ = ("default_profile", "profiles")

    def __init__(self, default_profile: str | None, profiles: dict[str, dict[str, Any]]) -> None:
        self.default_profile = default_profile
        self.profiles = profiles

    def names(self) -> list[str]:
        """Every profile that can be asked for: local, demo, then the configured ones."""
        return [*EMBEDDED_PROFILES, *(n for n in self.profiles if n not in EMBEDDED_PROFILES)]

    def require(self, name: str, source: str) -> None:
        """Raise SettingsError, which lists the profiles, if there is none of that name."""
        if name not in self.names():
            known = ", ".join(self.names())
            message = f"There is no profile {name!r:.80} (from {source}). Known: {known}."
            raise errors.SettingsError(
                message, hint="`crmctl auth login --profile NAME` makes one."
            )


def read_config(directories: Directories) -> Config:
    """What the config file says; an empty Config if there is none. Raises SettingsError.

    Every name and type in it is checked. The values are checked where they are used, so that one
    profile's mistake does not stop the work with another.
    """
    file = _file(directories)
    text = _read_text(file)
    return _parse(file.path, text) if text else Config(None, {})


def _file(directories: Directories) -> OwnFile:
    # People keep it among their dotfiles, and link to it.
    return OwnFile(directories.config / FILE_NAME, may_link=True)


def _read_text(file: OwnFile) -> str:
    # Windows' editors put a byte order mark first, and TOML does not allow one.
    content = (file.read() or b"").removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise errors.SettingsError(f"{file.path}, line {line}: this is not UTF-8.") from None


def _parse(path: Path, text: str) -> Config:
    import tomllib

    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # TOMLDecodeError says where. A number of thousands of digits is a bare ValueError.
        line = text.rstrip().count("\n") + 1
        problem = str(error).replace("at end of document", f"at the end, line {line}")
        raise errors.SettingsError(f"{path} is not valid TOML: {problem}.") from None
    if fault := _find_fault(document):
        table, key, problem = fault
        found = _find_line(text, table, key)
        where = f"{path}, line {found}" if found else f"{path}"
        raise errors.SettingsError(f"{where}: {problem}")
    return Config(document.get("default_profile"), document.get("profiles", {}))


def _find_fault(document: dict[str, Any]) -> tuple[str, str, str] | None:
    """The first thing that may not stand in a config file: its table, its key, what is wrong."""
    for key in document:
        if key not in ("default_profile", "profiles"):
            return "", key, _say_unknown(key, ("default_profile", "[profiles.NAME]"))
    if not isinstance(document.get("default_profile", ""), str):
        return "", "default_profile", "default_profile must be a text in quotes."
    profiles = document.get("profiles", {})
    if not isinstance(profiles, dict):
        return "", "profiles", "profiles must be tables, [profiles.NAME]."
    for name, table in profiles.items():
        if problem := name_problem(name):
            return "profiles", name, problem
        if not isinstance(table, dict):
            return "profiles", name, f"profiles.{name} must be a table, [profiles.{name}]."
        if fault := _find_profile_fault(name, table):
            return f"profiles.{name}", *fault
    return None


def _find_profile_fault(name: str, table: dict[str, Any]) -> tuple[str, str] | None:
    for key, value in table.items():
        if key not in (*PROFILE_KEYS, "key_store"):
            return key, _say_unknown(key, (*PROFILE_KEYS, "key_store"))
        if key == "read_only":
            if not isinstance(value, bool):
                return key, "read_only must be true or false, without quotes."
        elif not isinstance(value, str):
            return key, f"{key} must be a text in quotes."
        if key == "base_url" and name in EMBEDDED_PROFILES:
            return key, f"{name} is a workspace on this machine and has no base_url."
    return None


def _say_unknown(key: str, accepted: tuple[str, ...]) -> str:
    advice = " Keys are kept by `crmctl auth login`, not here." if "key" in key.lower() else ""
    return f"There is no setting {key!r:.80}. Accepted: {', '.join(accepted)}.{advice}"


def _find_line(text: str, table: str, key: str) -> int | None:
    """The line of a key, or of its table's heading; None where it is written in another way."""
    current = ""
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].replace('"', "").replace("'", "").strip()
        if words.startswith("["):
            current = words.strip("[] ")
            if current == f"{table}.{key}".lstrip("."):
                return number
        elif current == table and words.partition("=")[0].strip() == key:
            return number
    return None


def profile_names(directories: Directories) -> list[str]:
    """local, demo, then the configured profiles. Never raises: completion must not fail."""
    try:
        return read_config(directories).names()
    except errors.SettingsError:
        return list(EMBEDDED_PROFILES)


def set_value(
    directories: Directories, key: str, value: str, profile: str | None = None
) -> str | bool:
    """Put a value into the config file, and give it as it stands there.

    ``key`` is as for `place.locate`. A ``base_url`` makes the profile that does not exist yet.
    Raises SettingsError for a key or a value that does not fit, StoreError if writing fails.
    """
    from crmctl.config.place import locate

    name, key = locate(key, profile)
    config = read_config(directories)
    if name is None:
        config.require(value, "default_profile")
    else:
        if key != "base_url":
            config.require(name, f"profiles.{name}.{key}")
        elif name in EMBEDDED_PROFILES:
            raise errors.SettingsError(f"{name} is a workspace on this machine: no base_url.")
        value = check_setting(key, value, "the command line")
        if key == "timezone":
            from crmctl import zones

            zones.zone_named(value, environ={})  # whether there is one is all that matters
    kept = value == "true" if key == "read_only" else value
    _change(directories, {(name, key): kept})
    return kept


def unset_value(directories: Directories, key: str, profile: str | None = None) -> bool:
    """Take a key, named as for `set_value`, out of the config file; False if it was not there."""
    from crmctl.config.place import locate

    name, key = locate(key, profile)
    config = read_config(directories)
    present = key in config.profiles.get(name, {}) if name else bool(config.default_profile)
    if present:
        _change(directories, {(name, key): None})
    return present


def save_profile(directories: Directories, name: str, base_url: str, key_store: str) -> None:
    """Keep a profile that has logged in, as the default. Raises as `set_value` does."""
    if name in EMBEDDED_PROFILES:
        raise errors.SettingsError(f"{name} is a workspace on this machine and needs no login.")
    check_profile_name(name)
    changes: Changes = {
        (name, "base_url"): check_setting("base_url", base_url, "the command line"),
        (name, "key_store"): check_setting("key_store", key_store, "the command line"),
        (None, "default_profile"): name,
    }
    _change(directories, changes)


def set_default_profile(directories: Directories, name: str) -> None:
    """Make a profile the one that is taken where none is named. Raises as `set_value` does."""
    set_value(directories, "default_profile", name)


def _change(directories: Directories, changes: Changes) -> None:
    """Write checked values into the config file. Comments and order are kept.

    Raises SettingsError where the file is not in order, StoreError where it cannot be written: it
    is then as it was.
    """
    file = _file(directories)
    with file.locked():
        text = _read_text(file)
        _parse(file.path, text)
        file.replace(_changed(file.path, text, changes).encode())


def _changed(path: Path, text: str, changes: Changes) -> str:
    import tomllib

    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    expected = tomllib.loads(text)
    _apply(changes, expected, dict)
    try:
        document = tomlkit.parse(text)
        _apply(changes, document, tomlkit.table)
        changed = tomlkit.dumps(document)
        done = tomllib.loads(changed) == expected
    except (TOMLKitError, ValueError):
        done = False
    if not done:
        # tomlkit puts some keys into the wrong table where dotted keys and headings are mixed.
        message = f"{path} is written in a way that crmctl cannot change."
        raise errors.SettingsError(message, hint="Give each profile a heading, [profiles.NAME].")
    return changed


def _apply(changes: Changes, document: Any, make_table: Callable[[], Any]) -> None:
    for (profile, key), value in changes.items():
        table = document
        if profile is not None:
            profiles = document.setdefault("profiles", make_table())
            table = profiles.setdefault(profile, make_table())
        if value is None:
            table.pop(key, None)  # another process may have taken it out meanwhile
        else:
            table[key] = value
