"""`crmctl serve`: one shell serves, others work with it; how it begins, ends and cuts off."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.running import Crmctl, wait_until
from tests.e2e.serving import Server, at_home, make_key, serving


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Crmctl:
    crmctl = at_home(tmp_path_factory.mktemp("home"))
    for record in ("user usr_ann Ann", "contact con_jane Jane", "deal deal_acme Acme"):
        crmctl.done("record", "add", *record.split())
    return crmctl


@pytest.fixture(scope="module")
def server(home: Crmctl) -> Iterator[Server]:
    with serving(home, "--log", "json", "--rate-limit", "100000/s") as server:
        yield server


def test_a_second_shell_logs_in_and_works_with_it(server: Server, tmp_path: Path) -> None:
    other = Crmctl(tmp_path)
    login = ("auth", "login", "--base-url", server.url, "--key-stdin", "--store", "file")
    told = other.done(*login, "-o", "json", stdin=server.key).data
    assert (told["base_url"], told["accepted"]) == (server.url, True)
    pulled = other.json("record", "pull")
    assert [(each["type"], each["count"]) for each in pulled] == [("contact", 1), ("deal", 1)]
    task = other.json("task", "create", "Call", "--contact", "Jane")
    assert task["created_by"] == "usr_ann"
    assert task["related_to"] == {"type": "contact", "id": "con_jane", "name": "Jane"}
    assert other.json("task", "complete", task["id"])[0]["status"] == "completed"
    assert other.json("activity", "log", "call", "--deal", "Acme")["user_id"] == "usr_ann"
    assert server.key not in "\n".join(server.log)


def test_a_key_that_is_revoked_is_refused_at_once(server: Server, home: Crmctl) -> None:
    key = make_key(home, "gone", "--read-only")
    assert server.ask("GET", "/tasks", key=key)[0] == 200
    assert server.ask("POST", "/tasks", {"title": "x"}, key=key)[0] == 403
    home.done("workspace", "key", "revoke", "gone")
    status, content = server.ask("GET", "/tasks", key=key)
    assert (status, content["error"]["message"]) == (401, "This key was revoked.")


def test_what_many_do_at_once_is_there_once(server: Server) -> None:
    def work(number: int) -> list[str]:
        ids = []
        for each in range(6):
            created = server.ask("POST", "/tasks", {"title": f"{number}-{each}"})[1]["data"]
            assert server.ask("PUT", f"/tasks/{created['id']}/complete", {})[0] == 200
            assert server.ask("GET", f"/tasks/{created['id']}")[1]["data"]["status"] == "completed"
            ids.append(created["id"])
        return ids

    before = server.ask("GET", "/tasks?limit=1")[1]["meta"]["total"]
    with ThreadPoolExecutor(8) as threads:
        ids = [task_id for each in threads.map(work, range(8)) for task_id in each]
    assert len(set(ids)) == 48
    assert server.ask("GET", "/tasks?limit=1")[1]["meta"]["total"] == before + 48


def test_one_idempotency_key_over_two_processes_is_one_record(server: Server, home: Crmctl) -> None:
    with serving(home, key=server.key) as second:

        def create(number: int) -> tuple[int, str]:
            asked = (server, second)[number % 2]
            status, content = asked.ask(
                "POST", "/tasks", {"title": "once"}, Idempotency_Key="once-1"
            )
            return status, content["data"]["id"]

        with ThreadPoolExecutor(40) as threads:
            answers = set(threads.map(create, range(40)))
        [(status, task_id)] = answers
        assert status == 201
        assert second.end() == 0
    assert server.ask("GET", f"/tasks/{task_id}")[0] == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /tasks HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"POST /tasks HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 200_000, 413),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /tasks HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /tasks HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (
            b"POST /tasks HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 40,
            413,
        ),
    ],
)
def test_what_is_no_request_is_answered_with_the_envelope_too(
    server: Server, sent: bytes, status: int
) -> None:

    def statuses() -> list[int]:
        told = [json.loads(line) for line in server.log]
        return [each["status"] for each in told if "status" in each]

    before = statuses()
    with server.connect() as connection:
        connection.sendall(sent)
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.0 %d " % status, b"HTTP/1.1 %d " % status))
    error = json.loads(body)["error"]
    assert list(error) == ["code", "message", "details", "request_id"]
    assert f"X-Request-Id: {error['request_id']}".encode() in head
    assert b"\r\nIdempotency-Keys: honoured\r\n" in head
    wait_until(lambda: len(statuses()) > len(before))  # as a thread reads what a process writes
    assert statuses() == [*before, status]


def test_whole_urls_and_bodies_in_pieces_are_taken(server: Server) -> None:
    body = b'{"title": "in pieces"}'
    with server.connect() as connection:
        connection.sendall(
            b"POST http://crm.example/functions/v1/api/tasks HTTP/1.1\r\nHost: x\r\n"
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
            b"Authorization: Bearer " + server.key.encode() + b"\r\nConnection: close\r\n\r\n"
        )
        for part in (body[:5], body[5:]):
            connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            time.sleep(0.05)
        connection.sendall(b"0\r\n\r\n")
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 201 Created\r\n")
    assert b'"title": "in pieces"' in answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_what_was_asked_and_ends_with_0(tmp_path: Path, number: int) -> None:
    home = at_home(tmp_path)
    with serving(home) as server:
        head = (
            f"POST /tasks HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 17\r\n"
            f"Authorization: Bearer {server.key}\r\nExpect: 100-continue\r\n\r\n"
        )
        idle, busy = server.connect(), server.connect()
        with idle, busy:
            busy.sendall(head.encode())
            assert busy.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
            busy.sendall(b'{"title"')
            ended: list[int] = []
            ending = threading.Thread(target=lambda: ended.append(server.end(number)))
            ending.start()
            assert idle.recv(1) == b""
            with pytest.raises(OSError, match="refused"):
                server.connect()
            busy.sendall(b': "last"}')
            answer = busy.makefile("rb").read()
            assert answer.startswith(b"HTTP/1.1 201 Created\r\n")
            assert b"Connection: close\r\n" in answer
            ending.join()
    assert ended == [0]
    assert [task["title"] for task in home.json("task", "list")] == ["last"]
    assert json.loads(server.log[-1]) == {"note": {"code": "note", "message": "Stopped."}}


def test_nothing_that_was_confirmed_is_lost_when_it_is_killed(tmp_path: Path) -> None:
    home = at_home(tmp_path)
    confirmed: dict[str, str] = {}

    with serving(home) as server:

        def create(number: int) -> None:
            with pytest.raises(OSError):  # noqa: PT011, PT012 - whatever a dead server gives
                for each in range(1000):
                    name = f"{number}-{each}"
                    status, content = server.ask(
                        "POST", "/tasks", {"title": name}, Idempotency_Key=name
                    )
                    assert status == 201
                    confirmed[name] = content["data"]["id"]

        with ThreadPoolExecutor(4) as threads:
            done = [threads.submit(create, number) for number in range(4)]
            wait_until(lambda: len(confirmed) > 100)
            server.end(signal.SIGKILL)
            for each in done:
                each.result()
    with serving(home, key=server.key) as again:
        for name, task_id in confirmed.items():
            status, content = again.ask("POST", "/tasks", {"title": name}, Idempotency_Key=name)
            assert (status, content["data"]["id"]) == (201, task_id)
        assert again.ask("GET", "/tasks?limit=1")[1]["meta"]["total"] in range(
            len(confirmed), len(confirmed) + 5
        )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--listen 0.0.0.0:0", "0.0.0.0 can be reached by others"),
        ("--listen crm.example:80", "crm.example can be reached by others"),
        ("--listen 8765", "is not HOST:PORT"),
        ("--listen ::1:8765", "is not HOST:PORT"),
        ("--listen 127.0.0.1:99999", "is not HOST:PORT"),
        ("--rate-limit 5", "is not a number per s, min or h"),
        ("--log xml", "--log"),
        ("--database mysql://u:secret@h/db", "crmctl knows no databases of the kind mysql"),
        ("--profile work", "is a server, not a workspace"),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, line: str, message: str) -> None:
    home = Crmctl(tmp_path, CRMCTL_CONFIG_DIR=str(tmp_path))
    (tmp_path / "config.toml").write_text('[profiles.work]\nbase_url = "http://127.0.0.1:9"\n')
    result = home.run("serve", *line.split())
    assert (result.status, result.stdout) == (2, "")
    assert message in re.sub(r"\s+", " ", result.stderr)
    assert "secret" not in result.stderr


def test_a_port_in_use_is_said(home: Crmctl, server: Server) -> None:
    result = home.run("serve", "--listen", server.url.removeprefix("http://"))
    assert result.status == 2
    assert "cannot be listened on: Address already in use" in result.stderr


def test_a_database_of_its_own_needs_no_profile(tmp_path: Path) -> None:
    ci = Crmctl(tmp_path, CI="true")
    given = ("--database", f"sqlite://{tmp_path}/team.db")
    ci.done("record", "add", "user", "usr_ann", "Ann", *given)
    key = ci.done("workspace", "key", "create", "ann", "--user", "Ann", *given).stdout.strip()
    with serving(ci, "--database", str(tmp_path / "team.db"), key=key) as server:
        assert server.ask("POST", "/tasks", {"title": "x"})[0] == 201
    assert ci.json("workspace", "info", *given)["tasks"] == 1
    assert ci.json("workspace", "check", *given)["ok"] is True
    assert [each["name"] for each in ci.json("record", "list", *given)] == ["Ann"]
    refused = ci.having(CRMCTL_READ_ONLY="1").run("record", "remove", "user", "usr_ann", *given)
    assert refused.status == 5
    with serving(ci.having(CRMCTL_READ_ONLY="1"), *given, key=key) as server:
        assert server.ask("POST", "/tasks", {"title": "x"})[0] == 403
        assert server.ask("GET", "/tasks")[1]["meta"]["total"] == 1


def test_a_socket_that_says_nothing_leaves_others_alone(server: Server) -> None:
    mute = [server.connect() for _ in range(100)]
    for connection in mute[:50]:
        connection.sendall(b"GET /tasks HTTP/1.1\r\nX-A")
    began = time.monotonic()
    for _ in range(20):
        assert server.ask("GET", "/tasks?limit=1")[0] == 200
    assert time.monotonic() - began < 5
    for connection in mute:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()
    assert server.ask("GET", "/healthz")[0] == 200


def test_without_waitress_it_is_said_how_to_get_it(tmp_path: Path) -> None:
    absent = "raise ModuleNotFoundError(\"No module named 'waitress'\", name='waitress')"
    (tmp_path / "waitress.py").write_text(absent)
    result = at_home(tmp_path).having(PYTHONPATH=str(tmp_path)).run("serve")
    assert (result.status, result.stdout) == (2, "")
    assert "pip install 'crmctl[serve]'" in result.stderr
