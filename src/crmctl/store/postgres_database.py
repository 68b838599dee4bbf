"""A PostgreSQL database: connections, migrations, transactions on it, and its failures in words.

The one module that imports psycopg; it is imported where a URL of PostgreSQL is used, and nowhere
else. It knows nothing of what is kept.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader
from psycopg_pool import ConnectionPool

from crmctl import errors
from crmctl.store.places import not_a_url, without_secrets
from crmctl.store.postgres_failures import explain, is_refused, lost_at_its_end

# What waits for a connection longer than this is told so: a restart of the server takes less.
_CONNECT_SECONDS = 5.0

# "CRMW": whoever migrates holds this advisory lock.
_MIGRATION_LOCK = 0x43524D57

# Without these a peer that has vanished is waited for up to two hours.
_LIVENESS = {
    "connect_timeout": 5,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class Statements:
    """A connection inside a transaction, with ``?`` for a value's place."""

    __slots__ = ("_connection",)

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> psycopg.Cursor[Any]:
        """Run a statement."""
        return self._connection.execute(_marked(statement), values)

    def executemany(self, statement: str, values: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each of these sequences of values."""
        with self._connection.cursor() as cursor:
            cursor.executemany(_marked(statement), values)
        return None


class PostgresDatabase:
    """One database, and at most ``connections`` to it at once, opened as they are needed.

    All that is kept is in the ``schema`` of that name, made by the first write. ``steps`` gives the
    statements that lead from a version, 0 of nothing, to ``version``. Every failure is a
    `StoreError`, but for a commit whose answer is lost, which is `OutcomeUnknown`. Each statement
    waits at most ``busy_seconds`` for a lock, and runs at most twice as long.

    Every transaction says itself what it needs of a session, and nothing is prepared: so it may
    stand behind a pooler that lends a connection for a transaction alone.
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
        self.place = without_secrets(url)
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise not_a_url() from error
        self.schema = schema
        self.latest = version
        self._steps = steps
        self._options = {
            **_LIVENESS,
            **given,
            "client_encoding": "utf8",
            "fallback_application_name": "crmctl",
        }
        # A pool says on stderr whatever goes wrong; what matters of it is raised.
        logging.getLogger("psycopg").addHandler(logging.NullHandler())
        self._pool = ConnectionPool(
            kwargs={**self._options, "autocommit": True, "prepare_threshold": None},
            configure=_configure,
            min_size=0,
            max_size=connections,
            open=False,
            timeout=_CONNECT_SECONDS,
            reconnect_timeout=_CONNECT_SECONDS,
            name="crmctl",
        )
        milliseconds = max(1, round(busy_seconds * 1000))
        self._settings = (
            f"; SET LOCAL search_path = {schema}; SET LOCAL TimeZone = 'UTC'"
            f"; SET LOCAL lock_timeout = {milliseconds}"
            f"; SET LOCAL statement_timeout = {2 * milliseconds}"
        )
        self._lock = threading.Lock()
        self._is_ready = False

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """A connection inside one transaction that changes nothing, and reads of one moment.

        Where nothing is kept yet it reads what the first write would make, and makes nothing.
        """
        with self._explaining():
            if self._make_ready(create=False):
                with self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as found:
                    yield found
                    return
            with self._transaction("BEGIN", end="ROLLBACK") as found:
                self._make(found, 0)
                yield found

    @contextmanager
    def writing(self) -> Iterator[Statements]:
        """A connection inside one transaction, committed at the end, undone by an error."""
        with self._explaining():
            self._make_ready(create=True)
            with self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED") as connection:
                yield connection

    def version(self) -> int | None:
        """The schema's version, or None where nothing is kept yet.

        Raises `StoreError` for a schema of another program, or of a later crmctl.
        """
        with self._explaining(), self._connected() as connection:
            return self._read_version(connection)

    def _make_ready(self, *, create: bool) -> bool:
        """Bring the schema to the newest version; False if there is none, and none is wanted."""
        with self._lock:
            if self._is_ready:
                return True
            with self._connected() as connection:
                version = self._read_version(connection)
                if version is None and not create:
                    self._pool.open()
                    return False
                if version != self.latest:
                    self._migrate(connection)
            self._pool.open()
            self._is_ready = True
            return True

    def _connected(self) -> psycopg.Connection[Any]:
        """A connection apart from the pool: it says at once why there is none."""
        connection = psycopg.connect(autocommit=True, **self._options)  # type: ignore[arg-type]
        _configure(connection)
        return connection

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
        connection.execute(f"BEGIN{self._settings}".encode())
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

    @contextmanager
    def _transaction(self, begin: str, *, end: str = "COMMIT") -> Iterator[Statements]:
        connection = self._begin(f"{begin}{self._settings}".encode())
        try:
            yield Statements(connection)
            self._end(connection, end, writes="READ ONLY" not in begin)
        finally:
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
            self._pool.putconn(connection)

    def _begin(self, statement: bytes) -> psycopg.Connection[Any]:
        """A connection in a transaction.

        One that broke while nobody used it, by a restart of the server, is passed over: nothing was
        asked of it yet.
        """
        for attempt in range(self._pool.max_size + 1):
            connection = self._pool.getconn()
            try:
                connection.execute(statement)
            except BaseException as error:
                broken = connection.closed and isinstance(error, psycopg.OperationalError)
                self._pool.putconn(connection)
                if not broken or attempt == self._pool.max_size:
                    raise
            else:
                return connection
        raise AssertionError

    def _end(self, connection: psycopg.Connection[Any], end: str, *, writes: bool) -> None:
        try:
            ended = connection.execute(end.encode())
        except psycopg.OperationalError as error:
            if writes and not is_refused(error):
                raise lost_at_its_end(error, self.place) from error
            raise
        if ended.statusmessage != end:
            raise errors.StoreError(f"{self.place} undid what was to be saved: nothing was saved.")

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise explain(error, self.place) from error
        except UnicodeEncodeError as error:
            raise errors.InvalidInput(f"{error.object!r:.80} is not Unicode text.") from error


def _configure(connection: psycopg.Connection[Any]) -> None:
    """JSON comes as text, which a row's codec reads."""
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, TextLoader)


def _marked(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()
