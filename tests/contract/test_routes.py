"""Every route of the reference, its paths and methods, and the client's half of each."""

from __future__ import annotations

from typing import Any

import pytest

from crmctl.api.client import Client
from crmctl.api.message import Request, Response
from crmctl.fields import Field
from crmctl.resources import ACTIVITY, OPERATIONS, TASK
from crmctl.workspace import handlers
from crmctl.workspace.routes import find_route
from tests.contract.world import World

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/tasks"): {"title": "Call"},
    ("POST", "/activities"): {"type": "call"},
    ("PUT", "/tasks/:id"): {"title": "Mail"},
    ("PUT", "/tasks/:id/complete"): {"completion_note": "Done"},
}


@pytest.mark.parametrize("prefix", ["", "/v1"])
@pytest.mark.parametrize(
    ("method", "path"), [(each.method, each.path) for each in OPERATIONS.values()]
)
def test_every_route_answers_with_and_without_v1(
    world: World, method: str, path: str, prefix: str
) -> None:
    [task_id] = world.insert_tasks([{}])
    response = world.send(
        method, prefix + path.replace(":id", task_id), body=BODIES.get((method, path))
    )
    assert response.status == (201 if method == "POST" else 200)
    assert response.content["success"] is True
    assert "data" in response.content


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v2/tasks",
        "/v1/v1/tasks",
        "/v1tasks",
        "/task",
        "/Tasks",
        "/tasks/a/b",
        "/tasks/a/complete/b",
        "/tasks//complete",
        "/contacts/con_1",
        "/activities/act_1",
        "/activities/feed/x",
    ],
)
def test_an_unknown_path_is_404(world: World, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        response = world.send(method, path, body={} if method in ("POST", "PUT") else None)
        assert response.status == 404
        assert response.content == {
            "success": False,
            "error": {
                "code": "not_found",
                "message": f"There is nothing at {path}.",
                "details": [],
            },
        }


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/tasks", "GET, HEAD, POST"),
        ("/tasks/task_1", "GET, HEAD, PUT, DELETE"),
        ("/tasks/task_1/complete", "PUT"),
        ("/activities", "GET, HEAD, POST"),
        ("/activities/feed", "GET, HEAD"),
        ("/v1/activities/feed", "GET, HEAD"),
    ],
)
def test_a_method_that_a_path_does_not_take_is_405(world: World, path: str, allowed: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        if method in allowed.split(", "):
            continue
        response = world.send(method, path)
        assert (response.status, response.headers["allow"]) == (405, allowed)
        assert response.content == {
            "success": False,
            "error": {
                "code": "method_not_allowed",
                "message": f"{path} takes {allowed} only.",
                "details": [],
            },
        }


def test_every_operation_is_a_method_of_the_client_and_a_handler(world: World) -> None:
    [task_id] = world.insert_tasks([{}])
    arguments: dict[str, tuple[Any, ...]] = {
        "list_tasks": ({},),
        "list_activities": ({},),
        "get_task": (task_id,),
        "create_task": ({"title": "Call"},),
        "log_activity": ({"type": "call"},),
        "update_task": (task_id, {"title": "Mail"}),
        "complete_task": (task_id,),
        "delete_task": (task_id,),
        "activity_feed": (),
        "list_contacts": (),
        "list_deals": (),
    }
    for operation in OPERATIONS.values():
        sent: list[Request] = []

        def record(request: Request, sent: list[Request] = sent) -> Response:
            sent.append(request)
            return world.transport(request)

        answer = getattr(Client(record), operation.name)(*arguments[operation.name])
        if operation.name.startswith("list_") or operation.name == "activity_feed":
            list(answer)
        [request] = sent
        handler, _, _ = find_route(request.method, request.path)
        assert handler is getattr(handlers, operation.name)


def sample(field: Field) -> Any:
    """A value of the field that is not its default."""
    match field.type:
        case "enum":
            return field.choices[-1]
        case "integer":
            return 45
        case "time":
            return "2026-03-28T10:00:00Z"
        case "ids":
            return ["con_1", "con_2"]
        case "object":
            return {inner.name: sample(inner) for inner in field.fields}
        case _:
            return f"some {field.name}"


def shown(item: dict[str, Any], name: str) -> Any:
    """The value of a field that may be set, as responses have it."""
    if name.startswith("related_to_"):
        return item["related_to"][name.removeprefix("related_to_")]
    return item[name]


def test_every_writable_field_can_be_set_on_create(world: World) -> None:
    task = {field.name: sample(field) for field in TASK.fields if field.create}
    created = world.client.create_task(task)
    assert {name: shown(created, name) for name in task} == task
    activity = {field.name: sample(field) for field in ACTIVITY.fields if field.create}
    logged = world.client.log_activity(activity)
    assert {name: shown(logged, name) for name in activity} == activity


def test_every_writable_field_can_be_set_on_update(world: World) -> None:
    task_id = world.client.create_task({"title": "Call"})["id"]
    body = {field.name: sample(field) for field in TASK.fields if field.update}
    updated = world.client.update_task(task_id, body)
    assert {name: shown(updated, name) for name in body} == body
    note = {field.name: sample(field) for field in TASK.fields if field.complete}
    world.client.update_task(task_id, {"status": "pending"})
    completed = world.send("PUT", f"/tasks/{task_id}/complete", body=note).content["data"]
    assert {name: completed[name] for name in note} == note


@pytest.mark.parametrize("resource", [TASK, ACTIVITY], ids=["task", "activity"])
def test_every_filter_and_sort_of_the_table_is_a_parameter(world: World, resource: Any) -> None:
    for filter in resource.filters:
        value = sample(resource.field(filter.field))
        assert world.get(resource.collection, **{filter.name: value})["data"] == []
    for sort in resource.sorts:
        assert world.get(resource.collection, sort=f"-{sort}")["data"] == []
