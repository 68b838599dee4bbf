"""What an examination found, for a person at a terminal: a sign, the check, the finding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from crmctl.output.console import open_console, print_wrapped
from crmctl.output.escape import one_line, visible
from crmctl.output.style import Style
from crmctl.output.view import Item, to_text

_SIGNS = {"ok": ("  ok", "green"), "remark": ("! remark", "yellow"), "broken": ("✗ broken", "red")}
_SIGN_WIDTH = 10
_CHECK_WIDTH = 12


def write_findings(findings: Iterable[Item], *, stream: TextIO, style: Style) -> int:
    """Write each finding as it comes, below it what mends it; give their number."""
    number = 0
    indent = _SIGN_WIDTH + _CHECK_WIDTH
    for found in findings:
        number += 1
        sign, color = _SIGNS[found["status"]]
        with open_console(stream, style) as console:
            parts = [
                (sign.ljust(_SIGN_WIDTH), color),
                (found["check"].ljust(_CHECK_WIDTH), "bold"),
                (one_line(to_text(found["finding"])), ""),
            ]
            # A path is to be copied: it is never broken.
            print_wrapped(console, parts, indent=indent, width=style.width, fold=False)
            for line in visible(found["fix"] or "").splitlines():
                parts = [(" " * indent, ""), (line, "dim")]
                print_wrapped(console, parts, indent=indent, width=style.width, fold=False)
        stream.flush()
    return number
