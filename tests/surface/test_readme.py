"""The README says what is so: its table of exit statuses, and every command line in it."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

from crmctl.cli.app import build_root
from crmctl.cli.context import Context
from crmctl.directories import system_directory
from crmctl.errors import exit_statuses

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def command_lines() -> list[list[str]]:
    """The arguments of each call of crmctl in the README's shell and CI examples."""
    found = []
    for block in re.findall(
        r"^```(?:sh|console|yaml)\n(.*?)^```", README, re.DOTALL | re.MULTILINE
    ):
        for line in block.replace("\\\n", " ").splitlines():
            if "crmctl" not in line.partition("#")[0]:
                continue
            words = shlex.shlex(line, posix=True, punctuation_chars=True)
            words.whitespace_split = True
            found += calls(list(words))
    return found


def calls(words: list[str]) -> list[list[str]]:
    """The arguments of each crmctl among the words of a line, up to where the shell goes on."""
    found = []
    for place, word in enumerate(words):
        if word.rpartition("/")[2] != "crmctl":
            continue
        rest = words[place + 1 :]
        ends = [number for number, each in enumerate(rest) if set(each) <= set("|&;<>()")]
        args = rest[: ends[0]] if ends else rest
        # What xargs adds.
        found.append([*args, "task_001"] if words[place - 1 : place] == ["xargs"] else args)
    return found


def test_the_table_of_exit_statuses_is_the_program_s() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \|$", README, re.MULTILINE)
    assert {int(status): meaning for status, meaning in rows} == exit_statuses()


def test_there_are_command_lines_to_check() -> None:
    nouns = {args[0] for args in command_lines() if args}
    assert {"task", "activity", "auth", "config", "record", "workspace", "api", "demo"} <= nouns


@pytest.mark.parametrize("args", command_lines(), ids=" ".join)
def test_every_command_line_in_it_can_be_parsed(args: list[str]) -> None:
    crm = Context(
        environ={},
        system=system_directory,
        stdin=None,
        stdout=io.StringIO(),
        stderr=io.StringIO(),
    )
    command = build_root()
    ctx = command.make_context("crmctl", list(args), obj=crm)
    while verbs := getattr(command, "commands", None):
        name, *rest = [*ctx._protected_args, *ctx.args]
        assert name in verbs, f"there is no {ctx.command_path} {name}"
        command = verbs[name]
        ctx = command.make_context(name, rest, parent=ctx)
