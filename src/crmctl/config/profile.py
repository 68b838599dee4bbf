"""What a profile is, and what its values may be.

Every command imports this module, so it imports next to nothing: what only some of them need is
imported where it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from crmctl import errors
from crmctl.origin import split_base_url
from crmctl.output import FORMATS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

VENDOR_URL = "https://app.automatenexuscrm.com/functions/v1/api"
EMBEDDED_PROFILES = ("local", "demo")
# The user of the sample data: `--mine` and `me` have someone to mean in the demo.
DEMO_USER = "usr_abc123"
RESERVED_NAME = "environment"
# What a profile's table in the config file may hold, but for `key_store`, which a login writes.
PROFILE_KEYS = ("base_url", "user_id", "timezone", "output", "read_only")
CHOICES = {
    "output": FORMATS,
    "key_store": ("keyring", "file"),
    "color": ("auto", "always", "never"),
    "read_only": ("true", "false"),
}

T = TypeVar("T")


class Value(Generic[T]):
    """A setting's value, and its source: ``--timeout``, ``CRMCTL_TIMEOUT``, ``default`` …"""

    __slots__ = ("source", "value")

    def __init__(self, value: T, source: str) -> None:
        self.value = value
        self.source = source

    def __repr__(self) -> str:
        return f"Value({self.value!r}, {self.source!r})"


class Profile:
    """What commands talk to: an embedded workspace, or the API at ``base_url.value``.

    ``base_url.value`` is None for a workspace, else a checked URL without a trailing slash.
    ``source`` says what chose the profile; ``fallback`` is true where nothing did.
    """

    __slots__ = (
        "base_url",
        "fallback",
        "key_store",
        "kind",
        "name",
        "output",
        "read_only",
        "source",
        "timezone",
        "user_id",
    )

    def __init__(
        self,
        name: str,
        source: str,
        *,
        base_url: Value[str | None],
        user_id: Value[str | None],
        timezone: Value[str | None],
        output: Value[str | None],
        read_only: Value[bool],
        key_store: str | None = None,
        fallback: bool = False,
    ) -> None:
        self.name = name
        self.source = source
        self.kind: Literal["workspace", "http"] = "workspace" if base_url.value is None else "http"
        self.base_url = base_url
        self.user_id = user_id
        self.timezone = timezone
        self.output = output
        self.read_only = read_only
        self.key_store = key_store
        self.fallback = fallback

    def say_how_to_set(self, key: str) -> str:
        """A hint: a key of the environment has no profile that could keep a setting."""
        if self.name == RESERVED_NAME:
            return f"Set CRMCTL_{key.upper()}."
        named = f" --profile {self.name}" if self.source == "--profile" else ""
        return f"Run `crmctl config set {key} {key.upper()}{named}`."

    def zone(self, environ: Mapping[str, str]) -> tzinfo:
        """The profile's time zone, else the machine's. Raises SettingsError for an unknown one."""
        from crmctl import zones

        if self.timezone.value is None:
            return zones.machine_zone(environ=environ)
        try:
            return zones.zone_named(self.timezone.value, environ=environ)
        except errors.SettingsError as error:
            message = f"timezone from {self.timezone.source} is {self.timezone.value!r:.80}."
            raise errors.SettingsError(message, hint=error.hint) from None


def name_problem(name: str) -> str | None:
    """What is wrong with a configured profile's name, as a sentence; None if nothing is."""
    if name == RESERVED_NAME:
        return f"The name {name} is reserved for what CRMCTL_API_KEY and CRMCTL_BASE_URL give."
    if name.isascii() and len(name) <= 64 and name.replace("-", "a").replace("_", "a").isalnum():
        return None
    return f"A profile's name has 1 to 64 letters, digits, - and _, unlike {name!r:.80}."


def check_setting(key: str, value: str, source: str) -> str:
    """The value of a setting as it is used. Raises SettingsError: key, source, what fits.

    A ``base_url`` loses its trailing slashes. A time zone's name is not looked up: that needs the
    zone database, and whoever needs the zone asks it.
    """
    if key == "base_url":
        split_base_url(value, f"base_url from {source}")
        return value.rstrip("/")
    if key in CHOICES:
        if value not in CHOICES[key]:
            place = source if source.startswith("--") else f"{key} from {source}"
            raise errors.SettingsError(errors.wrong_choice(place, value, CHOICES[key]))
    elif not value or not value.isprintable() or " " in value:
        raise errors.SettingsError(f"{key} from {source} is {value!r:.80}. It must be one word.")
    return value


def check_profile_name(name: str) -> None:
    """Raise SettingsError if no configured profile can have that name."""
    if problem := name_problem(name):
        raise errors.SettingsError(problem)


def environment_url(environ: Mapping[str, str]) -> Value[str]:
    """Where CRMCTL_API_KEY belongs: CRMCTL_BASE_URL, else the vendor's. Raises SettingsError."""
    if url := environ.get("CRMCTL_BASE_URL"):
        source = "CRMCTL_BASE_URL"
        return Value(check_setting("base_url", url, source), source)
    return Value(VENDOR_URL, "default")
