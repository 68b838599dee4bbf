"""The README's page for a team holds: its shells, its front ends, and its unit of systemd."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from crmctl.store.sqlite import SqliteStore
from tests.contract.world import insert_tasks
from tests.e2e.running import COMMAND, PATIENCE, Crmctl, wait_until
from tests.e2e.serving import Server, make_key, serving

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("\n## A workspace for a team\n")[2].partition("\n## ")[0]
ADDRESS = "127.0.0.1:8765"
DATABASE = "/var/lib/crmctl/team.db"
ODD_ID, ODD_PATH = "a/b%2F ü", "a%2Fb%252F%20%C3%BC"

# Where each front end has the API, and the program that runs what the README shows of it.
FRONT_ENDS = {"nginx": "/crm", "caddy": ""}


def blocks(language: str) -> list[str]:
    """The section's blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", SECTION, re.DOTALL | re.MULTILINE)


def typed(block: str) -> list[list[str]]:
    """The arguments of each crmctl that a block's prompts have."""
    lines = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return [shlex.split(line)[1:] for line in lines]


def test_what_one_shell_serves_a_second_one_works_with(tmp_path: Path) -> None:
    first, second, *_ = blocks("console")
    assert typed(first) == [["serve"]]
    make, log_in, create = typed(second)
    shell = Crmctl(tmp_path)
    with serving(shell, key="none yet") as server:
        key = shell.done(*make).stdout
        url = [server.url if word == f"http://{ADDRESS}" else word for word in log_in]
        shell.done(*url, "--key-stdin", "--store", "file", stdin=key)
        assert shell.json(*create)["created_by"] == "usr_ann"
    assert [task["title"] for task in shell.json("task", "list", "--profile", "local")] == [
        "Call Jane"
    ]


@contextmanager
def front_end(name: str, server: Server, directory: Path) -> Iterator[int]:
    """The front end before a server, as the README has it; gives its port."""
    program = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    if program is None:
        pytest.skip(f"{name} is not installed")
    [block] = blocks(name)
    assert block.count(ADDRESS) == 1
    block = block.replace(ADDRESS, server.url.removeprefix("http://"))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = directory / name
    if name == "nginx":
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        paths = " ".join(f"{kind}_temp_path {directory}/{kind};" for kind in kinds)
        file.write_text(
            "daemon off; master_process off; error_log stderr;"
            f" pid {directory}/pid; events {{}}\n"
            f"http {{ access_log off; {paths} server {{ listen 127.0.0.1:{port};\n{block}}} }}\n"
        )
        command = [program, "-p", str(directory), "-c", str(file), "-e", "stderr"]
    else:
        file.write_text(
            "{\nadmin off\n}\n" + block.replace("crm.example.com", f"http://127.0.0.1:{port}")
        )
        command = [program, "run", "--adapter", "caddyfile", "--config", str(file)]
    environ = {"HOME": str(directory)}
    with (directory / "stderr").open("wb") as stderr:
        process = subprocess.Popen(command, env=environ, stdout=stderr, stderr=stderr)
    try:
        wait_until(lambda: process.poll() is not None or is_open(port))
        assert process.poll() is None, (directory / "stderr").read_text()
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def is_open(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the arguments of the unit of systemd, and a task of an odd ID."""
    home = tmp_path_factory.mktemp("home")
    file = home / "team.db"
    with closing(SqliteStore(file)) as store:
        insert_tasks(store, [{"id": ODD_ID}])
    [unit] = blocks("ini")
    [line] = re.findall("^ExecStart=(.*)$", unit, re.MULTILINE)
    _, command, *arguments = shlex.split(line.replace(DATABASE, str(file)))
    assert command == "serve"
    key = make_key(Crmctl(home), "ann", "--database", str(file))
    with serving(Crmctl(home), *arguments, key=key) as server:
        yield server


@pytest.fixture(scope="module", params=FRONT_ENDS)
def front(
    request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[int, str]]:
    """The port of a front end before that server, and what it has mounted the API at."""
    directory = tmp_path_factory.mktemp(request.param)
    with front_end(request.param, server, directory) as port:
        yield port, FRONT_ENDS[request.param]


def ask(
    port: int, server: Server, method: str, path: str, body: Any = None, **headers: str
) -> tuple[HTTPResponse, Any]:
    """The answer and its JSON; a body that is an iterator is sent in chunks."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json", **given}
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request(method, path, body=body, headers=given)
        answer = connection.getresponse()
        return answer, json.load(answer)


def test_crmctl_works_through_a_front_end(
    front: tuple[int, str], server: Server, tmp_path: Path
) -> None:
    port, mount = front
    shell = Crmctl(tmp_path)
    login = ("auth", "login", "--key-stdin", "--store", "file")
    shell.done(*login, "--base-url", f"http://127.0.0.1:{port}{mount}", stdin=server.key)
    task = shell.json("task", "create", "Call", "--due", "fri")
    assert shell.json("task", "complete", task["id"])[0]["status"] == "completed"
    assert shell.json("task", "get", ODD_ID)["id"] == ODD_ID


def test_nothing_of_a_request_is_lost_on_its_way_through(
    front: tuple[int, str], server: Server
) -> None:
    port, mount = front
    for path in ("/tasks", "/v1/tasks", "/functions/v1/api/tasks"):
        answer, content = ask(port, server, "GET", f"{mount}{path}/{ODD_PATH}")
        assert (answer.status, content["data"]["id"]) == (200, ODD_ID)
    created = set()
    for _ in range(2):
        pieces = iter([b'{"title": "in', b' pieces"}'])
        answer, content = ask(
            *(port, server, "POST", f"{mount}/tasks", pieces),
            Idempotency_Key=f"key-{port}",
            X_Request_Id=f"request-{port}",
        )
        assert (answer.status, content["data"]["title"]) == (201, "in pieces")
        assert answer.headers["Idempotency-Key"] == f"key-{port}"
        assert answer.headers["X-Request-Id"] == f"request-{port}"
        created.add(content["data"]["id"])
    assert len(created) == 1
    wait_until(lambda: sum(f"request-{port}" in line for line in server.log) == 2)
    assert {
        (told["path"], told["key"])
        for told in map(json.loads, server.log)
        if told.get("request_id") == f"request-{port}"
    } == {("/tasks", "ann")}
    answer, content = ask(port, server, "GET", f"{mount}/openapi.json")
    assert content["servers"] == [{"url": mount or "/"}]
    answer, content = ask(port, server, "PATCH", f"{mount}/tasks")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
    answer, content = ask(port, server, "GET", f"{mount}/tasks", Authorization="Bearer x")
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert content["error"]["code"] == "unauthorized"


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    program = tmp_path / "crmctl"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o700)
    [unit] = blocks("ini")
    file = tmp_path / "crmctl.service"
    file.write_text(unit.replace("/usr/local/bin/crmctl", str(program)))
    verify = ["systemd-analyze", "verify", str(file)]
    done = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert (done.returncode, "crmctl" in done.stderr) == (0, False), done.stderr
