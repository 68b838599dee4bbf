"""`crmctl task list`: every filter, in the order asked for, as much as asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.running import KEY, Crmctl, FarEnd, Result
from tests.scripted_server import ScriptedServer, answer

EVERY = ("task_dropped", "task_done", "task_free", "task_far", "task_begun", "task_late")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", EVERY),
        ("--assignee usr_bob", ("task_begun",)),
        ("--status pending", ("task_free", "task_far", "task_late")),
        ("--priority high", ("task_late",)),
        ("--type meeting", ("task_far",)),
        ("--due-before 2020-01-08", ("task_late",)),
        ("--due-after 2020-01-20", ("task_far", "task_begun")),
        ("--due-before 2020-01-05", ()),
        ("--due-before 2020-01-06", ("task_late",)),
        ("--due-after 2020-01-05", ("task_done", "task_far", "task_begun")),
        ("--due-after 2020-01-04 --due-before 2020-01-06", ("task_late",)),
        ("--due-by 2020-01-04", ()),
        ("--due-by 2020-01-05", ("task_late",)),
        ("--due-after 2020-01-05 --due-by 2020-01-10", ("task_done",)),
        ("--due-before 2020-01-05T10:00", ()),
        ("--due-by 2020-01-05T10:00", ("task_late",)),
        ("--due-after 2020-01-05T10:00 --due-by 2020-01-10", ("task_done",)),
        ("--related-to-type deal", ("task_late",)),
        ("--related-to-id proj_onb", ("task_far",)),
        ("--contact con_jane", ("task_begun",)),
        ("--deal deal_acme", ("task_late",)),
        ("--project proj_onb", ("task_far",)),
        ("--mine", ("task_done", "task_far", "task_late")),
        ("--assignee me --open", ("task_late", "task_far")),
        ("--open", ("task_late", "task_begun", "task_far", "task_free")),
        ("--overdue", ("task_late", "task_begun")),
        ("--overdue --mine", ("task_late",)),
        ("--open --sort -created_at", ("task_free", "task_far", "task_begun", "task_late")),
        ("--status completed,cancelled", ("task_dropped", "task_done")),
        ("--status cancelled,completed --sort created_at", ("task_done", "task_dropped")),
        ("--priority urgent,high --sort priority", ("task_late", "task_begun")),
        ("--priority high,urgent --sort -priority", ("task_begun", "task_late")),
        ("--type call,email,call", ("task_done", "task_begun")),
        ("--assignee usr_ann,usr_bob --open", ("task_late", "task_begun", "task_far")),
        ("--open --sort due_date", ("task_late", "task_begun", "task_far", "task_free")),
        ("--open --sort -due_date", ("task_far", "task_begun", "task_late", "task_free")),
        ("--mine --sort due_date", ("task_late", "task_done", "task_far")),
        ("--mine --sort -due_date", ("task_far", "task_done", "task_late")),
        ("--sort created_at", EVERY[::-1]),
        ("--sort -created_at", EVERY),
        ("--limit 2", EVERY[:2]),
        ("--open --limit 3", ("task_late", "task_begun", "task_far")),
    ],
)
def test_list_gives_the_tasks_that_the_flags_ask_for(
    stocked: Crmctl, flags: str, expected: tuple[str, ...]
) -> None:
    ann = stocked.having(CRMCTL_USER_ID="usr_ann")
    ids = ann.ids("task", "list", *flags.split())
    assert tuple(ids) == expected


def test_list_by_update_begins_with_what_was_touched_last(stocked: Crmctl) -> None:
    stocked.done("task", "start", "task_free")
    assert stocked.ids("task", "list", "--sort", "-updated_at")[0] == "task_free"
    assert stocked.ids("task", "list", "--sort", "updated_at")[-1] == "task_free"


@pytest.mark.parametrize(
    ("flags", "bounds"),
    [
        ("--due-before 2026-10-25", {"due_before": "2026-10-24T22:00:00Z"}),
        ("--due-after 2026-10-25", {"due_after": "2026-10-25T22:59:59.999Z"}),
        ("--due-by 2026-10-25", {"due_before": "2026-10-25T23:00:00Z"}),
        ("--due-by 2026-10-25T12:00", {"due_before": "2026-10-25T11:00:00.001Z"}),
        ("--due-before 2026-10-25T12:00", {"due_before": "2026-10-25T11:00:00Z"}),
        ("--due-after 2026-10-25T12:00", {"due_after": "2026-10-25T11:00:00Z"}),
        ("--due-by 9999-12-31T23:59:59Z", {"due_before": "9999-12-31T23:59:59.001Z"}),
        (
            "--due-after 2026-01-01 --due-by 2026-01-31",
            {"due_after": "2026-01-01T22:59:59.999Z", "due_before": "2026-01-31T23:00:00Z"},
        ),
    ],
)
def test_a_day_is_left_out_or_taken_in_where_the_user_is(
    remote: Crmctl, far_end: FarEnd, flags: str, bounds: dict[str, str]
) -> None:
    berlin = remote.having(CRMCTL_TIMEZONE="Europe/Berlin")
    berlin.done("task", "list", *flags.split())
    query = far_end.requests[0].query
    assert {name: query[name] for name in query if name.startswith("due_")} == bounds


def test_the_last_day_there_is_ends_no_later(remote: Crmctl, far_end: FarEnd) -> None:
    remote.done("task", "list", "--due-by", "9999-12-31")
    # Later than the last second, so that what is due in it is in the list.
    assert far_end.requests[0].query["due_before"] == "9999-12-31T23:59:59.999999Z"


def test_today_is_the_day_where_the_user_is(crmctl: Crmctl) -> None:
    there = crmctl.having(TZ="Pacific/Auckland")
    for title, due in (
        ("Last second", "eod"),
        ("First second", "today 00:00"),
        ("Yesterday", "yesterday"),
        ("Tomorrow", "tomorrow 00:00"),
    ):
        there.done("task", "create", title, "--due", due)
    there.done("task", "create", "Never")
    titles = there.done("task", "list", "--today", "--fields", "title").lines
    assert titles == ["First second", "Last second"]


def test_count_prints_the_number_alone(stocked: Crmctl) -> None:
    assert stocked.done("task", "list", "--count").stdout == "6\n"
    assert stocked.done("task", "list", "--count", "--open").stdout == "4\n"
    assert stocked.done("task", "list", "--count", "--deal", "deal_none").stdout == "0\n"
    assert stocked.json("task", "list", "--count", "--overdue") == {"count": 2}


def test_each_value_of_a_filter_is_asked_for_on_its_own(remote: Crmctl, far_end: FarEnd) -> None:
    ids = remote.ids("task", "list", "--status", "pending,in_progress", "--sort", "due_date")
    assert ids == ["task_late", "task_begun", "task_far", "task_free"]
    asked = sorted(request.query["status"] for request in far_end.requests)
    assert asked == ["in_progress", "pending"]
    assert {request.query["sort"] for request in far_end.requests} == {"due_date"}


def test_every_filter_reaches_the_server(remote: Crmctl, far_end: FarEnd) -> None:
    remote.done(
        *("task", "list", "--assignee", "usr_1", "--status", "pending", "--priority", "low"),
        *("--type", "call", "--due-before", "2026-01-02T03:04:05Z"),
        *("--due-after", "2026-01-01T03:04:05Z", "--deal", "deal_1", "--sort", "-priority"),
    )
    assert far_end.requests[0].query == {
        "assignee_id": "usr_1",
        "status": "pending",
        "priority": "low",
        "type": "call",
        "due_before": "2026-01-02T03:04:05Z",
        "due_after": "2026-01-01T03:04:05Z",
        "related_to_type": "deal",
        "related_to_id": "deal_1",
        "sort": "-priority",
        "limit": "100",
    }
    assert far_end.requests[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "flags",
    [
        "--mine --assignee usr_bob",
        "--open --status pending",
        "--overdue --today",
        "--today --due-before fri",
        "--today --due-by fri",
        "--overdue --due-after fri",
        "--due-before fri --due-by fri",
        "--count --limit 3",
        "--deal deal_1 --contact con_1",
        "--deal deal_1 --related-to-type deal",
    ],
)
def test_flags_that_contradict_each_other_are_refused(remote: Crmctl, flags: str) -> None:
    result = remote.having(CRMCTL_USER_ID="usr_ann").run("task", "list", *flags.split())
    assert result.status == 2
    assert flags.split(maxsplit=1)[0] in result.stderr


def test_nobody_is_mine_without_a_user(stocked: Crmctl) -> None:
    result = stocked.run("task", "list", "--mine")
    assert result.status == 2
    assert "crmctl config set user_id" in result.stderr


def answered(job: Crmctl, total: Any, *args: str) -> Result:
    """What a list shows of a server that gives one task and says that there are so many."""
    content = {"data": [{"id": "task_1"}], "meta": {"total": total, "has_more": False}}
    with ScriptedServer(*[answer(200, content)] * 2) as server:
        server_of = job.having(CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        return server_of.done("task", "list", *args)


def test_a_list_that_is_shorter_than_its_total_says_so(crmctl: Crmctl) -> None:
    job = crmctl.having(CRMCTL_PROFILE="")
    assert answered(job, 12).stderr == "The server counts 12 tasks and gave 1.\n"
    for total in (1, 0, True, "12", -3, None):
        assert answered(job, total).stderr == ""


def test_a_count_trusts_a_total_that_can_be_true(crmctl: Crmctl) -> None:
    job = crmctl.having(CRMCTL_PROFILE="")
    for total, counted in ((12, "12\n"), (0, "1\n"), ("12", "1\n"), (None, "1\n")):
        assert answered(job, total, "--count").stdout == counted
    assert "counted by the server" in answered(job, 12, "--count", "-v").stderr


def test_a_sort_is_sent_only_where_it_was_asked_for(remote: Crmctl, far_end: FarEnd) -> None:
    remote.done("task", "list", "--status", "pending,completed")
    remote.done("activity", "list", "--type", "call,note")
    assert [request.query.get("sort") for request in far_end.requests] == [None] * 4
    remote.done("task", "list", "--status", "pending,completed", "--sort", "-priority")
    assert far_end.requests[-1].query["sort"] == "-priority"
