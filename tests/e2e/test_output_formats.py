"""What goes to stdout in each format, and what goes to stderr beside it."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.e2e.running import TASKS, Crmctl
from tests.unit.rendered import HOSTILE, VISIBLE

FORMATS = ("table", "plain", "json", "jsonl", "csv", "ids", "md")


def test_a_pipe_gets_plain_lines_and_nothing_else(stocked: Crmctl) -> None:
    result = stocked.done("task", "list")
    assert result.rows[-1] == [
        *("task_late", "Send the proposal", "pending", "high", "follow_up", "Ann Archer"),
        *("2020-01-05T10:00:00Z", "Enterprise - Acme"),
    ]
    assert len(result.lines) == 6
    assert result.stderr == ""


def test_json_is_the_array_that_the_api_gives(stocked: Crmctl) -> None:
    items = stocked.json("task", "list")
    assert items == stocked.done("api", "GET", "/tasks").data["data"]
    assert stocked.done("task", "list", "--json").data == items


def test_jsonl_is_one_object_a_line(stocked: Crmctl) -> None:
    lines = stocked.done("task", "list", "-o", "jsonl").lines
    assert [json.loads(line) for line in lines] == stocked.json("task", "list")


def test_csv_has_a_header_and_flat_columns(stocked: Crmctl) -> None:
    rows = list(csv.DictReader(io.StringIO(stocked.done("task", "list", "-o", "csv").stdout)))
    assert rows[-1]["id"] == "task_late"
    assert rows[-1]["related_to.name"] == "Enterprise - Acme"
    assert rows[-1]["completed_at"] == ""


def test_ids_are_one_a_line(stocked: Crmctl) -> None:
    assert sorted(stocked.ids("task", "list")) == sorted(task["id"] for task in TASKS)


def note(text: str, format: str) -> str:
    """How a note is told: in JSON where the output is JSON, so that a script can read both."""
    if format.startswith("json"):
        return f'{{"note":{{"code":"note","message":"{text}"}}}}\n'
    return f"{text}\n"


@pytest.mark.parametrize(
    ("format", "nothing"),
    [("table", ""), ("plain", ""), ("json", "[]\n"), ("jsonl", ""), ("ids", ""), ("md", "")],
)
def test_an_empty_list_is_no_error_and_told_on_stderr(
    crmctl: Crmctl, format: str, nothing: str
) -> None:
    result = crmctl.done("task", "list", "-o", format)
    assert (result.stdout, result.stderr) == (nothing, note("No tasks found.", format))


def test_an_empty_csv_has_its_header(crmctl: Crmctl) -> None:
    result = crmctl.done("activity", "list", "-o", "csv", "--fields", "id,subject")
    assert (result.stdout, result.stderr) == ("id,subject\n", "No activities found.\n")


def test_quiet_says_nothing_beside_the_data(long: Crmctl) -> None:
    assert long.done("-q", "task", "list", "--limit", "2").stderr == ""
    assert long.having(CRMCTL_PROFILE="").done("task", "list", "-q", "--limit", "2").stderr == ""


@pytest.mark.parametrize("format", ["plain", "json", "jsonl", "csv", "ids", "md"])
def test_every_format_but_the_table_is_complete(long: Crmctl, format: str) -> None:
    result = long.done("task", "list", "-o", format, "--fields", "title")
    if format == "json":
        assert len(result.data) == 1000
    else:
        assert len(result.lines) == 1000 + {"csv": 1, "md": 2}.get(format, 0)
    assert result.stderr == ""


def test_a_table_shows_25_and_says_how_many_more_there_are(long: Crmctl) -> None:
    result = long.done("task", "list", "-o", "table")
    assert len(result.lines) == 26
    assert result.stderr == "Showing 25 of 1000 tasks. --limit N shows more.\n"
    assert len(long.done("task", "list", "-o", "table", "--limit", "40").lines) == 41


@pytest.mark.parametrize("format", FORMATS)
def test_a_limit_cuts_every_format_and_says_so(long: Crmctl, format: str) -> None:
    result = long.done("task", "list", "-o", format, "--limit", "3", "--fields", "id")
    assert result.stdout.count("task_") == 3
    assert result.stderr == note("Showing 3 of 1000 tasks.", format)


def test_a_limit_that_cuts_nothing_says_nothing(stocked: Crmctl) -> None:
    assert stocked.done("task", "list", "--limit", "6").stderr == ""


def test_fields_are_those_asked_for_in_that_order(stocked: Crmctl) -> None:
    fields = ("--deal", "deal_acme", "--fields", "related_to.name,priority,related_to.id")
    assert stocked.done("task", "list", *fields).rows == [
        ["Enterprise - Acme", "high", "deal_acme"]
    ]
    assert stocked.json("task", "list", *fields) == [
        {"related_to": {"name": "Enterprise - Acme", "id": "deal_acme"}, "priority": "high"}
    ]
    assert stocked.done("task", "list", *fields, "-o", "csv").lines == [
        "related_to.name,priority,related_to.id",
        "Enterprise - Acme,high,deal_acme",
    ]
    assert stocked.json("task", "get", "task_free", "--fields", "title,related_to.name") == {
        "title": "Tidy up",
        "related_to": {"name": None},
    }


@pytest.mark.parametrize(
    "command",
    ["task list", "task get task_late", "activity list", "activity feed", "config list"],
)
def test_an_unknown_field_is_refused_with_the_known_ones(stocked: Crmctl, command: str) -> None:
    result = stocked.run(*command.split(), "--fields", "id,nope")
    assert result.status == 2
    assert "'nope'; there are: " in result.stderr
    assert result.stdout == ""


def test_an_unknown_format_is_refused_with_the_known_ones(stocked: Crmctl) -> None:
    for result in (
        stocked.run("task", "list", "-o", "xml"),
        stocked.having(CRMCTL_OUTPUT="xml").run("task", "list"),
    ):
        assert result.status == 2
        assert all(format in result.stderr for format in FORMATS)


def test_a_title_cannot_act_on_the_reader_and_loses_nothing(crmctl: Crmctl) -> None:
    created = crmctl.done("task", "create", HOSTILE, "-o", "json")
    assert created.data["title"] == HOSTILE
    assert "\x1b" not in created.stdout
    assert "日本語" in created.stdout
    title = ("task", "list", "--fields", "title")
    assert crmctl.json(*title) == [{"title": HOSTILE}]
    assert crmctl.done(*title).stdout == VISIBLE + "\n"
    assert crmctl.done(*title, "-o", "csv").stdout == f"title\n{VISIBLE}\n"
    assert crmctl.done(*title, "-o", "table").lines == ["Title", VISIBLE]


def test_csv_disarms_formulas_unless_asked_for_raw(crmctl: Crmctl) -> None:
    crmctl.done("task", "create", "=cmd()")
    csv_ = ("task", "list", "--fields", "title", "-o", "csv")
    assert crmctl.done(*csv_).lines == ["title", "'=cmd()"]
    assert crmctl.done(*csv_, "--raw").lines == ["title", "=cmd()"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("-o ids", ""),
        ("", "-o ids"),
        ("-o json", "-o ids"),
        ("--output=ids --color never --timeout 9 --no-input", ""),
        ("--profile local -q", "-o ids"),
    ],
)
def test_global_options_stand_before_or_after_the_command(
    stocked: Crmctl, before: str, after: str
) -> None:
    args = (*before.split(), "task", *before.split(), "list", *after.split())
    assert "task_late" in stocked.done(*args).lines


def test_a_flag_before_the_command_is_not_undone_by_its_absence_after(stocked: Crmctl) -> None:
    assert len(stocked.done("--json", "task", "list").data) == 6
    assert stocked.done("-n", "task", "delete", "task_late").data[0]["method"] == "DELETE"
    assert "--due x" not in stocked.done("-v", "task", "list").stderr
    verbose = stocked.done("-v", "task", "list", "--due-before", "2026-01-01T00:00:00Z")
    assert "--due-before" in verbose.stderr


def test_every_write_prints_what_it_wrote_as_json(stocked: Crmctl) -> None:
    assert stocked.json("task", "create", "x")["title"] == "x"
    assert stocked.json("task", "delete", "task_late", "--yes") == [
        {"id": "task_late", "deleted": True}
    ]
    assert stocked.done("task", "start", "task_far", "-o", "ids").stdout == "task_far\n"


def test_the_version_is_one_line(crmctl: Crmctl) -> None:
    import crmctl as package

    assert crmctl.done("--version").stdout == f"crmctl {package.__version__}\n"
    assert crmctl.done("-q", "--version").stdout == f"crmctl {package.__version__}\n"


def test_nothing_at_all_prints_the_help(crmctl: Crmctl) -> None:
    assert crmctl.done().stdout == crmctl.done("--help").stdout


def test_unknown_fields_of_a_server_are_kept(remote: Crmctl) -> None:
    from tests.scripted_server import ScriptedServer, answer

    odd = {"id": "t1", "title": "x", "status": "paused", "mood": {"colour": "blue"}}
    with ScriptedServer(*[answer(200, {"data": [odd]})] * 2) as server:
        there = remote.having(CRMCTL_BASE_URL=server.url)
        assert there.json("task", "list") == [odd]
        assert there.done("task", "list").rows[0][:3] == ["t1", "x", "paused"]
