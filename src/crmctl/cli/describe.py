"""What a command is, as plain data: its help and `crmctl commands` show it.

A command's docstring says what it does, its first paragraph in short; a line of it that begins
with `crmctl` is an example. What its options are called and take is as Typer keeps it.
"""

from __future__ import annotations

import re
from typing import Any

from crmctl.cli.global_options import GlobalOptions


def describe(command: Any, path: str) -> dict[str, Any]:
    """A command, or a noun, as Typer has it; ``path`` is what calls it: `crmctl task list`."""
    summary, description, examples = read_docstring(command.help)
    params = [param for param in command.params if not is_shared(param)]
    return {
        "command": path,
        "summary": summary,
        "description": description,
        "examples": examples,
        "arguments": [describe_argument(param) for param in params if _is_argument(param)],
        "options": [describe_option(param) for param in params if not _is_argument(param)],
    }


def read_docstring(text: str | None) -> tuple[str, str, list[str]]:
    """The first paragraph, the other paragraphs, and the examples, each a whole line."""
    paragraphs = []
    examples = []
    for block in re.split(r"\n\s*\n", (text or "").strip()):
        lines = [line.strip() for line in block.splitlines()]
        if lines[0].startswith("crmctl "):
            examples += lines
        else:
            paragraphs.append(" ".join(lines))
    return paragraphs[0] if paragraphs else "", "\n\n".join(paragraphs[1:]), examples


def is_shared(param: Any) -> bool:
    """Whether every command has it: it is a global option, or asks for help or the version."""
    return param.name in ("help", "version", *GlobalOptions.__slots__)


def describe_option(param: Any) -> dict[str, Any]:
    """An option; ``metavar`` is None where it takes no value."""
    valued = not param.is_flag and not param.count
    return {
        "names": list(param.opts),
        "metavar": param.metavar if valued else None,
        "help": param.help or "",
        "choices": _choices(param),
        "default": param.default if valued and isinstance(param.default, str) else None,
        "repeatable": bool(param.multiple or param.count),
    }


def describe_argument(param: Any) -> dict[str, Any]:
    """An argument."""
    return {
        "name": argument_name(param),
        "help": param.help or "",
        "choices": _choices(param),
        "required": bool(param.required),
        "repeatable": param.nargs == -1,
    }


def argument_name(param: Any) -> str:
    """What stands for an argument in the usage line, without signs of how often."""
    return str(param.metavar or param.name).strip("[]").rstrip(".…")


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _choices(param: Any) -> list[str]:
    """The accepted values, which help writes with bars between (`options.choices_text`)."""
    found = re.search(r"\w+(?:\|\w+)+", f"{param.help or ''} {param.metavar or ''}")
    return found[0].split("|") if found else []
