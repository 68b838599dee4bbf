"""Many writes: what each line of an input asks for, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from crmctl.errors import CrmctlError, OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from crmctl.api.client import Client

    Create = Callable[[Client, Mapping[str, Any], str | None], dict[str, Any]]
    Finish = Callable[[Client, str], object]

T = TypeVar("T")

MOST_BYTES = 8 * 1024 * 1024  # of lines that are kept in memory at once

DONE = "done"  # confirmed
EARLIER = "earlier"  # confirmed by an earlier run
FAILED = "failed"
UNKNOWN = "unknown"  # it may have been applied
INVALID = "invalid"  # refused before anything was sent
LEFT = "left"  # not sent, since something stopped the run before
STATUSES = (DONE, EARLIER, FAILED, UNKNOWN, INVALID, LEFT)


class Entry:
    """One line of an input: what is to be sent for it.

    ``body`` is of the item to create, under ``key``; ``finish`` is what is to be done with the item
    then. Where ``item_id`` is given the item is there already. ``raw`` is the line as it came.
    """

    __slots__ = ("body", "doubtful", "finish", "item_id", "key", "number", "raw")

    def __init__(
        self,
        number: int,
        raw: bytes,
        *,
        body: Mapping[str, Any] | None = None,
        item_id: str | None = None,
        finish: Finish | None = None,
    ) -> None:
        self.number = number
        self.raw = raw
        self.body = body
        self.item_id = item_id
        self.finish = finish
        self.key: str | None = None
        self.doubtful = False


class Result:
    """What became of a line: one of `STATUSES`, the item's ID if there is one, the error."""

    __slots__ = ("entry", "error", "status")

    def __init__(self, entry: Entry, status: str, error: CrmctlError | None = None) -> None:
        self.entry = entry
        self.status = status
        self.error = error

    @property
    def failed(self) -> bool:
        """Whether what the line asks for is not known to be done."""
        return self.status not in (DONE, EARLIER)

    def as_dict(self) -> dict[str, Any]:
        """The result as it is printed."""
        return {
            "line": self.entry.number,
            "status": self.status,
            "id": self.entry.item_id,
            "error": None if self.error is None else self.error.as_dict(),
        }


class Halt:
    """Why a run sends no more; None as long as it goes on."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        self.error: CrmctlError | None = None

    def by(self, error: CrmctlError) -> None:
        """Send no more, for the first such reason."""
        self.error = self.error or error


def raw_of(each: Entry | Result) -> bytes:
    """The line that an entry or a result is of, as it came."""
    return each.raw if isinstance(each, Entry) else each.entry.raw


def unsent(each: Entry | Result) -> Result:
    """What became of what is not sent any more; a result is one already."""
    return each if isinstance(each, Result) else Result(each, LEFT)


def carry_out(client: Client, entry: Entry, create: Create) -> Result:
    """Send what a line asks for."""
    try:
        if entry.item_id is None:
            assert entry.body is not None  # noqa: S101 - else there is nothing to do
            entry.item_id = str(create(client, entry.body, entry.key)["id"])
        if entry.finish is not None:
            entry.finish(client, entry.item_id)
    except OutcomeUnknown as error:
        return Result(entry, UNKNOWN, error)
    except CrmctlError as error:
        # Another body under the key of what may have been applied: then it was.
        applied = entry.doubtful and entry.item_id is None and error.status in (409, 422)
        return Result(entry, UNKNOWN if applied else FAILED, error)
    return Result(entry, DONE)


def in_groups(items: Iterable[T], most: int, raw_of: Callable[[T], bytes]) -> Iterator[list[T]]:
    """So many at a time; fewer where their lines are long, since each group is in memory."""
    group: list[T] = []
    size = 0
    for item in items:
        group.append(item)
        size += len(raw_of(item))
        if len(group) == most or size > MOST_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group
