"""Which settings the config file keeps and where each stands in it, and what sets the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.config.profile import PROFILE_KEYS, RESERVED_NAME, check_profile_name

if TYPE_CHECKING:
    from collections.abc import Sequence

# What else `config list` shows, or a profile's table may hold, and what sets it.
_ELSEWHERE = {
    "profile": "`crmctl auth switch NAME` sets the default; --profile NAME is for one command.",
    "timeout": "Set CRMCTL_TIMEOUT, or give --timeout.",
    "color": "Set CRMCTL_COLOR, or give --color.",
    "no_input": "Set CRMCTL_NO_INPUT, or give --no-input.",
    "ca_file": "Set CRMCTL_CA_FILE, or give --ca-file.",
    "queue": "Set CRMCTL_QUEUE=1, or give --queue.",
    "outbox_settle": "Set CRMCTL_OUTBOX_SETTLE.",
    "outbox_recheck": "Set CRMCTL_OUTBOX_RECHECK.",
    "config_file": "Set CRMCTL_CONFIG_DIR.",
    "key_store": "`crmctl auth login --store keyring` or `--store file` sets it.",
}


def locate(key: str, profile: str | None) -> tuple[str | None, str]:
    """The profile, None for the top of the file, and the key that a person's key stands for.

    ``key`` is ``default_profile``, or one of PROFILE_KEYS, of ``profile``, or
    ``profiles.NAME.KEY``. Raises SettingsError, with what to do instead, for one that the file
    does not keep.
    """
    if key == "default_profile":
        return None, key
    name = profile
    setting = key
    if key.startswith("profiles."):
        name, _, setting = key.removeprefix("profiles.").rpartition(".")
    if hint := _ELSEWHERE.get(setting):
        raise errors.SettingsError(f"`crmctl config` does not set {setting}.", hint=hint)
    if setting not in PROFILE_KEYS:
        accepted = ("default_profile", *PROFILE_KEYS, "profiles.NAME.KEY")
        raise unknown_setting(key, accepted, others=tuple(_ELSEWHERE))
    if name is None:
        message = f"{setting} belongs to a profile, and none is named."
        raise errors.SettingsError(message, hint=f"Say whose it is: profiles.NAME.{setting}")
    if name == RESERVED_NAME:
        raise errors.SettingsError(
            f"The profile in use comes from CRMCTL_API_KEY, so config.toml has no {setting} of it.",
            hint=f"Set CRMCTL_{setting.upper()}, or name a profile: --profile NAME.",
        )
    check_profile_name(name)
    return name, setting


def unknown_setting(
    key: str, accepted: Sequence[str], *, others: Sequence[str] = ()
) -> errors.SettingsError:
    """The error that lists the settings, and says which one, of ``others`` too, was meant."""
    from difflib import get_close_matches

    hint = None
    typed = key.rpartition(".")[2].lower().replace("-", "_")
    if close := get_close_matches(typed, [*accepted, *others], 1):
        hint = f"Did you mean {close[0]}?"
    elif "key" in typed or "token" in typed:
        hint = "Keys are kept by `crmctl auth login`, not here."
    message = f"There is no setting {key!r:.80}. Accepted: {', '.join(accepted)}."
    return errors.SettingsError(message, hint=hint)
