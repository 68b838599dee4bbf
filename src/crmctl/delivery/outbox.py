"""The outbox: activities that are kept, in a file, until the server has them.

A row is *pending*: not sent, or certainly not applied. *sending*: a process is at it. *unknown*: it
was sent, and may have been applied. *delivered*: the server has it. *dead*: the server refuses it.
*held*: it was sent too often to no effect, or is damaged. The last two wait for a person.

Whoever sends a row claims it first, and the claim is committed before a byte goes out. A claim is a
token, and a file of that name that is locked: the kernel frees the lock of a process that died, and
what it was at is then unknown, for nobody can say how far it came.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmctl import errors
from crmctl.database import BUSY_SECONDS, Database
from crmctl.delivery.entries import DAMAGED, STATES, WAITING, is_damaged
from crmctl.delivery.rows import NAMES, NEW, SCHEMA, Row
from crmctl.files import make_directory, take_lock
from crmctl.timestamps import format_timestamp

if TYPE_CHECKING:
    import sqlite3

_OLD_LOCK = 86_400.0  # seconds
# What becomes of a row that a process died over.
_DIED = "The process that was sending it died."
_LOST: Row = {"state": "unknown", "token": None, "missed_at": None, "last_error": _DIED}
_HELD: Row = {"state": "held", "last_error": DAMAGED}
KEPT = timedelta(days=30)  # for a delivered row: as long as a job can be run again

_SELECT = f"SELECT {', '.join(NAMES)} FROM entry"


class Claim:
    """A row that this process alone may send: as it is now, and as it was ``before``, if it was."""

    __slots__ = ("before", "lock", "row")

    def __init__(self, row: Row, before: Row | None, lock: int) -> None:
        self.row = row
        self.before = before
        self.lock = lock


class Outbox:
    """The rows of one profile and base URL, in the file at ``path``, which the first one makes.

    ``account`` is of whoever asks: only rows of the same account are sent, or taken over. Any
    number of processes may use it. Every failure is a `StoreError`. ``mask`` takes secrets out of
    what is kept of an error.
    """

    def __init__(
        self,
        path: Path,
        *,
        account: str = "",
        clock: Callable[[], datetime],
        busy_seconds: float = BUSY_SECONDS,
        mask: Callable[[str], str] = lambda text: text,
    ) -> None:
        self.path = path
        self.account = account
        self.clock = clock
        self.mask = mask
        self._database = Database(path, SCHEMA, busy_seconds=busy_seconds)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def enter(self, identity: str, entry: Row) -> Row:
        """The row of an entry: a new one, which is pending, or the one that it is in already.

        That keeps its body, unless the server has refused it or it is damaged: then it is pending
        anew.
        """
        with self._database.writing() as connection:
            row = self._find(connection, identity)
            if row is None:
                row = self._new(identity, entry)
                row["id"] = _insert(connection, row)
            elif row["state"] == "dead" or (row["state"] != "sending" and is_damaged(row)):
                renewed = {"state": "pending", "sent_at": None, "not_before": None}
                renewed |= {name: entry[name] for name in ("body", "occurred_at")}
                _update(connection, row, renewed)
                row |= renewed
            elif row["state"] == "sending" and not self._is_being_sent(row):
                _update(connection, row, _LOST)
                row |= _LOST
        return row

    def enter_claimed(self, identity: str, entry: Row) -> Claim:
        """The claim to the row of an entry that is in no outbox: one commit instead of two."""
        lock, token = self._new_lock()
        row = self._new(identity, entry)
        row |= _claimed(row, token, self._now())
        try:
            with self._database.writing() as connection:
                row["id"] = _insert(connection, row)
        except BaseException:
            self._free(lock, token)
            raise
        return Claim(row, None, lock)

    def claim(self, row: Row) -> Claim | None:
        """Claim a row that waits to be sent; None if it does so no more."""
        lock, token = self._new_lock()
        changes = _claimed(row, token, self._now())
        try:
            done = self.change(row, **changes)
        except BaseException:
            self._free(lock, token)
            raise
        if done:
            return Claim({**row, **changes}, row, lock)
        self._free(lock, token)
        return None

    def settle(self, claim: Claim, state: str, **changes: Any) -> None:
        """Write down what became of a claimed row, and give it back."""
        changes |= {"state": state, "token": None}
        try:
            with self._database.writing() as connection:
                _update(connection, claim.row, changes)
                if state == "delivered":
                    self._purge(connection)
        finally:
            self._free(claim.lock, claim.row["token"])

    def change(self, row: Row, **changes: Any) -> bool:
        """Change a row that is still as it was read; False if it is not."""
        with self._database.writing() as connection:
            return _update(connection, row, changes)

    def put(self, identity: str, entry: Row) -> bool:
        """Put in an entry that came from elsewhere; False if it is there already."""
        with self._database.writing() as connection:
            if self._find(connection, identity) is not None:
                return False
            _insert(connection, self._new(identity, entry))
            return True

    def rows(self, *states: str, everyone: bool = False) -> list[Row]:
        """The rows in these states, or in any, in the order they came; ``everyone``: all accounts'.

        What a process that died was sending is unknown by now, and is given so; what is damaged is
        held.
        """
        with self._database.reading() as connection:
            wanted = (*states, "sending") if states else STATES
            query = f"{_SELECT} WHERE state IN ({', '.join('?' * len(wanted))}) ORDER BY id"
            found = connection.execute(query, wanted).fetchall()
        rows = [dict(zip(NAMES, each, strict=True)) for each in found]
        for row in rows:
            lost = row["state"] == "sending" and not self._is_being_sent(row)
            if lost and self.change(row, **_LOST):
                row.update(_LOST)
            damaged = row["state"] in ("pending", "unknown") and is_damaged(row)
            if damaged and self.change(row, **_HELD):
                row.update(_HELD)
        return [
            row
            for row in rows
            if (not states or row["state"] in states) and (everyone or self.is_ours(row))
        ]

    def counts(self) -> dict[str, int]:
        """How many rows are in each state; as ``other_keys``, how many wait of other accounts."""
        rows = self.rows(everyone=True)
        ours = [row["state"] for row in rows if self.is_ours(row)]
        others = [row for row in rows if not self.is_ours(row) and row["state"] in WAITING]
        return {**{state: ours.count(state) for state in STATES}, "other_keys": len(others)}

    def row(self, row_id: int) -> Row:
        """The row with that ID, whoever's it is. Raises NotFound."""
        for row in self.rows(everyone=True):
            if row["id"] == row_id:
                return row
        raise errors.NotFound(
            f"There is no {row_id} in the outbox.", hint="`crmctl outbox list --all` shows them."
        )

    def is_ours(self, row: Row) -> bool:
        """Whether a row is of the account that asks."""
        return bool(row["account"] == self.account)

    def drop(self, row: Row) -> bool:
        """Delete a row that is still as it was read; False if it is not."""
        with self._database.writing() as connection:
            same = "DELETE FROM entry WHERE id = ? AND state = ? AND attempts = ?"
            done = connection.execute(same, (row["id"], row["state"], row["attempts"]))
            return done.rowcount == 1

    def purge(self) -> None:
        """Delete what was delivered more than 30 days ago, and locks that nobody will ask for."""
        if self.rows("delivered", everyone=True):
            with self._database.writing() as connection:
                self._purge(connection)
        # Of a process that died before its claim was committed. A new one may not be locked yet.
        for file in self.path.parent.glob(f"{self.path.stem}.*.lock"):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > _OLD_LOCK and file != self._beside("flush"):
                    lock = self._take(file)
                    if lock is not None:
                        os.close(lock)
                        file.unlink()

    @contextmanager
    def flushing(self) -> Iterator[bool]:
        """Whether nobody else flushes; if so, nobody does until this ends."""
        if self._database.version() is None:
            yield True  # there is nothing to flush
            return
        lock = self._take(self._beside("flush"))
        try:
            yield lock is not None
        finally:
            if lock is not None:
                os.close(lock)

    def _now(self) -> str:
        return format_timestamp(self.clock())

    def _purge(self, connection: sqlite3.Connection) -> None:
        oldest = format_timestamp(self.clock() - KEPT)
        expired = "DELETE FROM entry WHERE state = 'delivered' AND delivered_at < ?"
        connection.execute(expired, (oldest,))

    def _new(self, identity: str, entry: Row) -> Row:
        row = {**NEW, "queued_at": self._now(), **entry}
        return {**row, "identity": identity, "account": self.account}

    def _find(self, connection: sqlite3.Connection, identity: str) -> Row | None:
        found = connection.execute(
            f"{_SELECT} WHERE account = ? AND identity = ?", (self.account, identity)
        ).fetchone()
        return None if found is None else dict(zip(NAMES, found, strict=True))

    def _is_being_sent(self, row: Row) -> bool:
        """Whether a process that lives has claimed it."""
        if row["state"] != "sending":
            return False
        lock = self._take(self._beside(row["token"]))
        if lock is None:
            return True
        self._free(lock, row["token"])
        return False

    def _new_lock(self) -> tuple[int, str]:
        token = os.urandom(8).hex()
        lock = self._take(self._beside(token))
        assert lock is not None  # noqa: S101 - nobody else knows the token
        return lock, token

    def _take(self, path: Path) -> int | None:
        try:
            make_directory(path.parent)
            return take_lock(path)
        except OSError as error:
            raise errors.StoreError(
                f"The outbox {self.path} cannot be used: {error.strerror or error}.",
                hint="CRMCTL_STATE_DIR names another directory.",
            ) from error

    def _free(self, lock: int, token: str) -> None:
        os.close(lock)
        with suppress(OSError):  # who looks at it may have it open, or have removed it
            self._beside(token).unlink()

    def _beside(self, name: str) -> Path:
        return self.path.with_name(f"{self.path.stem}.{name}.lock")


def _claimed(row: Row, token: str, now: str) -> Row:
    return {"state": "sending", "token": token, "attempts": row["attempts"] + 1, "sent_at": now}


def _insert(connection: sqlite3.Connection, row: Row) -> int:
    places = ", ".join("?" * len(NAMES))
    values = [row[name] for name in NAMES]
    done = connection.execute(f"INSERT INTO entry VALUES ({places})", values)
    assert done.lastrowid is not None  # noqa: S101 - of an INSERT it is the row's
    return done.lastrowid


def _update(connection: sqlite3.Connection, row: Row, changes: Row) -> bool:
    """Change a row, if its state, its token and its attempts are still those."""
    sets = ", ".join(f"{name} = ?" for name in changes)
    done = connection.execute(
        f"UPDATE entry SET {sets} WHERE id = ? AND state = ? AND token IS ? AND attempts = ?",
        [*changes.values(), row["id"], row["state"], row["token"], row["attempts"]],
    )
    return done.rowcount == 1
