"""`Idempotency-Key`: a request sent again is answered again, and applied once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crmctl.api.message import Request, Response
from tests.contract.world import World

KEY = {"idempotency-key": "4f2a"}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks", {"title": "Call", "assignee_id": "usr_unknown"}),
        ("/activities", {"type": "call", "contact_id": "con_unknown", "attendees": ["con_1"]}),
    ],
)
def test_the_same_key_and_body_give_the_first_answer_again(
    world: World, path: str, body: dict[str, Any]
) -> None:
    first = world.send("POST", path, body=body, headers=KEY)
    world.clock.move(hours=1)
    again = world.send("POST", path, body=dict(reversed(body.items())), headers=KEY)
    assert (again.status, again.content) == (first.status, first.content) == (201, first.content)
    assert first.headers["idempotency-key"] == again.headers["idempotency-key"] == "4f2a"
    assert world.get(path)["data"] == [first.content["data"]]


def test_the_first_answer_comes_again_though_the_task_has_changed(world: World) -> None:
    first = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    task_id = first.content["data"]["id"]
    world.client.delete_task(task_id)
    again = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    assert again.content == first.content
    assert world.get("/tasks")["data"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks", {"title": "Mail"}),
        ("/tasks", {"title": "Call", "priority": "medium"}),
        ("/activities", {"type": "call"}),
        ("/activities", {"title": "Call"}),
    ],
)
def test_the_same_key_for_another_request_is_a_conflict(
    world: World, path: str, body: dict[str, Any]
) -> None:
    first = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    response = world.send("POST", path, body=body, headers=KEY)
    assert (response.status, response.content) == (
        409,
        {
            "success": False,
            "error": {
                "code": "idempotency_conflict",
                "message": "This Idempotency-Key was used for another request.",
                "details": [],
            },
        },
    )
    assert world.get("/tasks")["data"] == [first.content["data"]]
    assert world.get("/activities")["data"] == []


def test_a_refused_request_does_not_use_its_key_up(world: World) -> None:
    assert world.refused_fields("POST", "/tasks", body={"title": " "}, headers=KEY)
    assert world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY).status == 201


def test_without_a_key_or_with_another_it_is_another_record(world: World) -> None:
    for headers in ({}, {}, KEY, {"idempotency-key": "5b"}):
        assert world.send("POST", "/tasks", body={"title": "Call"}, headers=headers).status == 201
    assert world.get("/tasks")["meta"]["total"] == 4


def test_the_client_makes_a_key_for_each_call(world: World) -> None:
    ids = {world.client.create_task({"title": "Call"})["id"] for _ in range(3)}
    ids |= {world.client.log_activity({"type": "call"})["id"] for _ in range(3)}
    assert len(ids) == 6


def test_a_key_is_remembered_for_a_week(world: World) -> None:
    first = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    world.clock.move(days=7)
    world.client.create_task({"title": "Other"})
    again = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    assert again.content == first.content


def test_one_key_from_many_threads_at_once_is_one_record(world: World) -> None:
    def send(_number: int) -> Response:
        with world.connect() as transport:
            return transport(Request("POST", "/tasks", body={"title": "Call"}, headers=KEY))

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(send, range(8)))
    assert {response.status for response in responses} == {201}
    assert {response.content["data"]["id"] for response in responses} == set(world.ids("/tasks"))
    assert len(world.ids("/tasks")) == 1
