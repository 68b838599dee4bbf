"""Help: a page says what a command does, shows it, and lists what it takes.

A page has at most 40 lines at 80 columns, so that it is seen whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from crmctl.cli.describe import describe, describe_option, read_docstring

# Longer lines are hard to read.
_WIDEST = 100
_NARROWEST = 30
_INDENT = 2
# What is longer stands on a line of its own, so that all that is said has room beside the names.
_LONGEST_NAME = 25

_GLOBAL = "Global options, accepted by every command: `crmctl help options`."
_MORE = (
    "Start with `crmctl demo`; `crmctl auth login` connects an account.",
    "`crmctl help NOUN VERB` explains a command, `crmctl guide` is the manual.",
)

Row = tuple[str, str]


def print_page(ctx: Any) -> None:
    """Print the page of the command that the context is of, and end."""
    width = ctx.obj.terminal.width()
    page = describe(ctx.command, ctx.command_path)
    commands = list_commands(ctx) if hasattr(ctx.command, "commands") else []
    ctx.obj.terminal.show(format_page(page, commands, width=width))
    ctx.exit()


def print_topic(ctx: Any, words: Sequence[str]) -> None:
    """Print what `help` and these words ask for, and end; nothing where that is a command."""
    if not words:
        print_page(ctx)
    elif words[0] == "options" and ctx.parent is None:
        width = _readable(ctx.obj.terminal.width())
        told = "Global options: accepted by every command, before and after its name."
        # What ends at once, as --help does, comes last.
        shared = sorted(ctx.command.params, key=lambda param: bool(param.is_eager))
        rows = [_option_row(describe_option(param)) for param in shared]
        ctx.obj.terminal.show("\n".join([*_fold(told, width), "", *_table(rows, width)]))
        ctx.exit()


def list_commands(ctx: Any) -> list[Row]:
    """The commands of a noun, or of crmctl, each with what it does."""
    group = ctx.command
    if ctx.parent is None:
        return list(group.summaries.items())
    return [(name, read_docstring(group.commands[name].help)[0]) for name in group.commands]


def list_text(ctx: Any) -> str:
    """What `list_commands` gives, as lines."""
    lines = _table(list_commands(ctx), _readable(ctx.obj.terminal.width()))
    return "\n".join(["Commands:", *lines])


def format_page(page: dict[str, Any], commands: list[Row], *, width: int) -> str:
    """The help of what `describe` gave, with the commands below it where it is a noun."""
    width = _readable(width)
    arguments = [_argument_usage(argument) for argument in page["arguments"]]
    usage = [page["command"], *(["COMMAND"] if commands else arguments), "[OPTIONS]"]
    lines = _fold(page["summary"], width)
    for paragraph in filter(None, page["description"].split("\n\n")):
        lines += ["", *_fold(paragraph, width)]
    lines += ["", f"Usage: {' '.join(usage)}"]
    if page["examples"]:
        lines += ["", "Examples:"]
        # Whole, so that they can be copied.
        lines += [" " * _INDENT + example for example in page["examples"]]
    for title, rows in (
        ("Commands", commands),
        ("Arguments", [(argument["name"], argument["help"]) for argument in page["arguments"]]),
        ("Options", _option_rows(page["options"])),
    ):
        if rows:
            lines += ["", f"{title}:", *_table(rows, width)]
    lines += [
        "",
        *(line for more in _MORE if page["command"] == "crmctl" for line in _fold(more, width)),
        *_fold(_GLOBAL, width),
    ]
    return "\n".join(lines)


def _argument_usage(argument: dict[str, Any]) -> str:
    shown = argument["name"] + ("…" if argument["repeatable"] else "")
    return shown if argument["required"] else f"[{shown}]"


def _option_rows(options: list[dict[str, Any]]) -> list[Row]:
    """A row for each option; neighbours of which the same is said share one."""
    rows: list[Row] = []
    shared: list[dict[str, Any]] = []
    for option in [*options, None]:
        if shared and (option is None or option["help"] != shared[0]["help"]):
            rows.append(_shared_row(shared))
            shared = []
        if option is not None:
            shared.append(option)
    return rows


def _shared_row(options: list[dict[str, Any]]) -> Row:
    if len({option["metavar"] for option in options}) > 1:
        return ", ".join(_option_row(option)[0] for option in options), options[0]["help"]
    names = [name for option in options for name in option["names"]]
    return _option_row({**options[0], "names": names})


def _option_row(option: dict[str, Any]) -> Row:
    # The short name first, as manuals do.
    names = ", ".join(sorted(option["names"], key=lambda name: name.startswith("--")))
    told = option["help"]
    if option["default"] is not None:
        told = f"{told} Default: {option['default']}."
    return f"{names} {option['metavar']}" if option["metavar"] else names, told


def _table(rows: list[Row], width: int) -> list[str]:
    """The rows in two columns; a name that is too long has its text below it."""
    longest = min(_LONGEST_NAME, width // 2)
    column = max([len(name) for name, _ in rows if len(name) <= longest], default=0)
    column = _INDENT + column + 2
    lines = []
    for name, told in rows:
        first, *rest = _fold(told, width - column)
        head = " " * _INDENT + name
        if len(head) > column - 2:
            lines += _fold(name, width - _INDENT, indent=_INDENT)
            lines.append(f"{' ' * column}{first}")
        else:
            lines.append(f"{head:<{column}}{first}".rstrip())
        lines += [f"{' ' * column}{line}" for line in rest]
    return lines


def _fold(text: str, width: int, *, indent: int = 0) -> list[str]:
    """The text in lines of that width; a word that is longer is parted at its bars."""
    lines = [""]
    for word in text.split():
        blank = " "
        for part in re.findall(r"[^|]+\|*|\|+", word) if len(word) > width else [word]:
            if lines[-1] and len(lines[-1] + blank + part) > width:
                lines.append(part)
            else:
                lines[-1] += f"{blank if lines[-1] else ''}{part}"
            blank = ""
    return [" " * indent + line for line in lines]


def _readable(width: int) -> int:
    return max(_NARROWEST, min(width, _WIDEST))
