"""Lists of tasks: filters, sorts, limit, cursor, fields, meta. Reference: List Tasks."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from crmctl.resources import ACTIVITY, TASK
from tests.contract.world import World, all_ids, pages

SOME = [
    {
        "title": "A",
        "status": "pending",
        "priority": "high",
        "type": "todo",
        "assignee_id": "usr_1",
        "due_date": "2026-03-25T17:00:00",
        "related_to_type": "deal",
        "related_to_id": "deal_1",
    },
    {
        "title": "B",
        "status": "in_progress",
        "priority": "low",
        "type": "call",
        "assignee_id": "usr_2",
        "due_date": "2026-03-26T00:00:00",
        "related_to_type": "contact",
        "related_to_id": "con_1",
    },
    {
        "title": "C",
        "status": "completed",
        "priority": "urgent",
        "type": "email",
        "assignee_id": "usr_1",
        "due_date": "2026-03-26T09:30:00",
        "related_to_type": "project",
        "related_to_id": "proj_1",
    },
    {"title": "D", "status": "cancelled", "priority": "medium", "type": "meeting"},
    {
        "title": "E",
        "status": "pending",
        "priority": "medium",
        "type": "follow_up",
        "due_date": "2026-03-26T09:30:00.5",
        "related_to_type": "deal",
        "related_to_id": "con_1",
    },
]


def titles(world: World, **query: str) -> str:
    content = world.get("/tasks", **query)
    assert content["meta"]["total"] == len(content["data"])
    return "".join(sorted(task["title"] for task in content["data"]))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "ABCDE"),
        ({"assignee_id": "usr_1"}, "AC"),
        ({"assignee_id": "usr_"}, ""),
        ({"status": "pending"}, "AE"),
        ({"status": "in_progress"}, "B"),
        ({"status": "completed"}, "C"),
        ({"status": "cancelled"}, "D"),
        ({"priority": "low"}, "B"),
        ({"priority": "medium"}, "DE"),
        ({"priority": "high"}, "A"),
        ({"priority": "urgent"}, "C"),
        ({"type": "todo"}, "A"),
        ({"type": "call"}, "B"),
        ({"type": "email"}, "C"),
        ({"type": "meeting"}, "D"),
        ({"type": "follow_up"}, "E"),
        ({"related_to_type": "deal"}, "AE"),
        ({"related_to_type": "contact"}, "B"),
        ({"related_to_type": "project"}, "C"),
        ({"related_to_id": "con_1"}, "BE"),
        ({"related_to_type": "contact", "related_to_id": "con_1"}, "B"),
        ({"status": "pending", "priority": "high", "type": "todo", "assignee_id": "usr_1"}, "A"),
        ({"status": "pending", "assignee_id": "usr_2"}, ""),
        ({"due_before": "2026-03-26"}, "A"),
        ({"due_before": "2026-03-26T00:00:01Z"}, "AB"),
        ({"due_before": "2026-03-26T09:30:00Z"}, "AB"),
        ({"due_before": "2026-03-26T09:30:00.5Z"}, "ABC"),
        ({"due_before": "2026-03-26T10:30:00.6+01:00"}, "ABCE"),
        ({"due_after": "2026-03-25"}, "BCE"),
        ({"due_after": "2026-03-24"}, "ABCE"),
        ({"due_after": "2026-03-26"}, ""),
        ({"due_after": "2026-03-26T09:30:00Z"}, "E"),
        ({"due_after": "2026-03-26T09:30:00.5Z"}, ""),
        ({"due_after": "2026-03-25T17:00:00Z", "due_before": "2026-03-26T09:30:00Z"}, "B"),
        ({"due_after": "2026-03-25", "status": "pending"}, "E"),
        ({"due_before": "2026-04-01", "related_to_id": "con_1"}, "BE"),
    ],
)
def test_filters_narrow_together(world: World, query: dict[str, str], expected: str) -> None:
    world.insert_tasks(SOME)
    assert titles(world, **query) == expected
    for sort in TASK.sorts:
        assert titles(world, **query, sort=sort) == expected


ORDERED: list[dict[str, Any]] = [
    {"id": "none_1", "priority": "low", "due_date": None, "created_at": "2026-03-20T10:00:05"},
    {
        "id": "late",
        "priority": "urgent",
        "due_date": "2026-03-26T00:00:00",
        "created_at": "2026-03-20T10:00:03",
    },
    {
        "id": "tie_1",
        "priority": "high",
        "due_date": "2026-03-25T17:00:00",
        "created_at": "2026-03-20T10:00:01",
    },
    {
        "id": "tie_2",
        "priority": "high",
        "due_date": "2026-03-25T17:00:00",
        "created_at": "2026-03-20T10:00:01",
    },
    {
        "id": "later",
        "priority": "medium",
        "due_date": "2026-03-26T00:00:00.5",
        "created_at": "2026-03-20T10:00:04",
    },
    {"id": "none_2", "priority": "medium", "due_date": None, "created_at": "2026-03-20T10:00:02"},
]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("due_date", ["tie_1", "tie_2", "late", "later", "none_1", "none_2"]),
        ("-due_date", ["later", "late", "tie_2", "tie_1", "none_2", "none_1"]),
        ("priority", ["none_1", "later", "none_2", "tie_1", "tie_2", "late"]),
        ("-priority", ["late", "tie_2", "tie_1", "none_2", "later", "none_1"]),
        ("created_at", ["tie_1", "tie_2", "none_2", "late", "later", "none_1"]),
        ("-created_at", ["none_1", "later", "late", "none_2", "tie_2", "tie_1"]),
        ("updated_at", ["tie_1", "tie_2", "none_2", "late", "later", "none_1"]),
        ("-updated_at", ["none_1", "later", "late", "none_2", "tie_2", "tie_1"]),
    ],
)
@pytest.mark.parametrize("filter", [{}, {"status": "pending"}, {"assignee_id": "usr_1"}])
def test_lists_come_in_the_order_asked_for_whatever_the_page(
    world: World, sort: str, expected: list[str], filter: dict[str, str]
) -> None:
    world.insert_tasks(
        [row | {"updated_at": row["created_at"], "assignee_id": "usr_1"} for row in ORDERED]
    )
    query = {**filter, "sort": sort}
    assert world.ids("/tasks", **query) == expected
    assert all_ids(world, "/tasks", {**query, "limit": "1"}) == expected
    assert all_ids(world, "/tasks", {**query, "limit": "2"}) == expected
    assert [task["id"] for task in world.client.list_tasks(query)] == expected


def test_newest_first_unless_asked_otherwise(world: World) -> None:
    world.insert_tasks([row | {"updated_at": row["created_at"]} for row in ORDERED])
    assert world.ids("/tasks") == world.ids("/tasks", sort="-created_at")


def test_a_page_is_25_unless_asked_otherwise(world: World) -> None:
    world.insert_tasks([{}] * 103)
    lengths = {}
    for limit in ("", "1", "25", "99", "100"):
        content = world.get("/tasks", **({"limit": limit} if limit else {}))
        meta = content["meta"]
        assert meta["total"] == 103
        assert meta["has_more"] is True
        assert set(meta) == {"total", "limit", "has_more", "next_cursor"}
        lengths[limit] = (len(content["data"]), meta["limit"])
    assert lengths == {"": (25, 25), "1": (1, 1), "25": (25, 25), "99": (99, 99), "100": (100, 100)}


@pytest.mark.parametrize("number", [0, 1, 24, 25])
def test_the_last_page_says_that_it_is(world: World, number: int) -> None:
    if number:
        world.insert_tasks([{}] * number)
    content = world.get("/tasks")
    assert len(content["data"]) == number
    assert content["meta"] == {"total": number, "limit": 25, "has_more": False}


@pytest.mark.parametrize("size", [1, 7, 49, 50, 51])
def test_pages_are_complete_and_in_order(world: World, size: int) -> None:
    ids = world.insert_tasks([{}] * 50)
    contents = list(pages(world, "/tasks", {"limit": str(size), "sort": "created_at"}))
    assert [task["id"] for content in contents for task in content["data"]] == ids
    assert [len(content["data"]) for content in contents[:-1]] == [size] * (len(contents) - 1)
    assert {content["meta"]["total"] for content in contents} == {50}


def test_the_next_page_may_have_another_limit_and_other_fields(world: World) -> None:
    world.insert_tasks([{}] * 5)
    query = {"sort": "created_at", "status": "pending"}
    cursor = world.get("/tasks", **query, limit="2")["meta"]["next_cursor"]
    rest = world.get("/tasks", **query, limit="3", fields="id", cursor=cursor)
    assert rest == {
        "success": True,
        "data": [{"id": "task_00002"}, {"id": "task_00003"}, {"id": "task_00004"}],
        "meta": {"total": 5, "limit": 3, "has_more": False},
    }


@pytest.mark.parametrize(
    "limit",
    ["0", "101", "-1", "abc", "", "1.5", "1e1", " 5", "+5", "\uff15", "0000000255", "9" * 5000],
)
def test_a_limit_out_of_range_is_refused(world: World, limit: str) -> None:
    for path in ("/tasks", "/activities", "/activities/feed"):
        response = world.send("GET", path, query={"limit": limit})
        assert response.status == 422
        assert response.content["error"]["details"] == [
            {"field": "limit", "code": "range", "message": "must be a whole number from 1 to 100"}
        ]


@pytest.mark.parametrize(
    ("path", "query", "fields"),
    [
        ("/tasks", {"colour": "red"}, {"colour": "unknown"}),
        ("/tasks", {"page": "2", "per_page": "x"}, {"page": "unknown", "per_page": "unknown"}),
        ("/tasks", {"title": "A"}, {"title": "unknown"}),
        ("/tasks", {"status": "open"}, {"status": "choice"}),
        ("/tasks", {"status": ""}, {"status": "choice"}),
        ("/tasks", {"status": "pending,completed"}, {"status": "choice"}),
        ("/tasks", {"priority": "HIGH", "type": "sms"}, {"priority": "choice", "type": "choice"}),
        ("/tasks", {"assignee_id": ""}, {"assignee_id": "blank"}),
        ("/tasks", {"related_to_id": " "}, {"related_to_id": "blank"}),
        ("/tasks", {"related_to_type": "lead"}, {"related_to_type": "choice"}),
        ("/tasks", {"due_before": "friday"}, {"due_before": "time"}),
        ("/tasks", {"due_after": "2026-13-01"}, {"due_after": "time"}),
        ("/tasks", {"due_after": ""}, {"due_after": "time"}),
        ("/tasks", {"due_date": "2026-03-25"}, {"due_date": "unknown"}),
        ("/tasks", {"contact_id": "con_1"}, {"contact_id": "unknown"}),
        ("/tasks", {"sort": "title"}, {"sort": "choice"}),
        ("/tasks", {"sort": ""}, {"sort": "choice"}),
        ("/tasks", {"sort": "--due_date"}, {"sort": "choice"}),
        ("/tasks", {"sort": "due_date; DROP TABLE task"}, {"sort": "choice"}),
        ("/tasks", {"fields": ""}, {"fields": "choice"}),
        ("/tasks", {"fields": "id,nope,related_to.nope"}, {"fields": "choice"}),
        ("/tasks", {"fields": "related_to_id"}, {"fields": "choice"}),
        ("/tasks", {"cursor": ""}, {"cursor": "blank"}),
        ("/activities", {"type": "todo"}, {"type": "choice"}),
        ("/activities", {"contact_id": ""}, {"contact_id": "blank"}),
        (
            "/activities",
            {"date_from": "x", "date_to": ""},
            {"date_from": "time", "date_to": "time"},
        ),
        ("/activities", {"sort": "duration"}, {"sort": "choice"}),
        ("/activities", {"status": "pending"}, {"status": "unknown"}),
        ("/activities", {"outcome": "busy"}, {"outcome": "unknown"}),
        ("/activities", {"occurred_at": "2026-03-25"}, {"occurred_at": "unknown"}),
    ],
)
def test_an_invalid_parameter_is_refused_by_name(
    world: World, path: str, query: dict[str, str], fields: dict[str, str]
) -> None:
    assert world.refused_fields("GET", path, query=query) == fields


def test_a_refused_parameter_says_what_is_accepted(world: World) -> None:
    messages = {}
    for name in ("status", "sort", "colour"):
        [detail] = world.send("GET", "/tasks", query={name: "x"}).content["error"]["details"]
        messages[name] = detail["message"]
    assert messages == {
        "status": "must be one of pending, in_progress, completed, cancelled",
        "sort": ("must be one of due_date, priority, created_at, updated_at (- first: descending)"),
        "colour": (
            "is not a parameter; there are: assignee_id, status, priority, type, due_before,"
            " due_after, related_to_type, related_to_id, limit, cursor, sort, fields"
        ),
    }


def test_fields_gives_those_and_no_others(world: World) -> None:
    world.add_record("deal", "deal_1", "Enterprise License")
    world.insert_tasks(
        [{"title": "A", "related_to_type": "deal", "related_to_id": "deal_1"}, {"title": "B"}]
    )
    seen = {
        fields: world.get("/tasks", fields=fields, sort="created_at")["data"]
        for fields in (
            "title",
            "priority,title",
            "related_to",
            "related_to.name,related_to.id",
            "related_to,related_to.id",
            "related_to.id,related_to",
        )
    }
    whole = {"type": "deal", "id": "deal_1", "name": "Enterprise License"}
    assert seen == {
        "title": [{"title": "A"}, {"title": "B"}],
        "priority,title": [
            {"priority": "medium", "title": "A"},
            {"priority": "medium", "title": "B"},
        ],
        "related_to": [{"related_to": whole}, {"related_to": None}],
        "related_to.name,related_to.id": [
            {"related_to": {"name": "Enterprise License", "id": "deal_1"}},
            {"related_to": {"name": None, "id": None}},
        ],
        "related_to,related_to.id": [{"related_to": whole}, {"related_to": None}],
        "related_to.id,related_to": [{"related_to": whole}, {"related_to": None}],
    }


def test_every_field_of_an_item_can_be_asked_for(world: World) -> None:
    world.client.create_task({"title": "Call"})
    world.client.log_activity({"type": "call"})
    for resource in (TASK, ACTIVITY):
        [whole] = world.get(resource.collection)["data"]
        names = [field.name for field in resource.fields if field.readable]
        assert list(whole) == names
        for name in names:
            assert world.get(resource.collection, fields=name)["data"] == [{name: whole[name]}]
        for name in resource.field_names():
            assert world.send("GET", resource.collection, query={"fields": name}).status == 200


def cursor_of(world: World, path: str, **query: str) -> str:
    cursor: str = world.get(path, **query, limit="1")["meta"]["next_cursor"]
    return cursor


def test_a_cursor_of_another_list_is_refused(world: World) -> None:
    world.insert_tasks(SOME)
    for type in ("call", "note"):
        world.client.log_activity({"type": type})
    pending = cursor_of(world, "/tasks", status="pending", sort="due_date")
    for path, query in (
        ("/tasks", {}),
        ("/tasks", {"status": "completed", "sort": "due_date"}),
        ("/tasks", {"status": "pending", "sort": "-due_date"}),
        ("/tasks", {"status": "pending"}),
        ("/tasks", {"status": "pending", "sort": "due_date", "type": "todo"}),
    ):
        assert world.refused_fields("GET", path, query={**query, "cursor": pending}) == {
            "cursor": "cursor"
        }
    tasks, activities = cursor_of(world, "/tasks"), cursor_of(world, "/activities")
    for path, cursor in (
        ("/activities", tasks),
        ("/activities/feed", tasks),
        ("/tasks", activities),
    ):
        refused = world.refused_fields("GET", path, query={"cursor": cursor})
        assert refused == {"cursor": "cursor"}


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "AAAA",
        "\u00e9",
        "====",
        "task_001",
        "eyJhIjogMX0",
        *[
            base64.urlsafe_b64encode(json.dumps(entries).encode()).decode()
            for entries in (
                None,
                [],
                "1234567",
                [0, 0, None, 1, 5, "2026-03-20T10:00:00Z", ["task"]],
                [0, 0, "\ud800", 1, 5, "2026-03-20T10:00:00Z", ["task"]],
                [0, 0, [], 1, 5, "2026-03-20T10:00:00Z", ["task"]],
                [0, 0, 2**70, 1, 5, "2026-03-20T10:00:00Z", ["task"]],
                [2**70, 0, "2026", 1, 5, "2026-03-20T10:00:00Z", ["task"]],
                [0, 0, "2026", "1", 5, "2026-03-20T10:00:00Z", ["task"]],
                [0, 0, "2026", 1.5, 5, "2026-03-20T10:00:00Z", ["task"]],
                [0, 0, "2026", 1, 5, "noon", ["task"]],
                [0, 0, "2026", 1, 5, 0, ["task"]],
                [0, 0, "2026", 1, 5, "2026-03-20T10:00:00Z", {}],
            )
        ],
    ],
)
def test_garbage_is_no_cursor(world: World, cursor: str) -> None:
    world.insert_tasks(SOME)
    assert world.refused_fields("GET", "/tasks", query={"cursor": cursor}) == {"cursor": "cursor"}


def test_a_cursor_cut_short_is_refused(world: World) -> None:
    world.insert_tasks(SOME)
    cursor = cursor_of(world, "/tasks")
    for end in range(1, len(cursor)):
        assert world.send("GET", "/tasks", query={"cursor": cursor[:end]}).status == 422


def test_a_cursor_is_good_for_as_long_as_the_list_is_wanted(world: World) -> None:
    world.insert_tasks(SOME)
    first = cursor_of(world, "/tasks")
    world.clock.move(days=400)
    assert len(world.ids("/tasks", cursor=first)) == 4


@pytest.mark.parametrize(
    ("sort", "entries"),
    [
        ("due_date", ["yesterday", 1, 5]),
        ("due_date", [20260325, 1, 5]),
        ("created_at", [None, 1, 5]),
        ("priority", ["highest", 1, 5]),
        ("priority", [2, 1, 5]),
        ("due_date", ["2026-03-25T17:00:00Z", "1", 5]),
        ("due_date", ["2026-03-25T17:00:00Z", 2**63, 5]),
        ("due_date", ["2026-03-25T17:00:00Z", 1, True]),
        ("due_date", ["2026-03-25T17:00:00Z", 1]),
        ("due_date", {"key": None}),
    ],
)
def test_a_cursor_that_somebody_made_up_is_refused(world: World, sort: str, entries: Any) -> None:
    named = ["task", ["sort", sort]]
    made_up = [*entries, named] if isinstance(entries, list) else entries
    cursor = base64.urlsafe_b64encode(json.dumps(made_up).encode()).decode().rstrip("=")
    query = {"sort": sort, "cursor": cursor}
    assert world.refused_fields("GET", "/tasks", query=query) == {"cursor": "cursor"}
