"""What a store can do: all that the workspace asks of it, and no SQL.

A store knows how things are kept and none of the API's rules. Values are the API's own, both ways:
times as ``2026-03-25T17:00:00Z``, words for choices, objects as objects. Any number of threads and
processes may use one at once.

Imported for types alone: two protocols cost every start 0.2 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from crmctl.fields import Resource
    from crmctl.store.values import Answer, Condition, Item, Kind, Place


class Transaction(Protocol):
    """What can be done in one transaction.

    All that a transaction reads that changes nothing is of one moment. One that writes holds what
    it has locked; other things may change meanwhile, where the store lets others write.
    """

    def get(self, resource: Resource, item_id: str, *, lock: bool = False) -> Item | None:
        """The item of that ID, or None; ``lock`` keeps others from changing it meanwhile."""

    def insert(self, resource: Resource, values: Mapping[str, Any]) -> Item:
        """Keep a new item of these fields, its ID among them, and give it as the API sends it."""

    def update(self, resource: Resource, item_id: str, values: Mapping[str, Any]) -> Item:
        """Change these fields of an item that is there, and give it as the API sends it."""

    def delete(self, resource: Resource, item_id: str) -> None:
        """Remove an item."""

    def page(
        self,
        resource: Resource,
        conditions: Sequence[Condition],
        *,
        sort: str,
        after: Place | None,
        limit: int,
    ) -> tuple[list[Item], Place | None]:
        """At most ``limit`` items in the order of ``sort``, and where the next page starts.

        ``sort`` is a field of the resource's, ``-`` before it for descending; what is equal under
        it is in the order of insertion. The place is None where there is nothing after them.
        """

    def count(self, resource: Resource, conditions: Sequence[Condition]) -> int:
        """How many items meet the conditions."""

    def record(self, type: str, record_id: str) -> Item | None:
        """A record: ``{"type", "id", "name", "email", "active", "notifications"}``, or None."""

    def records(self, type: str | None = None) -> list[Item]:
        """The known records, or those of one type, by type and ID."""

    def record_page(self, type: str, *, after: str, limit: int) -> list[Item]:
        """At most ``limit`` records of a type, those whose ID sorts after that one, by ID."""

    def count_records(self, type: str) -> int:
        """How many records of a type are known."""

    def find_records(self, type: str, name: str) -> list[Item]:
        """The records of a type of that name or e-mail address, but for case, by ID."""

    def put_record(
        self,
        type: str,
        record_id: str,
        name: str,
        *,
        email: str | None = None,
        active: bool = True,
        notifications: bool = True,
    ) -> Item:
        """Make a record known, or change it.

        ``active`` and ``notifications`` matter for users: whether tasks appear for them, and
        whether a reminder can reach them.
        """

    def remove_record(self, type: str, record_id: str) -> bool:
        """Forget a record; False if it was not known. Tasks and activities keep its ID."""

    def find_ids(self, kind: str, prefix: str, *, limit: int) -> list[tuple[str, str]]:
        """IDs that begin with ``prefix``, with title or name; records also by their names."""

    def claim(
        self, caller: str, path: str, key: str, request: str, *, now: str, oldest: str
    ) -> Answer | None:
        """Take a caller's idempotency key for a path; None if it was free, else the first answer.

        Whoever claims it at the same time waits until this transaction has ended. What was
        answered before ``oldest`` is forgotten.
        """

    def settle(self, caller: str, path: str, key: str, *, status: int, content: Any) -> None:
        """Remember the answer under a key that this transaction has claimed."""

    def release(self, caller: str, path: str, key: str) -> None:
        """Give back a key that this transaction has claimed."""

    def portion(
        self, kind: Kind, *, after: Sequence[Any] = (), limit: int
    ) -> tuple[list[Item], Sequence[Any]]:
        """At most ``limit`` whole rows of a kind, and the mark behind which the next ones are.

        Tasks and activities come in the order of insertion, as `insert` takes them; the others in
        the order of their keys.
        """

    def keep(self, kind: Kind, portion: Sequence[Item]) -> None:
        """Keep whole rows that `portion` gave, of another store, in their order."""

    def add_key(self, digest: str, key: Item) -> None:
        """Keep an API key by its digest, which is all that is kept of the key itself.

        It is ``{"name", "user_id", "read_only", "created_at", "expires_at", "revoked_at"}``. No
        other that is not revoked may have its name.
        """

    def find_key(self, digest: str) -> Item | None:
        """The API key of that digest, compared in constant time, or None."""

    def list_keys(self) -> list[Item]:
        """All API keys, the oldest first, those that were revoked too."""

    def revoke_key(self, name: str, *, now: str) -> bool:
        """Revoke the API key of that name; False if there is none that is not revoked."""

    def totals(self) -> dict[str, int]:
        """How many tasks, activities and records there are."""

    def clear(self) -> None:
        """Remove everything."""


class Store(Protocol):
    """Where a workspace is kept.

    Every failure is a `StoreError`, and nothing was changed; one that is ``retryable`` may pass. A
    commit whose answer was lost on the way is `OutcomeUnknown`.
    """

    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction that changes nothing."""

    def writing(self) -> AbstractContextManager[Transaction]:
        """A transaction that is committed at its end, and undone by an error."""

    def info(self) -> dict[str, Any]:
        """Where it is kept and how much room it takes."""

    def check(self) -> list[str]:
        """What is wrong with it; an empty list if nothing is."""

    def back_up(self, target: Path) -> None:
        """Copy it as of one moment to a new file, 0600. What exists is not replaced."""

    def close(self) -> None:
        """Close what is open."""
