"""The workspace's file: opening, refusing, creating it, and transactions on it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from crmctl import errors
from crmctl.store.header import SCHEMA_VERSION, inspect_header
from crmctl.store.schema import migrate

BUSY_SECONDS = 30.0


class Store:
    """One workspace file and the connection to it, opened on first use.

    Reading a file that does not exist reads an empty workspace and creates nothing; the first
    write creates it. Every failure is a `StoreError`, and a file that is not a workspace of a
    known version is left as it is.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self.busy_seconds = busy_seconds
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one read transaction: all that is read is of one moment."""
        with self._explaining():
            connection = self._connection or self._open()
            if connection is None:
                with closing(_empty_workspace()) as nothing:
                    yield nothing
                return
            with _transaction(connection, "BEGIN"):
                yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside one write transaction, committed at the end, undone by an error."""
        with self._explaining():
            connection = self._connection or self._open()
            if connection is None:
                self._create()
                connection = self._open()
                if connection is None:
                    raise errors.StoreError(f"The workspace {self.path} vanished.")
            with _transaction(connection, "BEGIN IMMEDIATE"):
                yield connection

    def back_up(self, target: Path) -> None:
        """Copy the workspace as of one moment to a new file, 0600. What exists is not replaced."""
        with self._explaining(), self.reading() as connection:
            if inspect_header(self.path) is None:
                raise errors.StoreError(f"There is no workspace at {self.path} to copy yet.")
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
            total, tallied = connection.execute(
                "SELECT (SELECT count(*) FROM task),"
                " (SELECT ifnull(sum(number), 0) FROM task_tally)"
            ).fetchone()
        problems = [problem for problem in found if problem != "ok"]
        if total != tallied:
            problems.append(f"there are {total} tasks, and {tallied} were tallied")
        return problems

    def _open(self) -> sqlite3.Connection | None:
        version = inspect_header(self.path)
        if version is None:
            return None
        connection = _connect(f"{self.path.absolute().as_uri()}?mode=rw", self.busy_seconds)
        try:
            if version < SCHEMA_VERSION:
                migrate(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _create(self) -> None:
        """Make the file in one step: whole under another name, then linked to its own.

        So no process ever sees half a workspace, however many start at once.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{os.urandom(8).hex()}")
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            connection = _connect(f"{draft.absolute().as_uri()}?mode=rw", self.busy_seconds)
            try:
                migrate(connection)
            finally:
                connection.close()
            try:
                os.link(draft, self.path)
            except FileExistsError:
                return
        finally:
            draft.unlink(missing_ok=True)

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise explain(error, self.path) from error
        except OSError as error:
            raise errors.StoreError(
                f"The workspace {self.path} cannot be used: {error.strerror or error}.",
                hint="CRMCTL_DATA_DIR names another directory.",
            ) from error


def explain(error: sqlite3.Error, path: Path) -> errors.StoreError:
    """A SQLite failure in words a user can act on."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL"):
        return errors.StoreError(
            f"No space left for the workspace {path}: nothing was saved.",
            hint="Free some space and run it again.",
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return errors.StoreError(
            f"The workspace {path} is locked by another process: nothing was saved.",
            hint="Run it again when the other process has finished.",
            retryable=True,
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return errors.StoreError(
            f"The workspace {path} is damaged.",
            hint="Run `crmctl workspace check`, or restore a backup.",
        )
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_CANTOPEN")):
        return errors.StoreError(
            f"The workspace {path} cannot be opened for writing: {error}.",
            hint="Check the permissions of the file and of its directory.",
        )
    return errors.StoreError(f"The workspace {path} failed: {error}.")


def _connect(uri: str, busy_seconds: float) -> sqlite3.Connection:
    # `timeout` is SQLite's busy_timeout, in force before any statement. One connection serves all
    # threads; the workspace lets one request in at a time.
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


def _empty_workspace() -> sqlite3.Connection:
    connection = _connect("file::memory:", 0)
    migrate(connection)
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
