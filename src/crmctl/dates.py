"""Dates, times and durations as people type them, and as they like to read them.

The API's own notation is in `timestamps`, time zones are in `zones`. Now and the zone are
arguments: nothing here looks at the machine.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

from crmctl import errors

Edge = Literal["start", "end"]

WHEN_HINT = (
    'Write a date as YYYY-MM-DD, or for example: 2026-03-25T17:00, today, "tomorrow 9am", '
    '"fri 17:30", "next mon", +3d, -20m, +3bd, eow.'
)
DURATION_HINT = "Write whole minutes, for example: 30, 45m, 1h, 1h15m, 1:15, 1.5h."

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NEAR_DAYS = {"yesterday": -1, "today": 0, "eod": 0, "tomorrow": 1}
_LAST_SECOND = time(23, 59, 59)

# Patterns stay text, so that they are compiled when they are first needed and not on start. They
# are matched in lower case. `fromisoformat` reads more than people type, and more with each Python
# version (week dates, 20260325, 24:00): the first two decide what it gets to see.
_ISO_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ISO_TIME = (
    rf"({_ISO_DATE}[t ](?!24)[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?)"
    r"(?: ?(z|[+-][0-9]{2}:?[0-5][0-9]))?"
)
_DAY_AND_CLOCK = r"(?:(.*) )?(?:(noon)|([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)? ?(am|pm)?)"
_OFFSET = (
    "([+-])(?=[0-9])(?:([0-9]+)y)?(?:([0-9]+)mo)?(?:([0-9]+)w)?(?:([0-9]+)d)?"
    "((?:([0-9]+)h)?(?:([0-9]+)m(?:in)?)?)"
)
_DURATION = (
    r"(?!pt[0-9]+$)(?:pt)?(?=[0-9])(?:([0-9]{1,9})(?:\.([0-9]{1,9}))? ?h)?"
    " ?(?:([0-9]{1,9})(?: ?m(?:in)?)?)?"
)


def parse_when(text: str, *, now: datetime, zone: tzinfo, edge: Edge = "start") -> datetime:
    """What a person types for a date or a time, as an aware datetime in UTC.

    - ISO 8601: ``2026-03-25``, ``2026-03-25T17:00``, ``2026-03-25 17:00:00+02:00``, ``…Z``.
      Without an offset it is in ``zone``.
    - Days: ``today``, ``tomorrow``, ``yesterday``; ``fri`` or ``friday`` is the next one, never
      today; ``next fri`` is the Friday of the next week, weeks beginning on Monday; ``next week``
      is its Monday, ``next month`` its first day.
    - Days from today: ``+3d``, ``-2w``, ``+1mo`` and ``+1y`` (the month's last day where it has no
      such day), together as ``+1y2mo``; ``+3bd`` counts Monday to Friday.
    - ``eod``, ``eow`` (Sunday) and ``eom`` are the end of today, of this week and of this month.
    - Each of these days takes a time: ``tomorrow 9am``, ``fri 17:30``, ``+3d noon``. A time alone
      is today's, even if it has passed.
    - Instants: ``now``, ``-20m``, ``+1h30m``; ``+1d2h`` keeps the clock for the days, then adds
      the hours as they pass.

    A day without a time is its first second in ``zone``, or with ``edge="end"`` its last whole
    one; where UTC has no such time, at the ends of the calendar, the nearest. A clock time that a
    change of the clocks skips is read as if they had not changed yet; of one that occurs twice, the
    first is meant. Case and outer blanks do not matter. ``now`` is aware, and counts in whole
    seconds. Raises InvalidInput for all else.
    """
    phrase = " ".join(text.lower().split()) if text.strip().isascii() else ""
    now = now.replace(microsecond=0)
    try:
        instant = _read_instant(phrase, now, zone) or _read_day_and_clock(phrase, now, zone, edge)
        return instant.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        message = f"{text!r:.60} is not a date or time that crmctl can read."
        raise errors.InvalidInput(message, hint=WHEN_HINT) from error


def parse_duration(text: str) -> int:
    """Minutes of ``30``, ``45m``, ``45min``, ``1h``, ``1h 15m``, ``1:15``, ``1.5h``, ``PT1H15M``.

    Raises InvalidInput for all else, and for what is not a whole number up to 10,000,000.
    """
    phrase = " ".join(text.lower().split())
    phrase = re.sub("^([0-9]+):([0-5][0-9])$", r"\1h\2m", phrase)
    match = re.fullmatch(_DURATION, phrase)
    if match is None:
        raise errors.InvalidInput(f"{text!r:.60} is not a duration.", hint=DURATION_HINT)
    hours, fraction, minutes = match.groups(default="")
    total, rest = divmod(int(hours + fraction or 0) * 60, int("1" + "0" * len(fraction)))
    total += int(minutes or 0)
    if rest or total > 10_000_000:
        message = f"{text!r:.60} is not a whole number of minutes up to 10,000,000."
        raise errors.InvalidInput(message, hint=DURATION_HINT)
    return total


def describe(instant: datetime, *, now: datetime, zone: tzinfo) -> str:
    """An aware instant as a table shows it, in at most 16 characters, the clock in ``zone``.

    Within a minute ``now``, within an hour ``5 min ago`` or ``in 5 min``, within three hours
    ``2 h ago`` or ``in 2 h`` (all rounded down); then ``today 17:00``, ``tomorrow 09:00``,
    ``yesterday 14:30``; up to six days ahead ``Fri 17:00``; this year ``25 Mar``; else
    ``25 Mar 2027``. The last second of a day, which is what a due date alone becomes, stands for
    the whole day and has no clock: ``today``, ``tomorrow``, ``Fri``.
    """
    local = _in_zone(instant, zone)
    whole_day = local.time().replace(microsecond=0) == _LAST_SECOND
    minutes = int(abs(instant - now).total_seconds()) // 60
    if minutes < 180 and not whole_day:
        if minutes == 0:
            return "now"
        amount = f"{minutes} min" if minutes < 60 else f"{minutes // 60} h"
        return f"in {amount}" if instant > now else f"{amount} ago"
    today = _in_zone(now, zone).date()
    days = (local.date() - today).days
    if -1 <= days <= 6:
        name = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days, f"{local:%a}")
        return name if whole_day else f"{name} {local:%H:%M}"
    shown = f"{local.day} {local:%b}"
    return shown if local.year == today.year else f"{shown} {local.year}"


def day_heading(instant: datetime, *, now: datetime, zone: tzinfo) -> str:
    """An aware instant's day in ``zone``: ``Today``, ``Yesterday``, ``Friday 20 March 2026``."""
    day = _in_zone(instant, zone).date()
    days = (day - _in_zone(now, zone).date()).days
    if -1 <= days <= 0:
        return "Today" if days == 0 else "Yesterday"
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def _in_zone(instant: datetime, zone: tzinfo) -> datetime:
    try:
        return instant.astimezone(zone)
    except OverflowError:
        # 9999-12-31T23:59:59Z, a favourite for "never", has no time further east.
        return instant.astimezone(UTC)


def _read_instant(phrase: str, now: datetime, zone: tzinfo) -> datetime | None:
    if phrase == "now":
        return now
    if match := re.fullmatch(_ISO_TIME, phrase):
        moment = datetime.fromisoformat("".join(match.groups(default="")).upper())
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    match = re.fullmatch(_OFFSET, phrase)
    if match is None or not match[6]:
        return None
    if any(match.group(2, 3, 4, 5)):
        local = now.astimezone(zone)
        day = _shift(local.date(), match)
        now = datetime.combine(day, local.time().replace(fold=0), tzinfo=zone).astimezone(UTC)
    elapsed = timedelta(hours=int(match[7] or 0), minutes=int(match[8] or 0))
    return now.astimezone(UTC) + (elapsed if match[1] == "+" else -elapsed)


def _read_day_and_clock(phrase: str, now: datetime, zone: tzinfo, edge: Edge) -> datetime:
    today = now.astimezone(zone).date()
    if match := re.fullmatch(_DAY_AND_CLOCK, phrase):
        return datetime.combine(_read_day(match[1] or "today", today), _clock(match), tzinfo=zone)
    day = _read_day(phrase, today)
    ends = edge == "end" or phrase in ("eod", "eow", "eom")
    # Where clocks go back at midnight, the day's last second is the second of the two.
    clock = _LAST_SECOND.replace(fold=1) if ends else time()
    try:
        return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    except OverflowError:
        # The first and the last day there are, favourites for "always" and "never", begin and end
        # where UTC has no time: it is the nearest that it has.
        return datetime.combine(day, clock, tzinfo=UTC)


def _clock(match: re.Match[str]) -> time:
    if match[2]:
        return time(12)
    hour, half = int(match[3]), match[6]
    if not (1 <= hour <= 12 if half else match[4]):
        raise ValueError("neither 17:30 nor 9am")
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return time(hour, int(match[4] or 0), int(match[5] or 0))


def _read_day(phrase: str, today: date) -> date:
    if phrase in _NEAR_DAYS:
        return today + timedelta(days=_NEAR_DAYS[phrase])
    if (weekday := _weekday(phrase)) is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if phrase == "eow":
        return today + timedelta(days=6 - today.weekday())
    if phrase == "eom":
        return _month_end(today, 0)
    if phrase == "next month":
        return _month_end(today, 0) + timedelta(days=1)
    if phrase.startswith("next "):
        weekday = 0 if phrase == "next week" else _weekday(phrase.removeprefix("next "))
        if weekday is not None:
            return today + timedelta(days=7 - today.weekday() + weekday)
    if re.fullmatch(_ISO_DATE, phrase):
        return date.fromisoformat(phrase)
    if match := re.fullmatch("([+-])([0-9]+)bd", phrase):
        return _add_business_days(today, int(match[2]), 1 if match[1] == "+" else -1)
    match = re.fullmatch(_OFFSET, phrase)
    if match is None or match[6]:
        raise ValueError("not a day")
    return _shift(today, match)


def _weekday(word: str) -> int | None:
    for number, name in enumerate(_WEEKDAYS):
        if len(word) >= 3 and name.startswith(word):
            return number
    return None


def _shift(day: date, offset: re.Match[str]) -> date:
    sign = 1 if offset[1] == "+" else -1
    years, months, weeks, days = (int(digits or 0) for digits in offset.group(2, 3, 4, 5))
    last = _month_end(day, sign * (years * 12 + months))
    same_day = last.replace(day=min(day.day, last.day))
    return same_day + sign * timedelta(days=weeks * 7 + days)


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
