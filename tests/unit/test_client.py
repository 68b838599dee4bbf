"""The client's endpoints: what goes out and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client, path_to
from crmctl.api.message import Response
from tests.scripted_transport import Script

Call = Callable[[Client], Any]

READ: Call = lambda client: client.get_task("task_1")  # noqa: E731
CREATE: Call = lambda client: client.create_task({"title": "A"})  # noqa: E731
LOG: Call = lambda client: client.log_activity({"type": "call"})  # noqa: E731
UPDATE: Call = lambda client: client.update_task("task_1", {"title": "B"})  # noqa: E731
COMPLETE: Call = lambda client: client.complete_task("task_1")  # noqa: E731
DELETE: Call = lambda client: client.delete_task("task_1")  # noqa: E731


# What goes out


@pytest.mark.parametrize(
    ("call", "method", "path", "body"),
    [
        (READ, "GET", "/tasks/task_1", None),
        (CREATE, "POST", "/tasks", {"title": "A"}),
        (UPDATE, "PUT", "/tasks/task_1", {"title": "B"}),
        (COMPLETE, "PUT", "/tasks/task_1/complete", {}),
        (
            lambda client: client.complete_task("task_1", completion_note="Sent"),
            "PUT",
            "/tasks/task_1/complete",
            {"completion_note": "Sent"},
        ),
        (DELETE, "DELETE", "/tasks/task_1", None),
        (LOG, "POST", "/activities", {"type": "call"}),
    ],
)
def test_each_call_is_one_request(call: Call, method: str, path: str, body: Any) -> None:
    script = Script(Response(200, {"success": True, "data": {"id": "task_1"}}))
    assert call(script.client) == {"id": "task_1"}
    [request] = script.requests
    assert (request.method, request.path, request.body, request.query) == (method, path, body, {})
    assert request.headers == {}


def test_over_the_network_each_create_and_each_log_has_a_key_of_its_own() -> None:
    script = Script(*[Response(201, {"data": {"id": "task_1"}})] * 7, remote=True)
    for call in (CREATE, CREATE, LOG, READ, UPDATE, COMPLETE, DELETE):
        call(script.client)
    keys = [request.headers.get("idempotency-key", "") for request in script.requests]
    assert [len(key) for key in keys] == [32, 32, 32, 0, 0, 0, 0]
    assert len(set(keys[:3])) == 3


@pytest.mark.parametrize("remote", [True, False])
def test_the_callers_key_is_sent_as_it_is(*, remote: bool) -> None:
    script = Script(*[Response(201, {"data": {"id": "task_1"}})] * 2, remote=remote)
    script.client.create_task({"title": "A"}, key="4f2a")
    script.client.log_activity({"type": "call"}, key="5b")
    assert [request.headers for request in script.requests] == [
        {"idempotency-key": "4f2a"},
        {"idempotency-key": "5b"},
    ]


@pytest.mark.parametrize(
    ("item_id", "path"),
    [
        ("task_001", "/tasks/task_001"),
        ("a/b", "/tasks/a%2Fb"),
        ("../activities", "/tasks/..%2Factivities"),
        ("50%", "/tasks/50%25"),
        ("a b?c#d&e=f", "/tasks/a%20b%3Fc%23d%26e%3Df"),
        ("Grüße", "/tasks/Gr%C3%BC%C3%9Fe"),
        ("\U0001f600", "/tasks/%F0%9F%98%80"),
        ("a\r\nb", "/tasks/a%0D%0Ab"),
        ("...", "/tasks/..."),
    ],
)
def test_an_id_is_one_segment_of_a_path(item_id: str, path: str) -> None:
    assert path_to("/tasks/:id", item_id) == path
    assert path_to("/tasks/:id/complete", item_id) == f"{path}/complete"


@pytest.mark.parametrize("item_id", ["", " ", "\t", ".", "..", " . ", "\ud800"])
def test_what_would_name_another_path_is_no_id(item_id: str) -> None:
    script = Script()
    with pytest.raises(errors.InvalidInput) as raised:
        script.client.delete_task(item_id)
    assert raised.value.exit_status == 2
    assert script.requests == []


# What comes back


def test_unknown_fields_and_values_are_kept() -> None:
    task = {
        "id": "task_1",
        "status": "snoozed",
        "priority": 7,
        "x": {"y": [None, 1.5, "\u202e\x00"]},
        "related_to": "deal_1",
        "due_date": "someday",
    }
    for call in (READ, UPDATE, CREATE):
        assert call(Script(Response(200, {"data": task, "extra": 1})).client) == task
    assert list(Script(Response(200, {"data": [task]})).client.list_tasks({})) == [task]


@pytest.mark.parametrize(
    "response",
    [
        Response(204),
        Response(200),
        Response(200, {"success": True}),
        Response(200, {"success": True, "data": None}),
    ],
)
def test_a_delete_without_an_object_in_its_answer_is_done(response: Response) -> None:
    assert Script(response).client.delete_task("task_1") == {"id": "task_1", "deleted": True}


def test_a_delete_gives_the_answer_where_there_is_one() -> None:
    script = Script(Response(200, {"data": {"id": "task_1", "status": "deleted"}}))
    assert script.client.delete_task("task_1") == {"id": "task_1", "status": "deleted"}


@pytest.mark.parametrize(
    "response",
    [
        Response(200),
        Response(201, text="<html>Created</html>"),
        Response(204),
        Response(200, {"success": True}),
        Response(200, []),
        Response(200, "ok"),
        Response(200, {"data": None}),
        Response(200, {"data": [{"id": 1}]}),
        Response(200, {"data": {"title": "no id"}}),
        Response(202, {"data": {"id": "task_1"}}),
    ],
)
def test_a_success_that_makes_no_sense_leaves_a_write_in_doubt_and_a_read_wrong(
    response: Response,
) -> None:
    for write in (CREATE, UPDATE, COMPLETE, LOG):
        with pytest.raises(errors.OutcomeUnknown) as unknown:
            write(Script(response).client)
        assert unknown.value.exit_status == 10
    if response.content == {"data": {"title": "no id"}}:
        return  # a read is shown as it is
    with pytest.raises(errors.BadAnswer) as bad:
        Script(response).client.get_task("task_1")
    assert bad.value.exit_status == 9


def test_warnings_of_a_success_are_passed_on() -> None:
    warning = {"field": "contact_id", "code": "not_linked", "message": "names no contact"}
    said: list[Mapping[str, Any]] = []
    odd: list[Any] = [None, [], "odd", {}, {"warnings": "odd"}, {"warnings": None}]
    for meta in [*odd, {"warnings": [warning, "odd", None]}]:
        script = Script(Response(201, {"data": {"id": "act_1"}, "meta": meta}))
        Client(script, warn=said.append).log_activity({"type": "call"})
    assert said == [warning]
