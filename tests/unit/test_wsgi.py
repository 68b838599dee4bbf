"""The workspace as a WSGI application: targets, bodies, HEAD, the envelope of errors."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.message import Request, Response
from crmctl.server.exchange import Exchange
from crmctl.server.wsgi import Application
from tests.asking import ask
from tests.contract.world import as_me, insert_tasks, open_workspace

ODD_ID = "a/b%2F ü"
ODD_PATH = "/tasks/a%2Fb%252F%20%C3%BC"


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    with open_workspace(tmp_path / "workspace.db") as workspace:
        insert_tasks(workspace.store, [{"id": "task_1"}, {"id": ODD_ID}])
        yield Application(as_me(workspace), behind_proxy=True)


@pytest.mark.parametrize(
    ("target", "environ"),
    [
        ("/tasks/task_1", {}),
        ("/v1/tasks/task_1", {}),
        ("/functions/v1/api/tasks/task_1", {}),
        ("/functions/v1/api/v1/tasks/task_1", {}),
        ("/tasks/task_1/", {}),
        ("http://crm.example:8765/tasks/task_1", {}),
        ("HTTPS://crm.example/functions/v1/api/tasks/task_1", {}),
        ("/crm/tasks/task_1", {"SCRIPT_NAME": "/crm", "PATH_INFO": "/tasks/task_1"}),
        ("", {"SCRIPT_NAME": "/crm", "PATH_INFO": "/tasks/task_1"}),
        ("", {"HTTP_X_FORWARDED_PREFIX": "/crm", "PATH_INFO": "/crm/tasks/task_1"}),
        ("http://x/a%20b/v1/tasks/task_1", {"HTTP_X_FORWARDED_PREFIX": "/a b/"}),
        ("/tasks/task_1", {"HTTP_X_FORWARDED_PREFIX": "/crm"}),
        ("/crm/functions/v1/api/tasks/task_1", {"HTTP_X_FORWARDED_PREFIX": "/crm"}),
    ],
)
def test_a_task_is_at_every_spelling_of_its_path(
    application: Application, target: str, environ: dict[str, Any]
) -> None:
    for method in ("GET", "HEAD"):
        answered = ask(application, method, target, **environ)
        assert answered.status == 200
    assert ask(application, "GET", target, **environ).json["data"]["id"] == "task_1"


def test_a_prefix_that_no_proxy_vouches_for_is_no_prefix(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "workspace.db") as workspace:
        application = Application(workspace)
        answered = ask(application, "GET", "/crm/tasks", HTTP_X_FORWARDED_PREFIX="/crm")
        assert (answered.status, answered.code) == (404, "not_found")


def test_an_id_keeps_its_own_slashes_and_percent_signs(application: Application) -> None:
    for prefix in ("", "/v1", "/functions/v1/api", "http://crm.example"):
        answered = ask(application, "GET", prefix + ODD_PATH)
        assert answered.json["data"]["id"] == ODD_ID


def test_head_is_get_without_its_body(application: Application) -> None:
    get, head = (ask(application, method, "/tasks?limit=1") for method in ("GET", "HEAD"))
    assert head.raw == b""
    assert (head.status, head.headers["Content-Length"]) == (200, str(len(get.raw)))
    assert ask(application, "HEAD", "/tasks/none").status == 404
    refused = ask(application, "HEAD", "/tasks/task_1/complete")
    assert (refused.status, refused.headers["Allow"]) == (405, "PUT")


def test_a_body_in_pieces_is_read_where_the_server_puts_them_together(
    application: Application,
) -> None:
    chunked: dict[str, Any] = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    answered = ask(application, "POST", "/tasks", body={"title": "Call"}, **chunked)
    assert (answered.status, answered.json["data"]["title"]) == (201, "Call")
    large = json.dumps({"title": "x" * 2**20}).encode()
    assert ask(application, "POST", "/tasks", body=large, **chunked).code == "too_large"
    alone = {"HTTP_TRANSFER_ENCODING": "chunked"}
    assert ask(application, "POST", "/tasks", body={"title": "Call"}, **alone).status == 411


@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [
        (400, "bad_json", {"body": b"{"}),
        (400, "bad_json", {"body": b'{"title": NaN}'}),
        (400, "bad_json", {"body": b'{"title": "\xff"}'}),
        (400, "bad_json", {"body": "{}".encode("utf-16")}),
        (400, "bad_json", {"body": b"[" * 101 + b"]" * 101}),
        (400, "bad_json", {"body": b"[" * 500_000}),
        (400, "bad_request", {"body": {}, "CONTENT_LENGTH": "9"}),
        (400, "bad_request", {"body": {"title": "x"}, "HTTP_IDEMPOTENCY_KEY": "k" * 256}),
        (413, "too_large", {"body": b" " * (2**20 + 1)}),
        (413, "too_large", {"body": {}, "CONTENT_LENGTH": "9" * 12}),
        (415, "unsupported_media_type", {"body": {}, "CONTENT_TYPE": "text/plain"}),
        (415, "unsupported_media_type", {"body": {}, "CONTENT_TYPE": "application/json;charset=x"}),
        (415, "unsupported_media_type", {"body": {}, "HTTP_CONTENT_ENCODING": "gzip"}),
        (422, "validation_failed", {"body": b"null"}),
        (422, "validation_failed", {"body": [[]] * 50}),
        (422, "validation_failed", {}),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(
    application: Application, status: int, code: str, asked: dict[str, Any]
) -> None:
    answered = ask(application, "POST", "/tasks", **asked)
    assert (answered.status, answered.code) == (status, code)
    assert ask(application, "GET", "/tasks").json["meta"]["total"] == 2


@pytest.mark.parametrize(
    "type", ["", "application/json", "application/JSON; charset=UTF-8", "application/x.y+json"]
)
def test_json_is_taken_by_each_of_its_names(application: Application, type: str) -> None:
    answered = ask(application, "POST", "/tasks", body={"title": "x"}, CONTENT_TYPE=type)
    assert answered.status == 201


@pytest.mark.parametrize("query", ["limit=1&limit=2", "&".join(f"p{n}=" for n in range(101))])
def test_a_query_that_says_too_much_is_refused(application: Application, query: str) -> None:
    answered = ask(application, "GET", f"/tasks?{query}")
    assert (answered.status, answered.code) == (400, "bad_request")


@pytest.mark.parametrize("given", ["abc-123", "A" * 64])
def test_a_request_id_is_taken_over(application: Application, given: str) -> None:
    for target in ("/tasks", "/nothing"):
        answered = ask(application, "GET", target, HTTP_X_REQUEST_ID=given)
        assert answered.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "A" * 65, "a b", "a\tb", "ü", "crm_x"])
def test_a_request_id_that_is_none_is_replaced(application: Application, given: str) -> None:
    answered = ask(application, "GET", "/nothing", HTTP_X_REQUEST_ID=given)
    assert answered.code == "not_found"
    assert len(answered.headers["X-Request-Id"]) == 16


@pytest.mark.parametrize(
    ("error", "status", "code", "wait"),
    [
        (errors.StoreError("/home/x.db is locked", retryable=True), 503, "store", "1"),
        (errors.StoreError("/home/x.db is damaged"), 503, "store", "30"),
        (errors.InvalidInput("'x' is not Unicode text."), 422, "invalid_input", None),
        (KeyError("the body's own words"), 500, "internal", None),
    ],
)
def test_whatever_fails_is_answered_and_its_reason_logged(
    error: Exception, status: int, code: str, wait: str | None
) -> None:
    def fail(_request: Request) -> Response:
        raise error

    logged: list[Exchange] = []
    application = Application(fail, log=lambda exchange, _status, _seconds: logged.append(exchange))
    answered = ask(application, "GET", "/tasks")
    assert (answered.status, answered.code) == (status, code)
    assert answered.headers.get("Retry-After") == wait
    assert b"/home" not in answered.raw
    assert b"words" not in answered.raw
    [exchange] = logged
    assert ("x.db" in exchange.fault) == isinstance(error, errors.StoreError)
    assert ("KeyError at test_wsgi.py:" in exchange.fault) == isinstance(error, KeyError)
    assert "words" not in exchange.fault


@pytest.mark.parametrize(
    ("method", "environ", "status", "wait"),
    [
        ("POST", {}, 500, None),
        ("POST", {"HTTP_IDEMPOTENCY_KEY": "k"}, 503, "1"),
        ("PUT", {}, 503, "1"),
        ("DELETE", {}, 503, "1"),
    ],
)
def test_what_may_have_been_saved_may_be_sent_again_where_it_would_be_saved_once(
    method: str, environ: dict[str, Any], status: int, wait: str | None
) -> None:
    def lose(_request: Request) -> Response:
        raise errors.OutcomeUnknown("lost")

    answered = ask(Application(lose), method, "/tasks/task_1", **environ)
    assert (answered.status, answered.code) == (status, "outcome_unknown")
    assert answered.headers.get("Retry-After") == wait


def test_health_is_told_without_the_workspace() -> None:
    state: list[Exception] = []

    def check() -> None:
        for error in state:
            raise error

    def refuse(_request: Request) -> Response:
        raise AssertionError

    application = Application(refuse, check_health=check)
    assert ask(application, "GET", "/healthz").json["data"] == {"status": "ok"}
    assert ask(application, "HEAD", "/v1/healthz").status == 200
    state.append(errors.StoreError("gone"))
    assert ask(application, "GET", "/healthz").code == "store"
    refused = ask(application, "POST", "/healthz")
    assert (refused.status, refused.headers["Allow"]) == (405, "GET, HEAD")


def test_a_body_that_breaks_off_changes_nothing(application: Application) -> None:
    class Broken(io.BytesIO):
        def read(self, *_: Any) -> bytes:
            raise OSError("the client has gone")

    broken: dict[str, Any] = {"wsgi.input": Broken()}
    answered = ask(application, "POST", "/tasks", body={"title": "x"}, **broken)
    assert answered.status == 500
    assert ask(application, "GET", "/tasks").json["meta"]["total"] == 2
