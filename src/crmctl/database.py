"""An SQLite file of ours: opened, refused, created whole, migrated, and transactions on it.

It knows nothing of what is kept: a `Schema` says that.
"""

from __future__ import annotations

import os
import sqlite3
from _thread import allocate_lock
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Literal

from crmctl import errors
from crmctl.files import make_directory, making_file, require_regular
from crmctl.header import Header
from crmctl.locks import DEAF_SECONDS, LOCKED, wait_for

BUSY_SECONDS = 30.0

# What a transaction that writes may keep in memory before it goes to the file, in KiB: inserting
# into a table of 100,000 rows runs about twice as fast as with SQLite's 2 MiB.
_WRITE_CACHE = 32 * 1024

NO_FUNCTIONS: Mapping[str, Callable[[str], str]] = {}

_MAGIC = b"SQLite format 3\0"
_WRITE_AHEAD_LOG = 2
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class Schema:
    """What a kind of file holds.

    ``kind`` is what messages call it, and ``application_id`` tells it from all others. ``steps()``
    gives the statements that lead to each version from the one before; they may call ``functions``,
    by name, each of one argument. ``synchronous`` is SQLite's: EXTRA keeps what was committed also
    where the power fails before the directory is on the disk. ``variable`` names the directory that
    it is in, ``mend`` what to do about damage.
    """

    __slots__ = (
        "application_id",
        "functions",
        "kind",
        "mend",
        "steps",
        "synchronous",
        "variable",
        "version",
    )

    def __init__(
        self,
        kind: str,
        *,
        application_id: int,
        version: int,
        steps: Callable[[], Sequence[Sequence[str]]],
        functions: Mapping[str, Callable[[str], str]] = NO_FUNCTIONS,
        synchronous: Literal["FULL", "EXTRA"] = "FULL",
        variable: str = "CRMCTL_DATA_DIR",
        mend: str | None = None,
    ) -> None:
        self.kind = kind
        self.application_id = application_id
        self.version = version
        self.steps = steps
        self.functions = functions
        self.synchronous = synchronous
        self.variable = variable
        self.mend = mend or f"Run `crmctl {kind} check`, or restore a backup."


class Database:
    """One file, and the connections to it, opened as they are needed.

    Reading a file that does not exist reads an empty one and creates nothing; the first write
    creates it. Every failure is a `StoreError`, and a file that is not of this kind, or of a
    version that is not known, is left as it is. Any number of threads may use it: each transaction
    has a connection to itself, and waits at most ``busy_seconds`` for other processes.
    """

    def __init__(self, path: Path, schema: Schema, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self.schema = schema
        self.busy_seconds = busy_seconds
        self._idle: list[sqlite3.Connection] = []
        self._nothing: list[sqlite3.Connection] = []
        self._header = Header(path)
        self._writing = allocate_lock()

    def close(self) -> None:
        """Close the connections that are not in use."""
        for connections in (self._idle, self._nothing):
            while connections:
                connections.pop().close()
        self._header.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one read transaction: all that is read is of one moment."""
        with self._explaining():
            connection = self._take()
            if connection is None:
                nothing = self._take_empty()
                try:
                    yield nothing
                finally:
                    self._nothing.append(nothing)
                return
            with self._lending(connection), self._transaction(connection, "BEGIN"):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one write transaction, committed at the end, undone by an error."""
        with self._explaining():
            connection = self._take()
            if connection is None:
                self._create()
                if (connection := self._take()) is None:
                    raise errors.StoreError(f"The {self.schema.kind} {self.path} vanished.")
            with (
                self._alone(),
                self._lending(connection),
                self._transaction(connection, "BEGIN IMMEDIATE"),
            ):
                connection.execute(f"PRAGMA cache_size = -{_WRITE_CACHE}")
                yield connection

    def back_up(self, target: Path) -> None:
        """Copy the file as of one moment to a new one, 0600. What exists is not replaced."""
        with self.reading() as connection:
            if self.version() is None:
                message = f"There is no {self.schema.kind} at {self.path} to copy yet."
                raise errors.StoreError(message)
            try:
                with making_file(target) as draft, closing(_connect(draft)) as copy:
                    connection.backup(copy)
            except FileExistsError:
                raise errors.UsageError(f"{target} exists; it was not replaced.") from None
            except (OSError, sqlite3.Error) as error:
                if getattr(error, "sqlite_errorname", "").startswith((*LOCKED, *_DAMAGED)):
                    raise  # of the file that is read
                reason = getattr(error, "strerror", None) or error
                message = f"{target} could not be written: {reason}."
                raise errors.StoreError(message, hint="Nothing was left there.") from error

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
        with self._explaining():
            try:
                header = self._header.read()
            except FileNotFoundError:
                return None
            for suffix in ("-journal", "-wal"):  # which SQLite opens, and a FIFO would block it
                beside = f"{self.path}{suffix}"
                # Another process may remove its journal meanwhile.
                with suppress(FileNotFoundError):
                    if os.path.lexists(beside):
                        require_regular(os.lstat(beside), beside)
        return self._version_in(header)

    def _version_in(self, header: bytes) -> int:
        kind = self.schema.kind
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
        with suppress(IndexError):
            return self._idle.pop()
        if (version := self.version()) is None:
            return None
        connection = _connect(self.path)
        try:
            if version < self.schema.version:
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # SQLite's lock has no queue: of 8 threads' writes the slowest 1 of 100 took 128 ms, 41 so.
        if not self._writing.acquire(timeout=self.busy_seconds):
            raise self._locked()
        try:
            yield
        finally:
            self._writing.release()

    @contextmanager
    def _lending(self, connection: sqlite3.Connection) -> Iterator[None]:
        try:
            yield
        finally:
            self._idle.append(connection)

    def _create(self) -> None:
        """Make the file, where a link to it leads, if no other process does at the same time."""
        path = Path(os.path.realpath(self.path))
        make_directory(path.parent)
        with (
            suppress(FileExistsError),
            making_file(path) as draft,
            closing(_connect(draft)) as connection,
        ):
            self._migrate(connection)

    def _take_empty(self) -> sqlite3.Connection:
        """A connection to what a file that is not there holds, kept for the next who asks.

        Made in 1 ms: too long for each of the thousands of names of an import.
        """
        with suppress(IndexError):
            return self._nothing.pop()
        connection = _connect(None)
        self._migrate(connection)
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Bring an open file to the newest schema, each step in a transaction of its own.

        The version is read again inside each transaction: another process may have been faster.
        """
        steps = self.schema.steps()
        for name, function in self.schema.functions.items():
            connection.create_function(name, 1, function, deterministic=True)
        done = -1
        while done < self.schema.version:
            with self._transaction(connection, "BEGIN IMMEDIATE"):
                (done,) = connection.execute("PRAGMA user_version").fetchone()
                if done < self.schema.version:
                    for statement in steps[done]:
                        connection.execute(statement)
                    done += 1
                    connection.execute(f"PRAGMA application_id = {self.schema.application_id}")
                    connection.execute(f"PRAGMA user_version = {done}")

    @contextmanager
    def _transaction(self, connection: sqlite3.Connection, begin: str) -> Iterator[None]:
        left = self.busy_seconds
        try:
            # The first reads the file; BEGIN alone locks nothing, and the last does.
            synchronous = f"PRAGMA synchronous = {self.schema.synchronous}"
            for statement in (synchronous, begin, "SELECT 1 FROM sqlite_schema"):
                left = wait_for(connection, statement, left)
            yield
            wait_for(connection, "COMMIT", left)
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._explain(error) from error
        except UnicodeEncodeError as error:
            raise errors.InvalidInput(f"{error.object!r:.80} is not Unicode text.") from error
        except UnicodeDecodeError as error:  # of SQLite's message, which quotes the damage
            raise self._damaged() from error
        except OSError as error:
            raise errors.StoreError(
                f"The {self.schema.kind} {self.path} cannot be used: {error.strerror or error}.",
                hint=f"{self.schema.variable} names another directory.",
            ) from error

    def _locked(self) -> errors.StoreError:
        return errors.StoreError(
            f"The {self.schema.kind} {self.path} is locked by another process: nothing was saved.",
            hint="Run it again when the other process has finished.",
            retryable=True,
        )

    def _damaged(self) -> errors.StoreError:
        message = f"The {self.schema.kind} {self.path} is damaged."
        return errors.StoreError(message, hint=self.schema.mend)

    def _explain(self, error: sqlite3.Error) -> errors.StoreError:
        """A failure of SQLite in words that a user can act on."""
        file = f"{self.schema.kind} {self.path}"
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(LOCKED):
            return self._locked()
        if name.startswith(_DAMAGED) or "decode to UTF-8" in str(error):
            return self._damaged()
        message, hint = f"The {file} failed: {error}.", None
        if name.startswith("SQLITE_FULL"):
            message = f"No space left for the {file}: nothing was saved."
            hint = "Free some space and run it again."
        elif name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
            message = f"The {file} cannot be opened for writing: {error}."
            hint = "Check the permissions of the file and of its directory."
        return errors.StoreError(message, hint=hint)


def _connect(path: Path | None) -> sqlite3.Connection:
    """A connection to the file that is there; to one in memory where no path is given."""
    # Of a URI alone SQLite takes every name as it is.
    uri = "file::memory:" if path is None else f"{path.absolute().as_uri()}?mode=rw"
    # `timeout` is SQLite's busy_timeout, in force before any statement.
    connection = sqlite3.connect(
        uri, uri=True, timeout=DEAF_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
