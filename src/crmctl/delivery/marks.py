"""Marks: how far a feed has been shown, and so what of it is new.

A feed is in the order in which things happened, and is added to in the order in which they are
logged: a call of last week may be logged today. So a mark is a ``created_at``, and what is new is
decided by ID. All times are the server's: nothing here looks at a clock.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from crmctl import errors
from crmctl.files import LOCK_SECONDS, OwnFile
from crmctl.timestamps import add_time, format_timestamp, parse_timestamp

Item = dict[str, Any]

# What was logged so long before a mark may appear after it: it was being written, or by a machine
# whose clock is behind. A server that sets its clock back by more leaves a gap.
WINDOW = timedelta(minutes=10)
# How long before a mark something may have happened that is logged after it.
LOOK_BACK = timedelta(days=30)

# What stands for the ID of an item that has none.
_TOLD_BY = ("type", "occurred_at", "created_at", "subject", "title", "contact_id", "deal_id")


class Mark:
    """How far a feed has been shown.

    ``created_at`` is the newest that the server has given; None where it gave none, and then all
    that is not in ``shown`` is new. ``shown`` has what was logged, or happens, since `WINDOW`
    before it: when, by what `name_item` makes of it; None where nobody says when.
    """

    __slots__ = ("created_at", "shown")

    def __init__(
        self, created_at: datetime | None = None, shown: Mapping[str, datetime | None] | None = None
    ) -> None:
        self.created_at = created_at
        self.shown = shown or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mark) and (self.created_at, self.shown) == (
            other.created_at,
            other.shown,
        )

    __hash__ = None  # type: ignore[assignment] # what it has shown may be long

    def is_passed_by(self, name: str, dated: datetime | None) -> bool:
        """Whether an item of that name and date is new."""
        return name not in self.shown and (
            self.created_at is None or dated is None or dated >= add_time(self.created_at, -WINDOW)
        )


def find_new(pages: Iterable[Sequence[Item]], mark: Mark) -> tuple[list[Item], Mark]:
    """What of a feed is new by a mark, in the feed's order, and the mark to go on from.

    ``pages`` are the feed's, newest first. The first is read whole, and the rest for as long as a
    page ends within `LOOK_BACK` of the mark, or has something new.
    """
    new: list[Item] = []
    seen: dict[str, datetime | None] = {}
    newest = mark.created_at
    for number, page in enumerate(pages):
        if number == 0:
            # Of this page alone, which is of one moment: what is logged while the others are read
            # may stand on a page that was read before.
            newest = _newest(page, mark.created_at)
        known = len(new)
        for item in page:
            name, dated = name_item(item), _dated(item)
            if name not in seen and mark.is_passed_by(name, dated):
                new.append(item)
            seen[name] = dated
        if len(new) == known and not _ends_since(page, mark.created_at):
            break
    before = {name: dated for name, dated in mark.shown.items() if dated is not None}
    shown = {
        name: dated
        for name, dated in {**before, **seen}.items()
        if newest is None or dated is None or dated >= add_time(newest, -WINDOW)
    }
    return new, Mark(newest, shown)


def mark_now(pages: Iterable[Sequence[Item]]) -> Mark:
    """The mark by which all that is in the feed has been shown."""
    remaining = iter(pages)
    first = next(remaining, [])
    return find_new(chain([first], remaining), Mark(_newest(first, None)))[1]


def name_item(item: Item) -> str:
    """An item's ID; of one that has none, what tells it from others."""
    item_id = item.get("id")
    if isinstance(item_id, str):
        return item_id
    if isinstance(item_id, int):
        return f"{item_id:x}"
    told = [item.get(name) for name in _TOLD_BY]
    known = [value if isinstance(value, str) else None for value in told]
    return "~" + hashlib.sha256(json.dumps(known).encode()).hexdigest()[:32]


def write_mark(mark: Mark) -> bytes:
    """A mark as JSON."""
    shown = {name: dated and format_timestamp(dated) for name, dated in mark.shown.items()}
    created_at = mark.created_at and format_timestamp(mark.created_at)
    return json.dumps({"created_at": created_at, "shown": shown}, indent=0).encode() + b"\n"


def read_mark(content: bytes) -> Mark:
    """What `write_mark` wrote. Raises ValueError for anything else."""
    try:
        kept = json.loads(content)
        shown = {str(name): _instant(dated) for name, dated in kept["shown"].items()}
        return Mark(_instant(kept["created_at"]), shown)
    except (LookupError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not a mark") from error


class MarkFile:
    """A mark that outlives the process, in a directory of its own, where the lock is too.

    ``name`` is what messages call it.
    """

    __slots__ = ("_file", "_name")

    def __init__(self, directory: Path, name: str) -> None:
        self._file = OwnFile(directory / "mark.json")
        self._name = name

    @contextmanager
    def held(self, seconds: float = LOCK_SECONDS) -> Iterator[Mark]:
        """The mark, which nobody else moves meanwhile.

        Waits that long for another process that holds it. Raises StoreError.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(self._file.locked(seconds))
            except errors.StoreError as error:
                if not error.retryable:
                    raise
                raise errors.StoreError(
                    f"Another `--since-last {self._name}` is running.",
                    hint="Wait until it ends, or take another name.",
                    retryable=True,
                ) from None
            yield self.read()

    def read(self) -> Mark:
        """The mark; by that of no file, everything is new. Raises StoreError, SettingsError."""
        content = self._file.read()
        if content is None:
            return Mark()
        try:
            return read_mark(content)
        except ValueError:
            raise errors.StoreError(
                f"{self._file.path} is damaged.",
                hint="Remove it: everything is shown once more, and nothing is left out.",
            ) from None

    def move(self, mark: Mark) -> None:
        """Keep another mark: all of it or, with a StoreError, none of it."""
        self._file.replace(write_mark(mark))


def _dated(item: Item) -> datetime | None:
    """When it was logged or happened, whichever is later.

    What a feed tells of an older thing, as that a task was completed, may have that thing's
    ``created_at``; what has none counts by when it happened.
    """
    given = (_read(item.get(name), end_of_day=True) for name in ("created_at", "occurred_at"))
    return max((instant for instant in given if instant), default=None)


def _newest(page: Sequence[Item], known: datetime | None) -> datetime | None:
    """The newest ``created_at``. What has none moves no mark: it may be an appointment to come."""
    found = [instant for item in page if (instant := _read(item.get("created_at")))]
    return max(found if known is None else [known, *found], default=None)


def _ends_since(page: Sequence[Item], mark: datetime | None) -> bool:
    """Whether a page goes back no further than a feed is looked through."""
    if mark is None:
        return True
    for item in reversed(page):
        happened = _read(item.get("occurred_at")) or _read(item.get("created_at"))
        if happened is not None:
            return happened >= add_time(mark, -LOOK_BACK)
    return True


def _read(value: Any, *, end_of_day: bool = False) -> datetime | None:
    try:
        return parse_timestamp(value, end_of_day=end_of_day) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(kept: Any) -> datetime | None:
    return None if kept is None else parse_timestamp(kept)
