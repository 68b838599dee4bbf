"""Time zones: by name, and the machine's own. Only `machine_zone` looks at the machine."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from time import localtime
from typing import TYPE_CHECKING

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from time import struct_time

ZONE_HINT = "Use an IANA name such as Europe/Berlin, or UTC, or local."

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 24 * 60 * 60


def zone_named(name: str, *, environ: Mapping[str, str]) -> tzinfo:
    """The zone of an IANA name, ``UTC``, or ``local`` for the machine's. Raises SettingsError."""
    if name.lower() in ("utc", "local"):
        return UTC if name.lower() == "utc" else machine_zone(environ=environ)
    if (zone := _find_zone(name)) is None:
        raise errors.SettingsError(f"There is no time zone {name!r:.60}.", hint=ZONE_HINT)
    return zone


def machine_zone(*, environ: Mapping[str, str], etc: Path = Path("/etc")) -> tzinfo:
    """The machine's zone, which knows summer time of every date.

    It is what TZ names, else what ``/etc/localtime`` links to, else what ``/etc/timezone`` names,
    else whatever the C library says of each instant.
    """
    if "TZ" in environ:
        # TZ may hold a rule, "CET-1CEST,M3.5.0,M10.5.0/3", which only the C library can read.
        return _find_zone(environ["TZ"].removeprefix(":") or "UTC") or MachineClock()
    try:
        linked = _find_zone(str((etc / "localtime").resolve()))
        return linked or _find_zone((etc / "timezone").read_text("utf-8").strip()) or MachineClock()
    except (OSError, ValueError, RuntimeError):
        return MachineClock()


class MachineClock(tzinfo):
    """The zone of the C library, asked anew for each instant."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else timedelta(seconds=_machine_time(moment).tm_gmtoff)

    def dst(self, moment: datetime | None, /) -> None:
        del moment

    def tzname(self, moment: datetime | None) -> str | None:
        return None if moment is None else _machine_time(moment).tm_zone

    def fromutc(self, moment: datetime) -> datetime:
        offset = timedelta(seconds=_machine_time_at(_seconds(moment)).tm_gmtoff)
        first = (moment + offset).replace(fold=0)
        return first if first.utcoffset() == offset else first.replace(fold=1)


def _machine_time(moment: datetime) -> struct_time:
    """What the C library makes of a time on its clock, skipped and repeated ones by ``fold``.

    ``datetime.astimezone`` answers for the times that clocks skip in one way up to Python 3.11 and
    in another from 3.12 on. Of an instant there is one answer: these are asked, a day before and a
    day after, and the offset that holds at the time itself is taken.
    """
    seconds = _seconds(moment)
    around = [_machine_time_at(seconds - _DAY), _machine_time_at(seconds + _DAY)]
    if moment.fold:
        around.reverse()
    for near in around:
        found = _machine_time_at(seconds - near.tm_gmtoff)
        if found.tm_gmtoff == near.tm_gmtoff:
            return found
    return around[0]


def _machine_time_at(seconds: int) -> struct_time:
    try:
        return localtime(seconds)
    except (OSError, ValueError) as error:  # Windows: OSError for what is before 1970
        raise OverflowError(str(error)) from error


def _seconds(moment: datetime) -> int:
    return (moment.replace(tzinfo=UTC) - _EPOCH) // timedelta(seconds=1)


def _find_zone(name: str) -> tzinfo | None:
    import zoneinfo

    name = re.sub("^/(?:.*/)?zoneinfo[^/]*/", "", name)
    if not re.fullmatch("[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*", name):
        return None
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, OSError, ValueError):
        return None
