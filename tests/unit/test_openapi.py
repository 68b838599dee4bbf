"""The OpenAPI document says what is so of every operation."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from crmctl.resources import ACTIVITY, OPERATIONS, TASK
from crmctl.server.openapi import openapi_document
from crmctl.validate import check_body

DOCUMENT = openapi_document("/crm")
SCHEMAS = DOCUMENT["components"]["schemas"]


def valid(name: str, value: Any) -> bool:
    """Whether a value is what a schema of the document says."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return bool(Draft202012Validator(schema).is_valid(value))


def test_every_operation_is_described_once() -> None:
    described = {
        (method.upper(), path.replace("{id}", ":id"), operation["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {(each.method, each.path, each.name) for each in OPERATIONS.values()}
    assert DOCUMENT["servers"] == [{"url": "/crm"}]
    for schema in SCHEMAS.values():
        Draft202012Validator.check_schema(schema)


def test_every_parameter_of_a_list_is_described() -> None:
    told = DOCUMENT["paths"]["/tasks"]["get"]["parameters"]
    assert [each["name"] for each in told] == [
        *("limit", "cursor", "fields"),
        *(filter.name for filter in TASK.filters),
        "sort",
    ]
    feed = DOCUMENT["paths"]["/activities/feed"]["get"]["parameters"]
    assert [each["name"] for each in feed] == ["limit", "cursor", "fields"]


@pytest.mark.parametrize(
    "body",
    [
        {"title": "x"},
        {"title": " "},
        {"title": "x\0"},
        {"title": " x\n"},
        {"title": "x", "description": "\n\0"},
        {"title": "x", "description": " \n"},
        {},
        {"title": None},
        {"title": "x", "priority": None, "due_date": None, "assignee_id": None},
        {"title": "x", "priority": "highest"},
        {"title": "x", "assignee_id": ""},
        {"title": "x", "status": "pending"},
        {"title": "x", "reminder": {"type": "email", "before_minutes": 60.0}},
        {"title": "x", "reminder": {"type": "email", "before_minutes": 60.5}},
        {"title": "x", "reminder": {"type": "email", "before_minutes": -1}},
        {"title": "x", "reminder": {"type": "email"}},
        {"title": "x", "reminder": {"type": "email", "before_minutes": 2**53}},
        {"title": "x", "reminder": {"type": "email", "before_minutes": 1, "x": 1}},
        {"title": "x", "related_to_type": "deal"},
        {"title": "x", "related_to_type": "deal", "related_to_id": None},
        {"title": "x", "related_to_type": None, "related_to_id": None},
        {"title": "x", "related_to_type": "deal", "related_to_id": "d"},
        [],
    ],
)
def test_the_schema_of_a_body_accepts_what_is_accepted(body: Any) -> None:
    assert valid("TaskCreate", body) == (not check_body(TASK, body, "create"))


def test_the_schemas_of_the_other_bodies_do_so_too() -> None:
    bodies: list[dict[str, Any]] = [{}, {"status": "completed"}, {"title": None}, {"status": None}]
    bodies += [{"description": None}, {"completion_note": "x"}, {"type": "call"}, {"attendees": []}]
    bodies += [
        {"type": "call", "attendees": [" "]},
        {"type": "call", "attendees": ["a\0"]},
        {"type": "call", "duration": 309.0},
    ]
    for body in bodies:
        assert valid("TaskUpdate", body) == (not check_body(TASK, body, "update"))
        assert valid("TaskComplete", body) == (not check_body(TASK, body, "complete"))
        assert valid("ActivityCreate", body) == (not check_body(ACTIVITY, body, "create"))
