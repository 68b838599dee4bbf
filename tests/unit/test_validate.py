"""The checks that a request passes before it is sent, and again on arrival."""

from __future__ import annotations

from typing import Any

import pytest

from crmctl.fields import Action, Resource
from crmctl.resources import ACTIVITY, TASK
from crmctl.validate import (
    LARGEST_INTEGER,
    check_body,
    check_query,
    problem,
    unknown_fields,
)

LISTS = ("limit", "cursor", "sort", "fields")


def check_list(resource: Resource, query: dict[str, str]) -> list[dict[str, str]]:
    return check_query(resource, query, filters=resource.filters, accepted=LISTS)


@pytest.mark.parametrize(
    ("resource", "action", "body"),
    [
        (TASK, "create", {"title": "Call"}),
        (TASK, "create", {"title": "Call", "priority": None, "due_date": None}),
        (TASK, "create", {"title": "Call", "reminder": {"type": "push", "before_minutes": 0}}),
        (TASK, "create", {"title": "Call", "related_to_type": None, "related_to_id": None}),
        (TASK, "create", {"title": "Call", "description": ""}),
        (TASK, "create", {"title": "\u202egnirts\x1b[31m\x01"}),
        (TASK, "update", {}),
        (TASK, "update", {"status": "cancelled"}),
        (TASK, "update", {"description": None, "reminder": None}),
        (TASK, "complete", {}),
        (TASK, "complete", {"completion_note": None}),
        (ACTIVITY, "create", {"type": "sms"}),
        (ACTIVITY, "create", {"type": "call", "duration": LARGEST_INTEGER, "attendees": ["c"]}),
    ],
)
def test_a_body_that_fits_has_no_problem(
    resource: Resource, action: Action, body: dict[str, Any]
) -> None:
    assert check_body(resource, body, action) == []


@pytest.mark.parametrize(
    ("action", "body", "problems"),
    [
        ("create", None, [problem("body", "type", "must be a JSON object")]),
        ("create", [("title", "Call")], [problem("body", "type", "must be a JSON object")]),
        ("create", {}, [problem("title", "required", "is required")]),
        ("create", {"title": None}, [problem("title", "required", "is required")]),
        ("update", {"title": None}, [problem("title", "required", "is required")]),
        ("create", {"title": "\n "}, [problem("title", "blank", "must not be blank")]),
        ("create", {"title": b"Call"}, [problem("title", "type", "must be text")]),
        ("create", {"title": "\ud83d"}, [problem("title", "text", "is not valid Unicode text")]),
        (
            "update",
            {"priority": "asap"},
            [problem("priority", "choice", "must be one of low, medium, high, urgent")],
        ),
        ("update", {"priority": None}, [problem("priority", "required", "cannot be cleared")]),
        ("update", {"assignee_id": ""}, [problem("assignee_id", "blank", "must not be blank")]),
        (
            "update",
            {"due_date": "next week"},
            [
                problem(
                    "due_date",
                    "time",
                    "must be an ISO 8601 date or time, such as 2026-03-25 or 2026-03-25T17:00:00Z",
                )
            ],
        ),
        (
            "update",
            {"reminder": [60]},
            [problem("reminder", "type", "must be an object with type and before_minutes")],
        ),
        (
            "update",
            {"reminder": {"type": None, "at": "noon"}},
            [
                problem(
                    "reminder.at", "unknown", "is not a field; there are: type, before_minutes"
                ),
                problem("reminder.type", "required", "is required"),
                problem("reminder.before_minutes", "required", "is required"),
            ],
        ),
        (
            "update",
            {"reminder": {"type": "fax", "before_minutes": False}},
            [
                problem("reminder.type", "choice", "must be one of email, push"),
                problem("reminder.before_minutes", "type", "must be a whole number"),
            ],
        ),
        (
            "create",
            {"title": "Call", "related_to_type": "deal"},
            [problem("related_to_id", "pair", "is required with related_to_type")],
        ),
        (
            "create",
            {"title": "Call", "related_to_id": "deal_1", "related_to_type": None},
            [problem("related_to_type", "pair", "is required with related_to_id")],
        ),
        (
            "update",
            {"related_to_id": None},
            [problem("related_to_type", "pair", "must be null too, as related_to_id is")],
        ),
        (
            "complete",
            {"note": "x", "title": "y"},
            [
                problem("note", "unknown", "is not a field; there are: completion_note"),
                problem("title", "read_only", "cannot be set here; these can: completion_note"),
            ],
        ),
        ("complete", {"completion_note": 1}, [problem("completion_note", "type", "must be text")]),
    ],
)
def test_each_problem_of_a_task_is_told(
    action: Action, body: Any, problems: list[dict[str, str]]
) -> None:
    assert check_body(TASK, body, action) == problems


@pytest.mark.parametrize(
    ("duration", "code"),
    [
        (True, "type"),
        (1.5, "type"),
        ("30", "type"),
        (float("nan"), "type"),
        ([], "type"),
        (-1, "range"),
        (LARGEST_INTEGER + 1, "range"),
        (10**400, "range"),
    ],
)
def test_a_duration_is_a_whole_number_that_json_can_carry(duration: Any, code: str) -> None:
    [found] = check_body(ACTIVITY, {"type": "call", "duration": duration}, "create")
    assert (found["field"], found["code"]) == ("duration", code)


@pytest.mark.parametrize("attendees", ["con_1", {}, [None], [1], [""], [" "], ["\udc80"]])
def test_attendees_are_a_list_of_ids(attendees: Any) -> None:
    [found] = check_body(ACTIVITY, {"type": "meeting", "attendees": attendees}, "create")
    assert (found["field"], found["code"]) == ("attendees", "type")


def test_unknown_fields_and_those_that_are_the_servers_are_told_apart() -> None:
    body = {"type": "call", "user_id": "usr_1", "notes": "x"}
    accepted = (
        "type, subject, description, contact_id, deal_id, duration, outcome, attendees, occurred_at"
    )
    assert check_body(ACTIVITY, body, "create") == [
        problem("user_id", "read_only", f"cannot be set here; these can: {accepted}"),
        problem("notes", "unknown", f"is not a field; there are: {accepted}"),
    ]


@pytest.mark.parametrize(
    ("resource", "query"),
    [
        (TASK, {}),
        (TASK, {"limit": "1"}),
        (TASK, {"limit": "100", "cursor": "x", "sort": "-due_date", "fields": "id,related_to.id"}),
        (TASK, {"due_before": "2026-03-25", "due_after": "2026-03-25T00:00:00+02:00"}),
        (ACTIVITY, {"date_from": "2026-W13-3", "date_to": "20260325T1700Z"}),
        (ACTIVITY, {"sort": "created_at", "type": "note", "user_id": "usr/1"}),
    ],
)
def test_a_query_that_fits_has_no_problem(resource: Resource, query: dict[str, str]) -> None:
    assert check_list(resource, query) == []


LIMIT = "must be a whole number from 1 to 100"


@pytest.mark.parametrize(
    ("resource", "query", "problems"),
    [
        (TASK, {"limit": "0"}, [problem("limit", "range", LIMIT)]),
        (TASK, {"limit": "101"}, [problem("limit", "range", LIMIT)]),
        (TASK, {"limit": "٣"}, [problem("limit", "range", LIMIT)]),
        (TASK, {"limit": "²"}, [problem("limit", "range", LIMIT)]),
        (TASK, {"limit": "0000000100" + "0" * 5000}, [problem("limit", "range", LIMIT)]),
        (TASK, {"cursor": ""}, [problem("cursor", "blank", "must not be empty")]),
        (
            ACTIVITY,
            {"sort": "-subject"},
            [
                problem(
                    "sort",
                    "choice",
                    "must be one of occurred_at, created_at (- first: descending)",
                )
            ],
        ),
        (
            TASK,
            {"status": "open", "assignee_id": " "},
            [
                problem(
                    "status",
                    "choice",
                    "must be one of pending, in_progress, completed, cancelled",
                ),
                problem("assignee_id", "blank", "must not be blank"),
            ],
        ),
        (
            ACTIVITY,
            {"status": "pending"},
            [
                problem(
                    "status",
                    "unknown",
                    "is not a parameter; there are: type, contact_id, deal_id, user_id,"
                    " date_from, date_to, limit, cursor, sort, fields",
                )
            ],
        ),
    ],
)
def test_each_problem_of_a_query_is_told(
    resource: Resource, query: dict[str, str], problems: list[dict[str, str]]
) -> None:
    assert check_list(resource, query) == problems


def test_unknown_names_of_fields_are_told_with_those_there_are() -> None:
    [found] = check_list(ACTIVITY, {"fields": "id,who,subject.x"})
    assert found["message"] == (
        "does not know who, subject.x; there are: id, type, subject, description, contact_id,"
        " contact_name, deal_id, deal_name, duration, outcome, attendees, user_id, user_name,"
        " occurred_at, created_at"
    )
    assert unknown_fields(TASK, ["id", "related_to.name", "related_to_id", ""]) == [
        "related_to_id",
        "",
    ]


def test_where_there_are_no_parameters_a_refusal_says_none() -> None:
    assert check_query(TASK, {"x": "1"}, filters=(), accepted=()) == [
        problem("x", "unknown", "is not a parameter; there are: none")
    ]
