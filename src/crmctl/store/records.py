"""The users, contacts, deals and projects that a workspace knows by name, as SQL."""

from __future__ import annotations

import sqlite3
from typing import Any

from crmctl.store.interface import Item

_COLUMNS = ("type", "id", "name", "active", "notifications")
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM record"


def get_record(connection: sqlite3.Connection, type: str, record_id: str) -> Item | None:
    """The record of that type and ID, or None."""
    found = connection.execute(f"{_SELECT} WHERE type = ? AND id = ?", (type, record_id))
    return next(map(_record, found), None)


def list_records(connection: sqlite3.Connection, type: str | None) -> list[Item]:
    """The records of a type, or all, by type and ID."""
    rows = connection.execute(f"{_SELECT} WHERE type = ifnull(?, type) ORDER BY type, id", (type,))
    return list(map(_record, rows))


def put_record(connection: sqlite3.Connection, record: Item) -> None:
    """Keep a record in place of the one of that type and ID, if there is one."""
    connection.execute(
        "INSERT INTO record VALUES (:type, :id, :name, :active, :notifications)"
        " ON CONFLICT DO UPDATE SET name = excluded.name, active = excluded.active,"
        " notifications = excluded.notifications",
        record,
    )


def remove_record(connection: sqlite3.Connection, type: str, record_id: str) -> bool:
    """Remove a record; False if there was none."""
    cursor = connection.execute("DELETE FROM record WHERE type = ? AND id = ?", (type, record_id))
    return cursor.rowcount > 0


def find_ids(
    connection: sqlite3.Connection, kind: str, prefix: str, *, limit: int
) -> list[tuple[str, str]]:
    """IDs of tasks or of a type of record that begin with ``prefix``, with title or name."""
    if kind == "task":
        if not prefix.removeprefix("task_"):
            # Every task matches: the newest open ones, without a look at all the others.
            return [
                row
                for status in ("in_progress", "pending")
                for row in connection.execute(
                    "SELECT id, title FROM task WHERE status = ?"
                    " ORDER BY created_at DESC, seq DESC LIMIT ?",
                    (status, limit),
                )
            ][:limit]
        query = (
            "SELECT id, title FROM task WHERE id >= ? AND id < ?"
            " ORDER BY status IN ('completed', 'cancelled'), seq DESC LIMIT ?"
        )
        values: tuple[Any, ...] = (prefix, prefix + "\U0010ffff", limit)
    else:
        query = "SELECT id, name FROM record WHERE type = ? AND id >= ? AND id < ? LIMIT ?"
        values = (kind, prefix, prefix + "\U0010ffff", limit)
    return connection.execute(query, values).fetchall()


def _record(row: tuple[Any, ...]) -> Item:
    record: Item = dict(zip(_COLUMNS, row, strict=True))
    record["active"] = bool(record["active"])
    record["notifications"] = bool(record["notifications"])
    return record
