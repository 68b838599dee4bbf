"""Dates as people like to read them. What is shown here, `crmctl.dates` reads again."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING

from crmctl.timestamps import in_zone

if TYPE_CHECKING:
    from crmctl.days import Toward

_LAST_SECOND = time(23, 59, 59)


def describe(instant: datetime, *, now: datetime, zone: tzinfo, toward: Toward = "future") -> str:
    """An aware instant as a table shows it, in at most 16 characters, the clock in ``zone``.

    Within a minute ``now``, within an hour ``5 min ago`` or ``in 5 min``, within three hours
    ``2 h 10 min ago`` or ``in 2 h`` (all rounded down); then ``today 17:00``, ``tomorrow 09:00``,
    ``yesterday 14:30``; up to six days ahead ``Fri 17:00``; up to a year ahead ``25 Mar``; else
    ``25 Mar 2027``. The last second of a day, which is what a due date alone becomes, stands for
    the whole day and has no clock: ``today``, ``tomorrow``, ``Fri``.

    ``toward`` is how the options that ask for such a time read ``Fri`` and ``25 Mar``: where that
    is the past, a day to come is shown with its year. The second of two clock times, when clocks go
    back, is counted in hours: typed, it would be the first.
    """
    local = in_zone(instant, zone)
    days = (local.date() - in_zone(now, zone).date()).days
    whole_day = local.time().replace(microsecond=0) == _LAST_SECOND
    ahead = instant.astimezone(UTC) - now.astimezone(UTC)
    minutes = int(abs(ahead).total_seconds()) // 60
    if not whole_day and (minutes < 180 or (local.fold and -1 <= days <= 6)):
        if minutes == 0:
            return "now"
        return (
            f"in {say_duration(minutes)}" if ahead > timedelta() else f"{say_duration(minutes)} ago"
        )
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days)
    if near is None and toward == "future" and 2 <= days <= 6:
        near = f"{local:%a}"
    if near is not None:
        return near if whole_day else f"{near} {local:%H:%M}"
    shown = f"{local.day} {local:%b}"
    # A year ahead it is the day of the year that it is today.
    coming = toward == "future" and 0 < days < 365
    return shown if coming else f"{shown} {local.year:04}"


def say_duration(minutes: int) -> str:
    """Minutes as ``30 min``, ``1 h``, ``1 h 15 min``."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def day_heading(instant: datetime, *, now: datetime, zone: tzinfo) -> str:
    """An aware instant's day in ``zone``: ``Today``, ``Yesterday``, ``Friday 20 March 2026``."""
    day = in_zone(instant, zone).date()
    days = (day - in_zone(now, zone).date()).days
    if -1 <= days <= 0:
        return "Today" if days == 0 else "Yesterday"
    return f"{day:%A} {day.day} {day:%B} {day.year:04}"
