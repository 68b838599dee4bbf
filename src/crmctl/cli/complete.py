"""Answers the shells' completion scripts: `crmctl __complete WORD…`, the last one unfinished.

One line for each possibility: the word, a tab and its description where there is one.
"""

from __future__ import annotations

from typing import Any

# Typer's own protocols evaluate descriptions in the shell (zsh) or as Rich markup (fish), and a
# task's title may say anything; so its resolution of words is used, and its protocols are not.
from typer._completion_classes import FishComplete

from crmctl.cli.context import Context
from crmctl.output.text import one_line


def print_completions(root: Any, words: list[str], crm: Context) -> None:
    """Print what the last word may become, after the ones before it."""
    for value, description in find_completions(root, words, crm):
        line = f"{value}\t{description}" if description else value
        crm.stdout.write(line + "\n")


def find_completions(root: Any, words: list[str], crm: Context) -> list[tuple[str, str]]:
    """What the last of ``words`` may become: each possibility with its description or ""."""
    *before, incomplete = words or [""]
    if before and before[-1] == "=":  # bash splits --option=value in three
        before.pop()
    shell = FishComplete(root, {"obj": crm}, "crmctl", "_CRMCTL_COMPLETE")
    return [
        (item.value, one_line(item.help or ""))
        for item in shell.get_completions(before, incomplete)
    ]
