"""How people like to read dates, and that crmctl reads what it shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl.dates import parse_when
from crmctl.days import Edge, Toward
from crmctl.output.dates import day_heading, describe
from crmctl.output.humanize import say_at_length
from crmctl.output.style import Style
from crmctl.timestamps import format_timestamp, in_zone
from crmctl.zones import MachineClock
from tests.unit.reading import BERLIN, NEW_YORK, NOW, at


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-18T12:30:15", "now"),
        ("2026-03-18T12:31:14", "now"),
        ("2026-03-18T12:29:16", "now"),
        ("2026-03-18T12:25:00", "5 min ago"),
        ("2026-03-18T12:36:00", "in 5 min"),
        ("2026-03-18T11:30:15", "1 h ago"),
        ("2026-03-18T10:44:00", "1 h 46 min ago"),
        ("2026-03-18T14:30:15", "in 2 h"),
        ("2026-03-18T15:29:00", "in 2 h 58 min"),
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
        ("2026-03-15T16:00:00", "15 Mar 2026"),
        ("2025-12-31T22:59:59", "31 Dec 2025"),
        ("2025-12-31T23:00:00", "1 Jan 2026"),
        ("2026-12-31T23:00:00", "1 Jan"),
        ("2027-03-17T16:00:00", "17 Mar"),
        ("2027-03-18T16:00:00", "18 Mar 2027"),
        ("2027-03-25T16:00:00", "25 Mar 2027"),
        ("9999-12-31T23:59:59", "31 Dec 9999"),
        ("0001-01-01T00:00:00", "1 Jan 0001"),
    ],
)
def test_a_table_shows_an_instant_as_people_say_it(instant: str, expected: str) -> None:
    assert describe(at(instant, UTC), now=NOW, zone=BERLIN) == expected


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-03-18T10:44:00", "1 h 46 min ago"),
        ("2026-03-17T13:30:00", "yesterday 14:30"),
        ("2026-03-13T13:30:00", "13 Mar 2026"),
        ("2026-03-19T08:00:00", "tomorrow 09:00"),
        ("2026-03-20T16:00:00", "20 Mar 2026"),  # --since would read `Fri` as the last one
        ("2026-04-20T16:00:00", "20 Apr 2026"),
    ],
)
def test_what_is_asked_for_as_past_has_its_year_also_where_it_is_to_come(
    instant: str, expected: str
) -> None:
    assert describe(at(instant, UTC), now=NOW, zone=BERLIN, toward="past") == expected


def test_the_second_of_two_clock_times_is_counted_in_hours() -> None:
    # Clocks go back on 25 October at 03:00.
    now = at("2026-10-24T12:00")
    first, second = at("2026-10-25T02:30"), at("2026-10-25T02:30").replace(fold=1)
    assert describe(first, now=now, zone=BERLIN) == "tomorrow 02:30"
    assert describe(second, now=now, zone=BERLIN) == "in 15 h 30 min"


def test_close_by_counts_across_midnight() -> None:
    late = at("2026-03-18T23:30:00")
    assert describe(at("2026-03-19T00:30:00"), now=late, zone=BERLIN) == "in 1 h"
    assert describe(at("2026-03-18T23:59:59"), now=late, zone=BERLIN) == "today"


ZONES = [
    *(UTC, BERLIN, NEW_YORK, MachineClock()),
    *map(ZoneInfo, ("America/Asuncion", "America/Havana", "Pacific/Apia", "Pacific/Kiritimati")),
    *map(ZoneInfo, ("Australia/Lord_Howe", "Asia/Kathmandu")),
]
ENDS = [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]
ANY = st.datetimes(timezones=st.just(UTC)) | st.sampled_from(ENDS)
DAY = 24 * 60 * 60
SECONDS = st.one_of(*(st.integers(-days * DAY, days * DAY) for days in (1, 10, 800)))
TOWARD: tuple[Toward, ...] = ("future", "past")
EDGES: tuple[Edge, ...] = ("start", "end")


def check_reading(instant: datetime, now: datetime, zone: tzinfo, toward: Toward) -> None:
    """What is shown fits into a cell, and is read as that minute, or as that day."""
    shown = describe(instant, now=now, zone=zone, toward=toward)
    assert 0 < len(shown) <= 16
    for edge in EDGES:
        read = parse_when(shown, now=now, zone=zone, toward=toward, edge=edge)
        if shown == "now" or ":" in shown or shown.startswith("in ") or shown.endswith(" ago"):
            assert abs(read - instant) <= timedelta(minutes=1), shown
        else:
            assert in_zone(read, zone).date() == in_zone(instant, zone).date(), shown


@given(
    now=st.datetimes(datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-01-01")),
    instant=ANY | SECONDS,
    zone=st.sampled_from(ZONES),
    whole_day=st.booleans(),
    toward=st.sampled_from(TOWARD),
)
def test_what_is_shown_is_read_again(
    now: datetime, instant: datetime | int, zone: tzinfo, whole_day: bool, toward: Toward
) -> None:
    now = now.replace(tzinfo=UTC)
    instant = now + timedelta(seconds=instant) if isinstance(instant, int) else instant
    if whole_day:
        day = in_zone(instant, zone).date().isoformat()
        instant = parse_when(day, now=now, zone=zone, toward=toward, edge="end")
    check_reading(instant, now, zone, toward)


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", "2026-03-29T01:00"),
        ("Europe/Berlin", "2026-10-25T01:00"),
        ("America/Havana", "2024-11-03T05:00"),  # back at 01:00 to midnight
        ("America/Asuncion", "2024-03-24T03:00"),  # back at midnight to 23:00
        ("Australia/Lord_Howe", "2026-04-04T15:00"),  # by half an hour
        ("Pacific/Apia", "2011-12-30T10:00"),  # a whole day was left out
    ],
)
def test_what_is_shown_is_read_again_where_the_clocks_change(zone: str, change: str) -> None:
    for hours in range(-7 * 24, 3 * 24, 11):
        now = at(change, UTC) + timedelta(hours=hours)
        for minutes in range(-180, 180, 15):
            for toward in TOWARD:
                instant = at(change, UTC) + timedelta(minutes=minutes)
                check_reading(instant, now, ZoneInfo(zone), toward)


@given(instant=ANY, zone=st.sampled_from(ZONES))
def test_a_heading_is_read_again(instant: datetime, zone: tzinfo) -> None:
    heading = day_heading(instant, now=NOW, zone=zone)
    read = parse_when(heading, now=NOW, zone=zone, toward="past")
    assert in_zone(read, zone).date() == in_zone(instant, zone).date()


@given(instant=SECONDS, zone=st.sampled_from(ZONES))
def test_what_is_shown_at_length_is_read_again(instant: int, zone: tzinfo) -> None:
    value = NOW + timedelta(seconds=instant)
    style = Style(now=NOW, zone=zone)
    shown = say_at_length("due_date", "time", format_timestamp(value), style).partition(" (")[0]
    read = parse_when(shown, now=NOW, zone=zone, toward="future")
    assert in_zone(read, zone).date() == in_zone(value, zone).date()


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
