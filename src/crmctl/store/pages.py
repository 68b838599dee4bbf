"""Pages of a list, and counts of one, as SQL.

A page starts where the last one ended by key (the sort column's value, then ``seq``), so that a
row inserted meanwhile moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmctl.store.rows import Rows
from crmctl.store.schema import INDEXES
from crmctl.store.values import Condition, Place

if TYPE_CHECKING:
    from crmctl.store.connection import Connection

# The filters that leave so few rows that to look each of them up is cheap.
_SELECTIVE = {"assignee_id", "related_to_id", "contact_id", "deal_id"}


def fetch_page(
    connection: Connection,
    rows: Rows,
    conditions: Sequence[Condition],
    *,
    sort: str,
    after: Place | None,
    limit: int,
) -> list[tuple[Any, ...]]:
    """At most ``limit`` rows of ``selected`` in the order of ``sort``, each ending in ``seq``."""
    column = sort.removeprefix("-")
    direction, beyond = ("DESC", "<") if sort.startswith("-") else ("ASC", ">")
    found: list[tuple[Any, ...]] = []
    if after is not None and _is_fixed(column, conditions):
        after = Place(None, after.seq)
    for segment, keyed in _segments(rows, column, conditions):
        if len(found) >= limit or (after is not None and after.key is None and keyed):
            continue
        starts: list[tuple[str, list[Any], bool]] = [("", [], keyed)]
        if after is not None and keyed:
            # Two terms where `(column, seq) > (?, ?)` is one: for that SQLite looks up the key
            # alone, and walks all that have it, at each page; of 100,000 created in one second
            # that was 10 s for the whole list.
            key = rows.encode(column, after.key)
            starts = [
                (f"{column} = ? AND seq {beyond} ?", [key, after.seq], False),
                (f"{column} {beyond} ?", [key], True),
            ]
        elif after is not None and after.key is None:
            starts = [(f"seq {beyond} ?", [after.seq], keyed)]
        for start, places, by_key in starts:
            if len(found) < limit:
                terms, values = _terms(rows, conditions)
                terms += [term for term in (segment, start) if term]
                order = f"{column} {direction}, seq {direction}" if by_key else f"seq {direction}"
                found += connection.execute(
                    f"SELECT {rows.selected}, seq FROM {rows.table}{_where(terms)}"
                    f" ORDER BY {order} LIMIT ?",
                    [*values, *places, limit - len(found)],
                )
    return found


def count(
    connection: Connection, rows: Rows, conditions: Sequence[Condition], *, planned: bool = False
) -> int:
    """How many items meet the conditions; ``planned`` where the database knows what it holds.

    Of SQLite, what no index answers alone is counted over all rows, or over those that a selective
    filter leaves: to look up in the table what half an index names takes 890 ms of 1,000,000 tasks,
    to read them all 130.
    """
    asked = {condition.field for condition in conditions}
    covered = planned or any(asked.issubset(indexed) for indexed in INDEXES[rows.table])
    narrowing = [each for each in conditions if covered or each.field in _SELECTIVE]
    terms, values = _terms(rows, narrowing)
    counted, others = _terms(rows, [each for each in conditions if each not in narrowing])
    filtered = f" FILTER (WHERE {' AND '.join(counted)})" if counted else ""
    (number,) = connection.execute(
        f"SELECT count(*){filtered} FROM {rows.table}{_where(terms)}",
        [*others, *values],
    ).fetchone()
    return int(number)


def _segments(rows: Rows, column: str, conditions: Sequence[Condition]) -> list[tuple[str, bool]]:
    """The parts that a list is read in: a condition, and whether the sort column orders them.

    What has no value there comes last in both directions, so it is a list of its own.
    """
    if _is_fixed(column, conditions):
        return [("", False)]
    if not rows.resource.field(column).nullable:
        return [("", True)]
    keyed = (f"{column} IS NOT NULL", True)
    if any(condition.field == column for condition in conditions):
        return [keyed]
    return [keyed, (f"{column} IS NULL", False)]


def _is_fixed(column: str, conditions: Sequence[Condition]) -> bool:
    """Whether a filter leaves one value of the column: then the order is that of insertion."""
    return any(each.field == column and each.operator == "=" for each in conditions)


def _terms(rows: Rows, conditions: Sequence[Condition]) -> tuple[list[str], list[Any]]:
    terms = [f"{condition.field} {condition.operator} ?" for condition in conditions]
    return terms, [rows.encode(condition.field, condition.value) for condition in conditions]


def _where(terms: list[str]) -> str:
    return f" WHERE {' AND '.join(terms)}" if terms else ""
