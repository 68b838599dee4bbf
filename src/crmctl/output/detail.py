"""One thing in full: its title, its fields one below the other, its description as Markdown."""

from __future__ import annotations

from typing import Any, TextIO

from crmctl.output.console import cut, open_console, print_wrapped
from crmctl.output.escape import one_line
from crmctl.output.humanize import color_of, marked, say_at_length
from crmctl.output.style import Style
from crmctl.output.view import Item, View, in_words, pick, to_text

_TITLES = ("title", "subject")
_LABEL_WIDTH = 24
_NARROW = 12


def write_detail(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write the fields that have a value, unknown ones last; or those that were chosen."""
    texts: list[tuple[str, str]] = []
    rows: list[tuple[str, str, str]] = []
    title = ""
    for name in _names(item, view):
        value = pick(item, name)
        if value in (None, []) and not view.chosen:
            continue
        if name in _TITLES and not view.chosen and to_text(value).strip():
            title = one_line(to_text(value))
        elif view.types.get(name) == "text" and isinstance(value, str) and value.strip():
            texts.append((name, value))
        else:
            rows.append(_row(item, view, name, value, style))
    labels = [cut(label, _LABEL_WIDTH) for label, _, _ in rows]
    indent = max(map(len, labels), default=0) + 2
    narrow = style.width is not None and style.width < indent + _NARROW
    with open_console(stream, style) as console:
        if title:
            print_wrapped(console, [(title, "bold")], indent=0, width=style.width)
            if rows:
                console.line()
        for label, (_, value, color) in zip(labels, rows, strict=True):
            # An ID is to be copied: one word is never broken.
            width = style.width if " " in value else None
            if narrow:
                print_wrapped(console, [(label, "dim")], indent=0, width=style.width)
                parts = [("  ", ""), (value, color)]
                print_wrapped(console, parts, indent=2, width=width)
            else:
                parts = [(label.ljust(indent), "dim"), (value, color)]
                print_wrapped(console, parts, indent=indent, width=width)
        for number, (name, text) in enumerate(texts):
            if title or rows or number:
                console.line()
            if name != "description":
                print_wrapped(console, [(in_words(name), "bold")], indent=0, width=style.width)
            from crmctl.output.markdown import print_markdown

            print_markdown(console, text)


def _names(item: Item, view: View) -> list[str]:
    if view.chosen:
        return view.fields
    known = [name for name in view.fields if "." not in name]
    names = known + [name for name in item if name not in known]
    # Where somebody's name is known, the ID stands beside it.
    return [name for name in names if not _is_told_by_name(item, name)]


def _is_told_by_name(item: Item, name: str) -> bool:
    return name.endswith("_id") and item.get(f"{name[:-3]}_name") is not None


def _row(item: Item, view: View, name: str, value: Any, style: Style) -> tuple[str, str, str]:
    shown = say_at_length(name, view.types.get(name, "string"), value, style)
    shown = marked(shown, name, item, style)
    color = color_of(name, item, style)
    if view.chosen or not name.endswith(("_id", "_name")):
        return one_line(in_words(name)), shown, color
    record = name.rpartition("_")[0]
    record_id = item.get(f"{record}_id")
    if name.endswith("_name") and record_id is not None:
        shown = one_line(f"{shown} ({to_text(record_id)})")
    return one_line(in_words(record)), shown, color
