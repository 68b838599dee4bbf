"""Help: what every page holds, and that its examples are so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmctl import __version__
from crmctl.cli.describe import read_docstring
from crmctl.cli.lazy import global_options
from tests.surface.examples import call, commands

COMMANDS = dict(commands())
ALL = pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words) or "crmctl")


def page(*words: str, columns: int = 80) -> str:
    result = call([*words, "--help"], Path("/nonexistent"), COLUMNS=str(columns))
    assert (result.status, result.stderr) == (0, "")
    return result.stdout


def test_a_page_says_what_a_command_does_shows_it_and_lists_what_it_takes() -> None:
    assert (
        page("task", "complete")
        == """\
Mark tasks as completed, now.

Usage: crmctl task complete [ID…] [OPTIONS]

Examples:
  crmctl task complete task_002
  crmctl task complete task_001 task_002 --note "Signed"
  crmctl task list --overdue -o ids | crmctl task complete -

Arguments:
  ID  One or more task IDs, or - for stdin's; without one, a terminal offers a
      list.

Options:
  --concurrency N   Lines sent at once; 1 keeps their order. Default: 4.
  --skip-invalid    Send the lines that are valid.
  --fail-fast       Send no more after the first that fails.
  --failed-to FILE  Write the lines that failed there.
  --note TEXT       The completion note; - reads stdin.

Global options, accepted by every command: `crmctl help options`.
"""
    )


@ALL
def test_every_page_is_seen_whole_on_a_terminal_of_80_columns(words: tuple[str, ...]) -> None:
    lines = page(*words).splitlines()
    assert len(lines) <= 40
    assert [line for line in lines if len(line) > 80] == []


@ALL
def test_a_page_begins_with_what_the_command_does_and_names_the_page_of_global_options(
    words: tuple[str, ...],
) -> None:
    summary = read_docstring(COMMANDS[words].help)[0]
    assert len(summary) <= 90
    shown = page(*words, columns=100)
    assert shown.startswith(f"{summary}\n")
    assert f"\nUsage: {' '.join(['crmctl', *words])} " in shown
    assert "`crmctl help options`" in shown
    assert "--ca-file" not in shown


@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_a_page_is_wrapped_to_the_terminal_and_never_wider_than_100(columns: int) -> None:
    shown = page("task", "list", columns=columns)
    prose = [line for line in shown.splitlines() if "crmctl task" not in line]
    assert max(map(len, prose)) <= min(columns, 100)


@ALL
def test_every_command_shows_one_to_three_examples_of_itself(words: tuple[str, ...]) -> None:
    examples = read_docstring(COMMANDS[words].help)[2]
    assert 1 <= len(examples) <= 3
    assert [example for example in examples if not re.match("crmctl( |$)", example)] == []
    assert any(set(words) <= set(example.split()) for example in examples)


def test_the_page_of_global_options_has_them_all() -> None:
    shown = call(["help", "options"], Path("/nonexistent")).stdout
    names = {name for option in global_options() for name in option.opts}
    names |= {"-h", "--help", "-V", "--version"}
    assert {name for name in names if name not in shown} == set()
    assert len(shown.splitlines()) <= 40


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("", "--help"),
        ("help", "--help"),
        ("-h", "--help"),
        ("help task", "task --help"),
        ("task help", "task --help"),
        ("help task create", "task create --help"),
        ("task help create", "task create -h"),
        ("-q help task rm", "task delete --help"),
        ("help --json", "--help"),
        ("help options -o json", "help options"),
    ],
)
def test_help_is_asked_for_in_many_ways(line: str, same: str) -> None:
    nowhere = Path("/nonexistent")
    assert call(line.split(), nowhere) == call(same.split(), nowhere)


def test_help_on_a_command_is_completed_as_the_command_is() -> None:
    nowhere = Path("/nonexistent")
    offered = call(["__complete", "help", "task", "cr"], nowhere).stdout
    assert (
        offered == call(["__complete", "task", "cr"], nowhere).stdout == "create\tCreate a task.\n"
    )


def test_a_noun_alone_names_its_verbs_on_stderr() -> None:
    result = call(["auth"], Path("/nonexistent"))
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr.startswith("crmctl: crmctl auth needs a command.\nCommands:\n  login   ")
    result = call(["auth", "--json"], Path("/nonexistent"))
    assert (result.status, result.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("line", ["-V", "--version", "--version task", "-q -V"])
def test_the_version_has_a_short_option_too(line: str) -> None:
    assert call(line.split(), Path("/nonexistent")).stdout == f"crmctl {__version__}\n"
