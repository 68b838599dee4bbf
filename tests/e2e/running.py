"""The installed command, run as a person, a script or a job would run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from crmctl.api.client import Client
from crmctl.api.message import Request, Response, Transport
from crmctl.workspace.app import Workspace
from tests.contract.world import insert_tasks, open_workspace, serve

PATIENCE = 30.0  # seconds, the longest that any one thing here waits
KEY = "key_e2e_0123456789"
COMMAND = (sys.executable, "-m", "crmctl")


@dataclass(frozen=True)
class Result:
    """What a command left behind. On a terminal all that was shown is in ``stdout``."""

    status: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.stdout)

    @property
    def error(self) -> dict[str, Any]:
        """The one error object on stderr."""
        error: dict[str, Any] = json.loads(self.stderr)["error"]
        return error

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.stdout.splitlines()

    @property
    def rows(self) -> list[list[str]]:
        """The cells of plain output."""
        return [line.split("\t") for line in self.lines]


class Crmctl:
    """``crmctl`` with a home of its own and nothing else from this process's environment."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        self.environ = {
            "PATH": os.defpath,
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            **environ,
        }

    def having(self, **environ: str) -> Self:
        """The same, with more in its environment."""
        other = copy(self)
        other.environ = {**self.environ, **environ}
        return other

    def start(self, *args: str, **streams: Any) -> subprocess.Popen[bytes]:
        """Start it; streams that are not given lead nowhere."""
        nowhere = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        return subprocess.Popen(
            [*COMMAND, *args], env=self.environ, cwd=self.home, **{**nowhere, **streams}
        )

    def run(self, *args: str, stdin: str | bytes | None = None) -> Result:
        """Run it with its output in pipes; ``stdin`` is piped in."""
        given = stdin.encode() if isinstance(stdin, str) else stdin
        source = subprocess.DEVNULL if given is None else subprocess.PIPE
        pipes = {"stdin": source, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with self.start(*args, **pipes) as process:
            stdout, stderr = process.communicate(given, timeout=PATIENCE)
        return Result(process.returncode, stdout.decode(), stderr.decode())

    def done(self, *args: str, stdin: str | bytes | None = None) -> Result:
        """Run what has to succeed."""
        result = self.run(*args, stdin=stdin)
        assert result.status == 0, result.stderr
        return result

    def json(self, *args: str, stdin: str | bytes | None = None) -> Any:
        """The JSON that a command prints, which has to succeed."""
        return self.done(*args, "-o", "json", stdin=stdin).data

    def ids(self, *args: str) -> list[str]:
        """The IDs that a command prints, which has to succeed."""
        return self.done(*args, "-o", "ids").lines

    def on_terminal(
        self,
        *args: str,
        columns: int = 100,
        answers: Mapping[str, str] | None = None,
        stderr: IO[bytes] | None = None,
    ) -> Result:
        """Run it on a terminal of that width; ``answers`` are typed when their prompt appears."""
        import fcntl
        import struct
        import termios

        ours, its = os.openpty()
        fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        process = self.start(*args, stdin=its, stdout=its, stderr=stderr or its)
        os.close(its)
        shown = b""
        waiting = dict(answers or {})
        with open(ours, "r+b", buffering=0) as terminal:  # noqa: PTH123 - a descriptor
            while chunk := _read(terminal):
                shown += chunk
                for prompt in [prompt for prompt in waiting if prompt.encode() in shown]:
                    terminal.write(waiting.pop(prompt).encode() + b"\n")
        status = process.wait(PATIENCE)
        return Result(status, shown.decode().replace("\r\n", "\n"), "")


def _read(terminal: IO[bytes]) -> bytes:
    try:
        return terminal.read(65536)
    except OSError:  # how Linux says that the last process has left the terminal
        return b""


class FarEnd:
    """A server on this machine: a workspace that wants a key, and remembers its requests.

    It may be told to know nothing of idempotency keys; ``answering`` is called before each answer,
    which is a 500 where that raises something.
    ``refusal`` is what it answers to every request, if it is to apply none.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.url = ""
        self.workspace = workspace
        self.client = Client(as_ann(workspace))
        self.requests: list[Request] = []
        self.honours_keys = True
        self.answering: Callable[[Request], object] = lambda _request: None
        self.refusal: Response | None = None
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.requests.append(request)
        if request.headers.get("authorization") != f"Bearer {KEY}":
            error = {"code": "unauthorized", "message": "The key is not known."}
            return Response(401, {"success": False, "error": error})
        if self.refusal is not None:
            return self.refusal
        if not self.honours_keys:
            others = {name: request.headers[name] for name in request.headers}
            others.pop("idempotency-key", None)
            request = Request(
                request.method, request.path, query=request.query, body=request.body, headers=others
            )
        response = as_ann(self.workspace)(request)
        if not self.honours_keys:
            response.headers = {}
        try:
            self.answering(request)
        except Exception:  # noqa: BLE001 - it fails after the fact, and says nothing of keys
            error = {"code": "internal", "message": "The server failed."}
            return Response(500, {"success": False, "error": error})
        return response

    @property
    def calls(self) -> list[str]:
        """The requests so far, as ``GET /tasks``."""
        return [f"{request.method} {request.path}" for request in self.requests]


@contextmanager
def open_far_end(file: Path) -> Iterator[FarEnd]:
    """A far end that listens, its workspace in that file."""
    with open_workspace(file) as workspace:
        far_end = FarEnd(workspace)
        with serve(far_end) as url:
            far_end.url = url
            yield far_end


def wait_until(happened: Callable[[], Any]) -> None:
    """Wait, for a while, until that is so."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


RECORDS = (
    ("user", "usr_ann", "Ann Archer"),
    ("user", "usr_bob", "Bob Brown"),
    ("contact", "con_jane", "Jane Smith"),
    ("deal", "deal_acme", "Enterprise - Acme"),
    ("project", "proj_onb", "Onboarding"),
)

# Oldest first. IDs say what a task is; the past and 2099 stay what they are.
TASKS: tuple[dict[str, Any], ...] = (
    {
        "id": "task_late",
        "title": "Send the proposal",
        "priority": "high",
        "type": "follow_up",
        "assignee_id": "usr_ann",
        "due_date": "2020-01-05T10:00:00",
        "related_to_type": "deal",
        "related_to_id": "deal_acme",
    },
    {
        "id": "task_begun",
        "title": "Call Jane",
        "status": "in_progress",
        "priority": "urgent",
        "type": "call",
        "assignee_id": "usr_bob",
        "due_date": "2020-02-01T10:00:00",
        "related_to_type": "contact",
        "related_to_id": "con_jane",
    },
    {
        "id": "task_far",
        "title": "Kick-off",
        "type": "meeting",
        "assignee_id": "usr_ann",
        "due_date": "2099-03-01T10:00:00",
        "related_to_type": "project",
        "related_to_id": "proj_onb",
    },
    {"id": "task_free", "title": "Tidy up", "priority": "low"},
    {
        "id": "task_done",
        "title": "Send the invoice",
        "status": "completed",
        "type": "email",
        "assignee_id": "usr_ann",
        "due_date": "2020-01-10T10:00:00",
        "completed_at": "2020-01-09T10:00:00",
    },
    {"id": "task_dropped", "title": "Old idea", "status": "cancelled", "priority": "low"},
)

# Oldest first.
ACTIVITIES: tuple[dict[str, Any], ...] = (
    {
        "type": "call",
        "subject": "Discovery call",
        "contact_id": "con_jane",
        "deal_id": "deal_acme",
        "duration": 75,
        "outcome": "connected",
        "occurred_at": "2026-03-01T09:00:00Z",
    },
    {"type": "note", "subject": "Wants SSO", "occurred_at": "2026-03-02T09:00:00Z"},
    {
        "type": "email",
        "subject": "Draft sent",
        "contact_id": "con_jane",
        "occurred_at": "2026-03-02T15:30:00Z",
    },
)


def stock(file: Path, tasks: Sequence[Mapping[str, Any]] = TASKS) -> None:
    """Make a workspace file with these tasks, created one second apart, and the ACTIVITIES."""
    rows = [
        {
            "created_at": f"2026-03-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}",
            **task,
        }
        for number, task in enumerate(tasks)
    ]
    with open_workspace(file) as workspace:
        insert_tasks(workspace.store, rows)
        with workspace.store.writing() as kept:
            for type, record_id, name in RECORDS:
                kept.put_record(type, record_id, name)
        client = Client(as_ann(workspace))
        for activity in ACTIVITIES:
            client.log_activity(activity)


def as_ann(workspace: Workspace) -> Transport:
    """The workspace, every request of which is Ann's."""
    return lambda request: workspace(request.having(caller="usr_ann"))


def with_copy(file: Path, crmctl: Crmctl) -> Crmctl:
    """The command, its workspace `local` a copy of that file."""
    data = crmctl.home / "data"
    data.mkdir(mode=0o700)
    shutil.copy(file, data / "local.db")
    return crmctl.having(CRMCTL_DATA_DIR=str(data), CRMCTL_PROFILE="local")
