"""Whole rows, as values that any store can keep: what a workspace is moved by.

Tasks and activities are in the order of insertion, records and answers in that of their keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmctl import errors
from crmctl.store import keys, records
from crmctl.store.rows import UNREADABLE, Rows, as_written
from crmctl.store.values import Item, Kind

if TYPE_CHECKING:
    from crmctl.store.connection import Connection

_ANSWER = ("caller", "path", "key", "request", "status", "content", "created_at")
_API_KEY = ("digest", *keys.COLUMNS)
_COLUMNS: dict[str, tuple[str, ...]] = {
    "record": records.COLUMNS,
    "api_key": _API_KEY,
    "answer": _ANSWER,
}
_MARKS: dict[str, tuple[str, ...]] = {
    "record": ("type", "id"),
    "api_key": ("digest",),
    "answer": ("caller", "path", "key"),
}


def read_portion(
    connection: Connection,
    items: Mapping[str, Rows],
    kind: Kind,
    *,
    after: Sequence[Any],
    limit: int,
) -> tuple[list[Item], Sequence[Any]]:
    """At most ``limit`` rows of a kind behind the mark ``after``, and the mark of the last one."""
    marks = _MARKS.get(kind, ("seq",))
    columns = items[kind].columns if kind in items else _COLUMNS[kind]
    behind = f" WHERE ({', '.join(marks)}) > ({', '.join('?' * len(marks))})" if after else ""
    found = connection.execute(
        f"SELECT {', '.join([*marks, *columns])} FROM {kind}{behind}"
        f" ORDER BY {', '.join(marks)} LIMIT ?",
        [*after, limit],
    ).fetchall()
    rows = []
    for row in found:
        values = dict(zip(columns, row[len(marks) :], strict=True))
        try:
            rows.append(_value_of(kind, items.get(kind), values))
        except UNREADABLE as error:
            raise errors.StoreError(
                f"The {kind} {row[len(marks)]!s:.80} of this workspace is damaged: {error}.",
                hint="Run `crmctl workspace check`, or restore a backup.",
            ) from error
    return rows, found[-1][: len(marks)] if found else after


def keep_portion(
    connection: Connection, items: Mapping[str, Rows], kind: Kind, portion: Sequence[Item]
) -> None:
    """Keep rows that `read_portion` gave, of another store, in their order."""
    if kind in items:
        rows = items[kind]
        connection.executemany(rows.insertion, [_row_of(rows, each) for each in portion])
    elif kind == "record":
        for record in portion:
            records.put_record(connection, record)
    elif kind == "api_key":
        for key in portion:
            keys.add_key(connection, key["digest"], key)
    else:
        connection.executemany(
            f"INSERT INTO answer ({', '.join(_ANSWER)}) VALUES ({', '.join('?' * len(_ANSWER))})",
            [[*({**each, "content": json.dumps(each["content"])}.values())] for each in portion],
        )


def _row_of(rows: Rows, item: Item) -> list[Any]:
    try:
        return rows.in_columns(rows.row_of(item))
    except UNREADABLE as error:
        raise errors.StoreError(
            f"The {rows.table} {item['id']!s:.80} cannot be kept: {error}.",
            hint="`crmctl workspace check` names what is wrong with it.",
        ) from error


def _value_of(kind: Kind, rows: Rows | None, values: Item) -> Item:
    if rows is not None:
        return {name: rows.decode(name, kept) for name, kept in values.items()}
    if kind == "record":
        return {**values, **{name: bool(values[name]) for name in ("active", "notifications")}}
    if kind == "api_key":
        return {
            "digest": values["digest"],
            **keys.key_of([values[name] for name in keys.COLUMNS]),
        }
    values["created_at"] = as_written(values["created_at"])
    values["content"] = json.loads(values["content"])
    return values
