"""A workspace behind one of the transports, its clock in the test's hands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from crmctl.api.client import Client
from crmctl.api.http import HttpTransport
from crmctl.api.message import NO_ENTRIES, Request, Response, Transport
from crmctl.api.retry import retrying
from crmctl.resources import TASK
from crmctl.server.wsgi import Application
from crmctl.store.interface import Store
from crmctl.store.urls import open_database
from crmctl.timestamps import format_timestamp
from crmctl.workspace.app import Workspace, utc_now

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

START = datetime(2026, 3, 20, 10, 0, 0, tzinfo=UTC)
ME = "usr_def456"
# The transports to a workspace in a file, and the store that is not a file.
WORLDS = ("workspace", "http", "postgres")


class World:
    """One workspace: ``send`` and ``client`` go through the transport, the rest stands behind it.

    ``connect`` opens another transport to the same workspace. ``warnings`` collects what the
    client was warned of.
    """

    def __init__(
        self,
        workspace: Workspace,
        transport: Transport,
        clock: Clock,
        connect: Callable[[], AbstractContextManager[Transport]],
    ) -> None:
        self.workspace = workspace
        self.transport = transport
        self.clock = clock
        self.connect = connect
        self.warnings: list[Mapping[str, Any]] = []
        remote = not isinstance(transport, Workspace)
        self.client = Client(transport, remote=remote, warn=self.warnings.append)

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = NO_ENTRIES,
        body: Any = None,
        headers: Mapping[str, str] = NO_ENTRIES,
    ) -> Response:
        """The answer to one request, whatever it is.

        Over HTTP an error names the exchange, as a header does; in process there is none to name.
        """
        response = self.transport(Request(method, path, query=query, body=body, headers=headers))
        if response.request_id is not None and response.status >= 400:
            assert response.content["error"].pop("request_id") == response.request_id
        return response

    def get(self, path: str, **query: str) -> dict[str, Any]:
        """The whole content of a list or an item that is there."""
        response = self.send("GET", path, query=query)
        assert response.status == 200, response.content
        content: dict[str, Any] = response.content
        return content

    def ids(self, path: str, **query: str) -> list[str]:
        """The IDs of one page."""
        return [item["id"] for item in self.get(path, **query)["data"]]

    def refused_fields(self, method: str, path: str, **request: Any) -> dict[str, str]:
        """What a 422 says of each field: its name and its code."""
        response = self.send(method, path, **request)
        assert response.status == 422, response.content
        error = response.content["error"]
        assert response.content["success"] is False
        assert error["code"] == "validation_failed"
        assert all(detail["message"] for detail in error["details"])
        return {detail["field"]: detail["code"] for detail in error["details"]}

    def add_record(self, type: str, record_id: str, name: str, **options: Any) -> None:
        """Make a user, contact, deal or project known."""
        with self.workspace.store.writing() as kept:
            kept.put_record(type, record_id, name, **options)

    def insert_tasks(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Many tasks at once, in one transaction; the IDs that they got."""
        return insert_tasks(self.workspace.store, rows)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        """As `timedelta` takes it: ``move(hours=1)``."""
        self.now += timedelta(**span)


@contextmanager
def open_world(transport: str, path: Path) -> Iterator[World]:
    """A world over the transport of that name, its workspace in the file ``path``."""
    clock = Clock()
    with ExitStack() as stack:
        workspace = stack.enter_context(open_workspace(path, clock))
        if transport == "workspace":
            connect = partial(_open_again, path, clock)
        else:
            connect = partial(_connect, stack.enter_context(serve(as_me(workspace))))
        yield World(workspace, stack.enter_context(connect()), clock, connect)


def world_of(store: Store) -> World:
    """A world in this process over an open store."""
    clock = Clock()
    workspace = Workspace(store, clock=clock)
    transport = as_me(workspace)
    return World(workspace, transport, clock, lambda: nullcontext(transport))


@contextmanager
def open_workspace(path: Path, clock: Callable[[], datetime] = utc_now) -> Iterator[Workspace]:
    """The workspace in that file."""
    with closing(open_database(str(path), busy_seconds=30)) as store:
        yield Workspace(store, clock=clock)


def as_me(transport: Transport) -> Transport:
    """The transport, every request of which is mine."""
    return lambda request: transport(request.having(caller=ME))


@contextmanager
def _open_again(path: Path, clock: Clock) -> Iterator[Transport]:
    with open_workspace(path, clock) as workspace:
        yield as_me(workspace)


@contextmanager
def _connect(url: str) -> Iterator[Transport]:
    with HttpTransport(url, key="key", user_agent="crmctl/test") as http:
        yield retrying(http, timeout=30)


@contextmanager
def serve(transport: Transport, port: int = 0) -> Iterator[str]:
    """The transport behind a socket of this machine, on that port or a free one; gives its URL."""
    with _Server(("127.0.0.1", port), _Handler) as server:
        server.set_app(Application(transport))
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.005))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = False  # so that closing the server waits for them


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> WSGIEnvironment:
        # PATH_INFO is decoded: an ID with a slash in it would be two segments.
        environ: WSGIEnvironment = super().get_environ()
        environ["REQUEST_URI"] = self.path
        return environ

    def log_message(self, format: str, *args: object) -> None:
        pass


def insert_tasks(store: Store, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Tasks of the fields given, the others as of a plain task; IDs ``task_00000`` and on."""
    plain = {
        "title": "Call",
        "status": "pending",
        "priority": "medium",
        "type": "todo",
        "created_at": format_timestamp(START),
        "updated_at": format_timestamp(START),
    }
    tasks = [{"id": f"task_{number:05}", **plain, **row} for number, row in enumerate(rows)]
    with store.writing() as kept:
        for task in tasks:
            kept.insert(TASK, task)
    return [task["id"] for task in tasks]


def pages(world: World, path: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The contents of all pages of a list, one request each, made when it is asked for."""
    cursor: dict[str, str] = {}
    used: set[str] = set()
    while True:
        content = world.get(path, **{**query, **cursor})
        yield content
        if not content["meta"]["has_more"]:
            assert "next_cursor" not in content["meta"]
            return
        cursor = {"cursor": content["meta"]["next_cursor"]}
        assert cursor["cursor"] not in used, "the list goes round in circles"
        used.add(cursor["cursor"])


def all_ids(
    world: World,
    path: str,
    query: Mapping[str, str],
    *,
    between: Callable[[int], None] = lambda _number: None,
) -> list[str]:
    """The IDs of all pages; ``between`` is called after each, with how many there were."""
    ids: list[str] = []
    for number, content in enumerate(pages(world, path, query), start=1):
        ids += [item["id"] for item in content["data"]]
        between(number)
    return ids
