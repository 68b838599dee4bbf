"""`crmctl serve` as a process of its own, on a workspace of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from tests.e2e.running import PATIENCE, Crmctl


class Server:
    """A server that answers at ``url``; ``log`` has what it has said on stderr."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, key: str) -> None:
        self.process = process
        self.url = url
        self.key = key
        self.log: list[str] = []
        assert process.stderr is not None
        self._reader = threading.Thread(target=self._read, args=(process.stderr,))
        self._reader.start()

    def _read(self, stream: Any) -> None:
        for line in stream:
            self.log.append(line.decode().rstrip("\n"))

    def ask(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of an answer."""
        status, content, _ = self.answer(method, path, body, key, **headers)
        return status, content

    def answer(
        self, method: str, path: str, body: Any = None, key: str | None = None, **headers: str
    ) -> tuple[int, dict[str, Any], Message]:
        """Status, JSON and headers of an answer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given["Authorization"] = f"Bearer {self.key if key is None else key}"
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            given["Content-Type"] = "application/json"
        request = Request(self.url + path, data=data, headers=given, method=method)  # noqa: S310
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - http, here
                return answer.status, json.load(answer), answer.headers
        except HTTPError as error:
            with error:
                return error.code, json.load(error), error.headers

    def connect(self) -> socket.socket:
        """A connection to it, for what no HTTP client does."""
        parts = urlsplit(self.url)
        return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE)

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for the exit status."""
        self.process.send_signal(number)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status


@contextmanager
def serving(crmctl: Crmctl, *args: str, key: str = "") -> Iterator[Server]:
    """A server on the command's workspace, with a key of Ann's unless one is given."""
    key = key or make_key(crmctl)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with crmctl.start("serve", "--listen", "127.0.0.1:0", "-o", "jsonl", *args, **pipes) as process:
        assert process.stdout is not None
        told = process.stdout.readline()
        assert told, process.stderr.read() if process.stderr else ""
        server = Server(process, json.loads(told)["url"], key)
        try:
            yield server
        finally:
            if process.poll() is None:
                server.end(signal.SIGKILL)


def make_key(crmctl: Crmctl, name: str = "ann", *args: str, user: str = "usr_ann") -> str:
    """A new key of a user's."""
    made = crmctl.done("workspace", "key", "create", name, "--user", user, *args)
    return made.stdout.strip()


def at_home(home: Path) -> Crmctl:
    """The command with an empty workspace below ``home``."""
    return Crmctl(home, CRMCTL_PROFILE="local", CRMCTL_DATA_DIR=str(home / "data"))
