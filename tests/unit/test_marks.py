"""What of a feed is new: each item once, whenever it is logged and however it comes."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.delivery.marks import (
    Mark,
    MarkFile,
    find_new,
    mark_now,
    name_item,
    read_mark,
    write_mark,
)
from crmctl.timestamps import format_timestamp

NOON = datetime(2026, 3, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def item(name: str, created: timedelta, occurred: timedelta | None = None) -> dict[str, Any]:
    """An activity, its times counted from noon; it happened when it was logged, if not said."""
    return {
        "id": name,
        "created_at": format_timestamp(NOON + created),
        "occurred_at": format_timestamp(NOON + (created if occurred is None else occurred)),
    }


def names(items: list[dict[str, Any]]) -> list[Any]:
    return [each["id"] for each in items]


class Feed:
    """A feed that is added to: newest first by when things happened, in pages."""

    def __init__(self, size: int = 3) -> None:
        self.items: list[dict[str, Any]] = []
        self.size = size
        self.read = 0  # pages, in all
        self.between: Callable[[], object] = lambda: None

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """The pages as a cursor gives them: what is added meanwhile moves nothing."""
        after: tuple[str, str] | None = None
        while True:
            rest = sorted(self.items, key=_place, reverse=True)
            rest = [each for each in rest if after is None or _place(each) < after]
            self.read += 1
            yield rest[: self.size]
            if len(rest) <= self.size:
                return
            after = _place(rest[self.size - 1])
            self.between()


def _place(item: dict[str, Any]) -> tuple[str, str]:
    return item.get("occurred_at") or item.get("created_at") or "", str(item.get("id"))


def test_the_first_time_all_is_new_and_then_what_was_logged_since() -> None:
    feed = Feed()
    feed.items = [item(f"act_{number}", number * DAY) for number in range(-100, 0)]
    new, mark = find_new(feed.pages(), Mark())
    assert names(new) == [f"act_{number}" for number in range(-1, -101, -1)]
    assert mark.created_at == NOON - DAY
    assert find_new(feed.pages(), mark) == ([], mark)
    feed.items.append(item("act_a", MINUTE))
    new, mark = find_new(feed.pages(), mark)
    assert (names(new), mark.created_at) == (["act_a"], NOON + MINUTE)


def test_what_is_logged_late_is_new_if_it_happened_within_30_days_before_the_mark() -> None:
    feed = Feed()
    feed.items = [item(f"act_{number}", number * DAY) for number in range(-100, 0)]
    mark = mark_now(feed.pages())
    feed.items += [item(f"late_{days}", MINUTE, -days * DAY) for days in (2, 15, 30, 31, 40, 99)]
    new, mark = find_new(feed.pages(), mark)
    # A page that reaches 30 days back may reach further.
    assert names(new) == ["late_2", "late_15", "late_30", "late_31"]
    assert find_new(feed.pages(), mark)[0] == []


def test_old_history_that_is_logged_at_once_is_read_as_long_as_it_is_new() -> None:
    feed = Feed()
    feed.items = [item("act_1", -31 * DAY), item("act_2", -MINUTE)]
    mark = mark_now(feed.pages())
    feed.items += [item(f"old_{number}", MINUTE, -31 * DAY - number * DAY) for number in range(50)]
    new, mark = find_new(feed.pages(), mark)
    assert len(new) == 50
    assert find_new(feed.pages(), mark)[0] == []


def test_no_more_pages_are_read_than_reach_30_days_back() -> None:
    feed = Feed(size=10)
    feed.items = [item(f"act_{number}", -number * DAY) for number in range(1000)]
    mark = mark_now(feed.pages())
    assert feed.read == 4
    find_new(feed.pages(), mark)
    assert feed.read == 8


def test_what_becomes_visible_ten_minutes_late_is_new() -> None:
    feed = Feed()
    feed.items = [item("act_2", -MINUTE)]
    mark = mark_now(feed.pages())
    feed.items += [item("act_1", -11 * MINUTE), item("act_0", -12 * MINUTE)]
    assert names(find_new(feed.pages(), mark)[0]) == ["act_1"]


def test_what_is_logged_while_pages_are_read_is_not_lost_however_long_that_takes() -> None:
    feed = Feed()
    feed.items = [item(f"act_{number}", -number * DAY) for number in range(1, 20)]
    added = iter([[item("act_new", 60 * MINUTE), item("act_late", 120 * MINUTE, -5 * DAY)]])
    feed.between = lambda: feed.items.extend(next(added, []))
    found, mark = find_new(feed.pages(), Mark())
    assert "act_late" in names(found)
    assert mark.created_at == NOON - DAY
    new, mark = find_new(feed.pages(), mark)
    assert names(new) == ["act_new"]
    assert find_new(feed.pages(), mark)[0] == []


def test_an_appointment_to_come_hides_nothing_and_is_shown_once() -> None:
    feed = Feed(size=2)
    feed.items = [item("act_1", -MINUTE)]
    mark = mark_now(feed.pages())
    shown = []
    for number in range(5):
        feed.items.append(item(f"plan_{number}", number * 20 * MINUTE, (10 + number) * DAY))
        feed.items.append(item(f"act_{number}", (number * 20 + 1) * MINUTE))
        new, mark = find_new(feed.pages(), mark)
        shown += names(new)
    assert sorted(shown) == sorted(
        [*(f"plan_{n}" for n in range(5)), *(f"act_{n}" for n in range(5))]
    )


def test_what_a_feed_tells_of_an_older_thing_is_new() -> None:
    feed = Feed()
    feed.items = [item("act_1", -MINUTE)]
    mark = mark_now(feed.pages())
    feed.items.append(item("task_1", -200 * DAY, MINUTE))
    new, mark = find_new(feed.pages(), mark)
    assert names(new) == ["task_1"]
    assert find_new(feed.pages(), mark)[0] == []


@pytest.mark.parametrize(
    "odd",
    [
        {"subject": "No ID", "occurred_at": "2026-03-24T12:01:00Z"},
        {"id": 7, "occurred_at": "2026-03-24T12:01:00Z"},
        {"id": ["x"], "created_at": "2026-03-24T12:01:00Z"},
        {"id": "a"},
        {"id": "a", "created_at": 5, "occurred_at": {}},
        {"id": "a", "created_at": "0001-01-01T00:00:00+14:00"},
        {"id": "\ud800", "created_at": "2026-03-24T12:01:00.123456789Z"},
        {"id": "a", "created_at": "2026-03-24"},
        {"title": "\ud800"},
        {},
    ],
    ids=repr,
)
def test_whatever_lacks_an_id_or_a_time_is_new_once(odd: dict[str, Any]) -> None:
    def pages() -> list[list[dict[str, Any]]]:
        return [[*extra, item("act_1", -MINUTE), odd, item("act_0", -DAY)]]

    extra: list[dict[str, Any]] = []
    mark = mark_now([[item("act_1", -MINUTE), item("act_0", -DAY)]])
    new, mark = find_new(pages(), mark)
    assert new == [odd]
    for number in range(5):
        extra.append(item(f"act_{number}x", number * 3 * MINUTE))
        new, mark = find_new(pages(), read_mark(write_mark(mark)))
        assert new == extra[-1:]


def test_a_feed_without_any_created_at_shows_each_item_once() -> None:
    feed = Feed()
    feed.items = [{"id": f"act_{number}"} for number in range(10)]
    mark = mark_now(feed.pages())
    feed.items.append({"id": "act_10", "occurred_at": "2020-01-01"})
    new, mark = find_new(feed.pages(), mark)
    assert names(new) == ["act_10"]
    assert find_new(feed.pages(), mark)[0] == []


def test_an_empty_feed_has_a_mark_before_everything() -> None:
    assert mark_now([]) == mark_now([[]]) == Mark()
    feed = Feed()
    feed.items = [item("act_1", -400 * DAY)]
    assert names(find_new(feed.pages(), mark_now([]))[0]) == ["act_1"]


def test_a_mark_never_goes_back_and_remembers_ten_minutes() -> None:
    feed = Feed(size=100)
    feed.items = [item(f"act_{number}", -number * MINUTE) for number in range(60)]
    _, mark = find_new(feed.pages(), Mark())
    assert sorted(mark.shown) == sorted(f"act_{number}" for number in range(11))
    del feed.items[:30]
    new, after = find_new(feed.pages(), mark)
    assert (new, after) == ([], mark)


@pytest.mark.parametrize("seed", range(12))
def test_everything_is_shown_exactly_once(seed: int) -> None:
    choose = random.Random(seed)  # noqa: S311 - to be the same each time
    feed = Feed(size=choose.choice([2, 10, 100]))
    now = timedelta()
    logged: list[str] = []

    def log() -> None:
        nonlocal now
        for _ in range(choose.choice([0, 0, 1, 1, 2, 15])):
            now += choose.random() * 3 * MINUTE
            created = now - choose.choice([0, 0, 0, 4.9]) * MINUTE
            late = choose.choice([0, 0, 0, 1, 20, 29.9, -3]) * DAY
            logged.append(f"act_{len(logged)}")
            feed.items.append(item(logged[-1], created, created - late))

    left = 3

    def log_between() -> None:
        nonlocal left
        if left and choose.random() < 0.2:
            left -= 1
            log()

    feed.between = log_between
    log()
    mark = Mark()
    shown: list[Any] = []
    if seed % 2:
        # What is logged while the first mark is made belongs to it, or is new.
        mark = mark_now(feed.pages())
    before = set(logged)
    for _ in range(25):
        left = 3
        log()
        new, mark = find_new(feed.pages(), mark)
        shown += names(new)
        now += choose.choice([0.1, 1, 30, 3000]) * MINUTE
    feed.between = lambda: None
    shown += names(find_new(feed.pages(), mark)[0])
    assert len(shown) == len(set(shown))
    assert set(logged) - set(shown) <= (before if seed % 2 else set())


def test_a_mark_is_kept_and_read_again(tmp_path: Path) -> None:
    kept = MarkFile(tmp_path / "feed" / "x", "x")
    _, mark = find_new([[item("act_1", MINUTE), {"id": "b"}]], Mark())
    with kept.held() as found:
        assert found == Mark()
        kept.move(mark)
    assert kept.read() == mark
    assert (tmp_path / "feed" / "x" / "mark.json").stat().st_mode & 0o777 == 0o600


def test_a_mark_that_is_held_is_waited_for_and_then_said_to_be(tmp_path: Path) -> None:
    with MarkFile(tmp_path, "x").held():
        with (
            pytest.raises(errors.StoreError, match="Another `--since-last x` is running") as told,
            MarkFile(tmp_path, "x").held(seconds=0.05),
        ):
            pass
        assert told.value.retryable
        with MarkFile(tmp_path / "y", "y").held(seconds=0):
            pass
    with MarkFile(tmp_path, "x").held(seconds=0):
        pass


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"created_at": 5, "shown": {}}', b"\xff"])
def test_a_damaged_mark_is_told_and_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "mark.json"
    file.write_bytes(content)
    with pytest.raises(errors.StoreError, match="is damaged") as told:
        MarkFile(tmp_path, "x").read()
    assert "shown once more" in str(told.value.hint)
    assert file.read_bytes() == content


def test_an_item_without_an_id_is_told_from_others_by_what_it_is() -> None:
    one = {"type": "call", "occurred_at": "2026-03-24T12:00:00Z", "views": 1}
    assert name_item(one) == name_item({**one, "views": 2})
    assert name_item(one) != name_item({**one, "type": "note"})
