"""An SQLite file of ours: opened, refused, created whole, migrated, and transactions on it.

It knows nothing of what is kept: a `Schema` says that.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from crmctl import errors
from crmctl.files import make_directory, open_regular, require_regular

BUSY_SECONDS = 30.0

# What a transaction that writes may keep in memory before it goes to the file, in KiB: many inserts
# into a large file run two and a half times as fast as with SQLite's 2 MiB.
_WRITE_CACHE = 32 * 1024

_MAGIC = b"SQLite format 3\0"
_WRITE_AHEAD_LOG = 2


class Schema:
    """What a kind of file holds.

    ``kind`` is what messages call it, and ``application_id`` tells it from all others. ``steps()``
    gives the statements that lead to each version from the one before.
    """

    __slots__ = ("application_id", "kind", "steps", "version")

    def __init__(
        self,
        kind: str,
        *,
        application_id: int,
        version: int,
        steps: Callable[[], Sequence[Sequence[str]]],
    ) -> None:
        self.kind = kind
        self.application_id = application_id
        self.version = version
        self.steps = steps


class Database:
    """One file, and the connections to it, opened as they are needed.

    Reading a file that does not exist reads an empty one and creates nothing; the first write
    creates it. Every failure is a `StoreError`, and a file that is not of this kind, or of a
    version that is not known, is left as it is. Any number of threads may use it: each transaction
    has a connection to itself.
    """

    def __init__(self, path: Path, schema: Schema, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self.schema = schema
        self.busy_seconds = busy_seconds
        self._idle: list[sqlite3.Connection] = []

    def close(self) -> None:
        """Close the connections that are not in use."""
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one read transaction: all that is read is of one moment."""
        with self._explaining():
            connection = self._take()
            if connection is None:
                with closing(self._empty()) as nothing:
                    yield nothing
                return
            with self._lending(connection), _transaction(connection, "BEGIN"):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one write transaction, committed at the end, undone by an error."""
        with self._explaining():
            connection = self._take()
            if connection is None:
                self._create()
                connection = self._take()
                if connection is None:
                    raise errors.StoreError(f"The {self.schema.kind} {self.path} vanished.")
            with self._lending(connection):
                connection.execute(f"PRAGMA cache_size = -{_WRITE_CACHE}")
                with _transaction(connection, "BEGIN IMMEDIATE"):
                    yield connection

    def back_up(self, target: Path) -> None:
        """Copy the file as of one moment to a new one, 0600. What exists is not replaced."""
        with self._explaining(), self.reading() as connection:
            if self.version() is None:
                raise errors.StoreError(
                    f"There is no {self.schema.kind} at {self.path} to copy yet."
                )
            try:
                os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            except FileExistsError:
                raise errors.UsageError(f"{target} exists; it was not replaced.") from None
            except OSError as error:
                raise errors.StoreError(f"{target} cannot be made: {error.strerror}.") from error
            try:
                with closing(sqlite3.connect(target)) as copy:
                    connection.backup(copy)
            except BaseException:
                target.unlink()
                raise

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file; an empty list if nothing."""
        with self.reading() as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        return [problem for problem in found if problem != "ok"]

    def version(self) -> int | None:
        """The schema version of the file, or None if there is none.

        Reads the header without SQLite, which may write to a database merely by opening it. Raises
        `StoreError` for a file that is damaged, of another kind, or of a later crmctl.
        """
        kind = self.schema.kind
        try:
            with os.fdopen(open_regular(self.path, follow=True), "rb") as file:
                header = file.read(100)
        except FileNotFoundError:
            return None
        for suffix in ("-journal", "-wal"):  # which SQLite opens, and a FIFO would block it
            beside = Path(f"{self.path}{suffix}")
            with suppress(FileNotFoundError):
                require_regular(beside.lstat(), beside.name)
        if len(header) < 100 or not header.startswith(_MAGIC):
            raise errors.StoreError(
                f"{self.path} is damaged, or not a crmctl {kind}. It was left as it is.",
                hint=f"Restore a backup, or move the file away to start a new {kind}.",
            )
        version = int.from_bytes(header[60:64], "big")
        application_id = int.from_bytes(header[68:72], "big")
        if application_id != self.schema.application_id or header[18] == _WRITE_AHEAD_LOG:
            raise errors.StoreError(
                f"{self.path} is a database of another program. It was left as it is.",
                hint=f"Move the file away to start a new {kind}.",
            )
        if version > self.schema.version:
            raise errors.StoreError(
                f"{self.path} was written by a later crmctl (schema {version}; this one knows"
                f" {self.schema.version}). It was left as it is.",
                hint="Upgrade crmctl.",
            )
        return version

    def _take(self) -> sqlite3.Connection | None:
        """A connection that nobody else uses; None if there is no file."""
        try:
            return self._idle.pop()
        except IndexError:
            pass
        version = self.version()
        if version is None:
            return None
        connection = _connect(f"{self.path.absolute().as_uri()}?mode=rw", self.busy_seconds)
        try:
            if version < self.schema.version:
                _migrate(connection, self.schema)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _lending(self, connection: sqlite3.Connection) -> Iterator[None]:
        try:
            yield
        finally:
            self._idle.append(connection)

    def _create(self) -> None:
        """Make the file in one step: whole under another name, then linked to its own.

        So no process ever sees half of one, however many start at once.
        """
        make_directory(self.path.parent)
        draft = self.path.with_name(f".{self.path.name}.{os.urandom(8).hex()}")
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            uri = f"{draft.absolute().as_uri()}?mode=rw"
            with closing(_connect(uri, self.busy_seconds)) as connection:
                _migrate(connection, self.schema)
            try:
                os.link(draft, self.path)
            except FileExistsError:
                return
        finally:
            draft.unlink(missing_ok=True)

    def _empty(self) -> sqlite3.Connection:
        connection = _connect("file::memory:", 0)
        _migrate(connection, self.schema)
        return connection

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain(error) from error
        except OSError as error:
            raise errors.StoreError(
                f"The {self.schema.kind} {self.path} cannot be used: {error.strerror or error}.",
                hint="CRMCTL_DATA_DIR names another directory.",
            ) from error

    def _explain(self, error: sqlite3.Error) -> errors.StoreError:
        """A failure of SQLite in words that a user can act on."""
        file = f"{self.schema.kind} {self.path}"
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith("SQLITE_FULL"):
            return errors.StoreError(
                f"No space left for the {file}: nothing was saved.",
                hint="Free some space and run it again.",
            )
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return errors.StoreError(
                f"The {file} is locked by another process: nothing was saved.",
                hint="Run it again when the other process has finished.",
                retryable=True,
            )
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return errors.StoreError(
                f"The {file} is damaged.",
                hint=f"Run `crmctl {self.schema.kind} check`, or restore a backup.",
            )
        if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
            return errors.StoreError(
                f"The {file} cannot be opened for writing: {error}.",
                hint="Check the permissions of the file and of its directory.",
            )
        return errors.StoreError(f"The {file} failed: {error}.")


def _connect(uri: str, busy_seconds: float) -> sqlite3.Connection:
    # `timeout` is SQLite's busy_timeout, in force before any statement.
    connection = sqlite3.connect(
        uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Bring an open file to the newest schema, each step in a transaction of its own.

    The version is read again inside each transaction: another process may have been faster.
    """
    steps = schema.steps()
    done = -1
    while done < schema.version:
        with _transaction(connection, "BEGIN IMMEDIATE"):
            (done,) = connection.execute("PRAGMA user_version").fetchone()
            if done < schema.version:
                for statement in steps[done]:
                    connection.execute(statement)
                done += 1
                connection.execute(f"PRAGMA application_id = {schema.application_id}")
                connection.execute(f"PRAGMA user_version = {done}")


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
