"""JSON text: the data kept exactly, what acts on a terminal escaped."""

from __future__ import annotations

import json
import re
from typing import Any

from crmctl.errors import BadAnswer
from crmctl.output.escape import UNSEEN

# Each call of `json.dumps` with such options builds an encoder anew. What comes from JSON holds no
# circles; one too deep is a RecursionError with or without the check.
_OPTIONS: dict[str, Any] = {"ensure_ascii": False, "check_circular": False, "default": str}
_compact = json.JSONEncoder(separators=(",", ":"), **_OPTIONS).encode
_indented = json.JSONEncoder(indent=2, **_OPTIONS).encode


def indent(value: Any) -> str:
    """A value as JSON over several lines, two spaces a level. Raises BadAnswer if too deep."""
    try:
        return _escape(_indented(value))
    except RecursionError:
        # The library indents in Python, which goes less deep than its reader does.
        return encode(value)


def encode(value: Any) -> str:
    """A value as JSON on one line. Raises BadAnswer for one that is nested too deeply."""
    try:
        text = _compact(value)
    except RecursionError as error:
        raise BadAnswer("The answer is nested too deeply to be shown.") from error
    if text.isascii():
        return text if "\x7f" not in text else text.replace("\x7f", "\\u007f")
    return text if text.isprintable() else _escape(text)


def _escape(text: str) -> str:
    # Characters outside of ASCII stand inside of strings only, where an escape may replace them.
    if text.isascii() and "\x7f" not in text:
        return text
    return re.sub(f"[{UNSEEN}]", lambda match: f"\\u{ord(match[0]):04x}", text)
