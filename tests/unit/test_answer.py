"""Answers of every habit: what a status means, and where the server's own words are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.message import Response
from tests.scripted_transport import Script

Call = Callable[[Client], Any]

READ: Call = lambda client: client.get_task("task_1")  # noqa: E731
LIST: Call = lambda client: list(client.list_tasks({}))  # noqa: E731
CREATE: Call = lambda client: client.create_task({"title": "A"})  # noqa: E731
UPDATE: Call = lambda client: client.update_task("task_1", {"title": "B"})  # noqa: E731
DELETE: Call = lambda client: client.delete_task("task_1")  # noqa: E731


@pytest.mark.parametrize(
    ("status", "kind", "exit_status", "writes", "exit_status_of_writes"),
    [
        (100, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (202, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (300, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (301, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (302, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (303, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (304, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (307, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (308, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (400, errors.Rejected, 6, errors.Rejected, 6),
        (401, errors.Unauthorized, 3, errors.Unauthorized, 3),
        (402, errors.Rejected, 6, errors.Rejected, 6),
        (403, errors.Forbidden, 5, errors.Forbidden, 5),
        (404, errors.NotFound, 4, errors.NotFound, 4),
        (405, errors.Rejected, 6, errors.Rejected, 6),
        (408, errors.Unreachable, 8, errors.OutcomeUnknown, 10),
        (409, errors.Rejected, 6, errors.Rejected, 6),
        (413, errors.Rejected, 6, errors.Rejected, 6),
        (421, errors.Unreachable, 8, errors.Unreachable, 8),
        (422, errors.Rejected, 6, errors.Rejected, 6),
        (425, errors.Unreachable, 8, errors.Unreachable, 8),
        (429, errors.RateLimited, 7, errors.RateLimited, 7),
        (500, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (501, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (502, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (503, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (504, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (599, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (600, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
    ],
)
def test_every_status_is_an_error_with_an_exit_status(
    status: int,
    kind: type[errors.CrmctlError],
    exit_status: int,
    writes: type[errors.CrmctlError],
    exit_status_of_writes: int,
) -> None:
    response = Response(status, {"message": "The server's words."})
    reads, changes = (
        ((READ, LIST), kind, exit_status),
        (
            (CREATE, UPDATE, DELETE),
            writes,
            exit_status_of_writes,
        ),
    )
    for calls, expected, number in (reads, changes):
        for call in calls:
            with pytest.raises(errors.CrmctlError) as raised:
                call(Script(response).client)
            assert type(raised.value) is expected
            assert (raised.value.exit_status, raised.value.status) == (number, status)
            assert "The server's words" in raised.value.message
            assert raised.value.message.endswith(f" (HTTP {status}).")


def test_a_redirect_says_where_to_and_that_it_was_not_followed() -> None:
    response = Response(301, text="", headers={"location": "https://crm.example/new"})
    with pytest.raises(errors.BadAnswer) as raised:
        READ(Script(response).client)
    assert raised.value.message == (
        "GET /tasks/task_1 was redirected to https://crm.example/new; not followed (HTTP 301)."
    )
    assert raised.value.hint == "Check the base URL: `crmctl config list` shows it."


@pytest.mark.parametrize(
    ("headers", "hint", "seconds"),
    [
        ({"retry-after": "7"}, "Run it again in 7 s.", 7.0),
        ({}, "Wait a little and run it again.", None),
        ({"retry-after": "soon"}, "Wait a little and run it again.", None),
    ],
)
def test_a_rate_limit_says_when_to_come_back(
    headers: dict[str, str], hint: str, seconds: float | None
) -> None:
    with pytest.raises(errors.RateLimited) as raised:
        READ(Script(Response(429, {}, headers=headers)).client)
    assert (raised.value.hint, raised.value.retryable) == (hint, True)
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("content", [{"success": False}, {"success": False, "data": {"id": 1}}])
@pytest.mark.parametrize("call", [READ, LIST, CREATE, UPDATE, DELETE])
def test_success_false_under_200_is_a_failure(call: Call, content: dict[str, Any]) -> None:
    content = content | {"error": {"message": "No such deal"}}
    with pytest.raises(errors.Rejected) as raised:
        call(Script(Response(200, content)).client)
    assert raised.value.message == "No such deal (HTTP 200)."
    assert raised.value.exit_status == 6


# Bodies of errors

DETAIL = {"field": "title", "code": "blank", "message": "must not be blank"}


@pytest.mark.parametrize(
    ("content", "message", "details"),
    [
        (
            {"error": {"code": "validation_failed", "message": "Not valid.", "details": [DETAIL]}},
            "Not valid (HTTP 422).",
            [DETAIL],
        ),
        (
            {"success": False, "error": {"code": "invalid", "details": {"title": "is blank"}}},
            "invalid (HTTP 422).",
            [{"field": "title", "message": "is blank"}],
        ),
        ({"error": "Title is blank"}, "Title is blank (HTTP 422).", []),
        ({"message": "Title is blank"}, "Title is blank (HTTP 422).", []),
        ({"success": False, "message": "Title\n is  blank."}, "Title is blank (HTTP 422).", []),
        ({"error": True, "message": "Title is blank"}, "Title is blank (HTTP 422).", []),
        ({"error": "bad_request", "message": "Blank"}, "Blank (HTTP 422).", []),
        ({"error": "bad_request", "error_description": "Blank"}, "bad_request (HTTP 422).", []),
        ({"detail": "Title is blank"}, "Title is blank (HTTP 422).", []),
        (
            {"errors": ["Title is blank", "Type is blank"]},
            "Title is blank; Type is blank (HTTP 422).",
            [
                {"field": None, "message": "Title is blank"},
                {"field": None, "message": "Type is blank"},
            ],
        ),
        (
            {"errors": [DETAIL, {"message": "bad"}]},
            "must not be blank; bad (HTTP 422).",
            [DETAIL, {"message": "bad"}],
        ),
        (
            {"errors": {"title": ["is blank", "is short"]}},
            "is blank; is short (HTTP 422).",
            [{"field": "title", "message": "is blank; is short"}],
        ),
        (
            {"errors": {"due_date": "is past"}},
            f"{errors.Rejected.meaning} (HTTP 422).",
            [{"field": "due_date", "message": "is past"}],
        ),
        (
            {"message": "Not valid", "details": [DETAIL]},
            "Not valid (HTTP 422).",
            [DETAIL],
        ),
        (["Title is blank"], "Title is blank (HTTP 422).", []),
        ("Title is blank", "Title is blank (HTTP 422).", []),
        ({"error": {"message": ""}, "code": "E1"}, "E1 (HTTP 422).", []),
    ],
)
def test_the_servers_own_words_are_found(
    content: Any, message: str, details: list[dict[str, Any]]
) -> None:
    with pytest.raises(errors.Rejected) as raised:
        CREATE(Script(Response(422, content)).client)
    assert (raised.value.message, raised.value.details) == (message, details)


@pytest.mark.parametrize(
    "content", [None, {}, [], 5, {"error": None}, {"error": 7}, {"message": [{}]}, {"errors": 1}]
)
def test_without_words_of_the_server_ours_are_shown(content: Any) -> None:
    with pytest.raises(errors.NotFound) as raised:
        READ(Script(Response(404, content)).client)
    assert (raised.value.message, raised.value.details) == ("not found (404) (HTTP 404).", [])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<html><head><title>502 Bad\n Gateway</title></head><body><h1>nginx</h1></body></html>",
            "502 Bad Gateway (HTTP 502).",
        ),
        ("<p>Down for <b>maintenance</b></p>", "Down for maintenance (HTTP 502)."),
        ("upstream timed out", "upstream timed out (HTTP 502)."),
        ("x" * 10_000, "x" * 500 + " (HTTP 502)."),
        ("", f"{errors.ServerFailed.meaning} (HTTP 502)."),
    ],
)
def test_html_text_and_nothing_are_errors_too(text: str, message: str) -> None:
    with pytest.raises(errors.ServerFailed) as raised:
        READ(Script(Response(502, text=text)).client)
    assert raised.value.message == message


@pytest.mark.parametrize("shell", ['{{"error": {}}}', "[{}]", '{{"errors": [{}]}}'])
def test_a_body_nested_without_end_is_no_crash(shell: str) -> None:
    text = '"deep"'
    for _ in range(400):
        text = shell.format(text)
    with pytest.raises(errors.Rejected) as raised:
        READ(Script(Response(400, json.loads(text))).client)
    assert raised.value.status == 400


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"x-request-id": "a"}, "a"),
        ({"request-id": "b"}, "b"),
        ({"x-amzn-trace-id": "Root=1-2"}, "Root=1-2"),
        ({"cf-ray": "8f-FRA"}, "8f-FRA"),
        ({"cf-ray": "8f-FRA", "x-request-id": "a"}, "a"),
    ],
)
def test_the_request_id_is_told_where_one_was_sent(
    headers: dict[str, str], request_id: str
) -> None:
    with pytest.raises(errors.Forbidden) as raised:
        READ(Script(Response(403, {"error": "Read only."}, headers=headers)).client)
    assert raised.value.as_dict() == {
        "code": "forbidden",
        "message": f"Read only (HTTP 403, request {request_id}).",
        "hint": "Check the key's scope in Settings → API → API Keys.",
        "status": 403,
        "request_id": request_id,
        "retryable": False,
        "details": [],
    }
