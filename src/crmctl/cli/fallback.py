"""What is said of the workspace `local` where it is used because nobody chose a profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmctl.cli.terminal import Terminal
    from crmctl.errors import CrmctlError

_WROTE = ("This is the embedded workspace; `crmctl auth login` connects an account.",)
_EMPTY = (
    "This is the embedded workspace. Try `crmctl demo`, `crmctl task create TITLE`,",
    "or `crmctl auth login`, which connects an account.",
)
_MISSED = (
    "This is the embedded workspace `local`, which nobody chose.\n"
    "`--profile demo` has the sample data; `crmctl auth login` connects an account."
)


class Fallback:
    """Says, once in a run, that nobody chose the workspace; where ``in_use`` says that it is so."""

    def __init__(self, terminal: Terminal, in_use: Callable[[], bool]) -> None:
        self._terminal = terminal
        self._in_use = in_use
        self._told = False

    def note_write(self) -> None:
        """Tell a person that something was written there."""
        self._note(_WROTE)

    def note_empty(self) -> None:
        """Tell a person that it is there that nothing was found, and what to try."""
        self._note(_EMPTY)

    def explain(self, error: CrmctlError) -> None:
        """Give an error about what is not there its hint, for programs as well."""
        if not error.hint and not self._told and self._in_use():
            self._told = True
            error.hint = _MISSED

    def _note(self, lines: tuple[str, ...]) -> None:
        if not self._told and self._terminal.stderr.isatty() and self._in_use():
            self._told = True
            self._terminal.note(*lines, code="unchosen")
