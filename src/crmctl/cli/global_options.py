"""What the options before and after every command said. `options` declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class GlobalOptions:
    """What the options before and after every command said; None, False and 0 where nothing."""

    __slots__ = (
        "ca_file",
        "color",
        "dry_run",
        "fields",
        "json",
        "no_input",
        "output",
        "profile",
        "quiet",
        "raw",
        "timeout",
        "verbose",
    )

    def __init__(self) -> None:
        self.profile: str | None = None
        self.output: str | None = None
        self.json = False
        self.fields: str | None = None
        self.raw = False
        self.dry_run = False
        self.quiet = False
        self.verbose = 0
        self.timeout: str | None = None
        self.ca_file: str | None = None
        self.no_input = False
        self.color: str | None = None

    def take(self, values: Mapping[str, Any]) -> None:
        """Take over those of a parser's values that are global options; the last one counts."""
        for name in self.__slots__:
            if name in values:
                setattr(self, name, values[name])

    def given(self) -> dict[str, Any]:
        """Those that were given, by name."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value not in (None, False, 0)}
