"""On a terminal: colour, width, and nothing that acts on it."""

from __future__ import annotations

import re
import sys
import unicodedata
from pathlib import Path

import pytest

from tests.e2e.running import KEY, Crmctl
from tests.scripted_server import ScriptedServer, answer, delayed, encode
from tests.unit.rendered import HOSTILE, VISIBLE

if sys.platform == "win32":
    pytest.skip("Windows has no pseudo-terminals", allow_module_level=True)

COLOR = re.compile(r"\x1b\[[0-9;]*m")


def test_a_terminal_gets_a_table_in_colour(stocked: Crmctl) -> None:
    shown = stocked.on_terminal("task", "list").stdout
    plain = COLOR.sub("", shown).splitlines()
    assert plain[0].startswith("ID ")
    assert {"Title", "Status", "Due"} <= set(plain[0].split())
    assert plain[1].startswith("task_dropped")
    assert COLOR.search(shown)


@pytest.mark.parametrize(
    ("environ", "flags", "colored"),
    [
        ({}, "", True),
        ({}, "--color never", False),
        ({"NO_COLOR": "1"}, "", False),
        ({"NO_COLOR": "1"}, "--color always", True),
        ({"TERM": "dumb"}, "", False),
        ({"CLICOLOR": "0"}, "", False),
        ({"CLICOLOR": "0", "CLICOLOR_FORCE": "1"}, "", True),
        ({"CRMCTL_COLOR": "never"}, "", False),
    ],
)
def test_the_reader_decides_about_colour_on_a_terminal(
    stocked: Crmctl, environ: dict[str, str], flags: str, colored: bool
) -> None:
    shown = stocked.having(**environ).on_terminal("task", "list", *flags.split()).stdout
    assert ("\x1b[" in shown) is colored


@pytest.mark.parametrize(
    ("environ", "flags", "colored"),
    [
        ({}, "", False),
        ({"GITHUB_ACTIONS": "true", "TERM": "xterm-256color"}, "", False),
        ({"CLICOLOR_FORCE": "1"}, "", True),
        ({"FORCE_COLOR": "1"}, "", True),
        ({"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, "", False),
        ({}, "--color always", True),
    ],
)
def test_the_reader_decides_about_colour_in_a_pipe(
    stocked: Crmctl, environ: dict[str, str], flags: str, colored: bool
) -> None:
    asked = stocked.having(**environ)
    assert ("\x1b[" in asked.done("task", "list", "-o", "table", *flags.split()).stdout) is colored
    assert "\x1b[" not in asked.done("task", "list", *flags.split()).stdout


def test_an_error_is_coloured_as_the_output_is(stocked: Crmctl) -> None:
    assert "\x1b[1;31mcrmctl:" in stocked.on_terminal("task", "get", "nope").stdout
    assert "\x1b" not in stocked.run("task", "get", "nope").stderr
    assert "\x1b" not in stocked.having(NO_COLOR="1").on_terminal("task", "get", "nope").stdout


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_a_table_is_no_wider_than_its_terminal(stocked: Crmctl, columns: int) -> None:
    stocked.done("task", "create", "A title that goes on and on and on " * 8, "--due", "fri")
    shown = COLOR.sub("", stocked.on_terminal("task", "list", columns=columns).stdout)
    assert max(map(cells, shown.splitlines())) <= columns
    for task_id in stocked.ids("task", "list"):
        assert task_id in shown


@pytest.mark.parametrize("columns", [60, 30])
def test_a_task_and_the_feed_fit_a_narrow_terminal(stocked: Crmctl, columns: int) -> None:
    for command in ("task get task_late", "activity feed", "task get task_begun"):
        shown = COLOR.sub("", stocked.on_terminal(*command.split(), columns=columns).stdout)
        lines = [line for line in shown.splitlines() if "_" not in line]  # IDs are never broken
        assert max(map(cells, lines)) <= columns, shown


def test_a_title_cannot_act_on_the_terminal(crmctl: Crmctl) -> None:
    created = crmctl.on_terminal("task", "create", HOSTILE, columns=120)
    listed = crmctl.on_terminal("task", "list", columns=120)
    for shown in (created.stdout, listed.stdout):
        assert VISIBLE in shown
        assert "\x1b" not in COLOR.sub("", shown)
        assert "\x07" not in shown


def test_what_does_not_fit_is_cut_with_an_ellipsis_and_columns_stay_aligned(
    crmctl: Crmctl,
) -> None:
    crmctl.done("task", "create", "日本語" * 30, "--due", "2099-01-01")
    crmctl.done("task", "create", "short", "--due", "2099-01-01")
    shown = COLOR.sub("", crmctl.on_terminal("task", "list", columns=60).stdout).splitlines()
    assert "…" in shown[2]
    due = [cells(line[: line.index("1 Jan 2099")]) for line in shown[1:]]
    assert due[0] == due[1]


def test_data_and_notes_part_even_on_a_terminal(long: Crmctl, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    with notes.open("wb") as stderr:
        shown = long.on_terminal("task", "list", stderr=stderr).stdout
    assert len(shown.splitlines()) == 26
    assert notes.read_text() == "Showing 25 of 1000 tasks. --limit N shows more.\n"


def test_a_slow_read_says_what_it_waits_for_until_it_is_there(crmctl: Crmctl) -> None:
    page = {"data": [{"id": "task_1"}], "meta": {"has_more": True, "next_cursor": "2"}}
    with ScriptedServer(
        answer(200, page), delayed(1, encode(200, {"data": [{"id": "task_2"}]}))
    ) as server:
        asked = crmctl.having(CRMCTL_PROFILE="", CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        shown = asked.on_terminal("task", "list", "-o", "ids", columns=50).stdout
    gone = "\r" + " " * 49 + "\r"
    waited = f"task_1\nWaiting for the server: page 2, 1 rows so far{gone}task_2\n"
    # The first page is there at once, unless this machine has much else to do.
    assert shown.removeprefix(f"Waiting for the server{gone}") == waited


def test_a_verb_without_an_id_offers_a_list_to_choose_from(stocked: Crmctl) -> None:
    shown = stocked.on_terminal("task", "start", columns=60, answers={"2-4? ": "1"}).stdout
    table, _, rest = COLOR.sub("", shown).partition("Which ones")
    ids = [line.split()[-1] for line in table.splitlines()[1:]]
    assert ids == ["task_late", "task_begun", "task_far", "task_free"]
    assert max(map(cells, table.splitlines())) <= 60
    assert "Started task_late" in rest


def test_an_agenda_fits_its_terminal(stocked: Crmctl) -> None:
    stocked.done("task", "create", "日本語👩 [/x] \x1b[2J " * 9, "--due", "today", "-p", "high")
    for columns in (60, 80, 120):
        shown = stocked.on_terminal("agenda", columns=columns).stdout
        lines = COLOR.sub("", shown).splitlines()
        assert lines[0] == "Overdue (2)"
        assert [line for line in lines if line.startswith("Today, ")]
        assert max(map(cells, lines)) <= columns
        assert "\x1b" not in COLOR.sub("", shown)


def cells(line: str) -> int:
    """How many columns of a terminal a line fills, at least."""
    return sum(
        2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in line
        if not unicodedata.combining(character) and character != "\u200d"
    )
