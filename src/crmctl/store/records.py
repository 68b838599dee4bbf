"""The users, contacts, deals and projects that a workspace knows by name."""

from __future__ import annotations

import sqlite3
from typing import Any


def add_record(
    connection: sqlite3.Connection,
    type: str,
    record_id: str,
    name: str,
    *,
    active: bool = True,
    notifications: bool = True,
) -> dict[str, Any]:
    """Make a record known, or change it: ``{"type", "id", "name", "active", "notifications"}``.

    ``active`` and ``notifications`` matter for users: whether tasks appear for them, and whether
    a reminder can reach them.
    """
    connection.execute(
        "INSERT INTO record VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " name = excluded.name, active = excluded.active, notifications = excluded.notifications",
        (type, record_id, name, active, notifications),
    )
    return _record((type, record_id, name, active, notifications))


def list_records(connection: sqlite3.Connection, type: str | None = None) -> list[dict[str, Any]]:
    """The known records, by type and ID."""
    rows = connection.execute(
        "SELECT type, id, name, active, notifications FROM record"
        " WHERE type = ifnull(?, type) ORDER BY type, id",
        (type,),
    )
    return [_record(row) for row in rows]


def remove_record(connection: sqlite3.Connection, type: str, record_id: str) -> bool:
    """Forget a record; False if it was not known. Tasks and activities keep its ID."""
    cursor = connection.execute("DELETE FROM record WHERE type = ? AND id = ?", (type, record_id))
    return cursor.rowcount > 0


def find_names(
    connection: sqlite3.Connection, kind: str, prefix: str, *, limit: int
) -> list[tuple[str, str]]:
    """IDs of tasks or records that begin with ``prefix``, each with its title or name."""
    if kind == "task":
        query = (
            "SELECT id, title FROM task WHERE id >= ? AND id < ?"
            " ORDER BY status IN ('completed', 'cancelled'), seq DESC LIMIT ?"
        )
        values: tuple[Any, ...] = (prefix, prefix + "\U0010ffff", limit)
        if not prefix.removeprefix("task_"):
            # Every task matches: the newest open ones, without looking at all the others.
            query = (
                "SELECT id, title FROM task WHERE status = 'pending'"
                " ORDER BY created_at DESC, seq DESC LIMIT ?"
            )
            in_progress = query.replace("pending", "in_progress")
            return [
                *connection.execute(in_progress, (limit,)),
                *connection.execute(query, (limit,)),
            ][:limit]
    else:
        query = "SELECT id, name FROM record WHERE type = ? AND id >= ? AND id < ? LIMIT ?"
        values = (kind, prefix, prefix + "\U0010ffff", limit)
    return connection.execute(query, values).fetchall()


def _record(row: tuple[Any, ...]) -> dict[str, Any]:
    record: dict[str, Any] = dict(
        zip(("type", "id", "name", "active", "notifications"), row, strict=True)
    )
    record["active"] = bool(record["active"])
    record["notifications"] = bool(record["notifications"])
    return record
