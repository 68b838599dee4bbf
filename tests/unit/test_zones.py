"""Time zones by name, and the machine's: through the clocks' changes, on every Python alike."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crmctl import errors
from crmctl.dates import parse_when
from crmctl.output.dates import describe
from crmctl.timestamps import format_timestamp
from crmctl.zones import MachineClock, machine_zone, zone_named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crmctl.days import Edge

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 18, 12, 30, 15, tzinfo=UTC)


def when(text: str, *, zone: tzinfo, now: datetime = NOW, edge: Edge = "start") -> str:
    return format_timestamp(parse_when(text, now=now, zone=zone, toward="future", edge=edge))


def at(text: str, zone: tzinfo) -> datetime:
    """A moment on the clock of that zone."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def offset_in_july_and_january(zone: tzinfo) -> tuple[float, float]:
    """Hours ahead of UTC, in each half of the year."""
    offsets = [datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (7, 1)]
    return offsets[0].total_seconds() / 3600, offsets[1].total_seconds() / 3600  # type: ignore[union-attr]


def test_a_zone_is_known_by_its_name() -> None:
    assert offset_in_july_and_january(zone_named("America/New_York", environ={})) == (-4, -5)
    assert zone_named("UTC", environ={}) is UTC
    assert zone_named("utc", environ={}) is UTC
    assert zone_named("local", environ={}).utcoffset(NOW.replace(tzinfo=None)) is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "Mars/Base",
        "America",
        "Europe/",
        "Europe/Berlin ",
        "../../etc/passwd",
        "/etc/passwd",
        "/usr/share/zoneinfo/../../../etc/passwd",
        "Europe/../../passwd",
        "Europe\x00/Berlin",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "Zürich",
        "a" * 5000,
        "\ud800",
    ],
)
def test_a_zone_that_is_not_known_is_refused_with_an_example(name: str) -> None:
    with pytest.raises(errors.SettingsError) as refused:
        zone_named(name, environ={})
    assert refused.value.message == f"There is no time zone {name!r:.60}."
    assert "Europe/Berlin" in (refused.value.hint or "")


@given(st.text())
def test_any_text_is_a_zone_or_is_refused(name: str) -> None:
    try:
        zone = zone_named(name, environ={})
    except errors.SettingsError:
        return
    assert isinstance(zone, tzinfo)


@pytest.mark.parametrize(
    "value",
    ["America/New_York", ":America/New_York", "/usr/share/zoneinfo/America/New_York"],
)
def test_the_machine_zone_is_what_tz_names(value: str, tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    zone = machine_zone(environ={"TZ": value}, etc=tmp_path)
    assert offset_in_july_and_january(zone) == (-4, -5)


def test_an_empty_tz_is_utc(tmp_path: Path) -> None:
    zone = machine_zone(environ={"TZ": ""}, etc=tmp_path)
    assert offset_in_july_and_january(zone) == (0, 0)


def test_a_tz_that_only_the_c_library_can_read_is_left_to_it(tmp_path: Path) -> None:
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    zone = machine_zone(environ={"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}, etc=tmp_path)
    assert isinstance(zone, MachineClock)


@pytest.mark.parametrize(
    "target", ["usr/share/zoneinfo/Europe/Berlin", "var/db/timezone/zoneinfo.default/Europe/Berlin"]
)
def test_the_machine_zone_is_what_localtime_links_to(target: str, tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to(tmp_path / target)
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert machine_zone(environ={}, etc=tmp_path) == BERLIN


def test_the_machine_zone_is_what_etc_timezone_names_where_localtime_is_no_link(
    tmp_path: Path,
) -> None:
    (tmp_path / "localtime").write_bytes(b"TZif2")
    (tmp_path / "timezone").write_text("Asia/Tokyo\n")
    assert machine_zone(environ={}, etc=tmp_path) == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize("content", [None, b"", b"Mars/Base\n", b"\xff\xfe"])
def test_the_c_library_decides_where_no_file_names_a_zone(
    content: bytes | None, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "timezone").write_bytes(content)
    assert isinstance(machine_zone(environ={}, etc=tmp_path), MachineClock)


@pytest.fixture
def set_machine_zone() -> Iterator[Callable[[str], None]]:
    """Sets what the C library takes for the machine's zone, until the test ends."""
    if not hasattr(time, "tzset"):
        pytest.skip("the C library's zone cannot be set here")
    before = os.environ.get("TZ")

    def set_zone(name: str) -> None:
        os.environ["TZ"] = name
        time.tzset()

    yield set_zone
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Berlin", ["2026-03-29", "2026-10-25"]),
        ("America/New_York", ["2026-03-08", "2026-11-01"]),
        ("America/Havana", ["2024-03-10", "2024-11-03"]),  # at midnight
        ("Europe/Dublin", ["2026-03-29", "2026-10-25"]),  # the winter's time is the special one
        ("Australia/Lord_Howe", ["2026-04-05", "2026-10-04"]),  # by half an hour
        ("Pacific/Apia", ["2011-12-30"]),  # a whole day left out
        ("Asia/Kolkata", ["2026-03-29"]),
    ],
)
def test_the_c_library_gives_what_the_zone_database_gives(
    set_machine_zone: Callable[[str], None], zone: str, changes: list[str]
) -> None:
    set_machine_zone(zone)
    clock, known = MachineClock(), ZoneInfo(zone)
    for change in changes:
        # Two days each way, every quarter of an hour: as an instant, and as a time on the clock.
        for step in range(-192, 192):
            instant = at(change, UTC) + timedelta(minutes=15 * step)
            local, expected = instant.astimezone(clock), instant.astimezone(known)
            assert local.isoformat() == expected.isoformat()
            assert (local.fold, local.tzname()) == (expected.fold, expected.tzname())
            assert local.astimezone(UTC) == instant
            for fold in (0, 1):
                local = instant.replace(tzinfo=clock, fold=fold)
                expected = local.replace(tzinfo=known)
                assert (local.isoformat(), local.tzname()) == (
                    expected.isoformat(),
                    expected.tzname(),
                )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-07-01", "2026-06-30T22:00:00Z"),
        ("2026-03-29 01:59", "2026-03-29T00:59:00Z"),
        ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),  # skipped
        ("2026-03-29 03:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),  # comes twice
        ("2026-10-25 03:00", "2026-10-25T02:00:00Z"),
        ("9999-12-31T23:59:59", "9999-12-31T22:59:59Z"),
    ],
)
def test_dates_are_read_in_the_zone_of_the_c_library(
    set_machine_zone: Callable[[str], None], zone: str, text: str, expected: str
) -> None:
    set_machine_zone(zone)
    assert when(text, zone=MachineClock()) == expected


def test_days_end_and_hours_pass_in_the_zone_of_the_c_library(
    set_machine_zone: Callable[[str], None],
) -> None:
    set_machine_zone("America/Havana")
    zone = MachineClock()
    # Clocks go from 01:00 back to 00:00 on 3 November: that first hour comes twice.
    assert when("2024-11-03", zone=zone) == "2024-11-03T04:00:00Z"
    assert when("2024-11-02", zone=zone, edge="end") == "2024-11-03T03:59:59Z"
    assert when("2024-11-03", zone=zone, edge="end") == "2024-11-04T04:59:59Z"
    # Forward from 00:00 to 01:00 on 10 March.
    assert when("2024-03-10", zone=zone) == "2024-03-10T05:00:00Z"
    assert when("+1d2h", now=at("2024-03-09T12:00", zone), zone=zone) == "2024-03-10T18:00:00Z"
    assert describe(at("2024-03-10T05:00", UTC), now=NOW, zone=zone) == "10 Mar 2024"


def test_where_the_calendar_ends_the_c_library_s_clock_is_not_asked(
    set_machine_zone: Callable[[str], None],
) -> None:
    set_machine_zone("Europe/Berlin")
    assert when("0001-01-01", zone=MachineClock()) == "0001-01-01T00:00:00Z"
    with pytest.raises(errors.InvalidInput):
        when("0001-01-01T00:10", zone=MachineClock())
