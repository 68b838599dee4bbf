"""Lines on a terminal: the module that imports Rich, but for `markdown`.

Everything goes to Rich as `Text`, never as markup, and each line is as wide as we make it: Rich
cuts and wraps nothing.
"""

from __future__ import annotations

from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from crmctl.output.style import Style

__all__ = ["GLUE", "Console", "Text", "cell_len", "cut", "open_console", "print_wrapped"]

# Stands for a blank at which `print_wrapped` breaks no line, and is printed as a blank: a no-break
# space, at which Rich breaks too, would also be in what is copied or piped. No text has it: it is
# set aside for such use.
GLUE = "\ufdd0"
# A flag is two of these.
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))


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
    console: Console,
    parts: list[tuple[str, str]],
    *,
    indent: int,
    width: int | None,
    fold: bool = True,
) -> None:
    """Print text and style pairs as one paragraph, its lines after the first indented.

    A word that is longer than a line goes over several, unless ``fold`` is false.
    """
    text = Text.assemble(*parts, overflow="fold" if fold else "ignore")
    text.rstrip()
    lines = [text]
    if width is not None and text.cell_len > width:
        first, rest = _split_at(text, width, console)
        lines = [first]
        for line in rest.wrap(console, max(1, width - indent)) if rest else ():
            line.rstrip()
            lines.append(Text(" " * indent).append_text(line))
    for line in lines:
        line.plain = line.plain.replace(GLUE, " ")
        console.print(line, soft_wrap=True)


def cut(text: str, width: int) -> str:
    """The text in at most so many columns, with ``…`` where it was cut."""
    if cell_len(text) <= width:
        return text
    kept = set_cell_size(text, max(0, width - 1)).rstrip()
    # Half a flag is a letter, and what a joiner joined is one picture or none.
    flags = len(kept) - len(kept.rstrip(_FLAG_LETTERS))
    if flags % 2 and text.startswith(kept) and text[len(kept)] in _FLAG_LETTERS:
        kept = kept[:-1]
    return kept.rstrip("\u200d ") + "…"


def _split_at(text: Text, width: int, console: Console) -> tuple[Text, Text]:
    first = text.wrap(console, max(1, width))[0]
    rest = text[len(first.plain) :]
    blanks = len(rest.plain) - len(rest.plain.lstrip())
    first.rstrip()
    return first, rest[blanks:]
