"""What `task list` asks for, and how: filters to queries, queries to one list."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

from crmctl.api.merge import MergedListing
from crmctl.api.pages import Listing
from crmctl.cli.context import Context, refuse
from crmctl.cli.inputs import read_choices
from crmctl.cli.lists import show_listing
from crmctl.errors import UsageError
from crmctl.resources import OPEN_STATUSES, PRIORITIES, TASK, TASK_STATUSES, TASK_TYPES
from crmctl.timestamps import format_timestamp, parse_timestamp
from crmctl.validate import check_query

_CHOICES = {"status": TASK_STATUSES, "priority": PRIORITIES, "type": TASK_TYPES}


def show_tasks(
    crm: Context,
    filters: dict[str, str | None],
    *,
    due_before: str | None,
    due_after: str | None,
    overdue: bool,
    today: bool,
    sort: str | None,
    limit: int | None,
    count: bool,
) -> None:
    """List the tasks that meet the filters, as the API names them; "open" is a status here."""
    soonest = overdue or today or filters["status"] == "open"
    if (overdue or today) and filters["status"] is None:
        filters["status"] = "open"
    due = _due_bounds(crm, due_before, due_after, overdue=overdue, today=today)
    if sort is None and soonest:
        sort = "due_date"
    _check_sort(sort)
    queries = [
        {**due, **dict(zip(filters, combination, strict=True))}
        for combination in product(*(_values(crm, *pair) for pair in filters.items()))
    ]
    queries = [
        {name: value for name, value in query.items() if value is not None} for query in queries
    ]
    for query in queries:
        refuse(check_query(TASK, query, filters=TASK.filters, accepted=()))

    def listing(limit: int | None) -> Listing | MergedListing:
        if len(queries) == 1:
            query = queries[0] if sort is None else {**queries[0], "sort": sort}
            return crm.client.list_tasks(query, limit=limit)
        order = sort or TASK.default_sort
        lists = [crm.client.list_tasks({**query, "sort": order}, limit=limit) for query in queries]
        return MergedListing(lists, TASK, sort=order, limit=limit)

    show_listing(crm, TASK, listing, limit=limit, count=count)


def _values(crm: Context, name: str, value: str | None) -> list[Any]:
    """The values that one filter asks for, one request each; None asks for no filter."""
    if value is None:
        return [None]
    if name in _CHOICES:
        if name == "status" and value == "open":
            return list(OPEN_STATUSES)
        return list(read_choices(value, _CHOICES[name], f"--{name}"))
    if name == "assignee_id":
        return [crm.user(user_id) for user_id in dict.fromkeys(value.split(","))]
    return [value]


def _due_bounds(
    crm: Context, before: str | None, after: str | None, *, overdue: bool, today: bool
) -> dict[str, str]:
    """``due_before`` and ``due_after``, both exclusive: a day's end is the next day's start."""
    asked = [
        name
        for name, given in (
            ("--overdue", overdue),
            ("--today", today),
            ("--due-before or --due-after", before is not None or after is not None),
        )
        if given
    ]
    if len(asked) > 1:
        raise UsageError(f"{asked[0]} and {asked[1]} exclude each other.")
    if overdue:
        return {"due_before": format_timestamp(crm.now)}
    if today:
        before = after = "today"
    bounds = {}
    if before is not None:
        bounds["due_before"] = crm.when(before, "--due-before", edge="past")
    if after is not None:
        bounds["due_after"] = crm.when(after, "--due-after")
        if today:
            # A task due at midnight sharp is due today.
            start = parse_timestamp(bounds["due_after"]) - timedelta(milliseconds=1)
            bounds["due_after"] = format_timestamp(start)
    return bounds


def _check_sort(sort: str | None) -> None:
    if sort is not None and sort.removeprefix("-") not in TASK.sorts:
        raise UsageError(
            f"--sort: {sort!r} is not a field to sort by; there are: {', '.join(TASK.sorts)}"
            " (- before it for descending)."
        )
