"""One thing in full: its title, its fields one below the other, its description as Markdown."""

from __future__ import annotations

from typing import TextIO

from crmctl.output.console import cut, open_console, print_wrapped
from crmctl.output.facts import Facts
from crmctl.output.humanize import say_at_length
from crmctl.output.style import Style
from crmctl.output.view import Item, View, in_words

_LABEL_WIDTH = 24
_NARROW = 12


def write_detail(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write the fields that have a value, unknown ones last; or those that were chosen."""
    facts = Facts(item, view, style, say=say_at_length)
    labels = [cut(label, _LABEL_WIDTH) for label, _, _ in facts.rows]
    indent = max(map(len, labels), default=0) + 2
    narrow = style.width is not None and style.width < indent + _NARROW
    with open_console(stream, style) as console:
        if facts.title:
            print_wrapped(console, [(facts.title, "bold")], indent=0, width=style.width)
            if facts.rows:
                console.line()
        for label, (_, value, color) in zip(labels, facts.rows, strict=True):
            # An ID is to be copied: one word is never broken.
            width = style.width if " " in value else None
            if narrow:
                print_wrapped(console, [(label, "dim")], indent=0, width=style.width)
                parts = [("  ", ""), (value, color)]
                print_wrapped(console, parts, indent=2, width=width)
            else:
                parts = [(label.ljust(indent), "dim"), (value, color)]
                print_wrapped(console, parts, indent=indent, width=width)
        for number, (name, text) in enumerate(facts.texts):
            if facts.title or facts.rows or number:
                console.line()
            if name != "description":
                print_wrapped(console, [(in_words(name), "bold")], indent=0, width=style.width)
            from crmctl.output.markdown import print_markdown

            print_markdown(console, text)
