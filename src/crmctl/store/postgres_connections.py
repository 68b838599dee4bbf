"""Connections to a PostgreSQL database, and transactions on them whose outcome is known."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus
from psycopg.types.string import TextLoader
from psycopg_pool import ConnectionPool

from crmctl import errors
from crmctl.store.postgres_failures import explain, is_refused, lost_at_its_end

# Whoever waits longer for a connection is told so: a restart of the server takes less.
_CONNECT_SECONDS = 5.0

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


class Connections:
    """At most ``limit`` connections to the database at ``url``, opened as they are needed.

    ``place`` is the URL without its secrets. Every transaction says itself what it needs of a
    session, ``settings`` among it, and nothing is prepared: so the database may stand behind a
    pooler that lends a connection for one transaction.
    """

    def __init__(self, url: str, *, limit: int, settings: str) -> None:
        self.place = _without_secrets(url)
        self._settings = settings
        try:
            given = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise _not_a_url() from error
        self._options = {
            **_LIVENESS,
            **given,
            "client_encoding": "utf8",
            "fallback_application_name": "crmctl",
        }
        # Of what goes wrong the pool tells a log, or else stderr; what matters is raised.
        logging.getLogger("psycopg").addHandler(logging.NullHandler())
        self._pool = ConnectionPool(
            kwargs={**self._options, "autocommit": True, "prepare_threshold": None},
            configure=_configure,
            min_size=0,
            max_size=limit,
            open=False,
            timeout=_CONNECT_SECONDS,
            reconnect_timeout=_CONNECT_SECONDS,
            name="crmctl",
        )

    def close(self) -> None:
        """Close them."""
        self._pool.close()

    def connect(self) -> psycopg.Connection[Any]:
        """A connection apart from the others: it says at once why there is none."""
        connection = psycopg.connect(autocommit=True, **self._options)  # type: ignore[arg-type]
        _configure(connection)
        return connection

    @contextmanager
    def reading(self) -> Iterator[Statements]:
        """A transaction that changes nothing, and reads of one moment."""
        with self._lent("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as (connection, _):
            yield Statements(connection)
            connection.execute("COMMIT")

    @contextmanager
    def undone(self) -> Iterator[Statements]:
        """A transaction that is undone at its end."""
        with self._lent("BEGIN") as (connection, _):
            yield Statements(connection)

    @contextmanager
    def writing(self) -> Iterator[Statements]:
        """A transaction that is committed at its end, and undone by an error."""
        number = "SELECT pg_current_xact_id()::text"
        with self._lent("BEGIN ISOLATION LEVEL READ COMMITTED", number) as (connection, begun):
            yield Statements(connection)
            self._commit(connection, str(begun))

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """What fails within is raised as an error of ours."""
        try:
            yield
        except psycopg.Error as error:
            raise explain(error, self.place) from error
        except UnicodeEncodeError as error:
            raise errors.InvalidInput(f"{error.object!r:.80} is not Unicode text.") from error

    @contextmanager
    def _lent(
        self, begin: str, query: str = "SELECT 1"
    ) -> Iterator[tuple[psycopg.Connection[Any], Any]]:
        """A connection in a transaction, and what ``query`` gave as it began."""
        self._pool.open()
        connection, answer = self._begin(f"{begin}; {self._settings}; {query}".encode())
        try:
            yield connection, answer
        finally:
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:
                with suppress(psycopg.Error):
                    connection.execute("ROLLBACK")
            self._pool.putconn(connection)

    def _begin(self, statements: bytes) -> tuple[psycopg.Connection[Any], Any]:
        """Begin on a free connection; give what the last of the statements gave.

        A connection that broke while nobody used it, by a restart of the server, is passed over:
        nothing was asked of it yet.
        """
        for attempt in range(self._pool.max_size + 1):
            connection = self._pool.getconn()
            try:
                cursor = connection.execute(statements)
                while cursor.nextset():
                    pass
                [answer] = cursor.fetchone() or [None]
            except BaseException as error:
                broken = connection.closed and isinstance(error, psycopg.OperationalError)
                self._pool.putconn(connection)
                if not broken or attempt == self._pool.max_size:
                    raise
            else:
                return connection, answer
        raise AssertionError

    def _commit(self, connection: psycopg.Connection[Any], number: str) -> None:
        """Commit transaction ``number``. Where the answer is lost, ask what became of it."""
        try:
            ended = connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            if is_refused(error) or self._is_undone(number):
                raise
            raise lost_at_its_end(error, self.place) from error
        if ended.statusmessage != "COMMIT":
            message = f"{self.place} undid what was to be saved: nothing was saved."
            raise errors.StoreError(message)

    def _is_undone(self, number: str) -> bool:
        """Whether the server says, in time, that a transaction was undone.

        That one was committed proves nothing: after a crash the number of one that left no trace
        is given to another.
        """
        end = time.monotonic() + _CONNECT_SECONDS
        while time.monotonic() < end:
            with suppress(psycopg.Error), self.connect() as connection:
                query = "SELECT pg_xact_status(%s::xid8)"
                [status] = connection.execute(query, (number,)).fetchone() or [None]
                if status != "in progress":
                    return bool(status == "aborted")
            time.sleep(0.1)
        return False


def _configure(connection: psycopg.Connection[Any]) -> None:
    """JSON comes as text, which a row's codec reads."""
    for name in ("json", "jsonb"):
        connection.adapters.register_loader(name, TextLoader)


def _marked(statement: str) -> bytes:
    return statement.replace("?", "%s").encode()


def _without_secrets(url: str) -> str:
    """A URL as it may be shown: ``postgresql://crm@db.example:5432/crm``. Raises `UsageError`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise _not_a_url() from None
    user, at, hosts = parts.netloc.rpartition("@")
    if "@" in user:
        # libpq would take what follows the first one for a host, and complain of it aloud.
        raise _not_a_url()
    return f"postgresql://{user.partition(':')[0]}{at}{hosts}{parts.path}"


def _not_a_url() -> errors.UsageError:
    """What is said of a URL that makes no sense; what is wrong with it may be the password."""
    return errors.UsageError(
        "This is not a URL of a PostgreSQL database.",
        hint="Such as postgresql://crm@db.example:5432/crm; a password is best in ~/.pgpass.",
    )
