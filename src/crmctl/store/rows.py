"""From what a request gives to what is kept."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from typing import Any

from crmctl.resources import Resource
from crmctl.timestamps import format_timestamp, is_date_only, parse_timestamp

_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH = 12


def row_of(resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that a checked body gives, as they are stored."""
    row: dict[str, Any] = {}
    for field in resource.fields:
        if field.name not in body:
            continue
        value = body[field.name]
        if value is None:
            # On create, null is the same as nothing; on update it clears what may be cleared.
            if field.default is None:
                row[field.name] = None
        elif field.type == "time":
            row[field.name] = stored_time(value, end_of_day=field.name == "due_date")
        elif field.type in ("object", "ids"):
            row[field.name] = json.dumps(value, ensure_ascii=False)
        else:
            row[field.name] = value
    return row


def insert(connection: sqlite3.Connection, table: str, prefix: str, row: dict[str, Any]) -> str:
    """Insert a row under a new ID, and give the ID."""
    item_id = prefix + "".join(_ID_ALPHABET[byte & 31] for byte in os.urandom(_ID_LENGTH))
    columns = ", ".join(["id", *row])
    marks = ", ".join("?" * (len(row) + 1))
    connection.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - names come from `resources`
        (item_id, *row.values()),
    )
    return item_id


def next_version(connection: sqlite3.Connection) -> int:
    """The number of the change that is being made to a task."""
    (number,) = connection.execute(
        "UPDATE version SET number = number + 1 RETURNING number"
    ).fetchone()
    return int(number)


def stored(timestamp: str) -> str:
    """A time as it is kept: the API's text without the ``Z``."""
    return timestamp.removesuffix("Z")


def stored_time(text: str, *, end_of_day: bool) -> str:
    """A checked ISO 8601 text as it is kept; a date alone is the start or the end of its day."""
    return stored(
        format_timestamp(parse_timestamp(text, end_of_day=end_of_day and is_date_only(text)))
    )
