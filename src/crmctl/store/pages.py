"""Pages of a list: filters, order and place as SQL.

A page starts where the last one ended by key (the sort column's value, then ``seq``), so that a
row inserted meanwhile moves nothing. A list is read as of its first page: rows changed since are
taken from ``task_past``, as they were, so that a change makes nothing appear twice or vanish.
"""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from crmctl.resources import ACTIVITY, PRIORITIES, TASK, Resource

Condition = tuple[str, str, Any]
"""A column, a comparison operator, and what the column is compared with."""

# With fewer matches than this it is quicker to find them all and sort; with more, to walk the
# index of the order and skip what does not match.
NARROW = 2000

# The equality filters that have an index together with these sort columns, best first.
_INDEXED_TOGETHER: dict[str, dict[str, tuple[str, ...]]] = {
    "task": dict.fromkeys(("due_date", "created_at", "updated_at"), ("assignee_id", "status")),
    "activity": {"occurred_at": ("contact_id", "deal_id", "user_id", "type")},
}

# Left alone, SQLite takes any of several equalities for the one that leaves the fewest rows.
_MOST_SELECTIVE = (
    ("related_to_id",),
    ("assignee_id", "due_date"),
    ("assignee_id",),
    ("status", "due_date"),
    ("due_date",),
    ("type",),
    ("priority",),
)

_TALLIED = frozenset({"assignee_id", "status", "priority", "type", "related_to_type"})

_JOINS = {
    "task": (
        " LEFT JOIN record AS assignee ON assignee.type = 'user' AND assignee.id = item.assignee_id"
        " LEFT JOIN record AS related"
        " ON related.type = item.related_to_type AND related.id = item.related_to_id"
    ),
    "activity": (
        " LEFT JOIN record AS contact ON contact.type = 'contact' AND contact.id = item.contact_id"
        " LEFT JOIN record AS deal ON deal.type = 'deal' AND deal.id = item.deal_id"
        " LEFT JOIN record AS user ON user.type = 'user' AND user.id = item.user_id"
    ),
}

_EXPRESSIONS = {
    "assignee_name": "assignee.name",
    "contact_name": "contact.name",
    "deal_name": "deal.name",
    "user_name": "user.name",
    "related_to": "item.related_to_type",
    "priority": "CASE item.priority "
    + " ".join(f"WHEN {rank} THEN '{name}'" for rank, name in enumerate(PRIORITIES))
    + " END",
}


class Place:
    """Where a page starts: after ``key`` and ``seq`` in a segment, as of a version."""

    __slots__ = ("as_of", "key", "segment", "seq")

    def __init__(self, as_of: int, segment: int, key: Any, seq: int) -> None:
        self.as_of = as_of
        self.segment = segment
        self.key = key
        self.seq = seq


def column_expressions(resource: Resource) -> str:
    """What a SELECT gives for each readable field, in the table's order, then what is hidden."""
    expressions = []
    for field in resource.fields:
        if field.readable:
            expression = _EXPRESSIONS.get(field.name, f"item.{field.name}")
            expressions.append(f"{expression} || 'Z'" if field.type == "time" else expression)
    if resource is TASK:
        expressions += ["item.related_to_id", "related.name"]
    return ", ".join(expressions)


def joins(resource: Resource) -> str:
    """The joins that give the names of known records."""
    return _JOINS[resource.name]


def count(connection: sqlite3.Connection, resource: Resource, conditions: list[Condition]) -> int:
    """How many items meet the conditions."""
    columns = {column for column, _, _ in conditions}
    where, values = _where(conditions, indexed=columns)
    if resource is TASK and columns <= _TALLIED:
        query = f"SELECT ifnull(sum(number), 0) FROM task_tally AS item{where}"  # noqa: S608 - see _where
    else:
        hint = " INDEXED BY task_count" if _needs_wide_index(resource, columns) else ""
        query = f"SELECT count(*) FROM {resource.name} AS item{hint}{where}"  # noqa: S608
    (number,) = connection.execute(query, values).fetchone()
    return int(number)


def _needs_wide_index(resource: Resource, columns: set[str]) -> bool:
    """Whether to count by the index that has all of these columns, though it is the largest.

    By itself SQLite counts a due date by whatever equality stands beside it, row by row. Alone, or
    beside a column that has an index together with it, a due date has a smaller one.
    """
    beside = columns - {"due_date"}
    if resource is not TASK or beside == columns or not beside <= _TALLIED:
        return False
    return bool(beside) and beside not in ({"status"}, {"assignee_id"})


def current_version(connection: sqlite3.Connection) -> int:
    """The number of the last change to a task."""
    (version,) = connection.execute("SELECT number FROM version").fetchone()
    return int(version)


def fetch_page(
    connection: sqlite3.Connection,
    resource: Resource,
    conditions: list[Condition],
    *,
    sort: str,
    after: Place | None,
    limit: int,
    total: int,
) -> list[tuple[Any, ...]]:
    """At most ``limit`` rows in the order of ``sort``, each ending in its segment, key and seq."""
    descending = sort.startswith("-")
    column = sort.removeprefix("-")
    narrow = bool(conditions) and total <= NARROW
    # Where nothing has changed since the first page, the list is as it was.
    as_of = after.as_of if after and after.as_of < current_version(connection) else None
    rows: list[tuple[Any, ...]] = []
    for segment, (condition, ordered) in enumerate(_segments(resource, column, conditions)):
        if len(rows) >= limit or (after and after.segment > segment):
            continue
        place = after if after and after.segment == segment else None
        query = _page_query(
            resource,
            conditions,
            column=column if ordered else "seq",
            segment=f" AND {condition}" if condition else "",
            descending=descending,
            place=place,
            narrow=narrow,
        )
        missing = limit - len(rows)
        found = _fetch(connection, query, segment, missing, resource.name, as_of)
        if as_of is not None and resource is TASK:
            found += _fetch(connection, query, segment, missing, "task_past", as_of)
            found.sort(key=lambda row: row[-2:], reverse=descending)
        rows += found[:missing]
    return rows


def _segments(
    resource: Resource, column: str, conditions: list[Condition]
) -> list[tuple[str, bool]]:
    # Tasks with no due date come last in both directions, so they are a list of their own.
    if resource is TASK and column == "due_date":
        dated = ("item.due_date IS NOT NULL", True)
        if any(condition[0] == "due_date" for condition in conditions):
            return [dated]
        return [dated, ("item.due_date IS NULL", False)]
    return [("", True)]


def _page_query(
    resource: Resource,
    conditions: list[Condition],
    *,
    column: str,
    segment: str,
    descending: bool,
    place: Place | None,
    narrow: bool,
) -> tuple[str, list[Any]]:
    """The query of one segment, with ``{table}``, ``{extra}`` left open, and its values."""
    columns = {condition[0] for condition in conditions}
    if narrow:
        indexed = _most_selective(resource, columns)
    else:
        indexed = _leading_columns(resource, columns, column)
    where, values = _where(conditions, indexed=indexed)
    where = (where or " WHERE 1") + segment
    # The unary plus keeps the planner from an index that this page is not to be driven by.
    key = f"+item.{column}" if narrow else f"item.{column}"
    direction = "DESC" if descending else "ASC"
    if place is not None:
        where += f" AND ({key}, item.seq) {'<' if descending else '>'} (?, ?)"
        values += [place.key, place.seq]
    query = (
        f"SELECT {column_expressions(resource)}, {{segment}}, item.{column}, item.seq"  # noqa: S608
        f" FROM {{table}} AS item{joins(resource)}{where}{{extra}}"
        f" ORDER BY {key} {direction}, item.seq {direction} LIMIT ?"
    )
    return query, values


def _most_selective(resource: Resource, columns: set[str]) -> set[str]:
    """The filters to find few matches by, those with an index together where there are two."""
    for selective in _MOST_SELECTIVE if resource is TASK else ():
        if columns.issuperset(selective):
            return set(selective)
    return columns


def _leading_columns(resource: Resource, columns: set[str], sort: str) -> set[str]:
    leading = {sort} & columns
    for column in _INDEXED_TOGETHER[resource.name].get(sort, ()):
        if column in columns:
            return leading | {column}
    return leading


def _where(conditions: list[Condition], *, indexed: set[str]) -> tuple[str, list[Any]]:
    """A WHERE clause, or nothing. Columns and operators come from `resources`, values are bound."""
    terms = [
        f"{'' if column in indexed else '+'}item.{column} {operator} ?"
        for column, operator, _ in conditions
    ]
    values = [value for _, _, value in conditions]
    return (" WHERE " + " AND ".join(terms) if terms else ""), values


def _fetch(
    connection: sqlite3.Connection,
    query: tuple[str, list[Any]],
    segment: int,
    limit: int,
    table: str,
    as_of: int | None,
) -> list[tuple[Any, ...]]:
    text, values = query
    extra = ""
    if as_of is not None and table == "task":
        extra = " AND +item.version <= ?"
        values = [*values, as_of]
    elif table == "task_past":
        extra = " AND +item.version <= ? AND item.next_version > ?"
        values = [*values, as_of, as_of]
    statement = text.format(table=table, extra=extra, segment=segment)
    return connection.execute(statement, [*values, limit]).fetchall()


def items_of(resource: Resource, rows: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Rows of `column_expressions` as the objects that the API sends."""
    names = [field.name for field in resource.fields if field.readable]
    items = [dict(zip(names, row, strict=False)) for row in rows]
    if resource is ACTIVITY:
        for item in items:
            item["attendees"] = json.loads(item["attendees"])
        return items
    related_id = len(names)
    for item, row in zip(items, rows, strict=True):
        if item["related_to"] is not None:
            item["related_to"] = {
                "type": item["related_to"],
                "id": row[related_id],
                "name": row[related_id + 1],
            }
        if item["reminder"] is not None:
            item["reminder"] = json.loads(item["reminder"])
    return items


def fetch_one(
    connection: sqlite3.Connection, resource: Resource, item_id: str
) -> dict[str, Any] | None:
    """The item of that ID as the API sends it, or None."""
    query = (
        f"SELECT {column_expressions(resource)} FROM {resource.name} AS item{joins(resource)}"  # noqa: S608
        " WHERE item.id = ?"
    )
    row = connection.execute(query, (item_id,)).fetchone()
    return items_of(resource, [row])[0] if row else None
