"""Days as people name them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl.days import Edge, Toward, read_day

WEDNESDAY = date(2026, 3, 18)


def day(phrase: str, *, toward: Toward, today: date = WEDNESDAY, edge: Edge = "start") -> str:
    return read_day(phrase, today, toward=toward, edge=edge).isoformat()


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("2026-03-25", "2026-03-25"),
        ("today", "2026-03-18"),
        ("tomorrow", "2026-03-19"),
        ("yesterday", "2026-03-17"),
        ("eod", "2026-03-18"),
        ("eow", "2026-03-22"),
        ("eom", "2026-03-31"),
        ("next mon", "2026-03-23"),
        ("next wednesday", "2026-03-25"),
        ("next fri", "2026-03-27"),
        ("next sun", "2026-03-29"),
        ("next week", "2026-03-23"),
        ("next month", "2026-04-01"),
        ("last mon", "2026-03-16"),
        ("last tuesday", "2026-03-17"),
        ("last wed", "2026-03-11"),  # never today
        ("last fri", "2026-03-13"),
        ("1 dec 2027", "2027-12-01"),
        ("01 dec 2027", "2027-12-01"),
        ("1. dec 2027", "2027-12-01"),
        ("1st december 2027", "2027-12-01"),
        ("dec 1 2027", "2027-12-01"),
        ("december 1st, 2027", "2027-12-01"),
        ("2 sept 2027", "2027-09-02"),
        ("29 feb 2028", "2028-02-29"),
        ("wed 25 mar 2026", "2026-03-25"),
        ("wednesday, march 25 2026", "2026-03-25"),
        ("1 jan 0001", "0001-01-01"),
        ("31 dec 9999", "9999-12-31"),
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
def test_these_days_are_the_same_for_what_is_to_come_and_what_has_been(
    phrase: str, expected: str
) -> None:
    assert day(phrase, toward="future") == day(phrase, toward="past") == expected


@pytest.mark.parametrize(
    ("phrase", "coming", "gone"),
    [
        ("thu", "2026-03-19", "2026-03-12"),
        ("thurs", "2026-03-19", "2026-03-12"),
        ("friday", "2026-03-20", "2026-03-13"),
        ("sun", "2026-03-22", "2026-03-15"),
        ("mon", "2026-03-23", "2026-03-16"),
        ("tues", "2026-03-24", "2026-03-17"),
        ("wed", "2026-03-25", "2026-03-11"),
        ("1 dec", "2026-12-01", "2025-12-01"),
        ("dec 1", "2026-12-01", "2025-12-01"),
        ("december 1st", "2026-12-01", "2025-12-01"),
        ("1. dec", "2026-12-01", "2025-12-01"),
        ("1 jan", "2027-01-01", "2026-01-01"),
        ("17 mar", "2027-03-17", "2026-03-17"),
        ("18 mar", "2027-03-18", "2025-03-18"),
        ("19 mar", "2026-03-19", "2025-03-19"),
        ("29 feb", "2028-02-29", "2024-02-29"),
        ("1 may", "2026-05-01", "2025-05-01"),
        ("fri 20 mar", "2026-03-20", None),
        ("tue 17 mar", None, "2026-03-17"),
    ],
)
def test_a_weekday_or_a_day_of_the_year_is_the_next_or_the_last_one_never_today(
    phrase: str, coming: str | None, gone: str | None
) -> None:
    found: dict[Toward, str | None] = {"future": coming, "past": gone}
    for toward, expected in found.items():
        if expected is not None:
            assert day(phrase, toward=toward) == expected
        else:  # it is another weekday then
            with pytest.raises(ValueError, match="another weekday"):
                day(phrase, toward=toward)


@pytest.mark.parametrize(
    ("phrase", "first", "last"),
    [
        ("last week", "2026-03-09", "2026-03-15"),
        ("last month", "2026-02-01", "2026-02-28"),
        ("next week", "2026-03-23", "2026-03-23"),
        ("next month", "2026-04-01", "2026-04-01"),
    ],
)
def test_a_last_week_or_month_has_two_edges_and_a_next_one_begins(
    phrase: str, first: str, last: str
) -> None:
    assert day(phrase, toward="past") == first
    assert day(phrase, toward="past", edge="end") == last


@pytest.mark.parametrize(
    ("phrase", "today", "expected"),
    [
        ("next mon", "2026-03-16", "2026-03-23"),  # a Monday
        ("next mon", "2026-03-22", "2026-03-23"),  # a Sunday, the week's last day
        ("mon", "2026-03-22", "2026-03-23"),
        ("last fri", "2026-03-21", "2026-03-20"),  # a Saturday
        ("last fri", "2026-03-20", "2026-03-13"),
        ("last week", "2026-03-22", "2026-03-09"),
        ("last week", "2026-03-23", "2026-03-16"),
        ("last month", "2026-01-31", "2025-12-01"),
        ("1 jan", "2026-12-31", "2027-01-01"),
        ("1 jan", "2027-01-01", "2028-01-01"),
        ("29 feb", "2096-02-29", "2104-02-29"),  # 2100 is no leap year
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
    phrase: str, today: str, expected: str
) -> None:
    assert day(phrase, toward="future", today=date.fromisoformat(today)) == expected


@pytest.mark.parametrize(
    "phrase",
    [
        *(
            "",
            "fr",
            "fridays",
            "next",
            "last",
            "next today",
            "last today",
            "last year",
            "last 1 dec",
        ),
        *(
            "next next fri",
            "last last fri",
            "last week 9am",
            "1",
            "dec",
            "de 1",
            "1 de",
            "1 decem1",
        ),
        *("31 feb", "30 feb 2028", "29 feb 2027", "0 dec", "32 dec", "1 dec 27", "1 dec 02027"),
        *("1 dec 0000", "dec 2027", "1 dec 1", "1 1", "dec dec", "1 dec fri", "thu 25 mar 2026"),
        *("foo 25 mar 2026", "1dec", "12/1", "+2h", "+1d2h", "3d", "+1bd2d", "+1d1d"),
    ],
)
def test_what_names_no_day_is_refused(phrase: str) -> None:
    for toward in ("future", "past"):
        with pytest.raises(ValueError):  # noqa: PT011 - nobody reads the message
            day(phrase, toward=toward)


def test_days_beyond_the_calendar_are_refused() -> None:
    for phrase in ("+9999y", "-9999y", "+9999999d", "+99999999999bd", "next mon", "tomorrow"):
        with pytest.raises((OverflowError, ValueError)):
            day(phrase, toward="future", today=date.max)
    assert day("29 feb", toward="past", today=date(1904, 2, 29)) == "1896-02-29"
    with pytest.raises(ValueError, match="no such day"):
        day("1 dec", toward="past", today=date.min)


@given(today=st.dates(date(1, 1, 9), date(9999, 12, 20)), weekday=st.integers(0, 6))
def test_a_weekday_is_one_of_the_next_seven_days_or_of_the_last_seven(
    today: date, weekday: int
) -> None:
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[weekday]
    coming = read_day(name, today, toward="future")
    gone = read_day(name, today, toward="past")
    assert coming.weekday() == gone.weekday() == weekday
    assert today < coming <= today + timedelta(days=7)
    assert today - timedelta(days=7) <= gone < today
    assert gone == read_day(f"last {name}", today, toward="future")


@given(count=st.integers(-400, 400), ahead=st.integers(0, 6))
def test_business_days_are_the_weekdays_passed(count: int, ahead: int) -> None:
    today = date(2026, 3, 16) + timedelta(days=ahead)
    day, left = today, abs(count)
    while left:
        day += timedelta(days=1 if count > 0 else -1)
        left -= day.weekday() < 5
    assert read_day(f"{count:+d}bd", today, toward="future") == day
