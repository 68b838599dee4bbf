"""`crmctl activity`: logging, lists, the feed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crmctl.api.client import Client
from tests.contract.world import open_workspace
from tests.e2e.running import Crmctl, with_copy
from tests.in_process import InProcess

NEWEST_FIRST = ["Draft sent", "Wants SSO", "Discovery call"]


@pytest.fixture(scope="session")
def busy_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with 130 activities, ``Note 0`` to ``Note 129``, a minute apart."""
    file = tmp_path_factory.mktemp("busy") / "local.db"
    with open_workspace(file) as workspace:
        client = Client(workspace)
        for number in range(130):
            when = f"2026-03-01T{number // 60:02}:{number % 60:02}:00Z"
            client.log_activity({"type": "note", "subject": f"Note {number}", "occurred_at": when})
    return file


@pytest.fixture
def busy(busy_file: Path, crmctl: Crmctl) -> Crmctl:
    """crmctl on a copy of `busy_file`."""
    return with_copy(busy_file, crmctl)


def test_log_takes_every_flag(stocked: Crmctl) -> None:
    activity = stocked.json(
        *("activity", "log", "meeting", "Product demo", "--description", "Full demo"),
        *("--contact", "con_jane", "--deal", "deal_acme", "--duration", "1h15m"),
        *("--outcome", "completed", "--at", "2026-03-04T05:06:07Z"),
        *("--attendee", "con_jane", "--attendee", "con_tom"),
    )
    expected = {
        "type": "meeting",
        "subject": "Product demo",
        "description": "Full demo",
        "contact_id": "con_jane",
        "contact_name": "Jane Smith",
        "deal_id": "deal_acme",
        "deal_name": "Enterprise - Acme",
        "duration": 75,
        "outcome": "completed",
        "attendees": ["con_jane", "con_tom"],
        "occurred_at": "2026-03-04T05:06:07Z",
    }
    assert {name: activity[name] for name in expected} == expected
    assert stocked.json("activity", "list", "--type", "meeting") == [activity]


def test_log_needs_only_a_type_and_means_now(crmctl: Crmctl) -> None:
    activity = crmctl.json("activity", "log", "note")
    assert activity["occurred_at"] == activity["created_at"]
    assert activity["subject"] is None


@pytest.mark.parametrize(("typed", "minutes"), [("30", 30), ("45m", 45), ("1:15", 75)])
def test_a_duration_is_minutes_or_says_its_units(crmctl: Crmctl, typed: str, minutes: int) -> None:
    assert crmctl.json("activity", "log", "call", "--duration", typed)["duration"] == minutes


def test_log_reads_a_description_from_stdin_for_a_dash(crmctl: Crmctl) -> None:
    activity = crmctl.json("activity", "log", "note", "Build", "-d", "-", stdin="a\nb\n")
    assert activity["description"] == "a\nb"


def test_an_unknown_contact_is_kept_and_its_missing_link_told(stocked: Crmctl) -> None:
    result = stocked.done("activity", "log", "call", "--contact", "con_nobody", "-o", "json")
    assert result.data["contact_id"] == "con_nobody"
    assert "contact_id" in result.stderr


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ("", NEWEST_FIRST),
        ("--type call", ["Discovery call"]),
        ("--type call,email", ["Draft sent", "Discovery call"]),
        ("--contact con_jane", ["Draft sent", "Discovery call"]),
        ("--deal deal_acme", ["Discovery call"]),
        ("--user usr_ann", NEWEST_FIRST),
        ("--user usr_bob", []),
        ("--from 2026-03-02", ["Draft sent", "Wants SSO"]),
        ("--since 2026-03-02T09:00:01Z", ["Draft sent"]),
        ("--to 2026-03-01", ["Discovery call"]),
        ("--from 2026-03-02 --to 2026-03-02", ["Draft sent", "Wants SSO"]),
        ("--sort occurred_at", NEWEST_FIRST[::-1]),
        ("--sort -created_at", NEWEST_FIRST),
        ("--limit 1", ["Draft sent"]),
        ("--type call,email --sort occurred_at --limit 1", ["Discovery call"]),
    ],
)
def test_list_gives_the_activities_that_the_flags_ask_for(
    stocked: Crmctl, flags: str, expected: list[str]
) -> None:
    result = stocked.done("activity", "list", "--fields", "subject", *flags.split())
    assert result.lines == expected


def test_count_prints_the_number_alone(stocked: Crmctl) -> None:
    assert stocked.done("activity", "list", "--count").stdout == "3\n"
    assert stocked.json("activity", "list", "--count", "--type", "call,email") == {"count": 2}


@pytest.mark.parametrize("format", ["plain", "json", "jsonl", "csv", "ids", "md"])
def test_the_feed_is_the_newest_25_in_every_format(busy: Crmctl, format: str) -> None:
    ids = busy.ids("activity", "list")
    result = busy.done("activity", "feed", "-o", format)
    assert [item_id in result.stdout for item_id in ids] == [True] * 25 + [False] * 105
    assert "Showing the newest 25." in result.stderr


def test_a_list_of_activities_is_complete_where_the_feed_is_not(busy: Crmctl) -> None:
    assert len(busy.done("activity", "list").lines) == 130


def test_the_feed_goes_as_far_as_its_limit(busy: Crmctl) -> None:
    result = busy.done("activity", "feed", "--limit", "110", "--fields", "subject")
    assert result.lines == [f"Note {number}" for number in range(129, 19, -1)]
    assert "Showing the newest 110." in result.stderr


def test_the_feed_goes_back_to_since_and_no_further(busy: Crmctl) -> None:
    result = busy.done("activity", "feed", "--since", "2026-03-01T00:20:00Z", "--fields", "subject")
    assert result.lines == [f"Note {number}" for number in range(129, 19, -1)]
    assert result.stderr == ""


def test_a_limit_that_cuts_what_happened_since_says_so(busy: Crmctl) -> None:
    since = ("activity", "feed", "--since", "2026-03-01T02:05:00Z", "--fields", "subject")
    cut = busy.done(*since, "--limit", "2")
    assert cut.lines == ["Note 129", "Note 128"]
    assert "Showing the newest 2." in cut.stderr
    whole = busy.done(*since, "--limit", "5")
    assert len(whole.lines) == 5
    assert whole.stderr == ""


def test_an_empty_feed_says_so_on_stderr(crmctl: Crmctl) -> None:
    result = crmctl.done("activity", "feed")
    assert (result.stdout, result.stderr) == ("", "Nothing has happened yet.\n")


def test_the_feed_on_a_terminal_is_a_timeline_by_day(stocked: InProcess) -> None:
    shown = stocked.run("activity", "feed", "--color", "never", typed="").stdout
    days = [line for line in shown.splitlines() if line and not line.startswith(" ")]
    assert len(days) == 2, shown
    assert shown.index("Draft sent") < shown.index("Wants SSO") < shown.index("Discovery call")
    assert "15:30" in shown
    assert "1 h 15 min" in shown


@pytest.mark.parametrize(
    "command",
    [["log", "note", "--at", "+1d"], ["list", "--since", "+1d"], ["feed", "--since", "+1d"]],
    ids=" ".join,
)
def test_a_time_still_to_come_is_pointed_out(crmctl: Crmctl, command: list[str]) -> None:
    said = crmctl.done("activity", *command).stderr
    pattern = r"^crmctl: note: \+1d is \S+Z, which is still to come$"
    assert re.search(pattern, said, re.MULTILINE)


def test_a_past_time_is_not_pointed_out(crmctl: Crmctl) -> None:
    assert "to come" not in crmctl.done("activity", "log", "note", "--at", "-20m").stderr
    assert "to come" not in crmctl.done("activity", "list", "--since", "-7d").stderr
