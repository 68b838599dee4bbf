"""The table of what may be tried again, walked against a server that fails in every way.

The server keeps one task, applies each write or not, and counts what it received.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.http import HttpTransport
from crmctl.api.message import KEYS_HONOURED
from crmctl.api.outcome import METHODS, STATUSES, TABLE
from crmctl.api.retry import retrying
from tests import scripted_server as script
from tests.scripted_server import Connection, ScriptedServer, Step

Body = dict[str, Any]
CALLS: dict[str, Callable[[Client], Any]] = {
    "GET": lambda client: client.get_task("t1"),
    "PUT": lambda client: client.update_task("t1", {"priority": "high", "title": "New"}),
    "DELETE": lambda client: client.delete_task("t1"),
    "POST": lambda client: client.create_task({"title": "New"}),
}
WRITES = METHODS[1:]
COMPLETE: Callable[[Client], Any] = lambda client: client.complete_task("t1")  # noqa: E731

HTML = b"<html><title>Sign in</title></html>"
WHOLE = script.encode(200, {"data": {"id": "t1"}})
LOST: dict[str, Callable[[], Step]] = {
    "closed": script.close,
    "reset": script.reset,
    "truncated": lambda: script.truncated(WHOLE),
    "truncated head": lambda: script.raw(b"HTTP/1.1 200 OK\r\nconte", stay=False),
    "truncated gzip": lambda: script.answer(
        200, gzip.compress(WHOLE)[:-9], {"content-encoding": "gzip"}
    ),
    "not HTTP": lambda: script.raw(b"220 mail.example ESMTP\r\n\r\n", stay=False),
    "gzip bomb": lambda: script.answer(
        200, gzip.compress(bytes(33 * 1024 * 1024)), {"content-encoding": "gzip"}
    ),
}
UNCLEAR: dict[str, tuple[int, bytes]] = {
    "202": (202, b'{"success": true, "data": {"id": "t1"}}'),
    "HTML": (200, HTML),
    "null": (200, b"null"),
    "a list": (200, b"[]"),
    "a number": (200, b"5"),
    "another charset": (200, '{"data": {"id": "t1", "title": "Gr\xfc\xdfe"}}'.encode("latin-1")),
    "no envelope": (200, b'{"message": "ok"}'),
}


class Faulty:
    """A task that is changed by what comes in, and a fault instead of the first answers to writes.

    ``applied`` says whether the write that gets a fault is applied too.
    """

    def __init__(self, fault: Step | None, *, applied: bool, times: int = 99) -> None:
        self.task: Body | None = {
            "id": "t1",
            "title": "Old",
            "priority": "low",
            "status": "pending",
        }
        self.created = 0
        self.fault = fault
        self.applied = applied
        self.left = times

    def __call__(self, connection: Connection) -> bool:
        request = connection.request
        if request.method != "GET" and self.fault is not None and self.left > 0:
            self.left -= 1
            if self.applied:
                self._apply(connection)
            return self.fault(connection)
        return script.answer(*self._apply(connection))(connection)

    def _apply(self, connection: Connection) -> tuple[int, Body]:
        request = connection.request
        if request.method == "POST":
            self.created += 1
            return 201, {"data": {"id": f"t{self.created + 1}"}}
        if self.task is None:
            return 404, {"error": "There is no task t1"}
        task = self.task
        if request.method == "DELETE":
            self.task = None
        if request.method == "PUT":
            task.update(json.loads(request.body))
            if request.path.endswith("/complete"):
                task["status"] = "completed"
        return 200, {"success": True, "data": dict(task)}


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """One server for all: a new one for each of a thousand runs would take 25 ms each."""
    with ScriptedServer() as far_end:
        Run.server = far_end
        yield


class Run:
    """What became of one call, what the server received, and how long was slept in between."""

    server: ScriptedServer

    def __init__(self, step: Step, call: Callable[[Client], Any], *, before: int = 0) -> None:
        self.slept: list[float] = []
        self.value: Any = None
        self.error: errors.CrmctlError | None = None
        self.server.after = step
        self.server.received.clear()
        with HttpTransport(self.server.url, key="k", user_agent="crmctl/test") as http:
            transport = retrying(http, timeout=30, sleep=self.slept.append)
            client = Client(transport, remote=True)
            for _ in range(before):
                client.get_task("t1")
            try:
                self.value = call(client)
            except errors.CrmctlError as error:
                self.error = error
        received = self.server.received[before:]
        self.received = [each.method for each in received]
        self.keys = {each.headers.get("idempotency-key") for each in received}

    @property
    def exit_status(self) -> int:
        return 0 if self.error is None else self.error.exit_status


def check(method: str, row: str, fault: Step, *, applied: bool) -> Run:
    """Run a write into a fault that stays, and hold what came of it against the table."""
    faulty = Faulty(fault, applied=applied)
    run = Run(faulty, CALLS[method])
    cell = TABLE[row][METHODS.index(method)]
    writes = run.received.count(method)
    if "N" not in cell:
        assert writes == 1
    elif method == "DELETE" and applied:
        assert 1 <= writes <= 3
    else:
        assert writes == 3
    assert len(run.slept) == writes - 1
    if "R" not in cell:
        assert run.exit_status not in (0, 10)
    elif method == "POST":
        assert (run.exit_status, run.received) == (10, ["POST"])
    else:
        assert run.received[writes:] in ([], ["GET"])
        assert run.exit_status == (0 if applied else 10), run.error
    if run.exit_status == 10:
        assert run.error is not None
        assert run.error.retryable is False
    assert faulty.created <= 1
    return run


STATUS_ROWS = [
    (status, STATUSES.get(status, "refused" if 400 <= status < 500 else "unlisted"))
    for status in (*range(300, 600), 600, 999)
    if status not in (401, 403, 404)
]


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
def test_a_write_goes_on_after_each_status_as_the_table_says(method: str, *, applied: bool) -> None:
    for status, row in STATUS_ROWS:
        # What the server says it looked at none of, or refuses, it has not applied.
        if not applied or "R" in TABLE[row][METHODS.index(method)]:
            check(method, row, script.answer(status), applied=applied)


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
def test_a_write_whose_answer_is_lost_goes_on_as_the_table_says(
    method: str, fault: Callable[[], Step], *, applied: bool
) -> None:
    check(method, "lost", fault(), applied=applied)


@pytest.mark.parametrize("method", WRITES)
@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_a_write_whose_success_is_unclear_goes_on_as_the_table_says(
    method: str, fault: tuple[int, bytes], *, applied: bool
) -> None:
    check(method, "unclear", script.answer(*fault), applied=applied)


def test_a_read_is_tried_again_after_each_status_as_the_table_says() -> None:
    for status, row in STATUS_ROWS:
        run = Run(script.answer(status), CALLS["GET"])
        assert len(run.received) == (3 if TABLE[row][0] == "N" else 1), status
        assert run.exit_status not in (0, 10)


@pytest.mark.parametrize("method", METHODS)
def test_what_never_left_is_sent_again(method: str) -> None:
    slept: list[float] = []
    lines: list[str] = []
    url = f"http://127.0.0.1:{script.unused_port()}"
    with HttpTransport(url, key="k", user_agent="crmctl/test") as http:
        transport = retrying(
            http, timeout=30, sleep=slept.append, log=lambda _, line: lines.append(line)
        )
        with pytest.raises(errors.Unreachable, match="was not sent"):
            CALLS[method](Client(transport))
    assert len(slept) == len(lines) == 2


@pytest.mark.parametrize("status", [421, 425, 429])
@pytest.mark.parametrize("method", METHODS)
def test_what_was_turned_away_is_done_when_it_is_taken(method: str, status: int) -> None:
    answers: list[Step] = [
        script.answer(status, headers={"retry-after": "2"}),
        Faulty(None, applied=True),
    ]
    with (
        ScriptedServer(*answers) as server,
        HttpTransport(server.url, key="k", user_agent="crmctl/test") as http,
    ):
        slept: list[float] = []
        CALLS[method](Client(retrying(http, timeout=30, sleep=slept.append), remote=True))
    assert [each.method for each in server.received] == [method] * 2
    assert slept == [2.0]
    assert len({each.headers.get("idempotency-key") for each in server.received}) == 1


def test_a_delete_that_is_gone_the_second_time_is_done() -> None:
    run = Run(Faulty(script.close(), applied=True, times=1), CALLS["DELETE"])
    assert (run.exit_status, run.received) == (0, ["DELETE", "DELETE"])


def test_a_delete_of_what_was_never_there_is_not_found() -> None:
    assert Run(script.answer(404), CALLS["DELETE"]).exit_status == 4


@pytest.mark.parametrize("second", [400, 403, 409, 421, 422, 429, 301, 501])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("applied", [True, False])
def test_no_later_answer_takes_a_doubt_away(method: str, second: int, *, applied: bool) -> None:
    faulty = Faulty(script.close(), applied=applied, times=1)
    later = script.answer(second)

    def step(connection: Connection) -> bool:
        first = faulty.left > 0
        if connection.request.method != "GET" and not first:
            return later(connection)
        return faulty(connection)

    assert Run(step, CALLS[method]).exit_status == (0 if applied else 10)


def test_a_completion_whose_answers_are_lost_is_seen_in_the_task() -> None:
    run = Run(Faulty(script.answer(503), applied=True), COMPLETE)
    assert run.value["status"] == "completed"
    assert run.received == ["PUT", "PUT", "PUT", "GET"]
    run = Run(Faulty(script.answer(503), applied=False), COMPLETE)
    assert run.exit_status == 10
    assert run.error is not None
    assert run.error.message.endswith("GET /tasks/t1 does not show status as sent.")


# Success


@pytest.mark.parametrize("silent", [script.answer(204), script.answer(200, {"success": True})])
@pytest.mark.parametrize("call", [CALLS["PUT"], COMPLETE])
def test_a_put_without_data_shows_the_task(silent: Step, call: Callable[[Client], Any]) -> None:
    run = Run(Faulty(silent, applied=True), call)
    assert (run.exit_status, run.received) == (0, ["PUT", "GET"])
    assert run.value["title"] in ("Old", "New")


def test_a_put_that_is_confirmed_is_done_though_it_cannot_be_shown() -> None:
    def step(connection: Connection) -> bool:
        return script.answer(500 if connection.request.method == "GET" else 204)(connection)

    run = Run(step, COMPLETE)
    assert (run.exit_status, run.value) == (0, {"id": "t1"})


def test_a_put_that_says_it_was_done_and_was_not_is_not_applied() -> None:
    run = Run(Faulty(script.answer(204), applied=False), COMPLETE)
    assert (run.exit_status, run.received) == (6, ["PUT", "GET"])


@pytest.mark.parametrize(
    ("sent", "shown", "untaken"),
    [
        ({"priority": "high"}, {"priority": "low"}, ["priority"]),
        ({"priority": "high", "type": "call"}, {"priority": "high", "type": "todo"}, ["type"]),
        ({"assignee_id": "u1"}, {"assignee_id": "u2"}, ["assignee_id"]),
        ({"assignee_id": "7"}, {"assignee_id": 7}, []),
        ({"assignee_id": None}, {"assignee_id": "u2"}, ["assignee_id"]),
        ({"due_date": "2026-03-25T17:00:00Z"}, {"due_date": "2026-03-25T18:00:00.000+01:00"}, []),
        ({"due_date": "2026-03-25T17:00:00Z"}, {"due_date": "2026-03-25T18:00:00Z"}, ["due_date"]),
        ({"due_date": "2026-03-25T17:00:00Z"}, {"due_date": "2026-03-25"}, []),
        ({"due_date": None}, {"due_date": None}, []),
        (
            {"related_to_type": "deal", "related_to_id": "d1"},
            {"related_to": {"type": "deal", "id": "d2", "name": None}},
            ["related_to_id"],
        ),
        ({"related_to_type": None, "related_to_id": None}, {"related_to": None}, []),
        ({"related_to_type": "deal"}, {"related_to": "d1"}, []),
        ({"reminder": {"type": "email", "before_minutes": 60}}, {"reminder": None}, ["reminder"]),
        (
            {"reminder": {"type": "email", "before_minutes": 60}},
            {"reminder": {"type": "email", "before_minutes": 55}},
            [],
        ),
        ({"title": " a ", "description": None}, {"title": "a", "description": "b"}, []),
        ({"status": "completed"}, {}, []),
    ],
)
def test_an_answer_with_another_value_than_was_sent(
    sent: Body, shown: Body, untaken: list[str]
) -> None:
    step = script.answer(200, {"success": True, "data": {"id": "t1", **shown}})
    run = Run(step, lambda client: client.update_task("t1", sent))
    assert run.received == ["PUT"]
    assert run.exit_status == (6 if untaken else 0)
    if untaken:
        assert run.error is not None
        assert [detail["field"] for detail in run.error.details] == untaken


def test_what_was_not_taken_is_named_and_what_was() -> None:
    shown = {"id": "t1", "status": "pending", "priority": "high", "title": "x"}
    run = Run(
        script.answer(200, {"data": shown}),
        lambda client: client.update_task("t1", {"status": "completed", "priority": "high"}),
    )
    assert run.error is not None
    assert run.error.message == (
        "PUT /tasks/t1 was not applied, though the server says so:"
        ' status is "pending", not "completed"; taken: priority (HTTP 200).'
    )


@pytest.mark.parametrize(
    "data", [{}, {"id": None}, {"id": ["t1"]}, {"id": ""}, [], None, {"id": {}}]
)
def test_a_create_without_an_id_is_in_doubt(data: Any) -> None:
    run = Run(script.answer(201, {"success": True, "data": data}), CALLS["POST"])
    assert (run.exit_status, run.received) == (10, ["POST"])


def test_an_answer_about_another_task_is_none() -> None:
    other = script.answer(200, {"data": {"id": "t2", "priority": "high"}})
    assert Run(Faulty(other, applied=True), CALLS["PUT"]).received == ["PUT", "GET"]
    assert Run(Faulty(other, applied=False), CALLS["PUT"]).exit_status == 10


@pytest.mark.parametrize(
    ("status", "body"),
    [(204, b""), (200, b""), (200, b" \n"), (200, b'{"success": true}'), (200, b'{"data": null}')],
)
def test_a_delete_is_done_whatever_its_success_says(status: int, body: bytes) -> None:
    run = Run(script.answer(status, body), CALLS["DELETE"])
    assert (run.value, run.received) == ({"id": "t1", "deleted": True}, ["DELETE"])


def test_a_delete_that_says_it_was_none_is_looked_for() -> None:
    said = script.answer(200, {"success": True, "data": {"id": "t1", "deleted": False}})
    assert Run(Faulty(said, applied=False), CALLS["DELETE"]).exit_status == 10


@pytest.mark.parametrize("method", METHODS)
def test_success_false_is_a_refusal(method: str) -> None:
    run = Run(script.answer(200, {"success": False, "data": {"id": "t1"}}), CALLS[method])
    assert (run.exit_status, run.received) == (6, [method])


# Keys


def test_a_create_is_sent_again_where_the_server_has_said_that_it_honours_keys() -> None:
    faulty = Faulty(script.close(), applied=True, times=1)

    def step(connection: Connection) -> bool:
        if connection.request.method == "GET":
            return script.answer(200, {"data": {"id": "t1"}}, KEYS_HONOURED)(connection)
        return faulty(connection)

    run = Run(step, CALLS["POST"], before=1)
    assert (run.exit_status, run.received) == (0, ["POST", "POST"])
    assert len(run.keys) == 1
    faulty.left = 1
    assert Run(step, CALLS["POST"]).received == ["POST"]


# Connections that the server closes


def test_a_connection_that_is_closed_after_each_answer_leaves_no_doubt() -> None:
    def step(connection: Connection) -> bool:
        Faulty(None, applied=True)(connection)
        pauses.append(0.002 + 0.007 * (len(pauses) % 5))
        connection.over.wait(pauses[-1])
        return False

    pauses: list[float] = []

    def work(client: Client) -> None:
        for _ in range(3):
            client.complete_task("t1")
            client.create_task({"title": "x"})

    for _ in range(10):
        run = Run(step, work)
        assert run.exit_status == 0, run.error
        assert run.received.count("POST") == 3
