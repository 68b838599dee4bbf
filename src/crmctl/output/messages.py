"""Errors, for a person and for a program."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmctl.output.escape import one_line, visible

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmctl.errors import CrmctlError


def error_text(error: CrmctlError, *, color: bool, width: int | None = None) -> str:
    """What happened, what is wrong with each field, and the next step: lines, each ended."""
    name = "crmctl:"
    lines = [f"{name} {one_line(error.message)}"]
    for detail in error.details:
        field, message = _field_and_message(detail)
        # A single problem is often the message itself, by the field's name or by its option's.
        said = error.message.lower()
        if not any(f"{field}{between}{message}".lower() in said for between in (" ", ": ")):
            lines.append(one_line(f"  - {field}: {message}" if field else f"  - {message}"))
    if error.hint:
        lines.extend(visible(error.hint).split("\n"))
    text = "".join(f"{wrap(line, width)}\n" for line in lines)
    return text.replace(name, f"\x1b[1;31m{name}\x1b[0m", 1) if color else text


def wrap(line: str, width: int | None) -> str:
    """The line, broken between words where it is wider than the terminal, which breaks within them.

    Not inside of backquotes, and not where it begins with blanks: that is to be copied.
    """
    if width is None or len(line) <= width or line.startswith(" "):
        return line
    lines = [""]
    for word in re.findall(r"\s*(?:`[^`]*`|\S)+", line):
        if lines[-1] and len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    return "\n".join(lines)


def error_json(error: CrmctlError, *, typed: Mapping[str, str] | None = None) -> str:
    """The error as one JSON object on one line, without the newline.

    ``typed`` is what a person typed or piped in and would lose, by option; it is added if given.
    """
    from crmctl.output.json_text import encode

    shown: dict[str, Any] = error.as_dict()
    if typed:
        shown["typed"] = dict(typed)
    return encode({"error": shown})


def note_json(text: str, code: str) -> str:
    """A note on a success as one JSON object on one line, without the newline."""
    from crmctl.output.json_text import encode

    message = text.removeprefix("crmctl: note: ").removeprefix("crmctl: warning: ").strip()
    return encode({"note": {"code": code, "message": message}})


def _field_and_message(detail: Any) -> tuple[str, str]:
    # Details come from servers too, which may send anything.
    if not isinstance(detail, dict):
        return "", str(detail)
    field, message = detail.get("field"), detail.get("message") or detail.get("code")
    return "" if field is None else str(field), "" if message is None else str(message)
