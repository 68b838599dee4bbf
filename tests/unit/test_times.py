"""Dates that people type, as options take them: which way they look, and what a day stands for."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crmctl.cli import times
from crmctl.cli.context import Context
from crmctl.errors import BadAnswer, InvalidInput, UsageError

# A Wednesday, 13:30 in Berlin.
NOW = datetime(2026, 3, 18, 12, 30, 15, tzinfo=UTC)


def context(**options: Any) -> Context:
    crm = Context(
        environ={"CRMCTL_PROFILE": "local", "CRMCTL_TIMEZONE": "Europe/Berlin"},
        system=lambda kind: Path("/nowhere") / kind,
        stdin=None,
        stdout=io.StringIO(),
        stderr=io.StringIO(),
        clock=lambda: NOW,
    )
    crm.options.take(options)
    return crm


def said(crm: Context) -> str:
    assert isinstance(crm.terminal.stderr, io.StringIO)
    return crm.terminal.stderr.getvalue()


def due(**bounds: str) -> dict[str, str]:
    given: dict[str, Any] = {"before": None, "after": None, "by": None, **bounds}
    return times.read_due(context(), **given, overdue=False, today=False)


def test_a_due_date_is_to_come_and_a_day_alone_is_its_end() -> None:
    assert times.read_due_date(context(), "wed") == "2026-03-25T22:59:59Z"
    assert times.read_due_date(context(), "17 Mar") == "2027-03-17T22:59:59Z"
    assert times.read_due_date(context(), "fri at 9am") == "2026-03-20T08:00:00Z"
    assert times.read_due_date(context(), "tonight") == "2026-03-18T19:00:00Z"
    assert times.read_due_date(context(), None) is None


def test_bounds_of_due_dates_are_to_come() -> None:
    assert due(before="fri") == {"due_before": "2026-03-19T23:00:00Z"}
    assert due(by="fri") == {"due_before": "2026-03-20T23:00:00Z"}
    assert due(after="fri") == {"due_after": "2026-03-20T22:59:59.999Z"}
    assert due(before="1 Dec") == {"due_before": "2026-11-30T23:00:00Z"}
    assert due(by="1 Feb") == {"due_before": "2027-02-01T23:00:00Z"}
    assert due(after="last month") == {"due_after": "2026-02-28T22:59:59.999Z"}


def test_what_has_been_is_past_and_a_range_of_it_closes_with_its_last_day() -> None:
    assert times.read_past(context(), "fri", "--since") == "2026-03-12T23:00:00Z"
    assert times.read_past(context(), "wed 9am", "--at") == "2026-03-11T08:00:00Z"
    assert times.read_past(context(), "1 Dec", "--from") == "2025-11-30T23:00:00Z"
    assert times.read_past(context(), "last month", "--from") == "2026-01-31T23:00:00Z"
    assert times.read_past_end(context(), "last month", "--to") == "2026-02-28T22:59:59Z"
    assert times.read_past_end(context(), "fri", "--to") == "2026-03-13T22:59:59Z"
    assert times.read_past_end(context(), None, "--to") is None


@pytest.mark.parametrize("text", ["tomorrow", "17:30", "next fri", "in 2 hours", "1 Dec 2027"])
def test_what_ought_to_be_past_and_is_to_come_is_pointed_out(text: str) -> None:
    crm = context()
    sent = times.read_past(crm, text, "--at")
    assert said(crm) == f"crmctl: note: {text} is {sent}, which is still to come\n"


@pytest.mark.parametrize("text", ["fri", "wed 23:59", "19 Mar", "now", "2 hours ago", "last week"])
def test_what_is_past_is_not_pointed_out(text: str) -> None:
    crm = context()
    times.read_past(crm, text, "--at")
    assert said(crm) == ""


def test_verbose_says_what_was_understood_in_words_that_are_read_again() -> None:
    crm = context(verbose=1)
    sent = times.read_due_date(crm, "fri 17:00")
    assert said(crm) == "--due fri 17:00: Fri 20 Mar 2026 17:00:00 (2026-03-20T16:00:00Z)\n"
    assert times.read_due_date(context(), "Fri 20 Mar 2026 17:00:00") == sent


@pytest.mark.parametrize(
    ("due_date", "shift", "moved"),
    [
        ("2026-03-20T16:00:00Z", "+1w", "2026-03-27T16:00:00Z"),
        ("2026-03-27T16:00:00Z", "+1w", "2026-04-03T15:00:00Z"),  # 17:00 in summer too
        ("2026-03-20T16:00:00", "+2bd", "2026-03-24T16:00:00Z"),
        ("2026-03-20", "+1d", "2026-03-21T22:59:59Z"),
        (None, "+1w", "2026-03-25T22:59:59Z"),
        (None, "+2h", "2026-03-18T14:30:15Z"),
    ],
)
def test_a_due_date_is_moved_by_the_clock_where_the_user_is(
    due_date: str | None, shift: str, moved: str
) -> None:
    assert times.shift_due_date(context(), "task_1", {"due_date": due_date}, shift) == moved


@pytest.mark.parametrize("due_date", ["soon", "20260320", 5, {}, ["2026-03-20"], ""])
def test_a_due_date_that_makes_no_sense_is_not_moved(due_date: Any) -> None:
    with pytest.raises(BadAnswer, match="from which crmctl cannot count"):
        times.shift_due_date(context(), "task_1", {"due_date": due_date}, "+1w")


def test_what_begins_with_a_sign_is_a_shift() -> None:
    assert times.read_shift(context(), " +1w") == " +1w"
    assert times.read_shift(context(), "-1d") == "-1d"
    assert times.read_shift(context(), "in 3 days") is None
    with pytest.raises(InvalidInput, match=r"'\+1x' is not a date"):
        times.read_shift(context(), "+1x")


def test_ids_come_first_and_when_is_the_last_word() -> None:
    words = ["task_1", "3", "next fri"]
    assert times.split_when(context(), words) == (["task_1", "3"], "next fri")


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        ("task_1 fri 9am", "fri 9am"),
        ("task_1 task_2 in 3 days", "in 3 days"),
        ("task_1 wed 1 dec 2027 at 9 am", "wed 1 dec 2027 at 9 am"),
        ("next mon", "next mon"),
    ],
)
def test_a_date_of_several_words_wants_quotes(line: str, phrase: str) -> None:
    with pytest.raises(UsageError, match=f"^'{phrase}' is one date: put quotes around it.$"):
        times.split_when(context(), line.split())


def test_an_id_alone_is_not_enough_and_a_date_is_for_whom_is_asked() -> None:
    for word in ("+1w", "next mon"):
        assert times.split_when(context(), [word]) == ([], word)
    with pytest.raises(UsageError) as refused:
        times.split_when(context(), ["task_1"])
    assert refused.value.hint == "For example: `crmctl task postpone task_001 +1w`."


@pytest.mark.parametrize("word", ["+1w", "next mon"])
def test_a_date_alone_leaves_the_tasks_to_choose(word: str) -> None:
    assert times.split_when(context(), [word]) == ([], word)
