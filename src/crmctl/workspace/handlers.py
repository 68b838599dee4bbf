"""What each endpoint of the reference does."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from crmctl.resources import ACTIVITY, DEFAULT_LIMIT, PRIORITIES, TASK, Filter, Resource
from crmctl.timestamps import format_timestamp, is_date_only, parse_timestamp
from crmctl.validate import Problem, check_body, check_query, problem
from crmctl.workspace import listing
from crmctl.workspace.cursor import read_cursor, write_cursor

LIST_PARAMETERS = ("limit", "cursor", "sort", "fields")

# How long a list may be read page by page, and an idempotency key is remembered.
CURSOR_DAYS = 1
IDEMPOTENCY_DAYS = 7

_ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_ID_LENGTH = 12


class Refusal(Exception):
    """An answer other than success: an HTTP status and an error object."""

    def __init__(
        self, status: int, code: str, message: str, details: list[Problem] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or []


class Call:
    """A request on its way to a handler: ``now`` as the API writes it, ``user_id`` who asks."""

    __slots__ = ("body", "connection", "item_id", "now", "query", "user_id")

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        query: Mapping[str, str],
        body: Any,
        item_id: str,
        now: str,
        user_id: str | None,
    ) -> None:
        self.connection = connection
        self.query = query
        self.body = body
        self.item_id = item_id
        self.now = now
        self.user_id = user_id


class Reply:
    """A success: its status, ``data`` and, where there is any, ``meta``."""

    __slots__ = ("data", "meta", "status")

    def __init__(self, data: Any, *, meta: dict[str, Any] | None = None, status: int = 200) -> None:
        self.data = data
        self.meta = meta
        self.status = status


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
    _refuse_parameters(call)
    return Reply(_task(call))


def create_task(call: Call) -> Reply:
    """POST /tasks"""
    _refuse_parameters(call)
    _refuse_problems(check_body(TASK, call.body, "create"))
    row: dict[str, Any] = {
        field.name: field.default for field in TASK.fields if field.default is not None
    }
    row |= _row_of(TASK, call.body)
    row |= {
        "created_by": call.user_id,
        "created_at": _stored(call.now),
        "updated_at": _stored(call.now),
        "version": _next_version(call.connection),
    }
    row["priority"] = PRIORITIES.index(row["priority"])
    task_id = _insert(call.connection, "task", "task_", row)
    task = listing.fetch_one(call.connection, TASK, task_id)
    return Reply(task, meta=_warnings_meta(_task_warnings(call, task)), status=201)


def update_task(call: Call) -> Reply:
    """PUT /tasks/:id: changes the fields given and no others; null clears."""
    _refuse_parameters(call)
    task = _task(call)
    _refuse_problems(check_body(TASK, call.body, "update"))
    row = _row_of(TASK, call.body)
    if "status" in row and row["status"] != task["status"]:
        row["completed_at"] = _stored(call.now) if row["status"] == "completed" else None
    task = _change(call, row)
    return Reply(task, meta=_warnings_meta(_task_warnings(call, task)))


def complete_task(call: Call) -> Reply:
    """PUT /tasks/:id/complete: completing again changes nothing and is no error."""
    _refuse_parameters(call)
    task = _task(call)
    body = {} if call.body is None else call.body
    _refuse_problems(check_body(TASK, body, "complete"))
    if task["status"] == "completed":
        return Reply(task)
    row = {"status": "completed", "completed_at": _stored(call.now), **_row_of(TASK, body)}
    return Reply(_change(call, row))


def delete_task(call: Call) -> Reply:
    """DELETE /tasks/:id"""
    _refuse_parameters(call)
    task = _task(call)
    call.connection.execute("DELETE FROM task WHERE id = ?", (task["id"],))
    return Reply({"id": task["id"], "deleted": True})


def log_activity(call: Call) -> Reply:
    """POST /activities: an activity with an unknown contact is created, and not linked."""
    _refuse_parameters(call)
    _refuse_problems(check_body(ACTIVITY, call.body, "create"))
    row: dict[str, Any] = {"occurred_at": _stored(call.now), "attendees": "[]"}
    row |= {
        name: value for name, value in _row_of(ACTIVITY, call.body).items() if value is not None
    }
    row |= {"user_id": call.user_id, "created_at": _stored(call.now)}
    activity_id = _insert(call.connection, "activity", "act_", row)
    activity = listing.fetch_one(call.connection, ACTIVITY, activity_id)
    return Reply(activity, meta=_warnings_meta(_activity_warnings(call, activity)), status=201)


def _list(
    call: Call, resource: Resource, *, filters: tuple[Filter, ...], accepted: tuple[str, ...]
) -> Reply:
    query = call.query
    _refuse_problems(check_query(resource, query, filters=filters, accepted=accepted))
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
        raise _invalid([problem("cursor", "cursor", str(error))]) from error
    if age > timedelta(days=CURSOR_DAYS):
        raise _invalid([problem("cursor", "cursor", "has expired; start the list again")])
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
            value = _stored_time(value, end_of_day=end_of_day)
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
        row |= {"updated_at": _stored(call.now), "version": _next_version(connection)}
        columns = ", ".join(f"{name} = ?" for name in row)
        connection.execute(
            f"UPDATE task SET {columns} WHERE id = ?",  # noqa: S608 - names come from `resources`
            (*row.values(), call.item_id),
        )
        oldest = parse_timestamp(call.now) - timedelta(days=CURSOR_DAYS)
        connection.execute(
            "DELETE FROM task_past WHERE overwritten_at < ?", (_stored(format_timestamp(oldest)),)
        )
    return _task(call)


def _row_of(resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
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
            row[field.name] = _stored_time(value, end_of_day=field.name == "due_date")
        elif field.type in ("object", "ids"):
            row[field.name] = json.dumps(value, ensure_ascii=False)
        else:
            row[field.name] = value
    return row


def _insert(connection: sqlite3.Connection, table: str, prefix: str, row: dict[str, Any]) -> str:
    item_id = prefix + "".join(_ID_ALPHABET[byte & 31] for byte in os.urandom(_ID_LENGTH))
    columns = ", ".join(["id", *row])
    marks = ", ".join("?" * (len(row) + 1))
    connection.execute(
        f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608 - names come from `resources`
        (item_id, *row.values()),
    )
    return item_id


def _next_version(connection: sqlite3.Connection) -> int:
    (number,) = connection.execute(
        "UPDATE version SET number = number + 1 RETURNING number"
    ).fetchone()
    return int(number)


def _task_warnings(call: Call, task: dict[str, Any] | None) -> list[Problem]:
    """The reference's troubleshooting lines for tasks, said when they begin to matter."""
    if task is None:
        return []
    warnings = []
    user = _record(call.connection, "user", task["assignee_id"])
    if call.body.get("assignee_id") and not (user and user["active"]):
        warnings.append(
            problem(
                "assignee_id",
                "not_active",
                f"{task['assignee_id']} is not a user with active access to this workspace:"
                " the task may not appear for them",
            )
        )
    if call.body.get("reminder"):
        if user and user["active"] and user["notifications"]:
            message = "is kept with the task; the embedded workspace sends no email or push itself"
        else:
            message = "will not fire: the assignee must be a user with notifications enabled"
        warnings.append(problem("reminder", "not_sent", message))
    related = task["related_to"]
    if call.body.get("related_to_id") and related and related["name"] is None:
        warnings.append(_not_linked("related_to_id", related["type"], related["id"]))
    return warnings


def _activity_warnings(call: Call, activity: dict[str, Any] | None) -> list[Problem]:
    if activity is None:
        return []
    warnings = []
    for kind in ("contact", "deal"):
        item_id = activity[f"{kind}_id"]
        if item_id is not None and _record(call.connection, kind, item_id) is None:
            warnings.append(_not_linked(f"{kind}_id", kind, item_id))
    return warnings


def _not_linked(field: str, kind: str, item_id: str) -> Problem:
    message = f"names no {kind} that this workspace knows: {item_id} is kept, and not linked"
    return problem(field, "not_linked", message)


def _record(connection: sqlite3.Connection, type: str, item_id: str | None) -> Any:
    row = connection.execute(
        "SELECT active, notifications FROM record WHERE type = ? AND id = ?", (type, item_id)
    ).fetchone()
    return {"active": bool(row[0]), "notifications": bool(row[1])} if row else None


def _warnings_meta(warnings: list[Problem]) -> dict[str, Any] | None:
    return {"warnings": warnings} if warnings else None


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


def _stored(timestamp: str) -> str:
    return timestamp.removesuffix("Z")


def _stored_time(text: str, *, end_of_day: bool) -> str:
    return _stored(
        format_timestamp(parse_timestamp(text, end_of_day=end_of_day and is_date_only(text)))
    )


def _refuse_problems(problems: list[Problem]) -> None:
    if problems:
        raise _invalid(problems)


def _refuse_parameters(call: Call) -> None:
    _refuse_problems(check_query(TASK, call.query, filters=(), accepted=()))


def _invalid(problems: list[Problem]) -> Refusal:
    names = ", ".join(problem["field"] for problem in problems)
    message = f"The request is not valid: {names}."
    return Refusal(422, "validation_failed", message, problems)
