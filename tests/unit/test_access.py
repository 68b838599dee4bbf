"""Keys, and what they let in: each route and each document, with every kind of key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from crmctl.errors import UsageError
from crmctl.resources import OPERATIONS
from crmctl.server.access import KeyHolders
from crmctl.server.keys import digest_of, is_key, make_key, mask_keys
from crmctl.server.log import AccessLog
from crmctl.server.rate import Rates, read_rate
from crmctl.server.wsgi import Application
from crmctl.store.sqlite import SqliteStore
from crmctl.workspace.app import Workspace
from tests.asking import Answered, ask

NOW = datetime(2026, 3, 24, 9, 0, 0, 123456, tzinfo=UTC)


class Served:
    """A workspace behind keys, one of each kind, and what it logged."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.store = SqliteStore(path)
        self.log = StringIO()
        self.now = NOW
        self.keys = {kind: make_key() for kind in ("full", "read_only", "revoked", "expired")}
        workspace = Workspace(self.store, clock=lambda: self.now.replace(microsecond=0))
        clock: Callable[[], datetime] = lambda: self.now  # noqa: E731 - it is moved
        self.application = Application(
            workspace,
            admit=KeyHolders(self.store, clock, **options),
            documents={"/openapi.json": lambda _mount: {"openapi": "3.1.0"}},
            log=AccessLog(self.log, clock, as_json=True),
        )
        with self.store.writing() as kept:
            for kind, key in self.keys.items():
                fields = {
                    "name": kind,
                    "user_id": f"usr_{kind}",
                    "read_only": kind == "read_only",
                    "created_at": "2026-01-01T00:00:00Z",
                    "expires_at": "2026-03-24T09:00:00Z" if kind == "expired" else None,
                    "revoked_at": "2026-03-01T00:00:00Z" if kind == "revoked" else None,
                }
                kept.add_key(digest_of(key), fields)
        self.task_id = self.ask("POST", "/tasks", body={"title": "Call"}).json["data"]["id"]

    def ask(self, method: str, target: str, kind: str = "full", **asked: Any) -> Answered:
        """Ask with a key of that kind; `none` is without one, `wrong` with one of nobody."""
        key = {**self.keys, "none": None, "wrong": make_key()}[kind]
        return ask(self.application, method, target, key=key, **asked)

    def contents(self) -> Any:
        """All that is kept."""
        with self.store.reading() as kept:
            tasks = self.ask("GET", "/tasks").json["data"]
            return (
                tasks,
                self.ask("GET", "/activities").json["data"],
                kept.totals(),
                kept.list_keys(),
            )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "workspace.db")
    with closing(served.store):
        yield served


ASKED = [(operation.method, operation.path) for operation in OPERATIONS.values()]
ASKED += [("HEAD", path) for method, path in ASKED if method == "GET"]
ASKED += [("GET", "/openapi.json"), ("POST", "/openapi.json"), ("POST", "/healthz")]
ASKED += [(method, "/nothing") for method in ("GET", "POST", "OPTIONS", "TRACE")]
ASKED += [("OPTIONS", "/tasks"), ("OPTIONS", "*"), ("PATCH", "/tasks/:id"), ("GET", "/")]
ASKED += [("GET", "/v1/tasks"), ("POST", "/functions/v1/api/tasks"), ("GET", "//healthz/x")]


@pytest.mark.parametrize(("method", "path"), ASKED)
def test_nothing_but_health_is_told_without_a_key_that_holds(
    served: Served, method: str, path: str
) -> None:
    target = path.replace(":id", served.task_id)
    body = (
        {"title": "x", "type": "call", "completion_note": "x"}
        if method in ("POST", "PUT")
        else None
    )
    before = served.contents()
    for kind in ("none", "wrong", "revoked", "expired"):
        answered = served.ask(method, target, kind, body=body)
        assert answered.status == 401
        assert answered.headers["Www-Authenticate"] == "Bearer"
        assert method == "HEAD" or answered.code == "unauthorized"
    if method not in ("GET", "HEAD"):
        assert served.ask(method, target, "read_only", body=body).code == "forbidden"
    else:
        assert served.ask(method, target, "read_only").status in (200, 404)
    assert served.contents() == before


@pytest.mark.parametrize("path", ["/healthz", "/openapi.json", "/tasks"])
def test_every_answer_says_that_idempotency_keys_are_honoured(served: Served, path: str) -> None:
    for method in ("GET", "HEAD", "PATCH"):
        for kind in ("full", "none"):
            assert served.ask(method, path, kind).headers["Idempotency-Keys"] == "honoured"


def test_every_kind_of_authorization_but_a_bearer_is_refused(served: Served) -> None:
    key = served.keys["full"]
    for text in ("", "Bearer", "Bearer ", f"Basic {key}", key, f"Bearer {key}x", f"Bearer {key} x"):
        refused = ask(served.application, "GET", "/tasks", HTTP_AUTHORIZATION=text)
        assert refused.status == 401
    for text in (f"bearer {key}", f"BEARER  {key} "):
        taken = ask(served.application, "GET", "/tasks", HTTP_AUTHORIZATION=text)
        assert taken.status == 200
    assert served.ask("GET", f"/tasks?key={key}", "none").status == 401


def test_who_did_it_is_whose_key_it_was(served: Served) -> None:
    task = served.ask("GET", f"/tasks/{served.task_id}").json["data"]
    logged = served.ask("POST", "/activities", body={"type": "note"}).json["data"]
    assert (task["created_by"], logged["user_id"]) == ("usr_full", "usr_full")


def test_a_key_ends_when_it_expires_or_is_revoked(served: Served) -> None:
    served.now = NOW - timedelta(seconds=1)
    assert served.ask("GET", "/tasks", "expired").status == 200
    served.now = NOW
    assert served.ask("GET", "/tasks", "expired").code == "unauthorized"
    with served.store.writing() as kept:
        kept.revoke_key("full", now="2026-03-24T09:00:00Z")
    assert served.ask("GET", "/tasks").code == "unauthorized"


def test_a_workspace_that_nobody_may_change_refuses_every_write(tmp_path: Path) -> None:
    served = Served.__new__(Served)
    with pytest.raises(KeyError):  # the task that it is to begin with
        served.__init__(tmp_path / "workspace.db", read_only=True)  # type: ignore[misc]
    with closing(served.store):
        assert served.ask("POST", "/tasks", body={"title": "x"}).code == "forbidden"
        assert served.ask("GET", "/tasks").json["data"] == []


def test_a_key_that_asks_too_often_is_told_when_to_ask_again(tmp_path: Path) -> None:
    time = [0.0]
    rates = Rates(3, 0.5, timer=lambda: time[0])
    served = Served(tmp_path / "workspace.db", rates=rates)  # which asks once
    with closing(served.store):
        assert [served.ask("GET", "/tasks").status for _ in range(3)] == [200, 200, 429]
        refused = served.ask("GET", "/tasks")
        assert (refused.code, refused.headers["Retry-After"]) == ("rate_limited", "2")
        assert served.ask("GET", "/tasks", "read_only").status == 200
        time[0] = 2.0
        assert [served.ask("GET", "/tasks").status for _ in range(2)] == [200, 429]
        time[0] = 1000.0
        assert [served.ask("GET", "/tasks").status for _ in range(4)] == [200, 200, 200, 429]


def test_a_rate_is_a_number_per_unit() -> None:
    read = [read_rate(text, "--rate-limit") for text in ("600/min", "5/s", "7200/h")]
    assert [(rates.burst, rates.per_second) for rates in read] == [(600, 10), (5, 5), (7200, 2)]
    for text in ("", "600", "0/min", "-1/s", "1.5/s", "600/day", "600 / min", "٣/s"):
        with pytest.raises(UsageError, match="--rate-limit"):
            read_rate(text, "--rate-limit")


def test_a_key_is_recognised_by_its_form_and_its_checksum() -> None:
    keys = {make_key() for _ in range(200)}
    assert len(keys) == 200
    for key in keys:
        assert re.fullmatch("crm_[0-9A-Za-z]{49}", key)
        assert is_key(key)
        assert mask_keys(f"/a/{key}?{key[:20]}") == "/a/[key]?[key]"
    key = make_key()
    others = [key[:-1], key + "0", f"{key}\n", key.upper(), key.replace("crm_", "key_"), "", "ü"]
    others += [key[:9] + ("a" if key[9] != "a" else "b") + key[10:]]
    assert not any(map(is_key, others))


def test_the_log_has_a_line_a_request_and_no_query_body_or_key(served: Served) -> None:
    served.log.truncate(0)
    served.log.seek(0)
    key = served.keys["full"]
    crossed = "%63rm_" + key.removeprefix("crm_")
    served.ask("GET", "/tasks?type=call&related_to_id=secret-query", HTTP_X_REQUEST_ID="req-1")
    served.ask("POST", "/tasks", "read_only", body={"title": "secret-body"})
    served.ask("GET", f"/tasks/{key}", "none")
    served.ask("GET", f"/functions/v1/api/tasks/{crossed}/x\u202e", HTTP_X_REQUEST_ID=key)
    served.ask("POST", f"/tasks?{key}=1", "revoked", HTTP_IDEMPOTENCY_KEY=key)
    text = served.log.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line.pop("duration_ms") >= 0 for line in lines] == [True] * 5
    assert lines[0] == {
        "time": "2026-03-24T09:00:00.123Z",
        "method": "GET",
        "path": "/tasks",
        "status": 200,
        "request_id": "req-1",
        "key": "full",
    }
    assert [(line["status"], line["key"]) for line in lines[1:]] == [
        (403, "read_only"),
        (401, None),
        (404, "full"),
        (401, "revoked"),
    ]
    assert lines[2]["path"] == "/tasks/[key]"
    for secret in ("secret", key, key.removeprefix("crm_")):
        assert secret not in text


def test_a_log_that_cannot_be_written_stops_nothing(served: Served) -> None:
    served.log.close()
    assert served.ask("GET", "/tasks").status == 200


def test_the_log_is_text_for_people(served: Served) -> None:
    stream = StringIO()
    log = AccessLog(stream, lambda: NOW)
    application = Application(served.store.reading, log=log)  # type: ignore[arg-type] # it fails
    ask(application, "GET", "/tasks?x=1", HTTP_X_REQUEST_ID="r")
    [line] = stream.getvalue().splitlines()
    assert re.fullmatch(
        r"2026-03-24T09:00:00\.123Z GET /tasks 500 [\d.]+ms r - TypeError at contextlib\.py:.*",
        line,
    )
