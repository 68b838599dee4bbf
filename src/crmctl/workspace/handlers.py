"""What each operation of the reference does. A handler refuses before it writes anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from crmctl.fields import Field, Filter, Resource
from crmctl.resources import ACTIVITY, CONTACT, DEAL, DEFAULT_LIMIT, TASK
from crmctl.store.values import Condition, Item, Place
from crmctl.timestamps import format_timestamp, is_date_only, parse_timestamp
from crmctl.validate import check_body, check_query, problem
from crmctl.workspace.call import Call, Refusal, Reply, invalid, refuse_parameters, refuse_problems
from crmctl.workspace.cursor import read_cursor, write_cursor
from crmctl.workspace.warnings import activity_warnings, task_warnings, warnings_meta

LIST_PARAMETERS = ("limit", "cursor", "sort", "fields")

_ID_LENGTH = 12
# Each byte to one of 32 digits and letters, none of them mistaken for another.
_ID_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz" * 8

_TASK_DEFAULTS = {field.name: field.default for field in TASK.fields if field.default is not None}


def list_tasks(call: Call) -> Reply:
    """GET /tasks"""
    return _list(call, TASK, filters=TASK.filters, accepted=LIST_PARAMETERS)


def list_activities(call: Call) -> Reply:
    """GET /activities"""
    return _list(call, ACTIVITY, filters=ACTIVITY.filters, accepted=LIST_PARAMETERS)


def activity_feed(call: Call) -> Reply:
    """GET /activities/feed: the activities of all users, most recent first."""
    return _list(call, ACTIVITY, filters=(), accepted=("limit", "cursor", "fields"))


def list_contacts(call: Call) -> Reply:
    """GET /contacts: those that the workspace knows, by ID."""
    return _list_records(call, CONTACT)


def list_deals(call: Call) -> Reply:
    """GET /deals: those that the workspace knows, by ID."""
    return _list_records(call, DEAL)


def get_task(call: Call) -> Reply:
    """GET /tasks/:id"""
    refuse_parameters(call)
    return Reply(_task(call))


def create_task(call: Call) -> Reply:
    """POST /tasks"""
    refuse_parameters(call)
    refuse_problems(check_body(TASK, call.body, "create"))
    values = {
        "id": _new_id(TASK),
        **_TASK_DEFAULTS,
        **_values(TASK, call.body),
        "created_by": call.caller,
        "created_at": call.now,
        "updated_at": call.now,
    }
    task = call.transaction.insert(TASK, values)
    return Reply(task, meta=warnings_meta(task_warnings(call, task)), status=201)


def update_task(call: Call) -> Reply:
    """PUT /tasks/:id: changes the fields given and no others; null clears."""
    refuse_parameters(call)
    task = _task(call, lock=True)
    refuse_problems(check_body(TASK, call.body, "update"))
    values = _values(TASK, call.body)
    if "status" in values and values["status"] != task["status"]:
        if values["status"] == "completed":
            values["completed_at"] = call.now
        else:
            values |= {"completed_at": None, "completion_note": None}
    task = _change(call, task, values)
    return Reply(task, meta=warnings_meta(task_warnings(call, task)))


def complete_task(call: Call) -> Reply:
    """PUT /tasks/:id/complete: completing again keeps the time, and takes a note that is given."""
    refuse_parameters(call)
    task = _task(call, lock=True)
    body = {} if call.body is None else call.body
    refuse_problems(check_body(TASK, body, "complete"))
    values = _values(TASK, body)
    if task["status"] != "completed":
        values |= {"status": "completed", "completed_at": call.now}
    return Reply(_change(call, task, values))


def delete_task(call: Call) -> Reply:
    """DELETE /tasks/:id"""
    refuse_parameters(call)
    task = _task(call, lock=True)
    call.transaction.delete(TASK, task["id"])
    return Reply({"id": task["id"], "deleted": True})


def log_activity(call: Call) -> Reply:
    """POST /activities: an activity with an unknown contact is created, and not linked."""
    refuse_parameters(call)
    refuse_problems(check_body(ACTIVITY, call.body, "create"))
    values = {
        "id": _new_id(ACTIVITY),
        "attendees": [],
        "occurred_at": call.now,
        **_values(ACTIVITY, call.body),
        "user_id": call.caller,
        "created_at": call.now,
    }
    activity = call.transaction.insert(ACTIVITY, values)
    return Reply(activity, meta=warnings_meta(activity_warnings(activity)), status=201)


def _list(
    call: Call, resource: Resource, *, filters: tuple[Filter, ...], accepted: tuple[str, ...]
) -> Reply:
    query = call.query
    refuse_problems(check_query(resource, query, filters=filters, accepted=accepted))
    sort = query.get("sort", resource.default_sort)
    conditions = _conditions(resource, query)
    after, total = _place(call, resource, sort)
    if total is None:
        total = call.transaction.count(resource, conditions)
    items, following = call.transaction.page(
        resource, conditions, sort=sort, after=after, limit=_limit(call)
    )
    return _page(call, resource, items, total, following)


def _list_records(call: Call, resource: Resource) -> Reply:
    accepted = ("limit", "cursor", "fields")
    refuse_problems(check_query(resource, call.query, filters=(), accepted=accepted))
    after, total = _place(call, resource, resource.default_sort)
    if total is None:
        total = call.transaction.count_records(resource.name)
    limit = _limit(call)
    start = "" if after is None else str(after.key)
    found = call.transaction.record_page(resource.name, after=start, limit=limit + 1)
    names = [field.name for field in resource.fields]
    items = [{name: record[name] for name in names} for record in found[:limit]]
    following = Place(items[-1]["id"], 0) if len(found) > limit else None
    return _page(call, resource, items, total, following)


def _limit(call: Call) -> int:
    return int(call.query.get("limit", DEFAULT_LIMIT))


def _place(call: Call, resource: Resource, sort: str) -> tuple[Place | None, int | None]:
    """Where a page starts and the list's total, as its cursor has them; None on the first page."""
    if "cursor" not in call.query:
        return None, None
    try:
        return read_cursor(call.query["cursor"], resource=resource, query=call.query, sort=sort)
    except ValueError as error:
        raise invalid([problem("cursor", "cursor", str(error))]) from error


def _page(
    call: Call, resource: Resource, items: list[Item], total: int, following: Place | None
) -> Reply:
    """A page as the answer that says what it is of, with no more than the fields asked for."""
    meta: dict[str, Any] = {
        "total": total,
        "limit": _limit(call),
        "has_more": following is not None,
    }
    if following is not None:
        meta["next_cursor"] = write_cursor(following, total, resource=resource, query=call.query)
    if "fields" in call.query:
        names = call.query["fields"].split(",")
        items = [_selected(item, names) for item in items]
    return Reply(items, meta=meta)


def _conditions(resource: Resource, query: Mapping[str, str]) -> list[Condition]:
    conditions = []
    for filter in resource.filters:
        if filter.name in query:
            value = query[filter.name]
            if resource.field(filter.field).type == "time":
                value = _bound(value, filter)
            conditions.append(Condition(filter.field, filter.operator, value))
    return conditions


def _bound(text: str, filter: Filter) -> str:
    """The instant that a filter compares with.

    Of a date alone ``due_before`` and ``due_after`` leave the whole day out, ``date_from`` and
    ``date_to`` take it in: so it is the day's last instant for ``>`` and ``<=``, else its first.
    """
    instant = parse_timestamp(text)
    if filter.operator in (">", "<=") and is_date_only(text):
        instant += timedelta(days=1, microseconds=-1)
    return format_timestamp(instant)


def _task(call: Call, *, lock: bool = False) -> Item:
    task = None
    with suppress(UnicodeEncodeError):  # a lone surrogate: nothing has such an ID
        task = call.transaction.get(TASK, call.item_id, lock=lock)
    if task is None:
        raise Refusal(404, "not_found", f"There is no task {call.item_id}.")
    return task


def _change(call: Call, task: Item, values: dict[str, Any]) -> Item:
    if not values:
        return task
    return call.transaction.update(TASK, task["id"], {**values, "updated_at": call.now})


def _values(resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a checked body as they are kept: a due date without a time is its day's end.

    What cannot be null is left as it is where null is given: that is only taken on creation.
    """
    values: dict[str, Any] = {}
    for name, value in body.items():
        field = resource.field(name)
        if value is None:
            if field.nullable:
                values[name] = None
        elif field.type == "time":
            end_of_day = name == "due_date" and is_date_only(value)
            values[name] = format_timestamp(parse_timestamp(value, end_of_day=end_of_day))
        else:
            values[name] = _value(field, value)
    return values


def _value(field: Field, value: Any) -> Any:
    """A checked value as it is kept: 30.0 as 30, in objects too."""
    if field.type == "integer" and value is not None:
        return int(value)
    if field.type == "object":
        parts = {part.name: part for part in field.fields}
        return {name: _value(parts[name], each) for name, each in value.items()}
    return value


def _new_id(resource: Resource) -> str:
    return resource.id_prefix + os.urandom(_ID_LENGTH).translate(_ID_ALPHABET).decode()


def _selected(item: Item, names: list[str]) -> Item:
    chosen: Item = {}
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
