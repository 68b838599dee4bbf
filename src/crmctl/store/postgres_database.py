"""A PostgreSQL database: its schema, made, migrated and refused, and transactions on it.

It knows nothing of what is kept. The modules ``postgres_*`` alone import psycopg, and are imported
where a URL of PostgreSQL is used.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from crmctl import errors
from crmctl.store.postgres_connections import Connections, Statements

# "CRMW": whoever migrates holds this advisory lock.
_MIGRATION_LOCK = 0x43524D57


class PostgresDatabase:
    """One database, in which all that is kept is in the ``schema`` of that name.

    The first write makes it. ``steps`` gives the statements that lead from a version, 0 of nothing,
    to ``version``. Every failure is a `StoreError`, but for a commit of which nobody can say what
    became of it: `OutcomeUnknown`. A statement waits at most ``busy_seconds`` for a lock, and runs
    at most twice as long. At most ``connections`` are open at once.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str,
        version: int,
        steps: Callable[[int], Sequence[str]],
        busy_seconds: float,
        connections: int,
    ) -> None:
        milliseconds = max(1, round(busy_seconds * 1000))
        self._settings = (
            f"SET LOCAL search_path = {schema}; SET LOCAL TimeZone = 'UTC'"
            f"; SET LOCAL lock_timeout = {milliseconds}"
            f"; SET LOCAL statement_timeout = {2 * milliseconds}"
        )
        self._connections = Connections(url, limit=connections, settings=self._settings)
        self.place = self._connections.place
        self.schema = schema
        self.latest = version
        self._steps = steps
        self._lock = threading.Lock()
        self._is_ready = False

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """A connection inside one transaction that changes nothing, and reads of one moment.

        Where nothing is kept yet it reads what the first write would make, and makes nothing.
        """
        with self._connections.explaining():
            if self._make_ready(create=False):
                with self._connections.reading() as connection:
                    yield connection
                    return
            with self._connections.undone() as connection:
                self._make(connection, 0)
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Statements]:
        """A connection inside one transaction, committed at the end, undone by an error."""
        with self._connections.explaining():
            self._make_ready(create=True)
            with self._connections.writing() as connection:
                yield connection

    def version(self) -> int | None:
        """The schema's version, or None where nothing is kept yet.

        Raises `StoreError` for a schema of another program, or of a later crmctl.
        """
        with self._connections.explaining(), self._connections.connect() as connection:
            return self._read_version(connection)

    def _make_ready(self, *, create: bool) -> bool:
        """Bring the schema to the newest version; False if there is none, and none is wanted."""
        with self._lock:
            if not self._is_ready:
                with self._connections.connect() as connection:
                    version = self._read_version(connection)
                    if version is None and not create:
                        return False
                    if version != self.latest:
                        self._migrate(connection)
                self._is_ready = True
            return True

    def _read_version(self, connection: psycopg.Connection[Any]) -> int | None:
        encoding, tables = connection.execute(
            "SELECT current_setting('server_encoding'),"
            " array(SELECT tablename FROM pg_tables WHERE schemaname = %s)",
            (self.schema,),
        ).fetchone() or ("", [])
        if encoding != "UTF8":
            raise errors.StoreError(
                f"{self.place} keeps text as {encoding}: it cannot keep every name.",
                hint="Make a database with `createdb --encoding UTF8 --template template0`.",
            )
        if not tables:
            return None
        if "schema_version" not in tables:
            raise errors.StoreError(
                f"The schema {self.schema} of {self.place} is of another program."
                " It was left as it is.",
                hint="Use another database.",
            )
        statement = f"SELECT number FROM {self.schema}.schema_version"
        (version,) = connection.execute(statement.encode()).fetchone() or (0,)
        if version > self.latest:
            raise errors.StoreError(
                f"{self.place} was written by a later crmctl (schema {version}; this one knows"
                f" {self.latest}). It was left as it is.",
                hint="Upgrade crmctl.",
            )
        return int(version)

    def _migrate(self, connection: psycopg.Connection[Any]) -> None:
        """Bring the schema to the newest version, whole or not at all, one process at a time."""
        connection.execute(f"BEGIN; {self._settings}".encode())
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MIGRATION_LOCK,))
        # Another process may have been faster.
        version = self._read_version(connection)
        if version != self.latest:
            self._make(Statements(connection), version or 0)
        connection.execute("COMMIT")

    def _make(self, connection: Statements, version: int) -> None:
        if not version:
            # Whoever may not make a schema may be given an empty one.
            [(there,)] = connection.execute("SELECT to_regnamespace(?)", (self.schema,))
            if there is None:
                connection.execute(f"CREATE SCHEMA {self.schema}")
            connection.execute("CREATE TABLE schema_version (number integer NOT NULL)")
            connection.execute("INSERT INTO schema_version VALUES (0)")
        for statement in self._steps(version):
            connection.execute(statement)
        connection.execute("UPDATE schema_version SET number = ?", (self.latest,))
