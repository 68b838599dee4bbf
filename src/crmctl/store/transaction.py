"""What is done in a transaction, as SQL that SQLite and PostgreSQL both understand."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmctl import errors
from crmctl.fields import Resource
from crmctl.store import pages, records
from crmctl.store.rows import UNREADABLE, Rows
from crmctl.store.values import Answer, Condition, Item, Kind, Place

if TYPE_CHECKING:
    from crmctl.store.connection import Connection

CLAIM = "caller = ? AND path = ? AND key = ?"


class SqlTransaction:
    """A `Transaction` on one connection. What was read of a record is kept until its end.

    It is SQLite's whole; `PostgresTransaction` says what PostgreSQL does otherwise. What servers
    and copies alone need is imported where it is used: every local command loads this module.
    """

    def __init__(self, connection: Connection, rows: Mapping[str, Rows]) -> None:
        self._connection = connection
        self._rows = rows
        self._records: dict[tuple[str, str], Item | None] = {}

    def get(self, resource: Resource, item_id: str, *, lock: bool = False) -> Item | None:
        """The item of that ID, or None. A transaction that writes has locked the whole file."""
        del lock
        return self._find(resource, item_id)

    def insert(self, resource: Resource, values: Mapping[str, Any]) -> Item:
        """Keep a new item of these fields, its ID among them, and give it as the API sends it."""
        rows = self._rows[resource.name]
        row = rows.row_of(values)
        self._connection.execute(rows.insertion, rows.in_columns(row))
        return self._item(rows, rows.as_selected(row))

    def update(self, resource: Resource, item_id: str, values: Mapping[str, Any]) -> Item:
        """Change these fields of an item that is there, and give it as the API sends it."""
        row = self._rows[resource.name].row_of(values)
        changes = ", ".join(f"{column} = ?" for column in row)
        self._connection.execute(
            f"UPDATE {resource.name} SET {changes} WHERE id = ?",
            (*row.values(), item_id),
        )
        item = self._find(resource, item_id)
        if item is None:
            raise KeyError(item_id)
        return item

    def delete(self, resource: Resource, item_id: str) -> None:
        """Remove an item."""
        self._connection.execute(f"DELETE FROM {resource.name} WHERE id = ?", (item_id,))

    def page(
        self,
        resource: Resource,
        conditions: Sequence[Condition],
        *,
        sort: str,
        after: Place | None,
        limit: int,
    ) -> tuple[list[Item], Place | None]:
        """At most ``limit`` items in the order of ``sort``, and where the next page starts."""
        rows = self._rows[resource.name]
        found = pages.fetch_page(
            self._connection, rows, conditions, sort=sort, after=after, limit=limit + 1
        )
        self._learn(rows.records_of(found[:limit]))
        items = [self._item(rows, row) for row in found[:limit]]
        more = len(found) > limit
        return items, Place(
            items[-1][sort.removeprefix("-")], found[limit - 1][-1]
        ) if more else None

    def count(self, resource: Resource, conditions: Sequence[Condition]) -> int:
        """How many items meet the conditions."""
        return pages.count(self._connection, self._rows[resource.name], conditions)

    def record(self, type: str, record_id: str) -> Item | None:
        """A record: ``{"type", "id", "name", "email", "active", "notifications"}``, or None."""
        if (type, record_id) not in self._records:
            self._learn({(type, record_id)})
        return self._records[type, record_id]

    def records(self, type: str | None = None) -> list[Item]:
        """The known records, or those of one type, by type and ID."""
        return records.list_records(self._connection, type)

    def record_page(self, type: str, *, after: str, limit: int) -> list[Item]:
        """At most ``limit`` records of a type, those whose ID sorts after that one, by ID."""
        return records.page_records(self._connection, type, after=after, limit=limit)

    def count_records(self, type: str) -> int:
        """How many records of a type are known."""
        return records.count_records(self._connection, type)

    def find_records(self, type: str, name: str) -> list[Item]:
        """The records of a type of that name or e-mail address, but for case, by ID."""
        return records.find_records(self._connection, type, name)

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
        """Make a record known, or change it."""
        record: Item = {
            "type": type,
            "id": record_id,
            "name": name,
            "email": email,
            "active": active,
            "notifications": notifications,
        }
        records.put_record(self._connection, record)
        self._records[type, record_id] = record
        return record

    def remove_record(self, type: str, record_id: str) -> bool:
        """Forget a record; False if it was not known."""
        self._records.pop((type, record_id), None)
        return records.remove_record(self._connection, type, record_id)

    def find_ids(self, kind: str, prefix: str, *, limit: int) -> list[tuple[str, str]]:
        """IDs that begin with ``prefix``, with title or name; records also by their names."""
        return records.find_ids(self._connection, kind, prefix, limit=limit)

    def claim(
        self, caller: str, path: str, key: str, request: str, *, now: str, oldest: str
    ) -> Answer | None:
        """Take a caller's key for a path; None if it was free, else the first answer."""
        self._forget_answers(oldest)
        claimed = self._connection.execute(
            "INSERT INTO answer (caller, path, key, request, created_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (caller, path, key, request, now),
        )
        if claimed.rowcount:
            return None
        first, status, content = self._connection.execute(
            f"SELECT request, status, content FROM answer WHERE {CLAIM}",
            (caller, path, key),
        ).fetchone()
        try:
            return Answer(first, status, json.loads(content))
        except UNREADABLE as error:
            raise errors.StoreError(
                "The workspace is damaged: an answer that it remembers cannot be read.",
                hint="Send the request with another Idempotency-Key, or restore a backup.",
            ) from error

    def settle(self, caller: str, path: str, key: str, *, status: int, content: Any) -> None:
        """Remember the answer under a key that this transaction has claimed."""
        self._connection.execute(
            f"UPDATE answer SET status = ?, content = ? WHERE {CLAIM}",
            (status, json.dumps(content), caller, path, key),
        )

    def release(self, caller: str, path: str, key: str) -> None:
        """Give back a key that this transaction has claimed."""
        self._connection.execute(f"DELETE FROM answer WHERE {CLAIM}", (caller, path, key))

    def add_key(self, digest: str, key: Item) -> None:
        """Keep an API key by its digest, which is all that is kept of the key itself."""
        from crmctl.store import keys

        keys.add_key(self._connection, digest, key)

    def find_key(self, digest: str) -> Item | None:
        """The API key of that digest, compared in constant time, or None."""
        from crmctl.store import keys

        return keys.find_key(self._connection, digest)

    def list_keys(self) -> list[Item]:
        """All API keys, the oldest first, those that were revoked too."""
        from crmctl.store import keys

        return keys.list_keys(self._connection)

    def revoke_key(self, name: str, *, now: str) -> bool:
        """Revoke the API key of that name; False if there is none that is not revoked."""
        from crmctl.store import keys

        return keys.revoke_key(self._connection, name, now)

    def portion(
        self, kind: Kind, *, after: Sequence[Any] = (), limit: int
    ) -> tuple[list[Item], Sequence[Any]]:
        """At most ``limit`` whole rows of a kind, and the mark behind which the next ones are."""
        from crmctl.store import whole

        return whole.read_portion(self._connection, self._rows, kind, after=after, limit=limit)

    def keep(self, kind: Kind, portion: Sequence[Item]) -> None:
        """Keep whole rows that `portion` gave, of another store, in their order."""
        from crmctl.store import whole

        whole.keep_portion(self._connection, self._rows, kind, portion)
        self._records.clear()

    def totals(self) -> dict[str, int]:
        """How many tasks, activities and records there are."""
        tables = {"tasks": "task", "activities": "activity", "records": "record"}
        return {
            name: self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for name, table in tables.items()
        }

    def clear(self) -> None:
        """Remove everything."""
        for table in ("task", "activity", "record", "answer", "api_key"):
            self._connection.execute(f"DELETE FROM {table}")
        self._records.clear()

    def _find(self, resource: Resource, item_id: str, *, clause: str = "") -> Item | None:
        rows = self._rows[resource.name]
        row = self._connection.execute(
            f"SELECT {rows.selected} FROM {rows.table} WHERE id = ?{clause}", (item_id,)
        ).fetchone()
        return None if row is None else self._item(rows, row)

    def _learn(self, wanted: set[tuple[str, str]]) -> None:
        """Read records by type and ID, all at once: over a network each statement is a wait."""
        unknown = [each for each in wanted if each not in self._records]
        self._records |= records.get_records(self._connection, unknown)

    def _forget_answers(self, oldest: str) -> None:
        self._connection.execute("DELETE FROM answer WHERE created_at < ?", (oldest,))

    def _item(self, rows: Rows, row: Sequence[Any]) -> Item:
        try:
            return rows.item_of(row, self._name_of)
        except UNREADABLE as error:
            raise errors.StoreError(
                f"The {rows.table} {row[0]!s:.80} of this workspace is damaged: {error}.",
                hint="Run `crmctl workspace check`, or restore a backup.",
            ) from error

    def _name_of(self, type: str, record_id: str) -> str | None:
        record = self.record(type, record_id)
        return None if record is None else record["name"]
