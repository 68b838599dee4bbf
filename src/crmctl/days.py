"""Days as people name them: ``fri``, ``last month``, ``1 Dec``, ``+3bd``. Calendar days alone."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

Toward = Literal["future", "past"]
"""What is being asked for: what is to come, or what has been."""
Edge = Literal["start", "end"]

# Patterns stay text, so that they are compiled when they are first needed and not on start. They
# are matched in lower case.
ISO_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
OFFSET = (
    "([+-])(?=[0-9])(?:([0-9]+)y)?(?:([0-9]+)mo)?(?:([0-9]+)w)?(?:([0-9]+)d)?"
    "((?:([0-9]+)h)?(?:([0-9]+)m(?:in)?)?)"
)
BUSINESS_DAYS = "([+-])([0-9]+)bd"
_DAY_OF_YEAR = (
    r"(?:([a-z]+),? )?(?:([0-9]{1,2})(?:st|nd|rd|th|\.)? ([a-z]+)|"
    r"([a-z]+) ([0-9]{1,2})(?:st|nd|rd|th)?)(?:,? ([0-9]{4}))?"
)
_NEAR_DAYS = {"yesterday": -1, "today": 0, "eod": 0, "tomorrow": 1}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)


def read_day(phrase: str, today: date, *, toward: Toward, edge: Edge = "start") -> date:
    """The day that a phrase names: lower case, one blank between words.

    ``edge`` says which day of several is meant. Raises ValueError or OverflowError for all else.
    """
    if phrase in _NEAR_DAYS:
        return today + timedelta(days=_NEAR_DAYS[phrase])
    if (weekday := _number_of(phrase, _WEEKDAYS)) is not None:
        return _nearest_weekday(weekday, today, toward)
    if phrase == "eow":
        return today + timedelta(days=6 - today.weekday())
    if phrase == "eom":
        return _month_end(today, 0)
    which, _, named = phrase.partition(" ")
    if which == "next":
        return _next(named, today)
    if which == "last":
        return _last(named, today, edge)
    if re.fullmatch(ISO_DATE, phrase):
        return date.fromisoformat(phrase)
    if match := re.fullmatch(BUSINESS_DAYS, phrase):
        return _add_business_days(today, int(match[2]), 1 if match[1] == "+" else -1)
    match = re.fullmatch(OFFSET, phrase)
    if match and not match[6]:
        return shift(today, match)
    if match := re.fullmatch(_DAY_OF_YEAR, phrase):
        return _day_of_year(match, today, toward)
    raise ValueError("not a day")


def shift(day: date, offset: re.Match[str]) -> date:
    """The day that an OFFSET's years, months, weeks and days lead to."""
    sign = 1 if offset[1] == "+" else -1
    years, months, weeks, days = (int(digits or 0) for digits in offset.group(2, 3, 4, 5))
    last = _month_end(day, sign * (years * 12 + months))
    same_day = last.replace(day=min(day.day, last.day))
    return same_day + sign * timedelta(days=weeks * 7 + days)


def _next(named: str, today: date) -> date:
    if named == "month":
        return _month_end(today, 0) + timedelta(days=1)
    weekday = 0 if named == "week" else _number_of(named, _WEEKDAYS)
    if weekday is None:
        raise ValueError("neither a week, a month nor a weekday")
    return today + timedelta(days=7 - today.weekday() + weekday)


def _last(named: str, today: date, edge: Edge) -> date:
    if named == "month":
        last = _month_end(today, -1)
        return last if edge == "end" else last.replace(day=1)
    if named == "week":
        sunday = today - timedelta(days=today.weekday() + 1)
        return sunday if edge == "end" else sunday - timedelta(days=6)
    weekday = _number_of(named, _WEEKDAYS)
    if weekday is None:
        raise ValueError("neither a week, a month nor a weekday")
    return _nearest_weekday(weekday, today, "past")


def _nearest_weekday(weekday: int, today: date, toward: Toward) -> date:
    """The next one or the last one, never today."""
    if toward == "future":
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    return today - timedelta(days=(today.weekday() - weekday - 1) % 7 + 1)


def _day_of_year(match: re.Match[str], today: date, toward: Toward) -> date:
    """`1 dec` and `dec 1 2027`; a weekday before it has to be that day's."""
    month = _number_of(match[3] or match[4], _MONTHS)
    if month is None:
        raise ValueError("not a month")
    number = int(match[2] or match[5])
    if match[6]:
        day = date(int(match[6]), month + 1, number)
    else:
        day = _nearest_day_of_year(month + 1, number, today, toward)
    if match[1] and _number_of(match[1], _WEEKDAYS) != day.weekday():
        raise ValueError("another weekday")
    return day


def _nearest_day_of_year(month: int, number: int, today: date, toward: Toward) -> date:
    """The next one or the last one, never today."""
    step = 1 if toward == "future" else -1
    for years in range(9):  # from one 29 February to the next it is eight years at most
        try:
            day = date(today.year + step * years, month, number)
        except ValueError:
            continue
        if (day > today) if toward == "future" else (day < today):
            return day
    raise ValueError("no such day")


def _number_of(word: str, names: tuple[str, ...]) -> int | None:
    """The place of a name, of which three letters are enough."""
    for number, name in enumerate(names):
        if len(word) >= 3 and name.startswith(word):
            return number
    return None


def _month_end(day: date, months: int) -> date:
    year, following = divmod(day.year * 12 + day.month + months, 12)
    return date(year, following + 1, 1) - timedelta(days=1)


def _add_business_days(day: date, count: int, step: Literal[1, -1]) -> date:
    while count and day.weekday() >= 5:
        day -= timedelta(days=step)
    weeks, rest = divmod(count, 5)
    day += step * timedelta(days=weeks * 7)
    while rest:
        day += timedelta(days=step)
        rest -= day.weekday() < 5
    return day
