"""What people type for dates and durations, and how they read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl import errors
from crmctl.dates import day_heading, describe, parse_duration, parse_when
from crmctl.timestamps import format_timestamp
from crmctl.zones import MachineClock

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
# A Wednesday, 13:30 in Berlin and 08:30 in New York.
NOW = datetime(2026, 3, 18, 12, 30, 15, tzinfo=UTC)


def when(text: str, *, now: datetime = NOW, zone: tzinfo = BERLIN) -> str:
    return format_timestamp(parse_when(text, now=now, zone=zone))


def when_it_closes(text: str, *, now: datetime = NOW, zone: tzinfo = BERLIN) -> str:
    return format_timestamp(parse_when(text, now=now, zone=zone, edge="end"))


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
        ("tomorrow", "2026-03-19"),
        ("yesterday", "2026-03-17"),
        ("thu", "2026-03-19"),
        ("thurs", "2026-03-19"),
        ("fri", "2026-03-20"),
        ("Friday", "2026-03-20"),
        ("sun", "2026-03-22"),
        ("mon", "2026-03-23"),
        ("tues", "2026-03-24"),
        ("wed", "2026-03-25"),  # never today
        ("next mon", "2026-03-23"),
        ("next wednesday", "2026-03-25"),
        ("next fri", "2026-03-27"),
        ("next sun", "2026-03-29"),
        ("next week", "2026-03-23"),
        ("next month", "2026-04-01"),
        ("+3d", "2026-03-21"),
        ("-3d", "2026-03-15"),
        ("+0d", "2026-03-18"),
        ("+2w", "2026-04-01"),
        ("+1w2d", "2026-03-27"),
        ("+1mo", "2026-04-18"),
        ("-3mo", "2025-12-18"),
        ("+1y2mo", "2027-05-18"),
        ("-1y", "2025-03-18"),
        ("+1bd", "2026-03-19"),
        ("+3bd", "2026-03-23"),
        ("-2bd", "2026-03-16"),
        ("-3bd", "2026-03-13"),
        ("+10bd", "2026-04-01"),
    ],
)
def test_a_day_alone_is_its_first_second_or_where_it_closes_its_last(text: str, day: str) -> None:
    first = at(day)
    last = at(f"{day}T23:59:59")
    assert parse_when(text, now=NOW, zone=BERLIN) == first
    assert parse_when(text, now=NOW, zone=BERLIN, edge="end") == last


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
        ("9am", "2026-03-18T09:00"),
        ("17:30", "2026-03-18T17:30"),
    ],
)
def test_a_day_with_a_time_is_that_time_at_either_edge(text: str, expected: str) -> None:
    assert parse_when(text, now=NOW, zone=BERLIN) == at(expected)
    assert parse_when(text, now=NOW, zone=BERLIN, edge="end") == at(expected)


@pytest.mark.parametrize(
    ("text", "today", "expected"),
    [
        ("next mon", "2026-03-16", "2026-03-23"),  # a Monday
        ("next mon", "2026-03-22", "2026-03-23"),  # a Sunday, the week's last day
        ("mon", "2026-03-22", "2026-03-23"),
        ("eow", "2026-03-22", "2026-03-22"),
        ("eow", "2026-12-30", "2027-01-03"),
        ("fri", "2026-12-30", "2027-01-01"),
        ("tomorrow", "2026-12-31", "2027-01-01"),
        ("yesterday", "2027-01-01", "2026-12-31"),
        ("next month", "2026-12-31", "2027-01-01"),
        ("eom", "2026-12-01", "2026-12-31"),
        ("eom", "2028-02-01", "2028-02-29"),
        ("+1mo", "2026-01-31", "2026-02-28"),
        ("+1mo", "2028-01-31", "2028-02-29"),
        ("-1mo", "2026-12-31", "2026-11-30"),
        ("+2mo", "2026-11-30", "2027-01-30"),
        ("+12mo", "2026-03-18", "2027-03-18"),
        ("+1y", "2028-02-29", "2029-02-28"),
        ("+1bd", "2026-03-20", "2026-03-23"),  # a Friday
        ("+1bd", "2026-03-21", "2026-03-23"),  # a Saturday
        ("-1bd", "2026-03-21", "2026-03-20"),
        ("+5bd", "2026-03-21", "2026-03-27"),
        ("-5bd", "2026-03-22", "2026-03-16"),
        ("-1bd", "2026-03-23", "2026-03-20"),
        ("+0bd", "2026-03-21", "2026-03-21"),
        ("+2bd", "2026-12-31", "2027-01-04"),
    ],
)
def test_days_are_counted_over_the_ends_of_weeks_months_and_years(
    text: str, today: str, expected: str
) -> None:
    found = parse_when(text, now=at(f"{today}T12:00"), zone=BERLIN)
    assert found.astimezone(BERLIN).date() == date.fromisoformat(expected)


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
    end = parse_when(day.isoformat(), now=NOW, zone=ZoneInfo(zone), edge="end")
    following = (day + timedelta(days=1)).isoformat()
    assert end + timedelta(seconds=1) == parse_when(following, now=NOW, zone=ZoneInfo(zone))


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
        "next next fri",
        "fr",
        "fridays",
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
        assert "tomorrow 9am" in (refused.value.hint or "")


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
    "+ - 3 12 d w mo y bd h m : 30 am pm fri next mon eom eow today noon T Z 02:30 "
    "2026-03-29 9999-12-31"
)
GRAMMAR = st.lists(st.sampled_from([" ", *PIECES.split()]), max_size=7).map("".join)
NAIVE_TIMES = st.datetimes(
    datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")
)


@given(
    text=st.text() | GRAMMAR,
    zone=st.sampled_from([UTC, BERLIN, NEW_YORK, ZoneInfo("Asia/Tokyo")]),
    moment=NAIVE_TIMES,
)
def test_any_text_is_an_instant_in_utc_or_is_refused(
    text: str, zone: tzinfo, moment: datetime
) -> None:
    now = moment.replace(tzinfo=UTC)
    try:
        first = parse_when(text, now=now, zone=zone)
        last = parse_when(text, now=now, zone=zone, edge="end")
    except errors.InvalidInput:
        return
    assert first.tzinfo is UTC
    assert last.tzinfo is UTC
    assert timedelta(0) <= last - first <= timedelta(hours=25)


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_crmctl_writes_it_reads_again(instant: datetime) -> None:
    text = format_timestamp(instant)
    assert parse_when(text, now=NOW, zone=BERLIN) == instant


@given(
    moment=NAIVE_TIMES,
    zone=st.sampled_from([BERLIN, NEW_YORK]),
    separator=st.sampled_from([" ", "T"]),
)
def test_a_local_time_is_read_as_the_zone_has_it(
    moment: datetime, zone: tzinfo, separator: str
) -> None:
    expected = moment.replace(tzinfo=zone, fold=0).astimezone(UTC)
    assert parse_when(moment.isoformat(separator), now=NOW, zone=zone) == expected


@given(count=st.integers(-400, 400), ahead=st.integers(0, 6))
def test_business_days_are_the_weekdays_passed(count: int, ahead: int) -> None:
    today = date(2026, 3, 16) + timedelta(days=ahead)
    day, left = today, abs(count)
    while left:
        day += timedelta(days=1 if count > 0 else -1)
        left -= day.weekday() < 5
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    assert parse_when(f"{count:+d}bd", now=now, zone=UTC).date() == day


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("0", 0),
        ("30", 30),
        ("30m", 30),
        ("45min", 45),
        ("45 min", 45),
        ("1h", 60),
        ("1h15m", 75),
        ("1h 15m", 75),
        (" 1H15 ", 75),
        ("1:15", 75),
        ("0:05", 5),
        ("1.5h", 90),
        ("0.25h", 15),
        ("1.10h", 66),
        ("PT1H15M", 75),
        ("PT45M", 45),
        ("pt2h", 120),
        ("10000000", 10_000_000),
    ],
)
def test_a_duration_is_whole_minutes(text: str, minutes: int) -> None:
    assert parse_duration(text) == minutes


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-5",
        "+5",
        "h",
        "m",
        "PT",
        "PT30",
        "P1D",
        "PT90S",
        "1:75",
        "1:5",
        ":15",
        "1:15h",
        "1,5h",
        ".5h",
        "1.h",
        "1.5",
        "1.5m",
        "1.33h",
        "15m1h",
        "1 30",
        "1h1h",
        "1d",
        "90s",
        "ten",
        "1e3",
        "٣٠",
        "10000001",
        "999999999h",
        "9" * 5000,
        "\x1b[31m5",
    ],
)
def test_a_duration_that_is_not_whole_minutes_is_refused_with_examples(text: str) -> None:
    with pytest.raises(errors.InvalidInput) as refused:
        parse_duration(text)
    assert refused.value.message.startswith(f"{text!r:.60} is not a ")
    assert refused.value.message.isprintable()
    assert "1h15m" in (refused.value.hint or "")


@given(st.text() | st.text("0123456789hmPT:. in"))
def test_any_text_is_a_duration_or_is_refused(text: str) -> None:
    try:
        minutes = parse_duration(text)
    except errors.InvalidInput:
        return
    assert 0 <= minutes <= 10_000_000


@given(st.integers(0, 10_000_000))
def test_every_way_to_write_a_duration_means_the_same(minutes: int) -> None:
    hours, rest = divmod(minutes, 60)
    texts = [f"{minutes}", f"{minutes}m", f"{hours}h{rest}m", f"{hours}:{rest:02}"]
    texts.append(f"PT{hours}H{rest}M")
    assert [parse_duration(text) for text in texts] == [minutes] * 5


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-18T12:30:15", "now"),
        ("2026-03-18T12:31:14", "now"),
        ("2026-03-18T12:29:16", "now"),
        ("2026-03-18T12:25:00", "5 min ago"),
        ("2026-03-18T12:36:00", "in 5 min"),
        ("2026-03-18T11:30:15", "1 h ago"),
        ("2026-03-18T15:29:00", "in 2 h"),
        ("2026-03-18T16:00:00", "today 17:00"),
        ("2026-03-18T08:00:00", "today 09:00"),
        ("2026-03-18T22:59:59", "today"),
        ("2026-03-19T08:00:00", "tomorrow 09:00"),
        ("2026-03-19T22:59:59", "tomorrow"),
        ("2026-03-17T13:30:00", "yesterday 14:30"),
        ("2026-03-17T22:59:59", "yesterday"),
        ("2026-03-20T16:00:00", "Fri 17:00"),
        ("2026-03-20T22:59:59", "Fri"),
        ("2026-03-24T16:00:00", "Tue 17:00"),
        ("2026-03-25T16:00:00", "25 Mar"),
        ("2026-03-15T16:00:00", "15 Mar"),
        ("2025-12-31T22:59:59", "31 Dec 2025"),
        ("2025-12-31T23:00:00", "1 Jan"),
        ("2027-03-25T16:00:00", "25 Mar 2027"),
        ("9999-12-31T23:59:59", "31 Dec 9999"),
        ("0001-01-01T00:00:00", "1 Jan 1"),
    ],
)
def test_a_table_shows_an_instant_as_people_say_it(instant: str, expected: str) -> None:
    assert describe(at(instant, UTC), now=NOW, zone=BERLIN) == expected


def test_close_by_counts_across_midnight() -> None:
    late = at("2026-03-18T23:30:00")
    assert describe(at("2026-03-19T00:30:00"), now=late, zone=BERLIN) == "in 1 h"
    assert describe(at("2026-03-18T23:59:59"), now=late, zone=BERLIN) == "today"


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([BERLIN, NEW_YORK, UTC, MachineClock()]),
)
def test_any_instant_can_be_shown_in_a_cell(instant: datetime, zone: tzinfo) -> None:
    assert 0 < len(describe(instant, now=NOW, zone=zone)) <= 16
    assert day_heading(instant, now=NOW, zone=zone)


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-18T08:00:00", "Today"),
        ("2026-03-17T23:00:00", "Today"),
        ("2026-03-17T22:59:59", "Yesterday"),
        ("2026-03-16T12:00:00", "Monday 16 March 2026"),
        ("2026-03-20T12:00:00", "Friday 20 March 2026"),
        ("2025-12-31T23:30:00", "Thursday 1 January 2026"),
    ],
)
def test_a_timeline_is_headed_by_the_day_in_the_zone(instant: str, expected: str) -> None:
    assert day_heading(at(instant, UTC), now=NOW, zone=BERLIN) == expected
