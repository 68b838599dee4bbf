"""The client against servers of every habit: scripted transports, which are plain functions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client, Listing, path_of
from crmctl.api.message import NO_ENTRIES, Request, Response


class Script:
    """A transport that gives ``responses`` one after the other and keeps what was asked."""

    def __init__(self, *responses: Response) -> None:
        self.responses = list(responses)
        self.requests: list[Request] = []
        self.client = Client(self)

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.responses.pop(0)

    def queries(self) -> list[dict[str, str]]:
        return [dict(request.query) for request in self.requests]


def page(
    *ids: int, meta: Any = None, headers: Mapping[str, str] = NO_ENTRIES, **top: Any
) -> Response:
    content = {"success": True, "data": [{"id": number} for number in ids], **top}
    if meta is not None:
        content["meta"] = meta
    return Response(200, content, headers=headers)


def ids(listing: Listing) -> list[int]:
    return [item["id"] for item in listing]


Call = Callable[[Client], Any]

READ: Call = lambda client: client.get_task("task_1")  # noqa: E731
LIST: Call = lambda client: list(client.list_tasks({}))  # noqa: E731
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
    script = Script(Response(200, {"success": True, "data": {"id": "x"}}))
    assert call(script.client) == {"id": "x"}
    [request] = script.requests
    assert (request.method, request.path, request.body, request.query) == (method, path, body, {})
    assert set(request.headers) == ({"idempotency-key"} if method == "POST" else set())


def test_each_create_has_a_key_of_its_own() -> None:
    script = Script(*[Response(201, {"data": {}})] * 2)
    for _ in range(2):
        script.client.create_task({"title": "A"})
    first, second = (request.headers["idempotency-key"] for request in script.requests)
    assert first != second
    assert len(first) == 32


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
    assert path_of("/tasks", item_id) == path
    assert path_of("/tasks", item_id, "complete") == f"{path}/complete"


@pytest.mark.parametrize("item_id", ["", " ", "\t", ".", "..", " . ", "\ud800"])
def test_what_would_name_another_path_is_no_id(item_id: str) -> None:
    script = Script()
    with pytest.raises(errors.InvalidInput) as raised:
        script.client.delete_task(item_id)
    assert raised.value.exit_status == 2
    assert script.requests == []


# Pages


@pytest.mark.parametrize(
    "first",
    [
        page(1, 2, meta={"has_more": True, "next_cursor": "c/1"}),
        page(1, 2, meta={"has_more": True, "cursor": "c/1"}),
        page(1, 2, meta={"has_more": True}, next_cursor="c/1"),
        page(1, 2, meta={"next_cursor": "c/1"}),
        page(1, 2, next_cursor="c/1"),
        page(1, 2, meta={"has_more": True, "next_cursor": "", "cursor": "c/1"}),
        page(1, 2, meta={"has_more": True, "next_cursor": None, "cursor": "c/1"}),
        page(1, 2, meta={"next_cursor": "c/1", "cursor": "wrong"}, next_cursor="wrong"),
        page(1, 2, meta={"cursor": "c/1"}, next_cursor="wrong"),
        *[
            page(1, 2, meta={"has_more": True}, headers={"link": link})
            for link in (
                '<https://crm.example/api/tasks?limit=2&cursor=c%2F1>; rel="next"',
                "</tasks?cursor=c/1>;rel=next",
                '<?cursor=0>; rel="prev", <?cursor=c/1>; rel="next"',
                '<?fields=id,title&cursor=c/1>; title="a"; rel="next", <?cursor=9>; rel="last"',
                '<?cursor=c/1>; Rel = "next"',
            )
        ],
    ],
)
def test_the_next_cursor_is_found_wherever_it_stands(first: Response) -> None:
    script = Script(first, page(3, meta={"has_more": False}))
    assert ids(script.client.list_tasks({"status": "pending"})) == [1, 2, 3]
    assert script.queries() == [
        {"status": "pending", "limit": "100"},
        {"status": "pending", "limit": "100", "cursor": "c/1"},
    ]


def test_a_number_is_a_cursor_too() -> None:
    script = Script(page(1, meta={"has_more": True, "next_cursor": 0}), page(2))
    assert ids(script.client.feed()) == [1, 2]
    assert script.queries()[1] == {"limit": "100", "cursor": "0"}


@pytest.mark.parametrize(
    "last",
    [
        page(1, 2),
        page(1, 2, meta={}),
        page(1, 2, meta=[]),
        page(1, 2, meta={"has_more": False}),
        page(1, 2, meta={"has_more": False, "next_cursor": "x"}),
        page(1, 2, meta={"next_cursor": None, "total": 2}),
        page(1, 2, meta={"has_more": None}),
        page(1, 2, headers={"link": '<?cursor=0>; rel="prev"'}),
        page(1, 2, headers={"link": "nonsense; rel=next"}),
    ],
)
def test_a_list_ends_where_the_server_says_so(last: Response) -> None:
    script = Script(last)
    listing = script.client.list_activities({})
    assert ids(listing) == [1, 2]
    assert listing.has_more is False


@pytest.mark.parametrize(
    "first",
    [
        page(1, 2, meta={"has_more": True}),
        page(1, 2, meta={"has_more": True, "next_cursor": ""}),
        page(1, 2, meta={"has_more": True, "next_cursor": True}),
        page(1, 2, meta={"total": 3}),
        page(1, 2, meta={"has_more": True}, headers={"link": '<?page=2>; rel="next"'}),
    ],
)
def test_more_without_a_way_to_it_is_an_incomplete_list(first: Response) -> None:
    script = Script(first)
    seen = []
    with pytest.raises(errors.IncompleteList) as raised:
        seen += [item["id"] for item in script.client.list_tasks({})]
    assert raised.value.exit_status == 9
    assert raised.value.message == (
        "2 items came, and the server says there are more but not how to get them."
    )
    assert raised.value.hint == "Narrow the filters, or ask for one page with --limit."
    assert len(script.requests) == 1


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
def test_a_cursor_that_repeats_is_an_incomplete_list(cursors: list[str]) -> None:
    script = Script(*[page(1, meta={"has_more": True, "next_cursor": c}) for c in cursors])
    with pytest.raises(errors.IncompleteList):
        list(script.client.list_tasks({}))
    assert script.responses == []


@pytest.mark.parametrize(
    ("limit", "asked"),
    [(1, ["1"]), (99, ["99"]), (100, ["100"]), (101, ["100", "1"]), (250, ["100", "100", "50"])],
)
def test_a_limit_asks_for_no_more_than_it_needs(limit: int, asked: list[str]) -> None:
    sizes = [int(size) for size in asked]
    script = Script(
        *[
            page(*range(size), meta={"has_more": True, "next_cursor": str(number), "total": 900})
            for number, size in enumerate(sizes)
        ]
    )
    listing = script.client.list_tasks({}, limit=limit)
    assert len(ids(listing)) == limit
    assert (listing.total, listing.has_more) == (900, True)
    assert [query["limit"] for query in script.queries()] == asked


@pytest.mark.parametrize("meta", [{"has_more": True}, {"total": 9}])
def test_a_limit_that_was_reached_needs_no_cursor(meta: dict[str, Any]) -> None:
    listing = Script(page(1, 2, meta=meta)).client.list_tasks({}, limit=2)
    assert ids(listing) == [1, 2]
    assert listing.has_more is True


def test_a_server_that_ignores_the_limit_is_cut() -> None:
    listing = Script(page(1, 2, 3, meta={"has_more": False})).client.list_tasks({}, limit=2)
    assert ids(listing) == [1, 2]
    assert listing.has_more is True


def test_items_come_before_the_next_page_is_asked_for() -> None:
    script = Script(page(1, 2, meta={"has_more": True, "next_cursor": "a"}), page(3))
    items = iter(script.client.list_tasks({}))
    assert [next(items)["id"], next(items)["id"], len(script.requests)] == [1, 2, 1]
    assert [next(items)["id"], len(script.requests)] == [3, 2]


def test_the_first_item_or_none() -> None:
    assert Script(page(7, 8)).client.list_tasks({}).first() == {"id": 7}
    assert Script(page()).client.list_tasks({}).first() is None


def test_the_total_is_what_the_first_page_says() -> None:
    script = Script(
        page(1, meta={"total": 2, "has_more": True, "next_cursor": "a"}),
        page(2, meta={"total": 3, "has_more": False}),
    )
    listing = script.client.list_tasks({})
    totals = [listing.total]
    assert ids(listing) == [1, 2]
    assert [*totals, listing.total] == [None, 2]


def test_a_failure_between_pages_is_raised_after_what_came() -> None:
    script = Script(page(1, meta={"has_more": True, "next_cursor": "a"}), Response(500))
    items = iter(script.client.list_tasks({}))
    assert next(items) == {"id": 1}
    with pytest.raises(errors.ServerFailed):
        next(items)


@pytest.mark.parametrize("data", [None, {}, "x", [1], [{"id": 1}, None]])
def test_a_list_of_anything_but_objects_makes_no_sense(data: Any) -> None:
    with pytest.raises(errors.BadAnswer) as raised:
        list(Script(Response(200, {"data": data})).client.list_tasks({}))
    assert raised.value.exit_status == 9


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
        Response(200, text="gone"),
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
    ],
)
def test_a_success_that_makes_no_sense_leaves_a_write_in_doubt_and_a_read_wrong(
    response: Response,
) -> None:
    for write in (CREATE, UPDATE, COMPLETE, LOG):
        with pytest.raises(errors.OutcomeUnknown) as unknown:
            write(Script(response).client)
        assert unknown.value.exit_status == 10
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


# Statuses


@pytest.mark.parametrize(
    ("status", "kind", "exit_status", "post", "post_exit_status"),
    [
        (100, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (301, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (302, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (303, errors.BadAnswer, 9, errors.OutcomeUnknown, 10),
        (304, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (307, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (308, errors.BadAnswer, 9, errors.BadAnswer, 9),
        (400, errors.Rejected, 6, errors.Rejected, 6),
        (401, errors.Unauthorized, 3, errors.Unauthorized, 3),
        (402, errors.Rejected, 6, errors.Rejected, 6),
        (403, errors.Forbidden, 5, errors.Forbidden, 5),
        (404, errors.NotFound, 4, errors.NotFound, 4),
        (405, errors.Rejected, 6, errors.Rejected, 6),
        (408, errors.Unreachable, 8, errors.Unreachable, 8),
        (409, errors.Rejected, 6, errors.Rejected, 6),
        (413, errors.Rejected, 6, errors.Rejected, 6),
        (421, errors.Unreachable, 8, errors.Unreachable, 8),
        (422, errors.Rejected, 6, errors.Rejected, 6),
        (425, errors.Unreachable, 8, errors.Unreachable, 8),
        (429, errors.RateLimited, 7, errors.RateLimited, 7),
        (500, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (501, errors.ServerFailed, 9, errors.ServerFailed, 9),
        (502, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (503, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (504, errors.ServerFailed, 9, errors.OutcomeUnknown, 10),
        (599, errors.ServerFailed, 9, errors.ServerFailed, 9),
        (600, errors.BadAnswer, 9, errors.BadAnswer, 9),
    ],
)
def test_every_status_is_an_error_with_an_exit_status(
    status: int,
    kind: type[errors.CrmctlError],
    exit_status: int,
    post: type[errors.CrmctlError],
    post_exit_status: int,
) -> None:
    response = Response(status, {"message": "The server's words."})
    for call in (READ, LIST, UPDATE, DELETE):
        with pytest.raises(errors.CrmctlError) as raised:
            call(Script(response).client)
        assert type(raised.value) is kind
        assert (raised.value.exit_status, raised.value.status) == (exit_status, status)
        assert "The server's words" in raised.value.message
        assert raised.value.message.endswith(f" (HTTP {status}).")
    with pytest.raises(errors.CrmctlError) as raised:
        CREATE(Script(response).client)
    assert type(raised.value) is post
    assert (raised.value.exit_status, raised.value.status) == (post_exit_status, status)


def test_a_redirect_says_where_to_and_that_it_was_not_followed() -> None:
    response = Response(301, text="", headers={"location": "https://crm.example/new"})
    with pytest.raises(errors.BadAnswer) as raised:
        READ(Script(response).client)
    assert raised.value.message == (
        "GET /tasks/task_1 was redirected to https://crm.example/new; not followed (HTTP 301)."
    )
    assert raised.value.hint == "Check the base URL: `crmctl config list` shows it."


@pytest.mark.parametrize(
    ("headers", "hint"),
    [
        ({"retry-after": "7"}, "Run it again in 7 s."),
        ({}, "Wait a little and run it again."),
        ({"retry-after": "soon"}, "Wait a little and run it again."),
    ],
)
def test_a_rate_limit_says_when_to_come_back(headers: dict[str, str], hint: str) -> None:
    with pytest.raises(errors.RateLimited) as raised:
        READ(Script(Response(429, {}, headers=headers)).client)
    assert (raised.value.hint, raised.value.retryable) == (hint, True)


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
