"""What the terminal can show: colour and columns. The environment is an argument."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

DEFAULT_WIDTH = 80


def wants_color(choice: str, stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to write colour to the stream.

    ``choice`` is --color: ``always`` and ``never`` decide. Under ``auto``: NO_COLOR, then
    CLICOLOR_FORCE and FORCE_COLOR, then TERM=dumb and CLICOLOR=0, then whether it is a terminal.
    """
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    if environ.get("TERM") == "dumb" or environ.get("CLICOLOR") == "0":
        return False
    return stream.isatty()


def width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """The columns to fill: COLUMNS, else the terminal's, else 80."""
    columns = environ.get("COLUMNS", "")
    # Longer numbers are no widths, and `int` refuses those of thousands of digits.
    if columns.isascii() and columns.isdigit() and len(columns) < 6 and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
    except (OSError, ValueError, AttributeError):
        return DEFAULT_WIDTH
