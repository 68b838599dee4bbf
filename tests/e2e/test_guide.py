"""`crmctl guide` says what is so: its recipes run as they stand, its tables are the program's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from crmctl.errors import exit_statuses
from crmctl.output import FORMATS
from tests.e2e.running import Crmctl
from tests.surface.examples import call

GUIDE = (Path(__file__).parents[2] / "src/crmctl/cli/guide.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.DOTALL | re.MULTILINE)
CREATED, ROWS, MOVED, IMPORTED, LOGGED, FAILED = RECIPES


@pytest.fixture
def demo(crmctl: Crmctl, tmp_path: Path) -> Crmctl:
    """The demo, with crmctl on the path."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "crmctl").symlink_to(Path(sys.executable).with_name("crmctl"))
    demo = crmctl.having(CRMCTL_PROFILE="demo", PATH=f"{programs}:{os.defpath}")
    demo.done("demo")
    return demo


def bash(demo: Crmctl, recipe: str) -> list[str]:
    """The lines that a recipe prints."""
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", recipe],
        env=demo.environ,
        cwd=demo.home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_a_task_is_created_and_completed_by_its_id(demo: Crmctl) -> None:
    [task_id] = bash(demo, CREATED)
    task = demo.json("task", "get", task_id)
    assert (task["title"], task["status"], task["completion_note"]) == (
        "Call back",
        "completed",
        "Reached her",
    )


def test_a_list_is_read_line_by_line(demo: Crmctl) -> None:
    lines = bash(demo, ROWS)
    assert len(lines) == 5
    assert lines[-1] == "task_005 is due -: Clean up old leads"


def test_what_is_overdue_is_moved_in_one_command(demo: Crmctl) -> None:
    overdue = demo.ids("task", "list", "--overdue")  # in the evening what was due today as well
    assert "task_003" in overdue
    assert bash(demo, MOVED) == overdue
    assert bash(demo, MOVED) == []


def test_many_tasks_are_created_once(demo: Crmctl) -> None:
    overdue = demo.ids("task", "list", "--overdue")
    created, known, *completed = bash(demo, IMPORTED)
    assert (created, known) == ("2", "2")
    assert [json.loads(line)["id"] for line in completed] == overdue


def test_a_deployment_is_logged_once(demo: Crmctl) -> None:
    first, second = bash(demo, LOGGED)
    assert first == second
    assert len(demo.ids("activity", "list", "--type", "note")) == 2  # the demo has one


def test_the_guides_script_tells_failures_apart(demo: Crmctl) -> None:
    assert bash(demo, FAILED) == ["there is no such task"]


def test_the_tables_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| (\d+) \| (.*?) \|$", GUIDE, re.MULTILINE)
    assert {int(status): meaning for status, meaning in rows} == exit_statuses()
    assert set(re.findall(r"^\| `-o (\w+)` \|", GUIDE, re.MULTILINE)) == set(FORMATS)


def test_its_dates_can_be_read(tmp_path: Path) -> None:
    dates = GUIDE.partition("## Dates\n")[2].partition("A weekday is")[0]
    for text in re.findall("`(.*?)`", dates):
        result = call(["task", "create", "x", f"--due={text}", "-n"], tmp_path)
        assert result.status == 0, result.stderr


def test_in_a_pipe_it_is_the_file_and_on_a_terminal_it_is_rendered(crmctl: Crmctl) -> None:
    assert crmctl.done("guide").stdout == GUIDE
    assert crmctl.json("guide") == {"text": GUIDE}
    shown = crmctl.on_terminal("guide", columns=60).stdout
    text = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert "| status |" not in text
    assert "\n 10      outcome unknown: the write may have been applied\n" in text
    assert max(map(len, text.splitlines())) <= 90  # code is never wrapped
