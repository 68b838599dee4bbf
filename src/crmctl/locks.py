"""Waiting for the locks of an SQLite file."""

from __future__ import annotations

import sqlite3
import time

# SQLite hears no signal while it waits for a lock, so it waits this long at a time.
DEAF_SECONDS = 0.1

LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
"""How SQLite's names begin for a failure that another connection's lock is the reason of."""


def wait_for(connection: sqlite3.Connection, statement: str, seconds: float) -> float:
    """Run what needs a lock as soon as it is free; give what is left of the seconds."""
    end = time.monotonic() + seconds
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith(LOCKED) or time.monotonic() >= end:
                raise
        else:
            return end - time.monotonic()
