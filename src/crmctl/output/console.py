"""Lines on a terminal: the one module that imports Rich.

Everything goes to Rich as `Text`, never as markup, and each line is as wide as we make it: Rich
cuts and wraps nothing.
"""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.segment import Segment
from rich.text import Text

__all__ = ["Console", "Text", "cell_len", "cut", "open_console", "print_markdown", "print_wrapped"]

from crmctl.output.escape import visible
from crmctl.output.style import Style


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Let out the `BrokenPipeError` that is being handled: Rich would exit with status 1."""
        raise  # noqa: PLE0704


def open_console(stream: TextIO, style: Style) -> Console:
    """Rich on a stream, with everything said that it would otherwise guess or add."""
    return _Console(
        file=stream,
        width=style.width or 80,
        height=25,
        force_terminal=style.color,
        color_system="standard" if style.color else None,
        no_color=not style.color,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


def print_wrapped(
    console: Console, parts: list[tuple[str, str]], *, indent: int, width: int | None
) -> None:
    """Print text and style pairs as one paragraph, its lines after the first indented."""
    text = Text.assemble(*parts)
    text.rstrip()
    if width is None or text.cell_len <= width:
        console.print(text, soft_wrap=True)
        return
    first, rest = _split_at(text, width, console)
    console.print(first, soft_wrap=True)
    if rest:
        for line in rest.wrap(console, max(1, width - indent)):
            line.rstrip()
            console.print(Text(" " * indent).append_text(line), soft_wrap=True)


def print_markdown(console: Console, text: str) -> None:
    """Print Markdown: no hyperlinks, no HTML that vanishes, no lines joined."""
    # It costs another 30 ms, and most things have no text.
    from rich.markdown import Markdown

    markdown = Markdown(visible(text), hyperlinks=False, code_theme="ansi_dark")
    for token in markdown.parsed:
        if token.type == "html_block":
            token.type = "code_block"
        # A lexer would be chosen, and kept busy, by whoever wrote the text.
        token.info = ""
        for part in token.children or []:
            part.type = {"html_inline": "text", "softbreak": "hardbreak"}.get(part.type, part.type)
    empty = True
    for segments in Segment.split_lines(console.render(markdown)):
        # Entities such as &#x202e; have become characters by now.
        parts = [(visible(shown), style or "") for shown, style, _ in segments]
        line = Text.assemble(*parts)
        line.rstrip()
        # Rich parts some things by two empty lines.
        if line.plain or not empty:
            console.print(line, soft_wrap=True)
        empty = not line.plain


def cut(text: str, width: int) -> str:
    """The text in at most so many columns, with ``…`` where it was cut."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)).rstrip() + "…"


def _split_at(text: Text, width: int, console: Console) -> tuple[Text, Text]:
    first = text.wrap(console, max(1, width))[0]
    rest = text[len(first.plain) :]
    blanks = len(rest.plain) - len(rest.plain.lstrip())
    first.rstrip()
    return first, rest[blanks:]
