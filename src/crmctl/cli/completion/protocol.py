"""Answers the shells' completion scripts: `crmctl __complete WORD…`, the last one unfinished.

One line for each possibility: the word, a tab and its description where there is one. Of an
unfinished `--option=value`, the value alone is completed. A line `:files` asks the shell for the
names of files, which it completes better than anyone else could. Typer's own protocols evaluate
descriptions in the shell (zsh) or as Rich markup (fish), and a task's title may say anything; so
its resolution of words is used, and its protocols are not.

A shell that cannot split its command line as it would to run it passes no words, and in COMP_LINE
the line up to the cursor.
"""

from __future__ import annotations

from typing import Any

from crmctl.cli import lazy
from crmctl.cli.context import Context
from crmctl.output.escape import one_line

FILES = ":files"

_CURSOR = "\0"  # no command line holds it
_LONGEST = 100  # no shell shows more of a description beside its word


def print_completions(root: Any, words: list[str], crm: Context) -> None:
    """Print what the last word may become, after the ones before it."""
    for value, description in find_completions(root, words or split_line(crm), crm):
        line = f"{value}\t{description}" if description else value
        crm.terminal.show(line)


def split_line(crm: Context) -> list[str]:
    """The words of COMP_LINE after the first, without their quotes; the last may be empty."""
    _, *words = lazy.split_words(crm.environ.get("COMP_LINE", "crmctl ") + _CURSOR)
    return [word.removesuffix(_CURSOR) for word in words]


def find_completions(root: Any, words: list[str], crm: Context) -> list[tuple[str, str]]:
    """What the last of ``words`` may become: each possibility with its description or ""."""
    *before, incomplete = words or [""]
    if before[:1] == ["help"]:
        del before[0]
    ctx = lazy.find_context(root, before, crm)
    if ctx is None:
        return []
    asked, incomplete = lazy.find_asked(ctx, before, incomplete)
    if getattr(asked, "metavar", None) == "FILE":
        return [(FILES, "")]
    if isinstance(asked, lazy.Group) and not incomplete.startswith("-"):
        return _find_commands(ctx, incomplete)
    return [
        (item.value, _shorten(one_line(item.help or "")))
        for item in asked.shell_complete(ctx, incomplete)
    ]


def _find_commands(ctx: Any, prefix: str) -> list[tuple[str, str]]:
    names = [name for name in ctx.command.list_commands(ctx) if name.startswith(prefix)]
    if ctx.parent is None:  # without importing every noun
        return [(name, ctx.command.summaries[name]) for name in names]
    return [
        (name, ctx.command.get_command(ctx, name).get_short_help_str(_LONGEST)) for name in names
    ]


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
