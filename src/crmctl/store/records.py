"""The users, contacts, deals and projects that a workspace knows by name, as SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.names import fold
from crmctl.store.values import Item

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crmctl.store.connection import Connection

COLUMNS = ("type", "id", "name", "email", "active", "notifications")
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM record"


def get_records(
    connection: Connection, wanted: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], Item | None]:
    """The records of these types and IDs, None where there is none: a statement for each type."""
    found: dict[tuple[str, str], Item | None] = dict.fromkeys(wanted)
    for type in {type for type, _ in found}:
        ids = [record_id for of, record_id in found if of == type]
        marks = ", ".join("?" * len(ids))
        query = f"{_SELECT} WHERE type = ? AND id IN ({marks})"
        for record in map(_record, connection.execute(query, (type, *ids))):
            found[type, record["id"]] = record
    return found


def list_records(connection: Connection, type: str | None) -> list[Item]:
    """The records of a type, or all, by type and ID."""
    rows = connection.execute(
        f"{_SELECT} WHERE type = coalesce(?, type) ORDER BY type, id", (type,)
    )
    return list(map(_record, rows))


def page_records(connection: Connection, type: str, *, after: str, limit: int) -> list[Item]:
    """At most ``limit`` records of a type, those whose ID sorts after that one, by ID."""
    rows = connection.execute(
        f"{_SELECT} WHERE type = ? AND id > ? ORDER BY id LIMIT ?", (type, after, limit)
    )
    return list(map(_record, rows))


def count_records(connection: Connection, type: str) -> int:
    """How many records of a type there are."""
    found = connection.execute("SELECT count(*) FROM record WHERE type = ?", (type,))
    return int(found.fetchone()[0])


def find_records(connection: Connection, type: str, name: str) -> list[Item]:
    """The records of a type of that name or e-mail address, but for case, by ID."""
    folded = fold(name)
    rows = connection.execute(
        f"{_SELECT} WHERE folded_name = ? AND type = ?"
        f" UNION {_SELECT} WHERE folded_email = ? AND type = ? ORDER BY id",
        (folded, type, folded, type),
    )
    return list(map(_record, rows))


def put_record(connection: Connection, record: Item) -> None:
    """Keep a record in place of the one of that type and ID, if there is one."""
    email = record["email"]
    kept = {
        **record,
        "folded_name": fold(record["name"]),
        "folded_email": None if email is None else fold(email),
    }
    changed = ", ".join(f"{column} = excluded.{column}" for column in kept)
    connection.execute(
        f"INSERT INTO record ({', '.join(kept)}) VALUES ({', '.join('?' * len(kept))})"
        f" ON CONFLICT (type, id) DO UPDATE SET {changed}",
        list(kept.values()),
    )


def remove_record(connection: Connection, type: str, record_id: str) -> bool:
    """Remove a record; False if there was none."""
    cursor = connection.execute("DELETE FROM record WHERE type = ? AND id = ?", (type, record_id))
    return cursor.rowcount > 0


def find_ids(
    connection: Connection, kind: str, prefix: str, *, limit: int
) -> list[tuple[str, str]]:
    """IDs that begin with ``prefix``, of tasks with their titles, of a type of record with names.

    A record whose name begins with it, but for case, is found too.
    """
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
        query = (
            "SELECT id, name FROM record WHERE type = ? AND (id >= ? AND id < ?"
            " OR folded_name >= ? AND folded_name < ?) LIMIT ?"
        )
        folded = fold(prefix)
        values = (kind, prefix, prefix + "\U0010ffff", folded, folded + "\U0010ffff", limit)
    return connection.execute(query, values).fetchall()


def _record(row: tuple[Any, ...]) -> Item:
    record: Item = dict(zip(COLUMNS, row, strict=True))
    record["active"] = bool(record["active"])
    record["notifications"] = bool(record["notifications"])
    return record
