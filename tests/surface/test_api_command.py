"""`crmctl api`: any request, with the profile's key and to its server alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.running import Crmctl, FarEnd
from tests.scripted_server import ScriptedServer, answer


def test_get_prints_the_whole_answer(stocked: Crmctl) -> None:
    answer = stocked.done("api", "GET", "/v1/tasks?status=pending", "-f", "limit=1").data
    assert answer["success"] is True
    assert [task["id"] for task in answer["data"]] == ["task_free"]
    assert (answer["meta"]["total"], answer["meta"]["has_more"]) == (3, True)


@pytest.mark.parametrize("path", ["/v1/tasks/task_late", "/tasks/task_late", "tasks/task_late"])
def test_a_path_is_as_in_the_reference_or_without_its_version(stocked: Crmctl, path: str) -> None:
    assert stocked.done("api", "get", path).data["data"]["id"] == "task_late"


def test_post_sends_text_and_typed_fields(remote: Crmctl, far_end: FarEnd) -> None:
    answer = remote.done(
        *("api", "POST", "/tasks", "-f", "title=5", "-F", "assignee_id=null"),
        *("-F", 'reminder={"type": "push", "before_minutes": 5}', "-F", "priority=high"),
    ).data
    assert far_end.requests[0].body == {
        "title": "5",
        "assignee_id": None,
        "reminder": {"type": "push", "before_minutes": 5},
        "priority": "high",
    }
    assert far_end.requests[0].headers["idempotency-key"]
    assert answer["data"]["title"] == "5"


def test_put_sends_a_file_or_stdin(remote: Crmctl) -> None:
    file = remote.home / "body.json"
    file.write_text('{"title": "From a file"}')
    put = ("api", "PUT", "/tasks/task_late", "--input")
    assert remote.done(*put, str(file)).data["data"]["title"] == "From a file"
    answer = remote.done(*put, "-", stdin='{"title": "Über"}').data
    assert answer["data"]["title"] == "Über"


def test_delete_sends_no_body(remote: Crmctl, far_end: FarEnd) -> None:
    assert remote.done("api", "DELETE", "/tasks/task_late").data["success"] is True
    assert far_end.requests[0].body is None


def test_paginate_prints_one_list_of_every_page(long: Crmctl) -> None:
    items = long.done("api", "GET", "/tasks?sort=created_at&limit=7", "--paginate").data
    assert [item["title"] for item in items] == [f"Task {number}" for number in range(1000)]


def test_parameters_are_encoded(remote: Crmctl, far_end: FarEnd) -> None:
    remote.run("api", "GET", "/tasks", "-f", "assignee_id=a&b=c #é")
    assert far_end.requests[0].query == {"assignee_id": "a&b=c #é"}


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/tasks",
        "//evil.example/tasks",
        "/tasks/../../admin",
        "/tasks/%2e%2e/admin",
        "file:///etc/passwd",
    ],
)
def test_a_url_and_a_path_that_climbs_are_refused(
    remote: Crmctl, far_end: FarEnd, path: str
) -> None:
    assert remote.run("api", "GET", path).status == 2
    assert far_end.requests == []


@pytest.mark.parametrize(
    "args",
    [
        ("FETCH", "/tasks"),
        ("GET", "/tasks", "--input", "-"),
        ("POST", "/tasks", "--paginate"),
        ("POST", "/tasks", "-f", "title"),
        ("POST", "/tasks", "-f", "title=x", "--input", "-"),
        ("POST", "/tasks", "--input", "no/such/file"),
        ("POST", "/tasks", "--input", "-"),
    ],
)
def test_a_request_that_makes_no_sense_is_not_sent(
    remote: Crmctl, far_end: FarEnd, args: tuple[str, ...]
) -> None:
    assert remote.run("api", *args, stdin="not JSON").status == 2
    assert far_end.requests == []


def test_a_refusal_is_an_error_with_the_server_s_words(stocked: Crmctl) -> None:
    result = stocked.run("api", "POST", "/tasks", "-f", "titel=x", "-o", "json")
    assert result.status == 6
    assert result.stdout == ""
    fields = {detail["field"] for detail in result.error["details"]}
    assert fields == {"titel", "title"}


def test_any_answer_that_is_json_is_printed(remote: Crmctl) -> None:
    odd = {"data": {"x": [1, None, "\x1b[31m"]}, "more": True}
    with ScriptedServer(answer(200, odd)) as server:
        result = remote.having(CRMCTL_BASE_URL=server.url).done("api", "GET", "/contacts")
    assert json.loads(result.stdout) == odd
    assert "\x1b" not in result.stdout


def test_a_body_that_cannot_be_read_is_told_in_words(crmctl: Crmctl, tmp_path: Path) -> None:
    (tmp_path / "latin1.json").write_bytes(b'{"title": "\xe9"}')
    for name, reason in (("none", "No such file or directory"), ("latin1", "it is not UTF-8 text")):
        path = tmp_path / f"{name}.json"
        result = crmctl.run("api", "POST", "/tasks", "--input", str(path))
        assert (result.status, result.stdout) == (2, "")
        assert result.stderr == f"crmctl: {path} cannot be read: {reason}.\n"
