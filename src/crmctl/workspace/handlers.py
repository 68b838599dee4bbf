"""What each endpoint of the reference does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from crmctl.resources import ACTIVITY, DEFAULT_LIMIT, PRIORITIES, TASK, Filter, Resource
from crmctl.store import pages as listing
from crmctl.store.rows import insert, next_version, row_of, stored, stored_time
from crmctl.timestamps import format_timestamp, is_date_only, parse_timestamp
from crmctl.validate import check_body, check_query, problem
from crmctl.workspace.call import Call, Refusal, Reply, invalid, refuse_parameters, refuse_problems
from crmctl.workspace.cursor import read_cursor, write_cursor
from crmctl.workspace.warnings import activity_warnings, task_warnings, warnings_meta

LIST_PARAMETERS = ("limit", "cursor", "sort", "fields")

# How long a list may be read page by page, and an idempotency key is remembered.
CURSOR_DAYS = 1
IDEMPOTENCY_DAYS = 7


def list_tasks(call: Call) -> Reply:
    """GET /tasks"""
    return _list(call, TASK, filters=TASK.filters, accepted=LIST_PARAMETERS)


def list_activities(call: Call) -> Reply:
    """GET /activities"""
    return _list(call, ACTIVITY, filters=ACTIVITY.filters, accepted=LIST_PARAMETERS)


def feed_activities(call: Call) -> Reply:
    """GET /activities/feed: the activities of all users, most recent first."""
    return _list(call, ACTIVITY, filters=(), accepted=("limit", "cursor", "fields"))


def get_task(call: Call) -> Reply:
    """GET /tasks/:id"""
    refuse_parameters(call)
    return Reply(_task(call))


def create_task(call: Call) -> Reply:
    """POST /tasks"""
    refuse_parameters(call)
    refuse_problems(check_body(TASK, call.body, "create"))
    row: dict[str, Any] = {
        field.name: field.default for field in TASK.fields if field.default is not None
    }
    row |= row_of(TASK, call.body)
    row |= {
        "created_by": call.user_id,
        "created_at": stored(call.now),
        "updated_at": stored(call.now),
        "version": next_version(call.connection),
    }
    row["priority"] = PRIORITIES.index(row["priority"])
    task_id = insert(call.connection, "task", "task_", row)
    task = listing.fetch_one(call.connection, TASK, task_id)
    return Reply(task, meta=warnings_meta(task_warnings(call, task)), status=201)


def update_task(call: Call) -> Reply:
    """PUT /tasks/:id: changes the fields given and no others; null clears."""
    refuse_parameters(call)
    task = _task(call)
    refuse_problems(check_body(TASK, call.body, "update"))
    row = row_of(TASK, call.body)
    if "status" in row and row["status"] != task["status"]:
        row["completed_at"] = stored(call.now) if row["status"] == "completed" else None
    task = _change(call, row)
    return Reply(task, meta=warnings_meta(task_warnings(call, task)))


def complete_task(call: Call) -> Reply:
    """PUT /tasks/:id/complete: completing again changes nothing and is no error."""
    refuse_parameters(call)
    task = _task(call)
    body = {} if call.body is None else call.body
    refuse_problems(check_body(TASK, body, "complete"))
    if task["status"] == "completed":
        return Reply(task)
    row = {"status": "completed", "completed_at": stored(call.now), **row_of(TASK, body)}
    return Reply(_change(call, row))


def delete_task(call: Call) -> Reply:
    """DELETE /tasks/:id"""
    refuse_parameters(call)
    task = _task(call)
    call.connection.execute("DELETE FROM task WHERE id = ?", (task["id"],))
    return Reply({"id": task["id"], "deleted": True})


def log_activity(call: Call) -> Reply:
    """POST /activities: an activity with an unknown contact is created, and not linked."""
    refuse_parameters(call)
    refuse_problems(check_body(ACTIVITY, call.body, "create"))
    row: dict[str, Any] = {"occurred_at": stored(call.now), "attendees": "[]"}
    row |= {name: value for name, value in row_of(ACTIVITY, call.body).items() if value is not None}
    row |= {"user_id": call.user_id, "created_at": stored(call.now)}
    activity_id = insert(call.connection, "activity", "act_", row)
    activity = listing.fetch_one(call.connection, ACTIVITY, activity_id)
    return Reply(activity, meta=warnings_meta(activity_warnings(call, activity)), status=201)


def _list(
    call: Call, resource: Resource, *, filters: tuple[Filter, ...], accepted: tuple[str, ...]
) -> Reply:
    query = call.query
    refuse_problems(check_query(resource, query, filters=filters, accepted=accepted))
    limit = int(query.get("limit", DEFAULT_LIMIT))
    sort = query.get("sort", resource.default_sort)
    conditions = _conditions(resource, query)
    after = None
    if "cursor" in query:
        after, total, issued = _cursor(call, resource)
    else:
        total, issued = listing.count(call.connection, resource, conditions), call.now
    as_of = after.as_of if after else listing.current_version(call.connection)
    rows = listing.fetch_page(
        call.connection,
        resource,
        conditions,
        sort=sort,
        after=after,
        limit=limit + 1,
        total=total,
    )
    meta: dict[str, Any] = {"total": total, "limit": limit, "has_more": len(rows) > limit}
    if len(rows) > limit:
        segment, key, seq = rows[limit - 1][-3:]
        place = listing.Place(as_of, segment, key, seq)
        meta["next_cursor"] = write_cursor(
            place, resource=resource.name, query=query, total=total, issued=issued
        )
    items = listing.items_of(resource, rows[:limit])
    if "fields" in query:
        names = query["fields"].split(",")
        items = [_selected(item, names) for item in items]
    return Reply(items, meta=meta)


def _cursor(call: Call, resource: Resource) -> tuple[listing.Place, int, str]:
    try:
        place, total, issued = read_cursor(
            call.query["cursor"], resource=resource.name, query=call.query
        )
        age = parse_timestamp(call.now) - parse_timestamp(issued)
    except ValueError as error:
        raise invalid([problem("cursor", "cursor", str(error))]) from error
    if age > timedelta(days=CURSOR_DAYS):
        raise invalid([problem("cursor", "cursor", "has expired; start the list again")])
    return place, total, issued


def _conditions(resource: Resource, query: Mapping[str, str]) -> list[listing.Condition]:
    conditions: list[listing.Condition] = []
    for filter in resource.filters:
        if filter.name not in query:
            continue
        value: Any = query[filter.name]
        if filter.field == "priority":
            value = PRIORITIES.index(value)
        elif resource.field(filter.field).type == "time":
            # A date alone: `date_to` goes to its end, the other bounds are its start.
            end_of_day = filter.operator == "<=" and is_date_only(value)
            value = stored_time(value, end_of_day=end_of_day)
            if end_of_day:
                value += ".999999"  # all of the day's last second
        conditions.append((filter.field, filter.operator, value))
    return conditions


def _task(call: Call) -> dict[str, Any]:
    task = None
    with suppress(UnicodeEncodeError):  # a lone surrogate: nothing has such an ID
        task = listing.fetch_one(call.connection, TASK, call.item_id)
    if task is None:
        raise Refusal(404, "not_found", f"There is no task {call.item_id}.")
    return task


def _change(call: Call, row: dict[str, Any]) -> dict[str, Any]:
    """Write the columns given to the task that the call names, and give it as it then is."""
    connection = call.connection
    if row:
        if "priority" in row:
            row["priority"] = PRIORITIES.index(row["priority"])
        row |= {"updated_at": stored(call.now), "version": next_version(connection)}
        columns = ", ".join(f"{name} = ?" for name in row)
        connection.execute(
            f"UPDATE task SET {columns} WHERE id = ?",  # noqa: S608 - names come from `resources`
            (*row.values(), call.item_id),
        )
        oldest = parse_timestamp(call.now) - timedelta(days=CURSOR_DAYS)
        connection.execute(
            "DELETE FROM task_past WHERE overwritten_at < ?", (stored(format_timestamp(oldest)),)
        )
    return _task(call)


def _selected(item: dict[str, Any], names: list[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for name in names:
        outer, _, inner = name.partition(".")
        value = item[outer]
        if inner:
            part = chosen.setdefault(outer, {})
            if part is not None:
                part[inner] = value[inner] if value else None
        else:
            chosen[outer] = value
    return chosen
