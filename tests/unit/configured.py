"""Settings as an environment that a test makes up gives them, on a system where nothing is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmctl.config.profile import Value
from crmctl.config.settings import Settings
from crmctl.directories import Directories

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


def directories(environ: Mapping[str, str]) -> Directories:
    """Where files are in that environment; what it does not say is nowhere."""
    return Directories(environ, lambda kind: Path("/nowhere") / kind)


def load(environ: Mapping[str, str], given: Mapping[str, object]) -> Settings:
    """The settings of a command with these global options in that environment."""
    return Settings(environ, given, directories(environ))


def write_config(environ: Mapping[str, str], text: str | bytes) -> Path:
    """Put that into the config file."""
    path = directories(environ).config / "config.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read_config(environ: Mapping[str, str]) -> str:
    """What is in the config file."""
    return (directories(environ).config / "config.toml").read_text()


def pair(value: Value[Any]) -> tuple[Any, str]:
    """A setting's value and its source."""
    return value.value, value.source
