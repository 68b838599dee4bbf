"""One task at a time: create, get, update, complete, delete. Reference: Tasks."""

from __future__ import annotations

from typing import Any

import pytest

from crmctl import errors
from crmctl.api.message import Request
from crmctl.resources import PRIORITIES, RELATED_TYPES, REMINDER_TYPES, TASK, TASK_TYPES
from tests.contract.world import ME, World

NOT_THERE = {
    "success": False,
    "error": {"code": "not_found", "message": "There is no task task_no.", "details": []},
}


def test_a_task_of_a_title_alone_gets_the_defaults(world: World) -> None:
    response = world.send("POST", "/tasks", body={"title": "Call Acme"})
    task = response.content["data"]
    assert response.status == 201
    assert response.content == {
        "success": True,
        "data": {
            "id": task["id"],
            "title": "Call Acme",
            "description": None,
            "status": "pending",
            "priority": "medium",
            "type": "todo",
            "assignee_id": None,
            "assignee_name": None,
            "due_date": None,
            "related_to": None,
            "reminder": None,
            "created_by": ME,
            "created_at": "2026-03-20T10:00:00Z",
            "updated_at": "2026-03-20T10:00:00Z",
            "completed_at": None,
            "completion_note": None,
        },
    }
    assert task["id"].startswith("task_")
    assert world.get(f"/tasks/{task['id']}") == {"success": True, "data": task}


def test_a_task_has_every_field_that_was_given(world: World) -> None:
    world.add_record("user", "usr_abc123", "Sarah Johnson")
    world.add_record("deal", "deal_xyz789", "Enterprise License - Acme Corp")
    body = {
        "title": "Send contract to TechStart",
        "description": "With **both** annexes\n\n- A\n- B\x01 \U0001f600",
        "assignee_id": "usr_abc123",
        "due_date": "2026-03-28T10:00:00Z",
        "priority": "high",
        "type": "follow_up",
        "related_to_type": "deal",
        "related_to_id": "deal_xyz789",
        "reminder": {"type": "email", "before_minutes": 60},
    }
    task = world.client.create_task(body)
    assert task == {
        "id": task["id"],
        "title": "Send contract to TechStart",
        "description": "With **both** annexes\n\n- A\n- B\x01 \U0001f600",
        "status": "pending",
        "priority": "high",
        "type": "follow_up",
        "assignee_id": "usr_abc123",
        "assignee_name": "Sarah Johnson",
        "due_date": "2026-03-28T10:00:00Z",
        "related_to": {
            "type": "deal",
            "id": "deal_xyz789",
            "name": "Enterprise License - Acme Corp",
        },
        "reminder": {"type": "email", "before_minutes": 60},
        "created_by": ME,
        "created_at": "2026-03-20T10:00:00Z",
        "updated_at": "2026-03-20T10:00:00Z",
        "completed_at": None,
        "completion_note": None,
    }
    assert world.client.get_task(task["id"]) == task


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("priority", priority) for priority in PRIORITIES],
        *[("type", type) for type in TASK_TYPES],
        *[("reminder", {"type": type, "before_minutes": 0}) for type in REMINDER_TYPES],
    ],
)
def test_every_documented_value_is_taken(world: World, field: str, value: Any) -> None:
    task = world.client.create_task({"title": "Call", field: value})
    assert task[field] == value


@pytest.mark.parametrize("type", RELATED_TYPES)
def test_a_task_is_related_to_any_documented_type(world: World, type: str) -> None:
    body = {"title": "Call", "related_to_type": type, "related_to_id": "x_1"}
    assert world.client.create_task(body)["related_to"] == {"type": type, "id": "x_1", "name": None}
    world.add_record(type, "x_1", "Acme")
    [task] = world.client.list_tasks({})
    assert task["related_to"] == {"type": type, "id": "x_1", "name": "Acme"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2026-03-25T17:00:00Z", "2026-03-25T17:00:00Z"),
        ("2026-03-25T17:00:00+01:00", "2026-03-25T16:00:00Z"),
        ("2026-03-25T17:00", "2026-03-25T17:00:00Z"),
        ("2026-03-25T17:00:00.250Z", "2026-03-25T17:00:00.25Z"),
        ("2026-03-25", "2026-03-25T23:59:59Z"),
        ("9999-12-31", "9999-12-31T23:59:59Z"),
    ],
)
def test_a_due_date_is_kept_in_utc_and_a_date_alone_is_the_end_of_its_day(
    world: World, given: str, kept: str
) -> None:
    assert world.client.create_task({"title": "Call", "due_date": given})["due_date"] == kept


def test_null_on_create_is_the_same_as_nothing(world: World) -> None:
    fields = [field.name for field in TASK.fields if field.create and not field.required]
    nulls = world.client.create_task({"title": "Call"} | dict.fromkeys(fields))
    nothing = world.client.create_task({"title": "Call"})
    assert nulls | {"id": ""} == nothing | {"id": ""}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, {"body": "type"}),
        ([], {"body": "type"}),
        ("Call", {"body": "type"}),
        ({}, {"title": "required"}),
        ({"title": None}, {"title": "required"}),
        ({"title": ""}, {"title": "blank"}),
        ({"title": " \t\n"}, {"title": "blank"}),
        ({"title": 5}, {"title": "type"}),
        ({"title": True}, {"title": "type"}),
        ({"title": ["Call"]}, {"title": "type"}),
        ({"title": "Call \ud800"}, {"title": "text"}),
        ({"title": "Call \0"}, {"title": "text"}),
        ({"title": "Call", "description": {}}, {"description": "type"}),
        ({"title": "Call", "assignee_id": " "}, {"assignee_id": "blank"}),
        ({"title": "Call", "priority": "High"}, {"priority": "choice"}),
        ({"title": "Call", "priority": 1}, {"priority": "type"}),
        ({"title": "Call", "type": ""}, {"type": "choice"}),
        ({"title": "Call", "due_date": "soon"}, {"due_date": "time"}),
        ({"title": "Call", "due_date": ""}, {"due_date": "time"}),
        ({"title": "Call", "due_date": "0001-01-01T00:00:00+05:00"}, {"due_date": "time"}),
        ({"title": "Call", "due_date": 1774458000}, {"due_date": "type"}),
        ({"title": "Call", "reminder": "email"}, {"reminder": "type"}),
        (
            {"title": "Call", "reminder": {}},
            {"reminder.type": "required", "reminder.before_minutes": "required"},
        ),
        (
            {"title": "Call", "reminder": {"type": "sms", "before_minutes": "60", "at": 1}},
            {
                "reminder.at": "unknown",
                "reminder.type": "choice",
                "reminder.before_minutes": "type",
            },
        ),
        (
            {"title": "Call", "reminder": {"type": "push", "before_minutes": True}},
            {"reminder.before_minutes": "type"},
        ),
        (
            {"title": "Call", "reminder": {"type": "push", "before_minutes": -1}},
            {"reminder.before_minutes": "range"},
        ),
        (
            {"title": "Call", "reminder": {"type": "push", "before_minutes": 2**53}},
            {"reminder.before_minutes": "range"},
        ),
        (
            {"title": "Call", "reminder": {"type": "push", "before_minutes": 10**400}},
            {"reminder.before_minutes": "range"},
        ),
        ({"title": "Call", "related_to_type": "deal"}, {"related_to_id": "pair"}),
        ({"title": "Call", "related_to_id": "deal_1"}, {"related_to_type": "pair"}),
        (
            {"title": "Call", "related_to_type": "lead", "related_to_id": "x"},
            {"related_to_type": "choice"},
        ),
        ({"title": "Call", "colour": "red"}, {"colour": "unknown"}),
        ({"title": "Call", "": 1}, {"": "unknown"}),
        ({"title": "Call", "status": "pending"}, {"status": "read_only"}),
        ({"title": "Call", "id": "task_1"}, {"id": "read_only"}),
        ({"title": "Call", "related_to": {}}, {"related_to": "read_only"}),
        (
            {"priority": "x", "due_date": "x", "z": 1},
            {"z": "unknown", "title": "required", "priority": "choice", "due_date": "time"},
        ),
    ],
)
def test_an_invalid_task_is_refused_naming_each_field(
    world: World, body: Any, fields: dict[str, str]
) -> None:
    assert world.refused_fields("POST", "/tasks", body=body) == fields
    assert world.get("/tasks")["meta"]["total"] == 0


@pytest.mark.parametrize(
    ("field", "choices"),
    [
        ("priority", "low, medium, high, urgent"),
        ("type", "todo, call, email, meeting, follow_up"),
    ],
)
def test_a_refusal_says_which_values_are_accepted(world: World, field: str, choices: str) -> None:
    response = world.send("POST", "/tasks", body={"title": "Call", field: "x"})
    assert response.content == {
        "success": False,
        "error": {
            "code": "validation_failed",
            "message": f"The request is not valid: {field}.",
            "details": [{"field": field, "code": "choice", "message": f"must be one of {choices}"}],
        },
    }


def test_a_refusal_of_an_unknown_field_lists_those_there_are(world: World) -> None:
    with pytest.raises(errors.Rejected) as raised:
        world.client.create_task({"title": "Call", "prio": "high"})
    request_id = raised.value.request_id  # over HTTP there is one
    named = "" if request_id is None else f", request {request_id}"
    assert raised.value.as_dict() == {
        "code": "rejected",
        "message": f"The request is not valid: prio (HTTP 422{named}).",
        "hint": None,
        "status": 422,
        "request_id": request_id,
        "retryable": False,
        "details": [
            {
                "field": "prio",
                "code": "unknown",
                "message": (
                    "is not a field; there are: title, description, priority, type, assignee_id,"
                    " due_date, related_to_type, related_to_id, reminder"
                ),
            }
        ],
    }


def test_an_update_changes_the_fields_given_and_no_others(world: World) -> None:
    task = world.client.create_task(
        {"title": "Call", "description": "Ask", "priority": "low", "due_date": "2026-03-25"}
    )
    world.clock.move(hours=1)
    updated = world.client.update_task(task["id"], {"priority": "urgent", "due_date": "2026-04-01"})
    assert updated == task | {
        "priority": "urgent",
        "due_date": "2026-04-01T23:59:59Z",
        "updated_at": "2026-03-20T11:00:00Z",
    }
    assert world.client.get_task(task["id"]) == updated


def test_an_update_of_nothing_changes_nothing(world: World) -> None:
    task = world.client.create_task({"title": "Call"})
    world.clock.move(hours=1)
    assert world.client.update_task(task["id"], {}) == task


def test_null_clears_on_update(world: World) -> None:
    task = world.client.create_task(
        {
            "title": "Call",
            "description": "Ask",
            "assignee_id": "usr_1",
            "due_date": "2026-03-25",
            "related_to_type": "deal",
            "related_to_id": "deal_1",
            "reminder": {"type": "push", "before_minutes": 5},
        }
    )
    cleared = world.client.update_task(
        task["id"],
        {
            "description": None,
            "assignee_id": None,
            "due_date": None,
            "related_to_type": None,
            "related_to_id": None,
            "reminder": None,
        },
    )
    assert cleared == task | {
        "description": None,
        "assignee_id": None,
        "due_date": None,
        "related_to": None,
        "reminder": None,
    }


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, {"body": "type"}),
        ({"title": None}, {"title": "required"}),
        ({"title": "  "}, {"title": "blank"}),
        ({"status": None}, {"status": "required"}),
        ({"priority": None}, {"priority": "required"}),
        ({"type": None}, {"type": "required"}),
        ({"status": "done"}, {"status": "choice"}),
        ({"related_to_type": None}, {"related_to_id": "pair"}),
        ({"related_to_id": None}, {"related_to_type": "pair"}),
        ({"related_to_id": None, "related_to_type": "deal"}, {"related_to_id": "pair"}),
        ({"completion_note": "x"}, {"completion_note": "read_only"}),
        ({"created_at": "2026-03-25"}, {"created_at": "read_only"}),
        ({"nonsense": 1, "due_date": False}, {"nonsense": "unknown", "due_date": "type"}),
    ],
)
def test_an_invalid_update_is_refused_and_changes_nothing(
    world: World, body: Any, fields: dict[str, str]
) -> None:
    task = world.client.create_task({"title": "Call"})
    assert world.refused_fields("PUT", f"/tasks/{task['id']}", body=body) == fields
    assert world.client.get_task(task["id"]) == task


def test_completed_at_follows_the_status(world: World) -> None:
    task_id = world.client.create_task({"title": "Call"})["id"]
    seen = []
    for status in ("in_progress", "completed", "completed", "pending", "completed", "cancelled"):
        world.clock.move(hours=1)
        task = world.client.update_task(task_id, {"status": status})
        seen.append((task["status"], task["completed_at"]))
    assert seen == [
        ("in_progress", None),
        ("completed", "2026-03-20T12:00:00Z"),
        ("completed", "2026-03-20T12:00:00Z"),
        ("pending", None),
        ("completed", "2026-03-20T15:00:00Z"),
        ("cancelled", None),
    ]


def test_completing_records_the_time_and_the_note(world: World) -> None:
    task = world.client.create_task({"title": "Send contract"})
    world.clock.move(hours=2)
    completed = world.client.complete_task(task["id"], completion_note="Sent via DocuSign")
    assert completed == task | {
        "status": "completed",
        "completed_at": "2026-03-20T12:00:00Z",
        "updated_at": "2026-03-20T12:00:00Z",
        "completion_note": "Sent via DocuSign",
    }


@pytest.mark.parametrize("body", [None, {}, {"completion_note": None}])
def test_completing_needs_no_note(world: World, body: Any) -> None:
    task_id = world.client.create_task({"title": "Call"})["id"]
    response = world.send("PUT", f"/tasks/{task_id}/complete", body=body)
    task = response.content["data"]
    assert (response.status, task["status"], task["completion_note"]) == (200, "completed", None)


def test_completing_again_keeps_the_time_and_takes_a_note_that_is_given(world: World) -> None:
    task_id = world.client.create_task({"title": "Call"})["id"]
    completed = world.client.complete_task(task_id, completion_note="First")
    world.clock.move(hours=1)
    assert world.client.complete_task(task_id) == completed
    again = world.client.complete_task(task_id, completion_note="Second")
    changes = {"completion_note": "Second", "updated_at": "2026-03-20T11:00:00Z"}
    assert again == {**completed, **changes}
    assert world.client.get_task(task_id) == again


@pytest.mark.parametrize("status", ["pending", "in_progress", "cancelled"])
def test_reopening_clears_when_and_how_it_was_completed(world: World, status: str) -> None:
    task_id = world.client.create_task({"title": "Call"})["id"]
    world.client.complete_task(task_id, completion_note="Done")
    reopened = world.client.update_task(task_id, {"status": status})
    assert (reopened["completed_at"], reopened["completion_note"]) == (None, None)
    assert world.client.get_task(task_id) == reopened


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], {"body": "type"}),
        ({"completion_note": 5}, {"completion_note": "type"}),
        ({"note": "x"}, {"note": "unknown"}),
        ({"status": "completed"}, {"status": "read_only"}),
    ],
)
def test_an_invalid_completion_is_refused(world: World, body: Any, fields: dict[str, str]) -> None:
    task = world.client.create_task({"title": "Call"})
    assert world.refused_fields("PUT", f"/tasks/{task['id']}/complete", body=body) == fields
    assert world.client.get_task(task["id"]) == task


def test_a_deleted_task_is_gone(world: World) -> None:
    keep, drop = (world.client.create_task({"title": title})["id"] for title in ("Keep", "Drop"))
    assert world.client.delete_task(drop) == {"id": drop, "deleted": True}
    assert [task["id"] for task in world.client.list_tasks({})] == [keep]
    for call in (world.client.get_task, world.client.delete_task, world.client.complete_task):
        with pytest.raises(errors.NotFound, match="There is no task"):
            call(drop)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/tasks/task_no", None),
        ("PUT", "/tasks/task_no", {"title": "Call"}),
        ("PUT", "/tasks/task_no/complete", {}),
        ("DELETE", "/tasks/task_no", None),
    ],
)
def test_what_is_not_there_is_404(world: World, method: str, path: str, body: Any) -> None:
    response = world.send(method, path, body=body)
    assert (response.status, response.content) == (404, NOT_THERE)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/tasks/task_no"),
        ("POST", "/tasks"),
        ("PUT", "/tasks/task_no"),
        ("PUT", "/tasks/task_no/complete"),
        ("DELETE", "/tasks/task_no"),
        ("POST", "/activities"),
    ],
)
def test_a_parameter_where_there_are_none_is_refused(world: World, method: str, path: str) -> None:
    body = {"title": "Call"} if method in ("POST", "PUT") else None
    refused = world.refused_fields(method, path, query={"dry_run": "1"}, body=body)
    assert refused == {"dry_run": "unknown"}


ODD_IDS = ["a/b", "50%", "%2F", "a b", "a?b#c", "\U0001f600", "Grüße", "a+b", "..x", "'", ":id"]


@pytest.mark.parametrize("task_id", ODD_IDS)
def test_an_id_with_odd_characters_is_one_segment(world: World, task_id: str) -> None:
    world.insert_tasks([{"id": task_id, "assignee_id": task_id}])
    assert world.client.get_task(task_id)["id"] == task_id
    assert world.client.update_task(task_id, {"title": "Mail"})["title"] == "Mail"
    assert world.client.complete_task(task_id)["status"] == "completed"
    assert world.ids("/tasks", assignee_id=task_id) == [task_id]
    assert world.client.delete_task(task_id) == {"id": task_id, "deleted": True}
    with pytest.raises(errors.NotFound):
        world.client.get_task(task_id)


@pytest.mark.parametrize("task_id", ["", " ", ".", "..", " .. ", "\udc80"])
def test_an_id_that_would_name_another_path_is_refused_unsent(world: World, task_id: str) -> None:
    for call in (world.client.get_task, world.client.delete_task, world.client.complete_task):
        with pytest.raises(errors.InvalidInput):
            call(task_id)


def test_an_id_that_is_not_unicode_names_nothing(world: World) -> None:
    assert world.send("GET", "/tasks/%ED%B2%80").status == 404
    assert world.workspace(Request("GET", "/tasks/\udc80")).status == 404


def test_what_matters_for_the_assignee_is_said(world: World) -> None:
    world.add_record("user", "usr_active", "Sarah")
    world.add_record("user", "usr_quiet", "Tom", notifications=False)
    world.add_record("user", "usr_gone", "Max", active=False)
    reminder = {"type": "email", "before_minutes": 60}
    said = {}
    for user in ("usr_active", "usr_quiet", "usr_gone", "usr_unknown"):
        world.client.create_task({"title": "Call", "assignee_id": user, "reminder": reminder})
        said[user] = [(warning["field"], warning["message"][:17]) for warning in world.warnings]
        world.warnings.clear()
    assert said == {
        "usr_active": [("reminder", "is kept with the ")],
        "usr_quiet": [("reminder", "will not fire: th")],
        "usr_gone": [("assignee_id", "usr_gone is not a"), ("reminder", "will not fire: th")],
        "usr_unknown": [("assignee_id", "usr_unknown is no"), ("reminder", "will not fire: th")],
    }


def test_a_related_record_that_is_not_known_is_said(world: World) -> None:
    related = {"related_to_type": "deal", "related_to_id": "deal_1"}
    task = world.client.create_task({"title": "Call", **related})
    unrelated = world.client.create_task({"title": "Call"})
    world.client.update_task(unrelated["id"], related)
    assert task["related_to"] == {"type": "deal", "id": "deal_1", "name": None}
    assert [(warning["field"], warning["code"]) for warning in world.warnings] == [
        ("related_to_id", "not_linked"),
        ("related_to_id", "not_linked"),
    ]


def test_a_user_made_known_later_gives_the_name(world: World) -> None:
    task = world.client.create_task({"title": "Call", "assignee_id": "usr_abc123"})
    assert task["assignee_name"] is None
    world.add_record("user", "usr_abc123", "Sarah Johnson")
    assert world.client.get_task(task["id"]) == task | {"assignee_name": "Sarah Johnson"}
