"""Dates that cannot be read: refused with examples, never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl import errors
from crmctl.days import Toward
from tests.unit.reading import BERLIN, NEW_YORK, parse, when, when_it_closes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "tomorow",
        "03/04/2026",
        "25.03.2026",
        "2026-3-5",
        "2026-02-30",
        "2026-13-01",
        "0000-01-01",
        "20260325",
        "2026-W12-3",
        "2026-084",
        "2026-03-25T",
        "2026-03-25T17",
        "2026-03-25x17:00",
        "2026-03-25T24:00",
        "2026-03-25T17:60",
        "2026-03-25T17:00:60",
        "2026-03-25T17:00+2",
        "2026-03-25T17:00+02:75",
        "2026-03-25T17:00+24:00",
        "2026-03-25Z",
        "tomorrow 9:00Z",
        "9",
        "fri 9",
        "+3d 9",
        "13:75",
        "24:00",
        "25pm",
        "13pm",
        "0am",
        "9:5",
        "noon noon",
        "midnight",
        "9am tomorrow",
        "now 9am",
        "-20m 9am",
        "+1d2h 9am",
        "+1d 2h",
        "next",
        "next today",
        "last",
        "fr",
        "fridays",
        "12/1",
        "1/12/2026",
        "1.12.2026",
        "31 Feb",
        "29 Feb 2027",
        "1 Dec 27",
        "Thu 25 Mar 2026",
        "Dec",
        "Dec 2027",
        "1 Dec at",
        "at tomorrow",
        "at at 9am",
        "tonight 9am",
        "in",
        "in 9am",
        "in 3",
        "in 3 pm",
        "in days",
        "in 3 days ago",
        "in -3 days",
        "in 2 hours 9am",
        "in 2 hours 3 days",
        "in 3 days and",
        "in 1 d 1 d",
        "in aday",
        "in 1.5 hours",
        "in 3 fortnights",
        "3 days",
        "ago",
        "days ago",
        "3 days ago ago",
        "in \u0663 days",
        "\u0661 Dec",
        "+",
        "+5",
        "+d",
        "3d",
        "+-3d",
        "+ 3d",
        "+1.5d",
        "+2h1d",
        "+1d1d",
        "+3q",
        "+1bd2h",
        "+999999999d",
        "+99999mo",
        "-9999y",
        "+99999999999999999999h",
        "+9999999999bd",
        "+" + "9" * 5000 + "d",
        "٢٠٢٦-٠٣-٢٥",
        "next wee\N{KELVIN SIGN}",
        "today\x00",
        "\ud800",
    ],
)
def test_what_cannot_be_read_is_refused_with_examples(text: str) -> None:
    for edge in (when, when_it_closes):
        with pytest.raises(errors.InvalidInput) as refused:
            edge(text)
        message = refused.value.message
        assert message == f"{text!r:.60} is not a date or time that crmctl can read."
        assert message.isprintable()
        assert "YYYY-MM-DD" in (refused.value.hint or "")
        assert '"1 Dec"' in (refused.value.hint or "")
        assert "tomorrow 9am" in (refused.value.hint or "")


@pytest.mark.parametrize("text", ["12/1", "1/12/2026", "01.12.2026", "12-1", "12/1 9am"])
def test_a_date_of_numbers_is_asked_which_is_the_month(text: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        when(text)
    assert (refused.value.hint or "").startswith("Is the day or the month first? Write a date as")
    with pytest.raises(errors.InvalidInput) as refused:
        when("2026-02-30")
    assert (refused.value.hint or "").startswith("Write a date as")


@pytest.mark.parametrize(
    "text",
    [
        *("9999-12-31T23:00", "9999-12-31 8pm", "9999-12-31T23:59:59-14:00", "10000-01-01"),
        *("0001-01-01T00:00+14:00", "0000-12-31", "+9999y", "+1000000mo", "+99999999999bd"),
    ],
)
def test_a_time_that_utc_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(errors.InvalidInput):
        when(text, zone=NEW_YORK)


PIECES = (
    "+ - 3 12 d w mo y bd h m : 30 am pm fri next last mon eom eow today noon T Z 02:30 dec 1st . "
    "in ago at a an / and days hours weeks tonight 2026-03-29 9999-12-31 0001 29 feb 2028"
)
GRAMMAR = st.lists(st.sampled_from([" ", *PIECES.split()]), max_size=7).map("".join)
PHRASES = st.lists(st.sampled_from(PIECES.split()), max_size=6).map(" ".join)
NAIVE_TIMES = st.datetimes(
    datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
)


@given(
    text=st.text() | GRAMMAR | PHRASES,
    zone=st.sampled_from([UTC, BERLIN, NEW_YORK, ZoneInfo("Asia/Tokyo")]),
    moment=NAIVE_TIMES | st.datetimes(),
    toward=st.sampled_from(["future", "past"]),
)
def test_any_text_is_an_instant_in_utc_or_is_refused(
    text: str, zone: tzinfo, moment: datetime, toward: Toward
) -> None:
    now = moment.replace(tzinfo=UTC)
    try:
        first = parse(text, now=now, zone=zone, toward=toward)
        last = parse(text, now=now, zone=zone, toward=toward, edge="end")
    except errors.InvalidInput:
        return
    assert first.tzinfo is UTC
    assert last.tzinfo is UTC
    longest = timedelta(days=31, hours=1) if "last" in text else timedelta(hours=25)
    assert timedelta(0) <= last - first <= longest


@pytest.mark.parametrize("text", ["1w", "3d", "2bd", "1mo", "1h30m", "2H"])
def test_an_offset_without_its_sign_is_answered_with_it(text: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        when(text)
    assert (refused.value.hint or "").startswith(f"Did you mean +{text.lower()}? Write a date as")
    with pytest.raises(errors.InvalidInput) as refused:
        parse(text, toward="past")
    assert (refused.value.hint or "").startswith(f"Did you mean -{text.lower()}? ")
