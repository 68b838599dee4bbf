"""`crmctl agenda`: what is overdue, due today and in the days after."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmctl.api.message import Request, Response
from crmctl.output.agenda import Agenda, write_agenda
from crmctl.output.console import cell_len
from crmctl.output.style import Style
from tests.e2e.running import KEY, FarEnd, open_far_end
from tests.in_process import InProcess

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)  # a Tuesday
BERLIN = "Europe/Berlin"  # an hour east of UTC then


def task(name: str, due: str | None, **fields: Any) -> dict[str, Any]:
    return {"id": f"task_{name}", "title": name.capitalize(), "due_date": due, **fields}


TASKS = (
    task("old", "2026-11-19T10:00:00Z", priority="urgent", assignee_id="usr_ann"),
    task("morning", "2026-11-24T08:30:00Z", assignee_id="usr_bob"),
    task("midnight", "2026-11-23T23:00:00Z", status="in_progress", assignee_id="usr_ann"),
    task("now", "2026-11-24T16:00:00Z", priority="high", assignee_id="usr_ann"),
    task("day", "2026-11-24T22:59:59Z", assignee_id="usr_ann", priority="low"),
    task("next", "2026-11-25T08:00:00Z", related_to_type="deal", related_to_id="deal_acme"),
    task("friday", "2026-11-27T22:59:59Z", status="in_progress"),
    task("last", "2026-12-01T22:59:59Z"),
    task("beyond", "2026-12-01T23:00:00Z"),
    task("far", "2099-01-01T00:00:00Z"),
    task("free", None),
    task("open", None, status="in_progress"),
    task("spare", None),
    task("done", "2026-11-20T10:00:00Z", status="completed"),
    task("dropped", None, status="cancelled"),
)


@pytest.fixture
def crmctl(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, NOW, CRMCTL_PROFILE="local", TZ=BERLIN, COLUMNS="80")


@pytest.fixture
def stocked(crmctl: InProcess) -> InProcess:
    crmctl.put_tasks(*TASKS)
    crmctl.put_records(
        ("deal", "deal_acme", "Enterprise - Acme"),
        ("user", "usr_ann", "Ann Archer"),
        ("user", "usr_bob", "Bob Brown"),
    )
    return crmctl


def test_tasks_stand_below_their_day_with_their_number(stocked: InProcess) -> None:
    result = stocked.run("agenda", "-o", "table")
    assert (result.status, result.stderr) == (0, "")
    headings = [line for line in result.lines if line and not line.startswith(" ")]
    assert headings == [
        "Overdue (3)",
        "Today, Tue 24 November (2)",
        "Tomorrow (1)",
        "Fri 27 November (1)",
        "Tue 1 December (1)",
        "3 without a due date, 2 later",
    ]
    below = {
        heading.partition(" ")[0].strip(","): [
            match[0] for match in re.finditer(r"task_\w+", section)
        ]
        for section in result.stdout.split("\n\n")
        for heading in section.splitlines()[:1]
    }
    assert below == {
        "Overdue": ["task_old", "task_midnight", "task_morning"],
        "Today": ["task_now", "task_day"],
        "Tomorrow": ["task_next"],
        "Fri": ["task_friday"],
        "Tue": ["task_last"],
        "3": [],
    }


def test_a_line_has_what_tells_one_task_from_another(stocked: InProcess) -> None:
    lines = [line.split() for line in stocked.run("agenda", "-o", "table").lines]
    assert ["17:00", "Now", "high", "Ann", "Archer", "task_now"] in lines
    assert ["Day", "Ann", "Archer", "task_day"] in lines  # a date alone has no time of day
    assert ["09:00", "Next", "Enterprise", "-", "Acme", "task_next"] in lines
    assert all(
        ("!" in line) == (line[-1] in ("task_old", "task_midnight", "task_morning"))
        for line in lines
        if line and line[-1].startswith("task_")
    )


def test_nobody_is_named_where_all_of_it_is_one_persons(stocked: InProcess) -> None:
    shown = stocked.run("agenda", "-o", "table", "--assignee", "usr_ann").stdout
    assert "Ann" not in shown
    assert "task_morning" not in shown
    assert "task_now" in shown
    mine = stocked.run("agenda", "-o", "table", "--mine", environ={"CRMCTL_USER_ID": "usr_ann"})
    assert mine.stdout == shown


def test_today_is_there_also_when_nothing_is_due(crmctl: InProcess) -> None:
    assert crmctl.run("agenda", "-o", "table").stdout == (
        "Today, Tue 24 November\n  nothing is due today\n"
    )
    crmctl.put_tasks(task("morning", "2026-11-24T08:30:00Z"), task("next", "2026-11-25T08:00:00Z"))
    lines = crmctl.run("agenda", "-o", "table").lines
    assert [lines[0], *lines[2:6]] == [
        "Overdue (1)",
        "",
        "Today, Tue 24 November",
        "  nothing more is due today",
        "",
    ]


def test_days_says_how_many_days_after_today(stocked: InProcess) -> None:
    def days(number: str) -> list[str]:
        return stocked.run("agenda", "--days", number, "-o", "ids").lines

    overdue_and_today = ["task_old", "task_midnight", "task_morning", "task_now", "task_day"]
    assert days("0") == overdue_and_today
    assert days("1") == [*overdue_and_today, "task_next"]
    assert days("8") == [*days("7"), "task_beyond"]
    shown = stocked.run("agenda", "--days", "0", "-o", "table").lines
    assert shown[-1] == "3 without a due date, 5 later"


@pytest.mark.parametrize("number", ["-1", "", "x", "1.5", "10000", "٣"])
def test_days_that_are_no_number_are_refused(crmctl: InProcess, number: str) -> None:
    refused = crmctl.run("agenda", "--days", number)
    assert (refused.status, refused.stdout) == (2, "")
    assert "--days" in refused.stderr


def test_in_every_other_format_it_is_the_tasks_as_a_list(stocked: InProcess) -> None:
    expected = [f"task_{name}" for name in ("old", "midnight", "morning", "now", "day", "next")]
    expected += ["task_friday", "task_last"]
    assert [item["id"] for item in stocked.run("agenda", "--json").data] == expected
    assert stocked.run("agenda", "-o", "ids").lines == expected
    assert stocked.run("agenda", "--fields", "id,title").lines[0] == "task_old\tOld"
    table = stocked.run("agenda", "--fields", "id", "-o", "table").lines
    assert table == ["ID", *expected]
    nothing = stocked.run("agenda", "--json", "--assignee", "usr_nobody")
    assert (nothing.status, nothing.data) == (0, [])


def test_the_oldest_of_much_that_is_overdue_are_shown_and_how_to_see_the_rest(
    crmctl: InProcess,
) -> None:
    crmctl.put_records(("user", "usr_ab", "a b"))
    crmctl.put_tasks(
        *(
            task(f"late{day:02}", f"2026-10-{day:02}T10:00:00Z", assignee_id="usr_ab")
            for day in range(1, 31)
        ),
        task("morning", "2026-11-24T08:30:00Z", assignee_id="usr_ab"),
        task("free", None, assignee_id="usr_ab"),
    )
    shown = crmctl.run("agenda", "-o", "table", "--profile", "local", "--assignee", "a b").lines
    assert shown[0] == "Overdue (31)"
    assert [line.split()[-1] for line in shown[1:11]] == [
        f"task_late{day:02}" for day in range(1, 11)
    ]
    assert shown[11:] == [
        "  and 21 more: crmctl task list --overdue --profile local --assignee 'a b'",
        "",
        "Today, Tue 24 November",
        "  nothing more is due today",
        "",
        "1 without a due date",
    ]


def test_a_list_of_fields_is_not_cut_in_a_table(crmctl: InProcess) -> None:
    crmctl.put_tasks(*(task(f"late{day}", f"2026-10-{day}T10:00:00Z") for day in range(10, 31)))
    crmctl.put_tasks(
        *(
            {**task(f"x{day}", f"2026-09-{day}T10:00:00Z"), "id": f"task_x{day}"}
            for day in range(10, 30)
        )
    )
    result = crmctl.run("agenda", "--fields", "id", "-o", "table")
    assert (len(result.lines), result.stderr) == (42, "")


@pytest.fixture
def far_end(stocked: InProcess) -> Iterator[FarEnd]:
    with open_far_end(stocked.file) as far_end:
        yield far_end


def test_a_server_is_asked_for_all_of_it_at_once(far_end: FarEnd, stocked: InProcess) -> None:
    server = {"CRMCTL_BASE_URL": far_end.url, "CRMCTL_API_KEY": KEY, "CRMCTL_PROFILE": ""}
    local = stocked.run("agenda", "-o", "table")
    remote = stocked.run("agenda", "-o", "table", environ=server)
    assert (remote.status, remote.stderr) == (0, "")
    assert remote.stdout == local.stdout
    asked = [dict(request.query) for request in far_end.requests]
    assert len(asked) == 8
    assert {query["status"] for query in asked} == {"pending", "in_progress"}
    assert sorted(query["limit"] for query in asked) == [
        "1",
        "1",
        "1",
        "1",
        "10",
        "10",
        "100",
        "100",
    ]


def test_counts_that_a_server_does_not_give_are_left_out(
    far_end: FarEnd, stocked: InProcess
) -> None:
    server = {"CRMCTL_BASE_URL": far_end.url, "CRMCTL_API_KEY": KEY, "CRMCTL_PROFILE": ""}
    counting = far_end.workspace

    def silent(request: Request) -> Response:
        response = counting(request)
        del response.content["meta"]["total"]
        return response

    far_end.workspace = silent  # type: ignore[assignment]
    shown = stocked.run("agenda", "-o", "table", environ=server).lines
    assert shown[0] == "Overdue (3)"
    assert "later" not in shown[-1]
    assert "without" not in shown[-1]


@pytest.mark.parametrize(
    "unknown", [{"due_before", "due_after"}, {"due_after"}, {"due_before"}], ids=sorted
)
def test_a_server_that_knows_no_due_dates_is_not_believed_its_counts(
    far_end: FarEnd, stocked: InProcess, unknown: set[str]
) -> None:
    server = {"CRMCTL_BASE_URL": far_end.url, "CRMCTL_API_KEY": KEY, "CRMCTL_PROFILE": ""}
    filtering = far_end.workspace

    def ignorant(request: Request) -> Response:
        known = {name: text for name, text in request.query.items() if name not in unknown}
        return filtering(Request(request.method, request.path, query=known, caller=request.caller))

    there = stocked.run("agenda", "-o", "table", environ=server).lines
    far_end.workspace = ignorant  # type: ignore[assignment]
    shown = stocked.run("agenda", "-o", "table", environ=server).lines
    days = there[:-2]  # all but the line of what is later and what has no date
    assert shown[: len(days)] == days
    counts = [part for part in ", ".join(shown[len(days) :]).split(", ") if part]
    assert set(counts) <= set(there[-1].split(", "))


def draw(items: list[dict[str, Any]], width: int | None, **counts: Any) -> list[str]:
    stream = io.StringIO()
    told = Agenda(
        items,
        **{
            "more_overdue": 0,
            "later": None,
            "undated": None,
            "overdue_command": "crmctl task list --overdue",
            **counts,
        },
    )
    style = Style(now=NOW, zone=ZoneInfo(BERLIN), width=width)
    write_agenda(told, stream=stream, style=style)
    return stream.getvalue().splitlines()


def shown_task(name: str, due: str | None, **fields: Any) -> dict[str, Any]:
    return {"status": "pending", "priority": "medium", **task(name, due, **fields)}


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_lines_are_aligned_and_as_wide_as_the_terminal_at_most(width: int) -> None:
    items = [
        shown_task("wide", "2026-11-24T16:00:00Z", assignee_name="Ann", priority="urgent")
        | {"title": "日本語のとても長い題名です" * 5},
        shown_task("flag", "2026-11-24T17:00:00Z", assignee_name="李小龍", priority="high")
        | {"title": "👩‍👩‍👧 family " * 9, "related_to": {"name": "株式会社アクメ" * 4}},
        shown_task("plain", "2026-11-24T18:00:00Z", assignee_name="Ann") | {"title": "Short"},
    ]
    lines = draw(items, width)
    assert max(map(cell_len, lines)) <= width
    assert [line.split()[-1] for line in lines[1:]] == ["task_wide", "task_flag", "task_plain"]
    assert len({cell_len(line[: line.index("task_")]) for line in lines[1:]}) == 1


def test_what_a_server_says_neither_acts_on_the_terminal_nor_is_markup() -> None:
    items = [shown_task("x", "2026-11-24T16:00:00Z") | {"title": "[/x] [bold]\x1b[2J\nnext"}]
    assert draw(items, 80)[1] == "  17:00  [/x] [bold]\\x1b[2J next  task_x"


def test_overdue_tasks_of_which_nobody_knows_the_number_are_more_than_those_shown() -> None:
    items = [shown_task(f"t{day}", f"2026-10-{day}T10:00:00Z") for day in range(10, 20)]
    lines = draw(items, 80, more_overdue=None)
    assert lines[0] == "Overdue (more than 10)"
    assert lines[11] == "  and more: crmctl task list --overdue"


def test_a_date_that_cannot_be_read_hides_no_task() -> None:
    lines = draw([shown_task("odd", "soon"), shown_task("none", None)], 80)
    assert lines == [
        "Today, Tue 24 November",
        "  nothing is due today",
        "",
        "No date that can be read (2)",
        "  soon  Odd   task_odd",
        "        None  task_none",
    ]


def test_a_day_of_another_year_has_its_year() -> None:
    end = NOW + timedelta(days=38)
    lines = draw([shown_task("year", end.isoformat())], 80)
    assert "Fri 1 January 2027 (1)" in lines
