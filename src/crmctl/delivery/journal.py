"""The journal of an import: which lines of a file are done, for a run that goes on where one ended.

It is of one file's content and one target. A line is noted before it may be sent, and again when
what became of it is known, so that whatever ends the process, no line is lost and none is doubled.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from crmctl.database import Database, Schema
from crmctl.delivery.lines import DONE, EARLIER, UNKNOWN, Entry, Result
from crmctl.errors import StoreError
from crmctl.files import OwnFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

# What a line is: sent, perhaps; created, with more to be done; done.
_SENT, _CREATED, _DONE = "sent", "created", "done"

# "CRMJ" tells a journal from other databases.
_SCHEMA = Schema(
    "journal",
    application_id=0x43524D4A,
    version=1,
    variable="CRMCTL_STATE_DIR",
    mend="Look what was applied, then move it away: without it the whole file is sent anew.",
    steps=lambda: [
        [
            "CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
            "CREATE TABLE line (number INTEGER PRIMARY KEY, state TEXT NOT NULL, id TEXT)",
            "CREATE INDEX line_sent ON line (state) WHERE state = 'sent'",
            # What runs before the last `--again` made: twins of what this one may have made.
            "CREATE TABLE former (id TEXT PRIMARY KEY) WITHOUT ROWID",
        ]
    ],
)


@contextmanager
def open_journal(directory: Path, job: str, *, now: str, again: bool) -> Iterator[Journal]:
    """The journal of that job, for one process at a time, new where there is none.

    ``job`` names the file's content and the target, in a form fit for a file's name; ``again``
    begins anew. Raises StoreError where another process has it.
    """
    path = directory / "imports" / job / "journal.db"
    with ExitStack() as stack:
        try:
            stack.enter_context(OwnFile(path).locked(seconds=0))
        except StoreError as error:
            if not error.retryable:
                raise
            raise StoreError(
                "Another crmctl is importing this file right now: nothing was sent.",
                hint="Run it again when that has ended.",
                retryable=True,
            ) from None
        database = stack.enter_context(closing(Database(path, _SCHEMA)))
        yield Journal(database, now=now, again=again)


class Journal:
    """What is known of each line, by its number.

    ``name`` is of this job alone, and new with each ``again``. ``started`` is when it began, by
    this machine's clock. ``new`` says that this run is the first, ``resumed`` that lines are known.
    """

    def __init__(self, database: Database, *, now: str, again: bool) -> None:
        self._database = database
        self.new = database.version() is None or again
        with database.writing() as connection:
            known = dict(connection.execute("SELECT name, value FROM job"))
            if again or not known:
                connection.execute("INSERT OR IGNORE INTO former SELECT id FROM line WHERE id > ''")
                connection.execute("DELETE FROM line")
                known = {"name": os.urandom(16).hex(), "started": now}
                connection.executemany("INSERT OR REPLACE INTO job VALUES (?, ?)", known.items())
            self.resumed = connection.execute("SELECT 1 FROM line LIMIT 1").fetchone() is not None
        self.name = known["name"]
        self.started = known["started"]
        self.claimed = known.get("claimed", "")

    def states(self, first: int, last: int) -> dict[int, tuple[str, str | None]]:
        """What is known of these lines: state and ID."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT number, state, id FROM line WHERE number BETWEEN ? AND ?", (first, last)
            )
            return {number: (state, item_id) for number, state, item_id in found}

    def claim(self, entries: Iterable[Entry], now: str) -> None:
        """Note that these may be sent from now on."""
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO line VALUES (?, ?, NULL)",
                [(entry.number, _SENT) for entry in entries if entry.item_id is None],
            )
            connection.execute("INSERT OR REPLACE INTO job VALUES ('claimed', ?)", (now,))

    def record(self, results: Iterable[Result]) -> None:
        """Note what became of lines."""
        self.take_over(self.states_after(results))

    def states_after(self, results: Iterable[Result]) -> dict[int, tuple[str, str | None]]:
        """By number what the lines are then: state and ID; ("", None) for what is as it was not."""
        states: dict[int, tuple[str, str | None]] = {}
        for result in results:
            entry = result.entry
            if result.status in (EARLIER, UNKNOWN) and entry.item_id is None:
                continue
            if result.status == DONE:
                states[entry.number] = (_DONE, entry.item_id)
            elif result.status != EARLIER:
                state = _CREATED if entry.item_id and entry.body is not None else ""
                states[entry.number] = (state, entry.item_id if state else None)
        return states

    def take_over(self, states: Mapping[Any, Any]) -> None:
        """Note states, as `states_after` gives them."""
        if not states:
            return
        self.resumed = True
        with self._database.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO line VALUES (?, ?, ?)",
                [(int(number), *state) for number, state in states.items() if state[0]],
            )
            connection.executemany(
                "DELETE FROM line WHERE number = ?",
                [(int(number),) for number, state in states.items() if not state[0]],
            )

    def knows(self, item_id: str) -> bool:
        """Whether an item is of a line that is known, or of a former run."""
        with self._database.reading() as connection:
            former = "SELECT 1 FROM former WHERE id = ?"
            if connection.execute(former, (item_id,)).fetchone():
                return True
            line = "SELECT 1 FROM line WHERE id = ? LIMIT 1"
            return connection.execute(line, (item_id,)).fetchone() is not None

    def key_of(self, number: int) -> str:
        """A line's Idempotency-Key: the same in every run of this job."""
        return sha256(f"{self.name}:{number}".encode()).hexdigest()

    @staticmethod
    def is_done(state: tuple[str, str | None] | None) -> bool:
        """Whether a state is that of a line that is done."""
        return state is not None and state[0] == _DONE
