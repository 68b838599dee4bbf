"""The keys that a workspace is served with, as SQL: of each its digest, never itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmctl.store.rows import as_written
from crmctl.store.values import Item

if TYPE_CHECKING:
    from crmctl.store.connection import Connection

COLUMNS = ("name", "user_id", "read_only", "created_at", "expires_at", "revoked_at")
_SELECT = f"SELECT {', '.join(COLUMNS)}, digest FROM api_key"


def add_key(connection: Connection, digest: str, key: Item) -> None:
    """Keep a key, of ``COLUMNS``, under its digest."""
    connection.execute(
        f"INSERT INTO api_key ({', '.join(COLUMNS)}, digest) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*(key[column] for column in COLUMNS), digest),
    )


def find_key(connection: Connection, digest: str) -> Item | None:
    """The key of that digest, or None."""
    from hmac import compare_digest  # and OpenSSL with it

    for row in connection.execute(f"{_SELECT} WHERE digest = ?", (digest,)):
        if compare_digest(row[-1].encode(), digest.encode()):
            return key_of(row)
    return None


def list_keys(connection: Connection) -> list[Item]:
    """All keys, the oldest first, those that were revoked too."""
    return list(map(key_of, connection.execute(f"{_SELECT} ORDER BY created_at, name, digest")))


def revoke_key(connection: Connection, name: str, now: str) -> bool:
    """Revoke the key of that name; False if there is none, or none that still is one."""
    cursor = connection.execute(
        "UPDATE api_key SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL", (now, name)
    )
    return cursor.rowcount > 0


def key_of(row: Sequence[Any]) -> Item:
    """The key that a row of COLUMNS keeps."""
    key: Item = dict(zip(COLUMNS, row, strict=False))
    key["read_only"] = bool(key["read_only"])
    for time in ("created_at", "expires_at", "revoked_at"):
        key[time] = as_written(key[time])
    return key
