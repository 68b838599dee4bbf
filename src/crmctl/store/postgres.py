"""A workspace kept in a PostgreSQL database, which any number of processes may share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from crmctl import errors
from crmctl.fields import Resource
from crmctl.store import pages
from crmctl.store.postgres_database import PostgresDatabase
from crmctl.store.postgres_schema import SCHEMA, migration, version_of
from crmctl.store.rows import JSON_CODECS, Codecs, Rows
from crmctl.store.schema import RESOURCES
from crmctl.store.transaction import SqlTransaction
from crmctl.store.values import Condition, Item, Kind
from crmctl.timestamps import format_timestamp, parse_timestamp

BUSY_SECONDS = 30.0

_CODECS: Codecs = {**JSON_CODECS, "time": (parse_timestamp, format_timestamp)}

# How many rows of a table are in memory while all are checked.
_PORTION = 1000


class PostgresStore:
    """The `Store` in the database at ``url``, in a schema that the first write makes.

    A transaction that writes locks what it has read with ``lock``, what it has written, and the
    idempotency keys that it has claimed, and nothing else: creations do not wait for each other.
    """

    def __init__(
        self,
        url: str,
        *,
        busy_seconds: float = BUSY_SECONDS,
        connections: int = 16,
        resources: tuple[Resource, ...] = RESOURCES,
    ) -> None:
        self.database = PostgresDatabase(
            url,
            schema=SCHEMA,
            version=version_of(resources),
            steps=partial(migration, resources),
            busy_seconds=busy_seconds,
            connections=connections,
        )
        self._rows = {resource.name: Rows(resource, _CODECS) for resource in resources}

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """A transaction that changes nothing; where nothing is kept yet, an empty one."""
        with self.database.reading() as connection:
            yield PostgresTransaction(connection, self._rows)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """A transaction that is committed at its end, and undone by an error."""
        with self.database.writing() as connection:
            yield PostgresTransaction(connection, self._rows)

    def info(self) -> dict[str, Any]:
        """``path``, the URL without its password, ``exists``, ``bytes``, and ``schema``."""
        version = self.database.version()
        size = 0
        if version is not None:
            with self.database.reading() as connection:
                [(size,)] = connection.execute(
                    "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
                    " WHERE relkind = 'r' AND relnamespace = to_regnamespace(?)",
                    (SCHEMA,),
                )
        return {
            "path": self.database.place,
            "exists": version is not None,
            "bytes": size,
            "schema": version,
        }

    def check(self) -> list[str]:
        """What is wrong with tasks and activities. The server looks after its own files."""
        problems: list[str] = []
        with self.database.reading() as connection:
            for rows in self._rows.values():
                last = 0
                while True:
                    found = connection.execute(
                        f"SELECT {rows.selected}, seq FROM {rows.table} WHERE seq > ?"
                        " ORDER BY seq LIMIT ?",
                        (last, _PORTION),
                    ).fetchall()
                    if not found:
                        break
                    for row in found:
                        problems += rows.faults(row)
                    last = found[-1][-1]
        return problems

    def back_up(self, target: Path) -> None:
        """Always a usage error: PostgreSQL has its own means for that."""
        raise errors.UsageError(
            f"{self.database.place} is a PostgreSQL database: crmctl makes no file {target} of it.",
            hint=f"`pg_dump --schema {SCHEMA}` backs it up.",
        )

    def close(self) -> None:
        """Close the connections."""
        self.database.close()


class PostgresTransaction(SqlTransaction):
    """A `Transaction` on one connection to PostgreSQL.

    No text there holds U+0000, so nothing is found by one.
    """

    def get(self, resource: Resource, item_id: str, *, lock: bool = False) -> Item | None:
        """The item of that ID, or None; ``lock`` keeps others from changing it meanwhile."""
        if "\0" in item_id:
            return None
        return self._find(resource, item_id, clause=" FOR UPDATE" if lock else "")

    def count(self, resource: Resource, conditions: Sequence[Condition]) -> int:
        """How many items meet the conditions."""
        rows = self._rows[resource.name]
        return pages.count(self._connection, rows, conditions, planned=True)

    def record(self, type: str, record_id: str) -> Item | None:
        """A record, or None."""
        return None if "\0" in record_id else super().record(type, record_id)

    def find_records(self, type: str, name: str) -> list[Item]:
        """The records of a type of that name or e-mail address, but for case, by ID."""
        return [] if "\0" in name else super().find_records(type, name)

    def find_ids(self, kind: str, prefix: str, *, limit: int) -> list[tuple[str, str]]:
        """IDs that begin with ``prefix``, with title or name; records also by their names."""
        return [] if "\0" in prefix else super().find_ids(kind, prefix, limit=limit)

    def keep(self, kind: Kind, portion: Sequence[Item]) -> None:
        """Keep whole rows of another store. Raises `StoreError` for one that holds U+0000."""
        for row in portion:
            for name, value in row.items():
                # What an answer holds is kept as JSON, which spells it out.
                if name != "content" and _holds_zero(value):
                    raise errors.StoreError(
                        f"{name} of {kind} {row.get('id')!r:.80} holds U+0000, which PostgreSQL"
                        " cannot keep.",
                        hint="Change it, and go on.",
                    )
        super().keep(kind, portion)

    def _forget_answers(self, oldest: str) -> None:
        # Those that another transaction forgets are no reason to wait for it.
        self._connection.execute(
            "DELETE FROM answer WHERE (caller, path, key) IN (SELECT caller, path, key FROM answer"
            " WHERE created_at < ? FOR UPDATE SKIP LOCKED)",
            (oldest,),
        )


def _holds_zero(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_holds_zero, value))
    return isinstance(value, str) and "\0" in value
