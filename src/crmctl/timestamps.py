"""Times as the API writes them: ISO 8601, UTC, ``Z``. What people type is in `dates`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

_FIRST, _LAST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)


def format_timestamp(instant: datetime) -> str:
    """An aware datetime as the API writes it: ``2026-03-25T17:00:00Z``.

    A fraction of a second is kept without its trailing zeros, so that without the ``Z`` the texts
    sort as the instants do.
    """
    text = instant.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def parse_timestamp(text: str, *, end_of_day: bool = False) -> datetime:
    """ISO 8601 as an aware datetime in UTC.

    Without an offset it is UTC. A date alone is the start of that day, or with ``end_of_day`` its
    last second. Raises ValueError.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    if end_of_day and is_date_only(text):
        instant += timedelta(days=1, seconds=-1)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"out of range: {text}") from error


def is_date_only(text: str) -> bool:
    """Whether an ISO 8601 text names a day and no time."""
    if len(text) > len("2026-03-25"):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def within_calendar(instant: datetime) -> datetime:
    """An aware instant, or the nearest from which a year can be counted both ways.

    A clock that shows another is wrong, and what is counted from it has no date.
    """
    return min(max(instant, _FIRST), _LAST)


def add_time(instant: datetime, more: timedelta) -> datetime:
    """An aware instant so much later, or earlier; the calendar's last or first where it ends."""
    try:
        return instant + more
    except OverflowError:
        later = more > timedelta()
        return datetime.max.replace(tzinfo=UTC) if later else datetime.min.replace(tzinfo=UTC)


def in_zone(instant: datetime, zone: tzinfo) -> datetime:
    """An aware instant by that zone's clock; by UTC's where that has no such time.

    9999-12-31T23:59:59Z, a favourite for "never", has no time further east.
    """
    try:
        return instant.astimezone(zone)
    except OverflowError:
        return instant.astimezone(UTC)
