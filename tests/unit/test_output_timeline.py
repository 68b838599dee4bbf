from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from rich.cells import cell_len

from crmctl.output.style import Style
from crmctl.output.timeline import write_timeline
from tests.unit.rendered import HOSTILE

NOW = datetime(2026, 3, 24, 9, tzinfo=UTC)
BERLIN = timezone(timedelta(hours=1))
FEED: list[dict[str, Any]] = [
    {
        "id": "act_1",
        "type": "call",
        "subject": "Discovery call with Jane Smith",
        "description": "\nDiscussed requirements for the rollout in the second quarter.\nMore.",
        "contact_id": "con_abc123",
        "contact_name": "Jane Smith",
        "deal_id": "deal_xyz789",
        "deal_name": None,
        "duration": 30,
        "outcome": "no_answer",
        "occurred_at": "2026-03-24T08:00:00Z",
    },
    {"id": "act_2", "type": "meeting", "subject": HOSTILE, "occurred_at": "2026-03-23T23:30:00Z"},
    {"id": "act_3", "type": "note", "duration": 75, "occurred_at": "2026-03-23T10:05:00Z"},
    {
        "id": "task_1",
        "type": "follow_up",
        "title": "A task",
        "related_to": {"type": "deal", "id": "d1", "name": "Big"},
        "created_at": "2026-03-20T23:00:00Z",
    },
]


def timeline(items: list[dict[str, Any]], width: int | None = 100, *, color: bool = False) -> str:
    stream = io.StringIO()
    style = Style(now=NOW, zone=BERLIN, width=width, color=color)
    assert write_timeline(items, stream=stream, style=style) == len(items)
    return stream.getvalue()


def test_the_feed_is_read_day_by_day() -> None:
    assert (
        timeline(FEED)
        == """\
Today
  09:00  call     Discovery call with Jane Smith — Jane Smith · deal_xyz789 · 30 min · no answer
                  Discussed requirements for the rollout in the second quarter.
  00:30  meeting  [/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧

Yesterday
  11:05  note     1 h 15 min

Saturday 21 March 2026
  00:00  follow up  A task — Big
"""
    )


def test_long_lines_are_wrapped_and_descriptions_cut() -> None:
    assert (
        timeline(FEED[:1], 60)
        == """\
Today
  09:00  call     Discovery call with Jane Smith — Jane
                  Smith · deal_xyz789 · 30 min · no answer
                  Discussed requirements for the rollout in…
"""
    )
    assert (
        timeline(FEED[:1], 40)
        == """\
Today
  09:00  call     Discovery call with
  Jane Smith — Jane Smith ·
  deal_xyz789 · 30 min · no answer
  Discussed requirements for the rollou…
"""
    )


def test_a_duration_is_never_torn_and_copies_as_what_it_is() -> None:
    subject = "Workshop on the new offer"
    item = {**FEED[2], "subject": subject, "contact_name": "Jane", "duration": 106}
    assert (
        timeline([item], 63)
        == """\
Yesterday
  11:05  note     Workshop on the new offer — Jane · 1 h 46 min
"""
    )
    assert (
        timeline([item], 62)
        == """\
Yesterday
  11:05  note     Workshop on the new offer — Jane ·
                  1 h 46 min
"""
    )
    for width in range(20, 63):
        assert "1 h 46 min" in timeline([item], width)


@pytest.mark.parametrize("width", [20, 30, 49, 50, 80])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(map(cell_len, timeline(FEED, width).splitlines())) <= max(width, 22)


def test_without_a_width_nothing_is_cut_or_wrapped() -> None:
    long = {"subject": "word " * 60 + "end", "description": "text " * 60 + "end"}
    lines = timeline([{**long, "occurred_at": "2026-03-24T08:00:00Z"}], None).splitlines()
    assert [line.endswith(" end") for line in lines] == [False, True, True]


def test_what_has_no_date_stands_last() -> None:
    items: list[dict[str, Any]] = [
        {"id": "a", "type": ["x"], "occurred_at": 5},
        {"id": "b", "subject": "Dated", "type": "sms", "occurred_at": "2026-03-24"},
        {},
        {"id": "c", "subject": 3, "description": {"x": 1}, "duration": "long", "outcome": []},
        {"subject": "Unreadable", "occurred_at": "recently", "related_to": "text"},
    ]
    assert (
        timeline(items)
        == """\
Today
         sms      Dated

No date
         x        a

                  3 — long
                  1
                  Unreadable — text
"""
    )


def test_colour_sets_the_subject_apart() -> None:
    assert timeline(FEED[:1], color=True) == (
        "\x1b[1mToday\x1b[0m\n"
        "  \x1b[2m09:00  \x1b[0m\x1b[36mcall     \x1b[0mDiscovery call with Jane Smith"
        "\x1b[2m — Jane Smith · deal_xyz789 · 30 min · no answer\x1b[0m\n"
        "                  \x1b[2mDiscussed requirements for the rollout in the second quarter."
        "\x1b[0m\n"
    )


def test_an_item_is_shown_before_the_next_is_asked_for() -> None:
    stream = io.StringIO()

    def items() -> Iterator[dict[str, Any]]:
        yield FEED[0]
        assert "Discovery call" in stream.getvalue()
        yield FEED[1]

    assert write_timeline(items(), stream=stream, style=Style(now=NOW, zone=BERLIN)) == 2


def test_an_empty_feed_is_nothing() -> None:
    assert timeline([]) == ""
