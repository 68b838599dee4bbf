"""What an output format writes, and text that tries to act on whoever reads it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

from crmctl.output.style import Style
from crmctl.output.view import View, view_of
from crmctl.resources import TASK

HOSTILE = "[/x] [bold] \x1b]52;c;aGk=\x07 日本語 👩‍👩‍👧"
VISIBLE = "[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧"
STYLE = Style(now=datetime(2026, 3, 24, 9, tzinfo=UTC), zone=UTC)
VIEW = view_of(TASK, None)


def listed(
    format: Any, items: list[dict[str, Any]], view: View = VIEW, style: Style = STYLE
) -> str:
    """A list, all of which is written."""
    stream = io.StringIO()
    assert format.write_list(items, view, stream=stream, style=style) == len(items)
    return stream.getvalue()


def shown(format: Any, item: dict[str, Any], view: View = VIEW, style: Style = STYLE) -> str:
    """One item."""
    stream = io.StringIO()
    format.write_one(item, view, stream=stream, style=style)
    return stream.getvalue()
