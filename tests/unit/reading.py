"""Dates read in Berlin, on a Wednesday."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from crmctl.dates import parse_when
from crmctl.days import Edge, Toward
from crmctl.timestamps import format_timestamp

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
# 13:30 in Berlin and 08:30 in New York.
NOW = datetime(2026, 3, 18, 12, 30, 15, tzinfo=UTC)


def parse(
    text: str,
    *,
    now: datetime = NOW,
    zone: tzinfo = BERLIN,
    toward: Toward = "future",
    edge: Edge = "start",
) -> datetime:
    """The instant that a text is read as."""
    return parse_when(text, now=now, zone=zone, toward=toward, edge=edge)


def when(text: str, *, now: datetime = NOW, zone: tzinfo = BERLIN) -> str:
    """The same, as the API writes it."""
    return format_timestamp(parse(text, now=now, zone=zone))


def when_it_closes(text: str, *, now: datetime = NOW, zone: tzinfo = BERLIN) -> str:
    """The same, where a day alone is its end."""
    return format_timestamp(parse(text, now=now, zone=zone, edge="end"))


def at(text: str, zone: tzinfo = BERLIN) -> datetime:
    """A moment on the clock of that zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)
