"""The transport against a real socket, on which everything goes wrong that can."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.http import LARGEST_BODY, LONGEST_TEXT, HttpTransport, _trust
from crmctl.api.message import Request, Response
from crmctl.api.retry import retrying
from tests import scripted_server as script
from tests.scripted_server import ScriptedServer, Step

KEY = "sk_live_0123456789abcdef"
DATA = {"success": True, "data": {"id": "task_1", "title": "Grüße"}}
WHOLE = script.encode(200, DATA)
GET = Request("GET", "/tasks")
WRITES = [
    Request("POST", "/tasks", body={"title": "Call"}),
    Request("PUT", "/tasks/task_1", body={"title": "Call"}),
    Request("DELETE", "/tasks/task_1"),
]
LOST: dict[str, Callable[[], Step]] = {
    "closed without an answer": script.close,
    "reset": script.reset,
    "reset in the body": lambda: script.reset(WHOLE[:-5]),
    "truncated body": lambda: script.truncated(WHOLE),
    "truncated headers": lambda: script.raw(b"HTTP/1.1 200 OK\r\ncontent-", stay=False),
    "truncated chunks": lambda: script.raw(
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}", stay=False
    ),
    "not HTTP": lambda: script.raw(b"220 mail.example ESMTP\r\n", stay=False),
    "truncated gzip": lambda: script.answer(
        200, gzip.compress(WHOLE)[:-9], {"content-encoding": "gzip"}
    ),
}


def connect(url: str, **options: Any) -> HttpTransport:
    return HttpTransport(url, **{"key": KEY, "user_agent": "crmctl/test", **options})


def test_a_request_goes_out_whole_and_its_answer_comes_back() -> None:
    step = script.answer(201, DATA, {"X-Request-Id": "r1"})
    with ScriptedServer(step) as server, connect(server.url + "/v1/") as transport:
        response = transport(
            Request(
                "POST",
                "/tasks/a%2Fb",
                query={"q": "a b&c=d", "at": "2026-03-25T17:00:00+01:00"},
                body={"title": "Grüße"},
                headers={"idempotency-key": "i1", "authorization": "Bearer other"},
            )
        )
    assert (response.status, response.content, response.text) == (201, DATA, "")
    assert response.headers["x-request-id"] == "r1"
    [received] = server.received
    assert received.method == "POST"
    assert received.target == (
        "/v1/tasks/a%2Fb?q=a%20b%26c%3Dd&at=2026-03-25T17%3A00%3A00%2B01%3A00"
    )
    assert received.body == b'{"title": "Gr\\u00fc\\u00dfe"}'
    headers = received.headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["accept"] == headers["content-type"] == "application/json"
    assert headers["idempotency-key"] == "i1"
    assert headers["user-agent"] == "crmctl/test"


def test_a_request_without_a_body_sends_none() -> None:
    with ScriptedServer(script.answer(204)) as server, connect(server.url) as transport:
        response = transport(WRITES[2])
    assert (response.status, response.content, response.text) == (204, None, "")
    assert server.received[0].body == b""
    assert "content-type" not in server.received[0].headers


def test_calls_share_one_connection() -> None:
    steps = [script.answer(200, DATA), script.answer(404, {"error": "no"}), script.answer()]
    with ScriptedServer(*steps) as server, connect(server.url) as transport:
        assert [transport(GET).status for _ in steps] == [200, 404, 200]
        assert server.connections == 1


@pytest.mark.parametrize(
    "body",
    [b"<h1>Bad gateway</h1>", b"NaN", b'{"a": -Infinity}', b"[1e999]", b"[" * 200_000, b"null"],
)
def test_what_is_not_json_comes_as_text(body: bytes) -> None:
    with ScriptedServer(script.answer(200, body)) as server, connect(server.url) as transport:
        response = transport(GET)
    assert response.content is None
    assert response.text == body.decode()[:LONGEST_TEXT]


def test_a_zipped_answer_is_unzipped() -> None:
    step = script.answer(
        200, gzip.compress(b'{"success": true}'), {"content-encoding": "gzip"}
    )
    with ScriptedServer(step) as server, connect(server.url) as transport:
        assert transport(GET).content == {"success": True}


@pytest.mark.parametrize(
    "step",
    [
        script.answer(200, gzip.compress(bytes(LARGEST_BODY + 1)), {"content-encoding": "gzip"}),
        script.answer(200, bytes(33 * 1024 * 1024)),
        script.answer(200, b"no zip", {"content-encoding": "gzip"}),
        script.answer(200, b"??", {"content-encoding": "gzip, gzip"}),
    ],
    ids=["gzip bomb", "33 MiB", "not gzip", "zipped twice"],
)
def test_an_answer_too_large_or_unreadable_is_a_bad_answer(step: Step) -> None:
    with ScriptedServer(step, step) as server, connect(server.url) as transport:
        with pytest.raises(errors.BadAnswer) as raised:
            transport(GET)
        assert raised.value.status == 200
        assert not raised.value.retryable
        with pytest.raises(errors.OutcomeUnknown):
            transport(WRITES[0])


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_get_whose_answer_is_lost_is_sent_again(fault: Callable[[], Step]) -> None:
    slept: list[float] = []
    steps = [fault(), fault(), script.answer(200, DATA)]
    with ScriptedServer(*steps) as server, connect(server.url) as transport:
        response = retrying(transport, deadline=transport.deadline, sleep=slept.append)(GET)
        assert response.content == DATA
    assert len(server.received) == 3
    assert len(slept) == 2


@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize("request_", WRITES, ids=lambda request: request.method)
def test_a_write_whose_answer_is_lost_has_an_unknown_outcome_and_is_sent_once(
    request_: Request, fault: Callable[[], Step]
) -> None:
    with ScriptedServer(fault(), script.answer(200, DATA)) as server, connect(
        server.url
    ) as transport:
        call = retrying(transport, deadline=transport.deadline, sleep=pytest.fail)
        with pytest.raises(errors.OutcomeUnknown, match="may have been applied") as raised:
            call(request_)
    assert raised.value.exit_status == 10
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        ("closed without an answer", errors.Unreachable, "closed without an answer"),
        ("reset", errors.Unreachable, "the connection broke"),
        ("truncated body", errors.BadAnswer, "the answer broke off"),
        ("not HTTP", errors.BadAnswer, "the answer is not HTTP"),
    ],
)
def test_a_get_says_how_its_answer_was_lost(
    fault: str, kind: type[errors.CrmctlError], said: str
) -> None:
    with ScriptedServer(LOST[fault]()) as server, connect(server.url) as transport:
        with pytest.raises(kind, match=said) as raised:
            transport(GET)
    assert raised.value.retryable


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 400, 404, 422, 429, 500, 503])
@pytest.mark.parametrize("request_", WRITES, ids=lambda request: request.method)
def test_a_write_is_sent_once_whatever_the_status(request_: Request, status: int) -> None:
    with ScriptedServer(script.answer(status), script.answer()) as server, connect(
        server.url
    ) as transport:
        call = retrying(transport, deadline=transport.deadline, sleep=pytest.fail)
        assert call(request_).status == status
    assert len(server.received) == 1


def test_a_refusal_is_one_even_if_its_explanation_breaks_off() -> None:
    steps = [script.truncated(script.encode(422, b'{"error": "no"}')), script.close()]
    with ScriptedServer(*steps) as server, connect(server.url) as transport:
        response = transport(WRITES[0])
    assert (response.status, response.content, response.text) == (422, None, '{"error": "no"')


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_the_key_does_not_follow_a_redirect(status: int) -> None:
    with ScriptedServer() as elsewhere:
        step = script.answer(status, b"", {"location": elsewhere.url + "/tasks"})
        with ScriptedServer(step) as server, connect(server.url) as transport:
            response = retrying(transport, deadline=transport.deadline, sleep=pytest.fail)(GET)
            assert response.status == status
            assert response.headers["location"] == elsewhere.url + "/tasks"
        assert elsewhere.connections == 0


@pytest.mark.parametrize("path", ["@127.0.0.1:{port}/x", ".127.0.0.1:{port}/", ""])
def test_a_path_cannot_change_the_host(path: str) -> None:
    with ScriptedServer() as elsewhere, connect("https://crm.example") as transport:
        with pytest.raises(errors.InvalidInput, match="starts with a slash"):
            transport(Request("GET", path.format(port=elsewhere.port)))
        assert elsewhere.connections == 0


# Time


@pytest.mark.parametrize(
    "fault",
    [
        lambda: script.delayed(5, WHOLE),
        lambda: script.dripped(WHOLE, every=0.1),
        lambda: script.raw(WHOLE[:-1]),
    ],
    ids=["no answer", "headers in drips", "the last byte stays away"],
)
@pytest.mark.parametrize("request_", [GET, WRITES[0]], ids=lambda request: request.method)
def test_the_deadline_ends_a_slow_answer(request_: Request, fault: Callable[[], Step]) -> None:
    started = time.monotonic()
    with ScriptedServer(fault()) as server, connect(server.url, timeout=0.4) as transport:
        call = retrying(transport, deadline=transport.deadline, sleep=pytest.fail)
        expected = errors.Unreachable if request_ is GET else errors.OutcomeUnknown
        with pytest.raises(expected, match=r"no complete answer came within 0\.4 s"):
            call(request_)
        assert 0.3 < time.monotonic() - started < 2
    assert len(server.received) == 1


def test_the_deadline_ends_a_body_that_comes_in_drips() -> None:
    def step(connection: script.Connection) -> bool:
        head, _, body = WHOLE.partition(b"\r\n\r\n")
        connection.socket.sendall(head + b"\r\n\r\n")
        return script.dripped(body, every=0.1)(connection)

    started = time.monotonic()
    with ScriptedServer(step) as server, connect(server.url, timeout=0.4) as transport:
        with pytest.raises(errors.Unreachable, match="within"):
            transport(GET)
        assert time.monotonic() - started < 2


def test_several_calls_share_one_deadline() -> None:
    steps = [script.delayed(0.2, WHOLE) for _ in range(9)]
    with ScriptedServer(*steps) as server, connect(server.url, timeout=0.5) as transport:
        with pytest.raises(errors.Unreachable), transport.deadline:
            for _ in steps:
                transport(GET)
        assert 2 <= len(server.received) <= 3
        assert transport(GET).content == DATA


def test_without_time_left_nothing_is_sent() -> None:
    now = [0.0]
    with ScriptedServer() as server, connect(server.url, clock=lambda: now[0]) as transport:
        with transport.deadline:
            now[0] = 31.0
            with pytest.raises(errors.Unreachable, match="No time is left"):
                transport(WRITES[0])
        assert server.connections == 0


def test_a_host_that_does_not_accept_connections_ends_at_the_deadline() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:
            client.setblocking(False)  # noqa: FBT003
            client.connect_ex(("127.0.0.1", port))
        started = time.monotonic()
        with connect(f"http://127.0.0.1:{port}", timeout=0.4) as transport:
            with pytest.raises((errors.Unreachable, errors.OutcomeUnknown)):
                transport(WRITES[0])
        assert time.monotonic() - started < 2
        for client in waiting:
            client.close()
