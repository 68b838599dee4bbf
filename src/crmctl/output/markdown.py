"""Markdown on a terminal: as it was meant, with nothing in it that vanishes or acts.

The other module that imports Rich, besides `console`: its classes are built upon, and importing
them costs 30 ms that a table does not pay. Colours are the terminal's own, and none is behind text:
what is black here is white there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.markdown import BlockQuote, CodeBlock, Heading, ListItem, Markdown
from rich.segment import Segment
from rich.text import Text
from rich.theme import Theme

from crmctl.output.escape import visible

if TYPE_CHECKING:
    from markdown_it.token import Token
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
    from rich.markdown import MarkdownElement
    from rich.style import Style

_THEME = Theme(
    {
        "markdown.paragraph": "none",
        "markdown.h1": "bold",
        "markdown.h2": "bold",
        "markdown.h3": "bold",
        "markdown.h4": "bold",
        "markdown.h5": "bold",
        "markdown.h6": "bold",
        "markdown.em": "italic",
        "markdown.strong": "bold",
        "markdown.s": "strike",
        "markdown.code": "cyan",
        "markdown.code_block": "cyan",
        "markdown.block_quote": "dim",
        "markdown.hr": "dim",
        "markdown.item": "none",
        "markdown.link": "none",
        "markdown.link_url": "underline",
        "markdown.table.header": "bold",
        "markdown.table.border": "dim",
    }
)
_CODE_INDENT = "    "


def print_markdown(console: Console, text: str) -> None:
    """Print Markdown: links and pictures with their URLs, HTML as it stands, no lines joined."""
    markdown = _Markdown(visible(text), hyperlinks=False)
    for token in markdown.parsed:
        _keep_words(token.children or [])
    empty = True
    with console.use_theme(_THEME):
        lines = list(Segment.split_lines(console.render(markdown)))
    for segments in lines:
        # Entities such as &#x202e; have become characters by now.
        parts = [(visible(shown), style or "") for shown, style, _ in segments]
        line = Text.assemble(*parts)
        line.rstrip()
        # Rich parts some things by two empty lines.
        if line.plain or not empty:
            console.print(line, soft_wrap=True)
        empty = not line.plain


def _keep_words(tokens: list[Token]) -> None:
    """Make text of what Rich would leave out, and of a link that is its own URL."""
    for number, token in enumerate(tokens):
        if token.type in ("html_inline", "softbreak"):
            token.type = {"html_inline": "text", "softbreak": "hardbreak"}[token.type]
        elif token.type == "image":
            token.content = " ".join(filter(None, [token.content, f"({token.attrs['src']})"]))
            token.type, token.tag, token.children = "text", "", None
        elif token.type == "link_open":
            said, end = tokens[number + 1], tokens[min(number + 2, len(tokens) - 1)]
            own = token.attrs["href"] in (said.content, f"mailto:{said.content}")
            if own and said.type == "text" and end.type == "link_close":
                token.type = end.type = "text"


class _Heading(Heading):
    """A heading with the marks that it was typed with: colour may be missing."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text("#" * int(self.tag[1:]) + " ", console.get_style(self.style_name)) + self.text


class _CodeBlock(CodeBlock):
    """Code as it stands. A lexer would be chosen, and kept busy, by whoever wrote the text."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Text(str(self.text).rstrip(), console.get_style(self.style_name), overflow="fold")
        yield from _behind(_CODE_INDENT, code, console, options)


class _Html(CodeBlock):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Text(str(self.text).rstrip(), overflow="fold")


class _BlockQuote(BlockQuote):
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _behind("> ", self.elements, console, options, style=self.style, every=True)


class _ListItem(ListItem):
    def render_bullet(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _behind(" • ", self.elements, console, options)

    def render_number(
        self, console: Console, options: ConsoleOptions, number: int, last_number: int
    ) -> RenderResult:
        mark = f"{number}. ".rjust(len(f" {last_number}. "))
        yield from _behind(mark, self.elements, console, options)


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _CodeBlock,
        "code_block": _CodeBlock,
        "html_block": _Html,
        "blockquote_open": _BlockQuote,
        "list_item_open": _ListItem,
    }


def _behind(
    mark: str,
    content: RenderableType,
    console: Console,
    options: ConsoleOptions,
    *,
    style: Style | None = None,
    every: bool = False,
) -> RenderResult:
    """The content behind a mark: on its first line, or on each."""
    inner = options.update(width=max(1, options.max_width - len(mark)))
    for number, line in enumerate(console.render_lines(content, inner, style=style)):
        yield Segment(mark if every or not number else " " * len(mark), style)
        yield from line
        yield Segment("\n")
