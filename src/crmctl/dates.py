"""Dates, times and durations as people type them.

How they like to read them is in `output/dates`, the API's own notation in `timestamps`, the days
that have names in `days`. Now and the zone are arguments: nothing here looks at the machine.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from crmctl import errors
from crmctl.days import BUSINESS_DAYS, ISO_DATE, OFFSET, Edge, Toward, read_day, shift
from crmctl.timestamps import format_timestamp, in_zone

WHEN_HINT = (
    "Write a date as YYYY-MM-DD, or for example: 2026-03-25T17:00, today, tonight (20:00), "
    '"tomorrow 9am", "fri 17:30", "next mon", "1 Dec", "in 3 days", +3d, -20m, +3bd, eow.'
)
INTERVAL_HINT = "Write seconds, minutes or hours with their letter: 10s, 1m30s, 2m, 1h."
DURATION_HINT = "Write whole minutes, for example: 30, 45m, 1h, 1h15m, 1:15, 1.5h."

_EVENING = time(20)
_LAST_SECOND = time(23, 59, 59)

# Patterns stay text, so that they are compiled when they are first needed and not on start. They
# are matched in lower case. `fromisoformat` reads more than people type, and more with each Python
# version (week dates, 20260325, 24:00): two of them decide what it gets to see.
_ISO_TIME = (
    rf"({ISO_DATE}[t ](?!24)[0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,9}})?)?)"
    r"(?: ?(z|[+-][0-9]{2}:?[0-5][0-9]))?"
)
_DAY_AND_CLOCK = (
    "(?:(.*?) )??(?:at )?(?:(noon)|(?=[0-9]+(?::| ?[ap]m))"
    "([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)? ?(am|pm)?)"
)
_UNIT = (
    "y(?:ears?)?|mo(?:nths?)?|w(?:eeks?)?|bd|business days?|d(?:ays?)?|h(?:rs?|ours?)?|"
    "m(?:ins?|inutes?)?"
)
_COUNT = r"[0-9]+|an?\b"
_AMOUNTS = f"(?:{_COUNT}) ?(?:{_UNIT})(?:,? ?(?:and )?(?:{_COUNT}) ?(?:{_UNIT}))*"
_COUNTED = f"(?:in ({_AMOUNTS})|({_AMOUNTS}) ago)( .*)?"
_DAY_OR_MONTH = "[0-9]{1,2}[/.-][0-9]{1,2}(?![0-9a-z])"
_DURATION = (
    r"(?!pt[0-9]+$)(?:pt)?(?=[0-9])(?:([0-9]{1,9})(?:\.([0-9]{1,9}))? ?h)?"
    " ?(?:([0-9]{1,9})(?: ?m(?:in)?)?)?"
)

_INTERVAL = (
    "(?:([0-9]{1,6}) ?h)? ?(?:([0-9]{1,6}) ?m(?:in)?)? ?(?:([0-9]{1,6}) ?s(?:ec(?:onds?)?)?)?"
)


def parse_when(
    text: str, *, now: datetime, zone: tzinfo, toward: Toward, edge: Edge = "start"
) -> datetime:
    """What a person types for a date or a time, as an aware datetime in UTC.

    - ISO 8601: ``2026-03-25``, ``2026-03-25T17:00``, ``2026-03-25 17:00:00+02:00``, ``…Z``.
      Without an offset it is in ``zone``.
    - Days: ``today``, ``tomorrow``, ``yesterday``; ``fri`` or ``friday``, ``1 Dec`` or
      ``December 1st`` are the next one where ``toward`` is the future, the last one where it is the
      past, and never today; ``1 Dec 2027``, ``Wed 1 Dec 2027``.
    - ``next fri`` is the Friday of the next week, weeks beginning on Monday; ``next week`` is its
      Monday, ``next month`` its first day. ``last fri`` is the last one before today; ``last week``
      and ``last month`` are their first day, or with ``edge="end"`` their last.
    - Days from today: ``+3d``, ``-2w``, ``+1mo`` and ``+1y`` (the month's last day where it has no
      such day), together as ``+1y2mo``; ``+3bd`` counts Monday to Friday. In words: ``in 3 days``,
      ``2 weeks ago``, ``in a month``, ``in 3 business days``.
    - ``eod``, ``eow`` (Sunday) and ``eom`` are the end of today, of this week and of this month.
    - Each of these days takes a time: ``tomorrow 9am``, ``fri at 17:30``, ``+3d noon``. A time
      alone is today's, even if it has passed.
    - Instants: ``now``, ``-20m``, ``+1h30m``, ``in 1 h 46 min``, ``20 min ago``; ``+1d2h`` keeps
      the clock for the days, then adds the hours as they pass. ``tonight`` is 20:00, from then on
      the end of today.

    A day without a time is its first second in ``zone``, or with ``edge="end"`` its last whole
    one; where UTC has no such time, at the ends of the calendar, the nearest. A clock time that a
    change of the clocks skips is read as if they had not changed yet; of one that occurs twice, the
    first is meant. Case and blanks do not matter. ``now`` is aware, and counts in whole seconds.
    Raises InvalidInput for all else.
    """
    phrase = " ".join(text.lower().split()) if text.strip().isascii() else ""
    phrase = _with_sign(phrase)
    now = now.replace(microsecond=0)
    try:
        instant = _read_instant(phrase, now, zone) or _read_day_and_clock(
            phrase, now, zone, toward, edge
        )
        return instant.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        message = f"{text!r:.60} is not a date or time that crmctl can read."
        unclear = "Is the day or the month first? " if re.match(_DAY_OR_MONTH, phrase) else ""
        if len(phrase) < 20 and re.fullmatch(f"{OFFSET}|{BUSINESS_DAYS}", f"+{phrase}"):
            unclear = f"Did you mean {'+' if toward == 'future' else '-'}{phrase}? "
        raise errors.InvalidInput(message, hint=unclear + WHEN_HINT) from error


def postpone(instant: datetime, by: str, *, zone: tzinfo) -> datetime:
    """Where ``+1w``, ``+2bd``, ``+3d 9am`` or ``-1h`` leads from an aware instant, in UTC.

    Days without a time keep the clock that the instant has in ``zone``. Raises InvalidInput.
    """
    try:
        start = parse_when(by, now=instant, zone=zone, toward="future")
        if start == parse_when(by, now=instant, zone=zone, toward="future", edge="end"):
            return start
        clock = in_zone(instant, zone).time()
        whole_day = clock.replace(microsecond=0) == _LAST_SECOND
        day = in_zone(start, zone).date()
        # What falls on the last second stands for the whole day, and stays its very end.
        moved = datetime.combine(day, clock.replace(fold=int(whole_day)), tzinfo=zone)
        return moved.astimezone(UTC)
    except (OverflowError, errors.InvalidInput) as error:
        message = f"{format_timestamp(instant)} cannot be moved by {by!r:.60}."
        raise errors.InvalidInput(message) from error


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


def parse_interval(text: str) -> int:
    """Seconds of ``10s``, ``90 sec``, ``2m``, ``1m30s``, ``1h``; 1 second to 24 hours.

    Raises InvalidInput for all else: a bare number is minutes elsewhere, and seconds to others.
    """
    phrase = " ".join(text.lower().split())
    match = re.fullmatch(_INTERVAL, phrase)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 1 <= total <= 24 * 3600:
        message = f"{text!r:.60} is not an interval of 1 second to 24 hours."
        raise errors.InvalidInput(message, hint=INTERVAL_HINT)
    return total


def _with_sign(phrase: str) -> str:
    """``in 1 h 46 min`` as ``+1h46m``, ``3 days ago 9am`` as ``-3d 9am``."""
    if not (phrase.startswith("in ") or " ago" in phrase):
        return phrase  # without the 1 ms that compiling the pattern takes
    match = re.fullmatch(_COUNTED, phrase)
    if match is None:
        return phrase
    signed = "+" if match[1] else "-"
    for count, unit in re.findall(f"({_COUNT}) ?({_UNIT})", match[1] or match[2]):
        short = "bd" if unit[0] == "b" else "mo" if unit.startswith("mo") else unit[0]
        signed += ("1" if count.startswith("a") else count) + short
    return signed + (match[3] or "")


def _read_instant(phrase: str, now: datetime, zone: tzinfo) -> datetime | None:
    if phrase == "now":
        return now
    if match := re.fullmatch(_ISO_TIME, phrase):
        moment = datetime.fromisoformat("".join(match.groups(default="")).upper())
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    match = re.fullmatch(OFFSET, phrase)
    if match is None or not match[6]:
        return None
    if any(match.group(2, 3, 4, 5)):
        local = in_zone(now, zone)
        day = shift(local.date(), match)
        now = datetime.combine(day, local.time().replace(fold=0), tzinfo=zone).astimezone(UTC)
    elapsed = timedelta(hours=int(match[7] or 0), minutes=int(match[8] or 0))
    return now.astimezone(UTC) + (elapsed if match[1] == "+" else -elapsed)


def _read_day_and_clock(
    phrase: str, now: datetime, zone: tzinfo, toward: Toward, edge: Edge
) -> datetime:
    local = in_zone(now, zone)
    today = local.date()
    if match := re.fullmatch(_DAY_AND_CLOCK, phrase):
        named, clock = match[1] or "today", _clock(match)
        if named == "tonight" and clock >= time(12):
            named = "today"
        return datetime.combine(read_day(named, today, toward=toward), clock, tzinfo=zone)
    if phrase == "tonight" and local.time() < _EVENING:
        return datetime.combine(today, _EVENING, tzinfo=zone)
    phrase = "eod" if phrase == "tonight" else phrase
    day = read_day(phrase, today, toward=toward, edge=edge)
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
    if half and not 1 <= hour <= 12:
        raise ValueError("neither 17:30 nor 9am")
    if half:
        hour = hour % 12 + 12 * (half == "pm")
    return time(hour, int(match[4] or 0), int(match[5] or 0))
