"""What people type for dates and times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl import errors
from crmctl.dates import postpone
from crmctl.timestamps import format_timestamp
from tests.unit.reading import BERLIN, NEW_YORK, NOW, at, parse, when, when_it_closes

NAIVE_TIMES = st.datetimes(
    datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
)


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
