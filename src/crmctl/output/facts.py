"""What is told of one thing: its title, its fields in words, its texts. Knows nothing of Rich."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmctl.fields import FieldType
from crmctl.output.escape import one_line
from crmctl.output.humanize import color_of, marked
from crmctl.output.style import Style
from crmctl.output.view import Item, View, in_words, pick, to_text

_TITLES = ("title", "subject")

Say = Callable[[str, FieldType, Any, Style], str]


class Facts:
    """What is told of an item: the fields that have a value, unknown ones last; or those chosen.

    ``title`` is empty where there is none; ``rows`` are labels, values and their colours;
    ``texts`` are names of fields and the text in each, as it came.
    """

    __slots__ = ("rows", "texts", "title")

    def __init__(self, item: Item, view: View, style: Style, *, say: Say) -> None:
        """Values are told as ``say`` does, on one line."""
        self.title = ""
        self.rows: list[tuple[str, str, str]] = []
        self.texts: list[tuple[str, str]] = []
        for name in _names(item, view):
            value = pick(item, name)
            if value in (None, []) and not view.chosen:
                continue
            if name in _TITLES and not view.chosen and to_text(value).strip():
                self.title = one_line(to_text(value))
            elif view.types.get(name) == "text" and isinstance(value, str) and value.strip():
                self.texts.append((name, value))
            else:
                shown = say(name, view.types.get(name, "string"), value, style)
                shown = marked(shown, name, item, style)
                self.rows.append((*_row(item, view, name, shown), color_of(name, item, style)))


def _names(item: Item, view: View) -> list[str]:
    if view.chosen:
        return view.fields
    known = [name for name in view.fields if "." not in name]
    names = known + [name for name in item if name not in known]
    # Where somebody's name is known, the ID stands beside it.
    return [name for name in names if not _is_told_by_name(item, name)]


def _is_told_by_name(item: Item, name: str) -> bool:
    return name.endswith("_id") and item.get(f"{name[:-3]}_name") is not None


def _row(item: Item, view: View, name: str, shown: str) -> tuple[str, str]:
    """The label and the value: of somebody's name, together with the ID."""
    if view.chosen or not name.endswith(("_id", "_name")):
        return one_line(in_words(name)), shown
    record = name.rpartition("_")[0]
    record_id = item.get(f"{record}_id")
    if name.endswith("_name") and record_id is not None:
        shown = one_line(f"{shown} ({to_text(record_id)})")
    return one_line(in_words(record)), shown
