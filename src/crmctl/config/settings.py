"""The global options, the environment and the config file as one: each value has its source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl import errors
from crmctl.config import file as configfile
from crmctl.config.profile import (
    DEMO_USER,
    EMBEDDED_PROFILES,
    RESERVED_NAME,
    VENDOR_URL,
    Profile,
    Value,
    check_setting,
    environment_url,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crmctl.directories import Directories

_ON = ("1", "true", "yes", "on")
_OFF = ("0", "false", "no", "off")

DEFAULT_TIMEOUT = 30.0
MAX_TIMEOUT = 86_400.0  # a day; far beyond it the operating system's timers overflow
# How long the outbox waits after a send until "it is not there" means something, and then until it
# looks for the second time.
DEFAULT_SETTLE = 120.0
DEFAULT_RECHECK = 30.0


class Settings:
    """The global options, the environment and the config file as one.

    ``given`` are the global options by name, those that were given. ``may_fall_back`` allows the
    embedded workspace even where CI is set and nothing chose a profile. The config file is read
    and the profile chosen when they are first asked for: a command that needs neither works
    without.
    """

    __slots__ = (
        "_config",
        "_directories",
        "_environ",
        "_given",
        "_may_fall_back",
        "_profile",
        "ca_file",
        "color",
        "no_input",
        "outbox_recheck",
        "outbox_settle",
        "queue",
        "timeout",
    )

    def __init__(
        self,
        environ: Mapping[str, str],
        given: Mapping[str, object],
        directories: Directories,
        *,
        may_fall_back: bool = False,
    ) -> None:
        """Raises SettingsError for a value that does not fit."""
        self._environ = environ
        self._given = given
        self._directories = directories
        self._may_fall_back = may_fall_back
        self._config: configfile.Config | None = None
        self._profile: Profile | None = None
        self.timeout = _read_seconds(self._find("timeout"), "timeout", DEFAULT_TIMEOUT)
        self.color = _read_color(self._find("color"))
        self.no_input = _read_switch(self._find("no_input"), "no_input")
        self.queue = _read_switch(self._find("queue"), "queue")
        self.outbox_settle = _read_seconds(
            self._find("outbox_settle"), "outbox_settle", DEFAULT_SETTLE
        )
        self.outbox_recheck = _read_seconds(
            self._find("outbox_recheck"), "outbox_recheck", DEFAULT_RECHECK
        )
        self.ca_file: Value[str | None] = self._find("ca_file") or Value(None, "default")

    @property
    def config_path(self) -> Path:
        """Where the config file is, or would be."""
        return self._directories.config / configfile.FILE_NAME

    @property
    def config(self) -> configfile.Config:
        """What the config file says. Raises SettingsError where it is not in order."""
        if self._config is None:
            self._config = configfile.read_config(self._directories)
        return self._config

    @property
    def profile(self) -> Profile:
        """What this command talks to.

        It is what --profile or CRMCTL_PROFILE names; else ``environment``, where CRMCTL_API_KEY is
        set; else the config file's ``default_profile``; else ``local``. Raises SettingsError for a
        name that is not known, and Unauthorized where CRMCTL_BASE_URL is set without a key, or CI
        is and nothing chose a profile.
        """
        if self._profile is None:
            self._profile = self._choose_profile()
        return self._profile

    @property
    def output(self) -> Value[str | None]:
        """The output format, None for the terminal's or the pipe's; where no profile is needed."""
        if self._find("output"):
            return self._setting("output", {}, "")
        profile = self._profile_if_any()
        return profile.output if profile else Value(None, "default")

    def entries(self) -> list[dict[str, Any]]:
        """Every setting in effect, as ``{"key", "value", "source"}``: what `config list` shows."""
        profile = self._profile_if_any()
        nothing: Value[str | None] = Value(None, "default")
        default_profile = self.config.default_profile
        values: dict[str, Value[Any]] = {
            "profile": Value(profile.name, profile.source) if profile else nothing,
            "base_url": profile.base_url if profile else nothing,
            "user_id": profile.user_id if profile else self._setting("user_id", {}, ""),
            "timezone": profile.timezone if profile else self._setting("timezone", {}, ""),
            "output": self.output,
            "read_only": profile.read_only if profile else self._read_only({}, ""),
            "timeout": self.timeout,
            "color": self.color,
            "no_input": self.no_input,
            "ca_file": self.ca_file,
            "queue": self.queue,
            "outbox_settle": self.outbox_settle,
            "outbox_recheck": self.outbox_recheck,
            "default_profile": (
                Value(default_profile, configfile.FILE_NAME) if default_profile else nothing
            ),
            "config_file": Value(
                str(self.config_path),
                "CRMCTL_CONFIG_DIR" if self._environ.get("CRMCTL_CONFIG_DIR") else "default",
            ),
        }
        return [
            {"key": key, "value": value.value, "source": value.source}
            for key, value in values.items()
        ]

    def kept(self) -> list[dict[str, Any]]:
        """Every profile's own values in the config file, as ``profiles.NAME.KEY`` entries."""
        return [
            {"key": f"profiles.{name}.{key}", "value": value, "source": configfile.FILE_NAME}
            for name, table in self.config.profiles.items()
            for key, value in table.items()
        ]

    def _find(self, key: str) -> Value[Any] | None:
        if key in self._given:
            return Value(self._given[key], "--" + key.replace("_", "-"))
        variable = f"CRMCTL_{key.upper()}"
        text = self._environ.get(variable)
        return Value(text, variable) if text else None

    def _setting(self, key: str, table: Mapping[str, Any], source: str) -> Value[str | None]:
        value = self._find(key)
        if value is None and key in table:
            value = Value(table[key], source)
        if value is None:
            return Value(None, "default")
        checked = check_setting(key, str(value.value), value.source)
        return Value(checked, value.source)

    def _read_only(self, table: Mapping[str, Any], source: str) -> Value[bool]:
        """True if the variable or the profile says so: neither takes it back from the other."""
        variable = _read_switch(self._find("read_only"), "read_only")
        if variable.value or "read_only" not in table:
            return variable
        return Value(bool(table["read_only"]), source)

    def _profile_if_any(self) -> Profile | None:
        try:
            return self.profile
        except errors.Unauthorized:
            return None

    def _choose_profile(self) -> Profile:
        if chosen := self._find("profile"):
            return self._named_profile(str(chosen.value), chosen.source)
        if self._environ.get("CRMCTL_API_KEY"):
            url = environment_url(self._environ)
            base_url: Value[str | None] = Value(url.value, url.source)
            return self._make_profile(RESERVED_NAME, "CRMCTL_API_KEY", base_url, table={}, place="")
        if self._environ.get("CRMCTL_BASE_URL"):
            return self._keyless_profile()
        if name := self.config.default_profile:
            return self._named_profile(name, configfile.FILE_NAME)
        if is_ci(self._environ) and not self._may_fall_back:
            raise errors.Unauthorized(
                "CI is set, and there is neither a profile nor CRMCTL_API_KEY: what a job wrote to"
                " a workspace on this machine would be thrown away.",
                hint="Set CRMCTL_API_KEY, or say `--profile local` if the workspace is meant.",
            )
        return self._named_profile("local", "default")

    def _keyless_profile(self) -> Profile:
        """The server that a rehearsal means; what is sent to it needs its key."""
        if not self._may_fall_back:
            raise errors.Unauthorized(
                "CRMCTL_BASE_URL is set, and CRMCTL_API_KEY is not.",
                hint="Set CRMCTL_API_KEY too, or choose a profile: --profile NAME.",
            )
        url = environment_url(self._environ)
        base_url: Value[str | None] = Value(url.value, url.source)
        return self._make_profile(RESERVED_NAME, url.source, base_url, table={}, place="")

    def _named_profile(self, name: str, source: str) -> Profile:
        self.config.require(name, source)
        table = self.config.profiles.get(name, {})
        place = f"{configfile.FILE_NAME} [profiles.{name}]"
        base_url: Value[str | None] = Value(None, "default")
        if "base_url" in table:
            url = check_setting("base_url", table["base_url"], place)
            base_url = Value(url, place)
        elif name not in EMBEDDED_PROFILES:
            base_url = Value(VENDOR_URL, "default")
        return self._make_profile(name, source, base_url, table=table, place=place)

    def _make_profile(
        self,
        name: str,
        source: str,
        base_url: Value[str | None],
        *,
        table: Mapping[str, Any],
        place: str,
    ) -> Profile:
        key_store = table.get("key_store")
        if key_store is not None:
            key_store = check_setting("key_store", key_store, place)
        user_id = self._setting("user_id", table, place)
        if name == "demo" and user_id.value is None:
            user_id = Value(DEMO_USER, "the sample data")
        return Profile(
            name,
            source,
            base_url=base_url,
            user_id=user_id,
            timezone=self._setting("timezone", table, place),
            output=self._setting("output", table, place),
            read_only=self._read_only(table, place),
            key_store=key_store,
            fallback=source == "default",
        )


def is_ci(environ: Mapping[str, str]) -> bool:
    """Whether this runs in a CI job, whose machine is thrown away."""
    return environ.get("CI", "").lower() not in ("", "0", "false")


def _read_seconds(given: Value[Any] | None, key: str, default: float) -> Value[float]:
    if given is None:
        return Value(default, "default")
    try:
        seconds = float(given.value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_TIMEOUT:
        message = f"{key} from {given.source} is {given.value!r:.80}."
        advice = f"Accepted: seconds, more than 0 and at most {MAX_TIMEOUT:.0f}."
        raise errors.SettingsError(f"{message} {advice}")
    return Value(seconds, given.source)


def _read_color(given: Value[Any] | None) -> Value[str]:
    if given is None:
        return Value("auto", "default")
    return Value(check_setting("color", str(given.value), given.source), given.source)


def _read_switch(given: Value[Any] | None, key: str) -> Value[bool]:
    if given is None:
        return Value(False, "default")  # noqa: FBT003 - the setting's value is a truth value
    word = str(given.value).lower()
    if word not in (*_ON, *_OFF):
        accepted = ", ".join((*_ON, *_OFF))
        message = f"{key} from {given.source} is {given.value!r:.80}. Accepted: {accepted}."
        raise errors.SettingsError(message)
    return Value(word in _ON, given.source)
