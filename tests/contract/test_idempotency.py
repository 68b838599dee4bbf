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


@pytest.mark.parametrize("body", [{"title": "Mail"}, {"title": "Call", "priority": "medium"}])
def test_another_body_under_the_same_key_is_refused(world: World, body: dict[str, Any]) -> None:
    first = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    response = world.send("POST", "/tasks", body=body, headers=KEY)
    assert (response.status, response.content) == (
        422,
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


def test_a_key_is_of_its_path(world: World) -> None:
    assert world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY).status == 201
    assert world.send("POST", "/activities", body={"type": "call"}, headers=KEY).status == 201
    assert len(world.ids("/tasks") + world.ids("/activities")) == 2


def test_a_key_is_of_its_caller(world: World) -> None:
    asked = Request("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    callers = ["usr_1", "usr_2", "usr_1", None]
    answers = [world.workspace(asked.having(caller=caller)).content["data"] for caller in callers]
    assert answers[0] == answers[2]
    assert [answer["created_by"] for answer in answers] == callers
    assert len(world.ids("/tasks")) == 3


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/tasks"), ("GET", "/tasks/none"), ("POST", "/tasks"), ("PUT", "/x"), ("POST", "/x")],
)
def test_every_answer_says_that_keys_are_honoured(world: World, method: str, path: str) -> None:
    assert world.send(method, path).headers["idempotency-keys"] == "honoured"


def test_a_refused_request_does_not_use_its_key_up(world: World) -> None:
    assert world.refused_fields("POST", "/tasks", body={"title": " "}, headers=KEY)
    assert world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY).status == 201


def test_without_a_key_or_with_another_it_is_another_record(world: World) -> None:
    for headers in ({}, {}, KEY, {"idempotency-key": "5b"}):
        assert world.send("POST", "/tasks", body={"title": "Call"}, headers=headers).status == 201
    assert world.get("/tasks")["meta"]["total"] == 4


def test_a_key_is_remembered_for_thirty_days(world: World) -> None:
    first = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    world.clock.move(days=30)
    other = {"idempotency-key": "another"}
    assert world.send("POST", "/tasks", body={"title": "Other"}, headers=other).status == 201
    again = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    assert again.content == first.content
    world.clock.move(seconds=1)
    anew = world.send("POST", "/tasks", body={"title": "Call"}, headers=KEY)
    assert anew.content["data"]["id"] != first.content["data"]["id"]


def test_one_key_from_many_threads_at_once_is_one_record(world: World) -> None:
    def send(_number: int) -> Response:
        with world.connect() as transport:
            return transport(Request("POST", "/tasks", body={"title": "Call"}, headers=KEY))

    with ThreadPoolExecutor(8) as threads:
        responses = list(threads.map(send, range(8)))
    assert {response.status for response in responses} == {201}
    assert {response.content["data"]["id"] for response in responses} == set(world.ids("/tasks"))
    assert len(world.ids("/tasks")) == 1
