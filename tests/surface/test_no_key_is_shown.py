"""The key in what a server says: masked wherever it is told on stderr, in text and in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.in_process import InProcess
from tests.scripted_server import ScriptedServer, Step, answer, close

KEY = "sk/live+0123456789="
ENCODED = quote(KEY, safe="")
TASK = {"id": "task_1", "title": "Call", "status": "pending"}

ECHOES: dict[str, Step] = {
    "a message": answer(422, {"error": {"message": f"no such key: {KEY}"}}),
    "a long message": answer(400, {"error": {"message": "x" * 490 + KEY}}),
    "details": answer(422, {"error": {"details": [{"field": KEY, "message": f"Bearer {KEY}"}]}}),
    "a long refusal": answer(200, {"success": False, "message": "x" * 490 + KEY}),
    "a long page": answer(200, f"<html><title>{'x' * 490}{KEY}</title></html>".encode()),
    "no data": answer(200, {"message": "x" * 490 + KEY}),
    "a refusal": answer(200, {"success": False, "error": {"message": KEY}}),
    "a page": answer(400, f"<html><title>Authorization: {KEY}</title></html>".encode()),
    "a request id": answer(404, {"error": {}}, {"x-request-id": KEY}),
    "a redirect": answer(301, b"", {"location": f"https://elsewhere.example/?key={ENCODED}"}),
    "a redirect as it is": answer(302, b"", {"location": f"/login?key={KEY}"}),
    "no answer": close(),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("flags", [(), ("-v",), ("-vvv",), ("-o", "json"), ("-vvv", "-o", "json")])
def test_an_answer_with_the_key_in_it_is_told_without(
    home: Path, echo: str, flags: tuple[str, ...]
) -> None:
    with ScriptedServer(*[ECHOES[echo]] * 3) as server:
        remote = InProcess(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        result = remote.run("task", "complete", f"task {KEY}", "--note", KEY, *flags)
    assert result.status not in (0, 1)
    for shown in (result.stdout, result.stderr):
        assert KEY not in shown
        assert ENCODED not in shown
        assert json.dumps(KEY)[1:-1] not in shown
        assert KEY[:6] not in shown
    assert "[key]" in result.stderr


@pytest.mark.parametrize("flags", [(), ("-vvv",)])
def test_a_warning_with_the_key_in_it_is_told_without(home: Path, flags: tuple[str, ...]) -> None:
    warning = {"field": KEY, "message": f"{KEY} is old"}
    made = answer(201, {"data": TASK, "meta": {"warnings": [warning]}})
    with ScriptedServer(made) as server:
        remote = InProcess(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        result = remote.done("task", "create", "Call", "-d", "-", *flags, stdin=KEY)
    assert "[key] [key] is old" in result.stderr
    assert KEY not in result.stderr


def test_a_key_that_is_kept_in_a_file_is_masked_too(home: Path) -> None:
    own = InProcess(home)
    accepted = answer(200, {"data": []})
    refused = answer(401, {"error": {"message": f"{KEY} has expired"}})
    with ScriptedServer(refused, accepted, refused, refused) as server:
        login = ("auth", "login", "--base-url", server.url, "--key-stdin", "--store", "file")
        results = [
            own.run(*login, stdin=f"{KEY}\n"),
            own.done(*login, stdin=f"{KEY}\n"),
            own.run("auth", "status"),
            own.run("task", "list", "-o", "json"),
        ]
    assert [result.status for result in results] == [3, 0, 3, 3]
    assert not [result for result in results if KEY in result.stdout + result.stderr]
    assert own.done("auth", "token").stdout == f"{KEY}\n"


def test_a_key_in_the_wrong_place_of_a_command_line_is_not_repeated(home: Path) -> None:
    crmctl = InProcess(home, CRMCTL_API_KEY=KEY)
    for line in (("--profile", KEY, "task", "list"), (KEY,), ("task", "list", "--status", KEY)):
        result = crmctl.run(*line)
        assert result.status == 2
        assert KEY not in result.stderr


@pytest.mark.parametrize("echo", ["a message", "a refusal", "a request id"])
@pytest.mark.parametrize(
    "line", [["task", "complete", "-"], ["task", "import", "-"], ["doctor", "--json"]]
)
def test_an_error_on_stdout_is_told_without(home: Path, echo: str, line: list[str]) -> None:
    with ScriptedServer(*[ECHOES[echo]] * 20) as server:
        remote = InProcess(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY, CRMCTL_TIMEOUT="5")
        given = '{"title": "Call"}' if "import" in line else "task_1\n"
        result = remote.run(*line, stdin=given)
    assert result.status not in (0, 1)
    for form in (KEY, ENCODED, json.dumps(KEY)[1:-1]):
        assert form not in result.stdout + result.stderr


def test_data_is_what_the_server_sent(home: Path) -> None:
    with ScriptedServer(answer(200, {"data": {**TASK, "title": KEY}})) as server:
        remote = InProcess(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        assert remote.json("task", "get", "task_1")["title"] == KEY
