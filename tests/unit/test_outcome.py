"""What becomes of a write when the server lies, stumbles or goes away: a real server counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.http import HttpTransport
from crmctl.api.message import Transport
from crmctl.api.outcome import BUSY, LOST, MOVED, TABLE, action_for
from crmctl.api.retry import ATTEMPTS, retrying
from tests.scripted_server import (
    Connection,
    ScriptedServer,
    Step,
    answer,
    close,
    encode,
    raw,
    reset,
    truncated,
)

TASK = {"id": "task_1", "title": "Call", "status": "pending", "priority": "low", "due_date": None}
CHANGE = {"priority": "high", "due_date": "2026-03-25T17:00:00Z"}
WRITES: dict[str, Callable[[Client], Any]] = {
    "POST": lambda client: client.create_task({"title": "New"}),
    "PUT": lambda client: client.update_task("task_1", CHANGE),
    "COMPLETE": lambda client: client.complete_task("task_1", completion_note="Done"),
    "DELETE": lambda client: client.delete_task("task_1"),
}


class Ledger:
    """A server that keeps tasks and answers writes with a fault: ``applied`` or not, some times.

    Reads are answered as they should be, and so are writes once there are no more faults.
    """

    def __init__(
        self,
        fault: Step,
        *,
        applied: bool,
        times: int = 100,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.tasks: dict[str, dict[str, Any]] = {"task_1": dict(TASK)}
        self.calls: Counter[str] = Counter()
        self.keys: list[str] = []
        self._fault = fault
        self._applied = applied
        self._left = times
        self._headers = headers

    def __call__(self, connection: Connection) -> bool:
        request = connection.request
        self.calls[request.method] += 1
        task_id = request.path.split("/")[2] if request.path.count("/") > 1 else ""
        if request.method != "POST" and task_id not in self.tasks:
            return answer(404, {"error": "There is none."})(connection)
        if request.method == "GET":
            return self._fine(200, self.tasks[task_id])(connection)
        if request.method == "POST":
            self.keys.append(request.headers["idempotency-key"])
        faulty, self._left = self._left > 0, self._left - 1
        if self._applied or not faulty:
            shown = self._apply(request.method, request.path, json.loads(request.body or b"{}"))
        return self._fault(connection) if faulty else self._fine(200, shown)(connection)

    def _apply(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if method == "DELETE":
            return self.tasks.pop("task_1")
        if method == "POST":
            # Whoever honours keys does not apply one twice.
            self.tasks.setdefault(self.keys[-1], {"id": self.keys[-1], **body})
            return self.tasks[self.keys[-1]]
        changes = {"status": "completed", **body} if path.endswith("/complete") else body
        self.tasks["task_1"] |= changes
        return self.tasks["task_1"]

    def _fine(self, status: int, task: Mapping[str, Any]) -> Step:
        return answer(status, {"success": True, "data": dict(task)}, self._headers)


@contextmanager
def client_of(ledger: Ledger) -> Iterator[Client]:
    with (
        ScriptedServer(*[ledger] * 40) as server,
        HttpTransport(server.url, key="key", user_agent="test") as http,
    ):
        yield Client(hasty(http), remote=True)


def hasty(transport: Transport) -> Transport:
    """Tries again at once."""
    return retrying(transport, timeout=5.0, sleep=lambda _: None, random=lambda _low, _high: 0.0)


def try_write(ledger: Ledger, write: str) -> Any:
    """What the write gives, or the error that it raises."""
    with client_of(ledger) as client:
        try:
            return WRITES[write](client)
        except errors.CrmctlError as error:
            return error


WHOLE = encode(200, {"success": True, "data": TASK})
LOST_FAULTS = {
    "closed": close(),
    "reset": reset(),
    "cut off": truncated(WHOLE),
    "cut off in the headers": raw(WHOLE[:20], stay=False),
    "not HTTP": raw(b"\x00\x01 no\r\n\r\n", stay=False),
    "gzip that is none": raw(encode(200, b"no gzip", {"content-encoding": "gzip"})),
    **{f"{status}": answer(status, {"error": "Sorry."}) for status in sorted(LOST)},
}
ODD_FAULTS = {
    **{
        f"{status}": answer(status, {"error": "Odd."})
        for status in (300, 302, 303, 305, 306, 399, 501, 505, 507, 511, 520, 530, 599)
    },
    "304": answer(304),
    "202": answer(202, {"success": True, "data": TASK}),
    "200 HTML": answer(200, b"<html>Please log in</html>"),
    "200 a list": answer(200, b"[]"),
    "200 null": answer(200, b"null"),
    "200 in another charset": answer(200, '{"é"'.encode("utf-16")),
}
EMPTY_FAULTS = {
    "204": answer(204),
    "200 empty": answer(200),
    "200 success alone": answer(200, {"success": True}),
}


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("fault", LOST_FAULTS)
def test_a_write_whose_answer_is_lost(fault: str, applied: bool) -> None:
    for write in WRITES:
        ledger = Ledger(LOST_FAULTS[fault], applied=applied)
        got = try_write(ledger, write)
        if write == "POST":
            assert_unknown(got)
            assert ledger.calls == {"POST": 1}
        elif write == "DELETE" and applied:
            assert got == {"id": "task_1", "deleted": True}
            assert ledger.calls == {"DELETE": 2}
        else:
            method = "PUT" if write == "COMPLETE" else write
            assert ledger.calls == {method: ATTEMPTS, "GET": 1}
            if applied:
                assert got == ledger.tasks["task_1"]
            else:
                assert_unknown(got)


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("fault", ODD_FAULTS)
def test_a_write_whose_answer_says_nothing(fault: str, applied: bool) -> None:
    for write in WRITES:
        if write == "DELETE" and fault == "202":
            continue  # below
        ledger = Ledger(ODD_FAULTS[fault], applied=applied)
        got = try_write(ledger, write)
        method = "PUT" if write == "COMPLETE" else write
        assert ledger.calls == {method: 1, "GET": 1} if write != "POST" else {"POST": 1}
        if write == "POST" or not applied:
            assert_unknown(got)
        elif write == "DELETE":
            assert got == {"id": "task_1", "deleted": True}
        else:
            assert got == ledger.tasks["task_1"]


@pytest.mark.parametrize("applied", [True, False], ids=["applied", "not applied"])
@pytest.mark.parametrize("fault", EMPTY_FAULTS)
def test_a_write_whose_answer_is_empty(fault: str, applied: bool) -> None:
    assert_unknown(try_write(Ledger(EMPTY_FAULTS[fault], applied=applied), "POST"))
    for write in ("PUT", "COMPLETE"):
        ledger = Ledger(EMPTY_FAULTS[fault], applied=applied)
        got = try_write(ledger, write)
        assert ledger.calls == {"PUT": 1, "GET": 1}
        if applied:
            assert got == ledger.tasks["task_1"]
        else:
            assert_not_applied(got)
    ledger = Ledger(EMPTY_FAULTS[fault], applied=applied)
    assert try_write(ledger, "DELETE") == {"id": "task_1", "deleted": True}
    assert ledger.calls == {"DELETE": 1}


@pytest.mark.parametrize("applied", [True, False])
def test_a_delete_that_is_promised_for_later_is_looked_for(applied: bool) -> None:
    got = try_write(Ledger(ODD_FAULTS["202"], applied=applied), "DELETE")
    if applied:
        assert got == {"id": "task_1", "deleted": True}
    else:
        assert_unknown(got)


@pytest.mark.parametrize("status", sorted(BUSY))
@pytest.mark.parametrize("write", WRITES)
def test_what_was_certainly_not_applied_is_sent_again(write: str, status: int) -> None:
    method = "PUT" if write == "COMPLETE" else write
    busy = Ledger(answer(status, {}, {"retry-after": "0"}), applied=False, times=2)
    assert not isinstance(try_write(busy, write), errors.CrmctlError)
    assert busy.calls == {method: 3}
    always = Ledger(answer(status, {}), applied=False)
    error = try_write(always, write)
    assert error.exit_status == (7 if status == 429 else 8)
    assert error.retryable
    assert always.calls == {method: ATTEMPTS}


@pytest.mark.parametrize("status", sorted(MOVED))
@pytest.mark.parametrize("write", WRITES)
def test_a_redirect_is_never_followed(write: str, status: int) -> None:
    ledger = Ledger(answer(status, b"", {"location": "/elsewhere"}), applied=False)
    error = try_write(ledger, write)
    assert isinstance(error, errors.BadAnswer)
    assert not error.retryable
    assert sum(ledger.calls.values()) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 405, 409, 410, 413, 418, 422, 451, 499])
@pytest.mark.parametrize("write", WRITES)
def test_a_refusal_is_one_at_once(write: str, status: int) -> None:
    ledger = Ledger(answer(status, {"error": "No."}), applied=False)
    error = try_write(ledger, write)
    assert error.exit_status in (3, 5, 6)
    assert sum(ledger.calls.values()) == 1


def test_success_false_is_a_refusal() -> None:
    for write in WRITES:
        ledger = Ledger(answer(200, {"success": False, "error": "No."}), applied=False)
        assert try_write(ledger, write).exit_status == 6
        assert sum(ledger.calls.values()) == 1


@pytest.mark.parametrize(
    "data", [None, {}, {"id": None}, {"id": ""}, {"title": "New"}, [TASK], "task_1"]
)
def test_a_creation_without_an_id_is_none_that_anybody_knows_of(data: Any) -> None:
    ledger = Ledger(answer(201, {"success": True, "data": data}), applied=True)
    assert_unknown(try_write(ledger, "POST"))
    assert ledger.calls == {"POST": 1}


def test_a_change_whose_answer_shows_another_value_was_not_applied() -> None:
    ledger = Ledger(answer(200, {"success": True, "data": TASK}), applied=True)
    error = try_write(ledger, "COMPLETE")
    assert_not_applied(error)
    assert error.details == [
        {"field": "status", "code": "not_applied", "message": "is another than was sent"}
    ]
    half = {**TASK, "priority": "high"}
    error = try_write(Ledger(answer(200, {"success": True, "data": half}), applied=True), "PUT")
    assert_not_applied(error)
    assert "due_date is another than was sent; priority was taken" in error.message


def test_times_are_compared_as_instants_and_free_text_is_not() -> None:
    shown = {**TASK, **CHANGE, "due_date": "2026-03-25T18:00:00+01:00", "title": "Edited"}
    ledger = Ledger(answer(200, {"success": True, "data": shown}), applied=True)
    assert try_write(ledger, "PUT") == shown


def test_a_write_is_sent_again_with_its_key_where_the_server_honours_keys() -> None:
    honoured = {"idempotency-keys": "honoured"}
    ledger = Ledger(close(), applied=True, times=1, headers=honoured)
    with client_of(ledger) as client:
        client.get_task("task_1")
        created = client.create_task({"title": "New"})
    assert ledger.calls["POST"] == 2
    assert ledger.keys[0] == ledger.keys[1]
    assert created == {"id": ledger.keys[0], "title": "New"}


def test_a_read_is_tried_again_and_never_unknown() -> None:
    for fault in (*LOST_FAULTS.values(), *ODD_FAULTS.values()):
        with (
            ScriptedServer(*[fault] * 4) as server,
            HttpTransport(server.url, key="key", user_agent="test") as http,
            pytest.raises(errors.CrmctlError) as raised,
        ):
            Client(hasty(http), remote=True).get_task("task_1")
        assert raised.value.exit_status in (8, 9)


def test_the_table_has_a_row_for_each_kind_and_a_column_for_each_method() -> None:
    assert {tuple(row) for row in TABLE.values()} == {("GET", "PUT", "DELETE", "POST")}
    assert action_for("lost", "PATCH") == "settle"


def assert_unknown(error: Any) -> None:
    assert isinstance(error, errors.OutcomeUnknown), error
    assert (error.exit_status, error.retryable) == (10, False)


def assert_not_applied(error: Any) -> None:
    assert isinstance(error, errors.Rejected), error
    assert error.exit_status == 6
    assert "not applied" in error.message
