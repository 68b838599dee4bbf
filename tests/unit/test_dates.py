"""What people type for dates and times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl import errors
from crmctl.dates import parse_when, postpone
from crmctl.days import Edge, Toward
from crmctl.timestamps import format_timestamp

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
# A Wednesday, 13:30 in Berlin and 08:30 in New York.
NOW = datetime(2026, 3, 18, 12, 30, 15, tzinfo=UTC)


def parse(
    text: str,
    *,
    now: datetime = NOW,
    zone: tzinfo = BERLIN,
    toward: Toward = "future",
    edge: Edge = "start",
) -> datetime:
    return parse_when(text, now=now, zone=zone, toward=toward, edge=edge)


def when(text: str, *, now: datetime = NOW, zone: tzinfo = BERLIN) -> str:
    return format_timestamp(parse(text, now=now, zone=zone))


def when_it_closes(text: str, *, now: datetime = NOW, zone: tzinfo = BERLIN) -> str:
    return format_timestamp(parse(text, now=now, zone=zone, edge="end"))


def at(text: str, zone: tzinfo = BERLIN) -> datetime:
    """A moment on the clock of that zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-25", "2026-03-24T23:00:00Z"),
        ("2026-03-25T17:00", "2026-03-25T16:00:00Z"),
        ("2026-03-25 17:00", "2026-03-25T16:00:00Z"),
        ("2026-03-25 17:00:30", "2026-03-25T16:00:30Z"),
        ("2026-03-25T17:00:30.5", "2026-03-25T16:00:30.5Z"),
        ("2026-03-25T17:00:00Z", "2026-03-25T17:00:00Z"),
        ("2026-03-25t17:00z", "2026-03-25T17:00:00Z"),
        ("2026-03-25 17:00:00+02:00", "2026-03-25T15:00:00Z"),
        ("2026-03-25 17:00:00 -0500", "2026-03-25T22:00:00Z"),
        ("2026-03-25 9:00", "2026-03-25T08:00:00Z"),
        ("2026-03-25 9am", "2026-03-25T08:00:00Z"),
        ("2028-02-29", "2028-02-28T23:00:00Z"),
    ],
)
def test_iso_8601_is_in_the_zone_unless_it_has_an_offset(text: str, expected: str) -> None:
    assert when(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-18T12:30:15Z"),
        ("-20m", "2026-03-18T12:10:15Z"),
        ("+45min", "2026-03-18T13:15:15Z"),
        ("+1h", "2026-03-18T13:30:15Z"),
        ("+1h30m", "2026-03-18T14:00:15Z"),
        ("+1d2h", "2026-03-19T14:30:15Z"),
        ("-1w1d1h", "2026-03-10T11:30:15Z"),
        ("+1mo1h", "2026-04-18T12:30:15Z"),  # summer time has come in between
        ("+0m", "2026-03-18T12:30:15Z"),
        ("in 2 hours", "2026-03-18T14:30:15Z"),
        ("in 20 min", "2026-03-18T12:50:15Z"),
        ("in an hour", "2026-03-18T13:30:15Z"),
        ("IN 1 H  46 Min", "2026-03-18T14:16:15Z"),
        ("in 1 hour and 46 minutes", "2026-03-18T14:16:15Z"),
        ("in 1h46m", "2026-03-18T14:16:15Z"),
        ("in 1 day, 2 hours", "2026-03-19T14:30:15Z"),
        ("20 min ago", "2026-03-18T12:10:15Z"),
        ("1 h 46 min ago", "2026-03-18T10:44:15Z"),
        ("a minute ago", "2026-03-18T12:29:15Z"),
    ],
)
def test_now_and_hours_and_minutes_are_instants_at_either_edge(text: str, expected: str) -> None:
    assert (when(text), when_it_closes(text)) == (expected, expected)


def test_what_counts_from_now_is_in_whole_seconds() -> None:
    now = NOW.replace(microsecond=123456)
    assert when("now", now=now) == "2026-03-18T12:30:15Z"
    assert when("-20m", now=now) == "2026-03-18T12:10:15Z"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-25", "2026-03-25"),
        ("today", "2026-03-18"),
        ("Fri", "2026-03-20"),
        ("next fri", "2026-03-27"),
        ("last fri", "2026-03-13"),
        ("1 Dec", "2026-12-01"),
        ("December 1, 2027", "2027-12-01"),
        ("+3d", "2026-03-21"),
        ("-2bd", "2026-03-16"),
        ("in 3 days", "2026-03-21"),
        ("in a week", "2026-03-25"),
        ("in 2 weeks and 1 day", "2026-04-02"),
        ("in 1 month", "2026-04-18"),
        ("in a year", "2027-03-18"),
        ("in 3 business days", "2026-03-23"),
        ("3 days ago", "2026-03-15"),
        ("2 weeks ago", "2026-03-04"),
        ("a month ago", "2026-02-18"),
        ("1w 2d ago", "2026-03-09"),
    ],
)
def test_a_day_alone_is_its_first_second_or_where_it_closes_its_last(text: str, day: str) -> None:
    first = at(day)
    last = at(f"{day}T23:59:59")
    assert parse(text) == first
    assert parse(text, edge="end") == last


@pytest.mark.parametrize(
    ("text", "coming", "gone"),
    [
        ("fri", "2026-03-20T00:00", "2026-03-13T00:00"),
        ("wed 17:30", "2026-03-25T17:30", "2026-03-11T17:30"),
        ("1 Dec", "2026-12-01T00:00", "2025-12-01T00:00"),
        ("dec 1 3pm", "2026-12-01T15:00", "2025-12-01T15:00"),
    ],
)
def test_a_weekday_and_a_day_of_the_year_are_the_next_ones_or_the_last_ones(
    text: str, coming: str, gone: str
) -> None:
    assert parse(text, toward="future") == at(coming)
    assert parse(text, toward="past") == at(gone)


def test_the_last_week_and_month_close_with_their_last_day() -> None:
    def closed(text: str) -> tuple[datetime, datetime]:
        return parse(text, toward="past"), parse(text, toward="past", edge="end")

    assert closed("last week") == (at("2026-03-09"), at("2026-03-15T23:59:59"))
    assert closed("last month") == (at("2026-02-01"), at("2026-02-28T23:59:59"))


@pytest.mark.parametrize(
    ("text", "now", "expected"),
    [
        ("tonight", "2026-03-18T13:30", "2026-03-18T20:00"),
        ("tonight", "2026-03-18T19:59:59", "2026-03-18T20:00"),
        ("tonight", "2026-03-18T20:00", "2026-03-18T23:59:59"),
        ("tonight", "2026-03-18T23:59:59", "2026-03-18T23:59:59"),
        ("tonight 21:30", "2026-03-18T22:00", "2026-03-18T21:30"),
        ("Tonight at 9pm", "2026-03-18T13:30", "2026-03-18T21:00"),
    ],
)
def test_tonight_is_eight_or_later_the_end_of_the_day(text: str, now: str, expected: str) -> None:
    assert parse(text, now=at(now)) == at(expected)
    assert parse(text, now=at(now), edge="end") == at(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("eod", "2026-03-18T22:59:59Z"),
        ("eow", "2026-03-22T22:59:59Z"),
        ("eom", "2026-03-31T21:59:59Z"),
        ("eow 9am", "2026-03-22T08:00:00Z"),
    ],
)
def test_the_end_of_something_is_its_last_second_at_either_edge(text: str, expected: str) -> None:
    assert (when(text), when_it_closes(text)) == (expected, expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tomorrow 9am", "2026-03-19T09:00"),
        ("tomorrow 9 am", "2026-03-19T09:00"),
        ("  ToMorrow   9:15PM ", "2026-03-19T21:15"),
        ("fri 17:30", "2026-03-20T17:30"),
        ("next fri 17:30", "2026-03-27T17:30"),
        ("today 12pm", "2026-03-18T12:00"),
        ("today 12am", "2026-03-18T00:00"),
        ("today 12:30am", "2026-03-18T00:30"),
        ("today noon", "2026-03-18T12:00"),
        ("today 00:00", "2026-03-18T00:00"),
        ("today 23:59:58", "2026-03-18T23:59:58"),
        ("+3d 9:00", "2026-03-21T09:00"),
        ("-1w noon", "2026-03-11T12:00"),
        ("+3bd 9am", "2026-03-23T09:00"),
        ("tomorrow at 9am", "2026-03-19T09:00"),
        ("fri at noon", "2026-03-20T12:00"),
        ("1 Dec 15:00", "2026-12-01T15:00"),
        ("Dec 1 9 am", "2026-12-01T09:00"),
        ("1 Dec 2027 at 15:00", "2027-12-01T15:00"),
        ("Wed 1 Dec 2027 15:00:30", "2027-12-01T15:00:30"),
        ("in 3 days at 9am", "2026-03-21T09:00"),
        ("3 days ago 15:00", "2026-03-15T15:00"),
        ("last fri 17:30", "2026-03-13T17:30"),
        ("last week 9am", "2026-03-09T09:00"),
        ("at 9am", "2026-03-18T09:00"),
        ("9am", "2026-03-18T09:00"),
        ("17:30", "2026-03-18T17:30"),
    ],
)
def test_a_day_with_a_time_is_that_time_at_either_edge(text: str, expected: str) -> None:
    assert parse(text) == at(expected)
    assert parse(text, edge="end") == at(expected)


def test_today_is_the_day_that_it_is_in_the_zone() -> None:
    late = datetime(2026, 3, 18, 23, 30, tzinfo=UTC)
    assert when("today", now=late, zone=BERLIN) == "2026-03-18T23:00:00Z"
    assert when("today", now=late, zone=NEW_YORK) == "2026-03-18T04:00:00Z"
    assert when("today", now=late, zone=UTC) == "2026-03-18T00:00:00Z"


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        # Clocks go forward on 29 March at 02:00 in Berlin, on 8 March at 02:00 in New York.
        ("2026-03-29 01:59", BERLIN, "2026-03-29T00:59:00Z"),
        ("2026-03-29 02:30", BERLIN, "2026-03-29T01:30:00Z"),
        ("2026-03-29 03:00", BERLIN, "2026-03-29T01:00:00Z"),
        ("2026-03-08T02:30", NEW_YORK, "2026-03-08T07:30:00Z"),
        # They go back on 25 October at 03:00 in Berlin, on 1 November at 02:00 in New York.
        ("2026-10-25 02:30", BERLIN, "2026-10-25T00:30:00Z"),
        ("2026-11-01T01:30", NEW_YORK, "2026-11-01T05:30:00Z"),
        # Both halves of a year are read with their own offset.
        ("2026-01-15 9am", NEW_YORK, "2026-01-15T14:00:00Z"),
        ("2026-07-15 9am", NEW_YORK, "2026-07-15T13:00:00Z"),
    ],
)
def test_skipped_and_repeated_clock_times_are_read(text: str, zone: tzinfo, expected: str) -> None:
    assert when(text, zone=zone) == expected


def test_days_keep_the_clock_when_the_clocks_change_and_hours_do_not() -> None:
    evening_before = at("2026-03-28T18:00")
    assert when("+1d 18:00", now=evening_before) == "2026-03-29T16:00:00Z"
    assert when("+1d1h", now=evening_before) == "2026-03-29T17:00:00Z"
    assert when("+24h", now=evening_before) == "2026-03-29T17:00:00Z"


def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is() -> None:
    assert when("2026-03-29") == "2026-03-28T23:00:00Z"
    assert when_it_closes("2026-03-29") == "2026-03-29T21:59:59Z"
    assert when("2026-11-01", zone=NEW_YORK) == "2026-11-01T04:00:00Z"
    assert when_it_closes("2026-11-01", zone=NEW_YORK) == "2026-11-02T04:59:59Z"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Asuncion", date(2024, 3, 23)),  # back at midnight: 23:59:59 comes twice
        ("America/Asuncion", date(2023, 9, 30)),  # forward at midnight: no 00:00 on the next day
        ("America/Havana", date(2024, 11, 2)),
        ("Pacific/Apia", date(2011, 12, 29)),  # the next day was left out
        ("Europe/Berlin", date(2026, 3, 29)),
    ],
)
def test_each_day_ends_one_second_before_the_next_begins(zone: str, day: date) -> None:
    end = parse(day.isoformat(), zone=ZoneInfo(zone), edge="end")
    following = (day + timedelta(days=1)).isoformat()
    assert end + timedelta(seconds=1) == parse(following, zone=ZoneInfo(zone))


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
    ("due", "by", "expected"),
    [
        ("2026-03-20T17:00", "+1w", "2026-03-27T17:00"),
        ("2026-03-20T17:00", "+2bd", "2026-03-24T17:00"),
        ("2026-03-20T17:00", "-1d", "2026-03-19T17:00"),
        ("2026-01-31T17:00", "+1mo", "2026-02-28T17:00"),
        ("2026-03-20T17:00", "+3d 9am", "2026-03-23T09:00"),
        ("2026-03-20T17:00", "+2h", "2026-03-20T19:00"),
        ("2026-03-20T17:00:30.5", "+1d", "2026-03-21T17:00:30.5"),
        ("2026-03-20T23:59:59", "+1w", "2026-03-27T23:59:59"),
        # Clocks go forward on 29 March at 02:00, and back on 25 October at 03:00.
        ("2026-03-28T17:00", "+1d", "2026-03-29T17:00"),
        ("2026-03-28T02:30", "+1d", "2026-03-29T03:30"),
        ("2026-03-28T17:00", "+24h", "2026-03-29T18:00"),
        ("2026-10-24T23:59:59", "+1d", "2026-10-25T23:59:59"),
    ],
)
def test_days_are_added_to_a_due_date_by_the_clock_and_hours_as_they_pass(
    due: str, by: str, expected: str
) -> None:
    assert postpone(at(due), by, zone=BERLIN) == at(expected).astimezone(UTC)


def test_the_end_of_a_day_moves_to_the_very_end_of_another() -> None:
    asuncion = ZoneInfo("America/Asuncion")  # back at midnight: 23:59:59 comes twice
    moved = postpone(at("2024-03-22T23:59:59", asuncion), "+1d", zone=asuncion)
    assert moved == parse("2024-03-23", zone=asuncion, edge="end")


@pytest.mark.parametrize("by", ["+1w", "+9999y", "-9999y", "+999999999h"])
def test_a_due_date_is_not_moved_out_of_the_calendar(by: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        postpone(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), by, zone=BERLIN)
    assert refused.value.message == f"9999-12-31T23:59:59Z cannot be moved by '{by}'."


def test_the_first_and_the_last_day_there_are_end_where_utc_does() -> None:
    assert when("0001-01-01", zone=BERLIN) == "0001-01-01T00:00:00Z"
    assert when_it_closes("0001-01-01", zone=BERLIN) == "0001-01-01T23:06:31Z"
    assert when("9999-12-31", zone=NEW_YORK) == "9999-12-31T05:00:00Z"
    assert when_it_closes("9999-12-31", zone=NEW_YORK) == "9999-12-31T23:59:59Z"


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


@given(
    sign=st.sampled_from("+-"),
    counts=st.dictionaries(st.integers(0, 5), st.integers(0, 40), min_size=1),
)
def test_an_offset_in_words_is_the_one_in_signs(sign: str, counts: dict[int, int]) -> None:
    short, long = (
        ("y", "mo", "w", "d", "h", "m"),
        ("year", "month", "week", "day", "hour", "minute"),
    )
    signed = sign + "".join(f"{counts[unit]}{short[unit]}" for unit in sorted(counts))
    words = " ".join(f"{counts[unit]} {long[unit]}s" for unit in sorted(counts))
    said = f"in {words}" if sign == "+" else f"{words} ago"
    assert when(said) == when(signed)
    assert when_it_closes(said) == when_it_closes(signed)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_crmctl_writes_it_reads_again(instant: datetime) -> None:
    text = format_timestamp(instant)
    assert parse(text) == instant


@given(
    moment=NAIVE_TIMES,
    zone=st.sampled_from([BERLIN, NEW_YORK]),
    separator=st.sampled_from([" ", "T"]),
)
def test_a_local_time_is_read_as_the_zone_has_it(
    moment: datetime, zone: tzinfo, separator: str
) -> None:
    expected = moment.replace(tzinfo=zone, fold=0).astimezone(UTC)
    assert parse(moment.isoformat(separator), zone=zone) == expected
