"""A server that plays a script: one step for each request, each as good or as bad as it says."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    import ssl

PATIENCE = 5.0  # seconds, the longest that any one thing here waits


@dataclass(frozen=True)
class Received:
    """A request as it came in. ``target`` is its path and query, ``headers`` are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2]))


class Connection:
    """One connection, as a step sees it, and the request that it is to answer."""

    def __init__(self, socket: socket.socket, over: threading.Event, request: Received) -> None:
        self.socket = socket
        self.over = over
        self.request = request


Step = Callable[[Connection], bool]
"""Answers one request; tells whether the connection stays open for another."""


def answer(
    status: int = 200,
    body: bytes | Mapping[str, Any] = b"",
    headers: Mapping[str, str] | None = None,
) -> Step:
    """A complete answer; a mapping is sent as JSON."""
    return raw(encode(status, body, headers))


def encode(
    status: int = 200,
    body: bytes | Mapping[str, Any] = b"",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a complete answer, for the steps that spoil it."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {
        "content-type": "application/octet-stream"
        if isinstance(body, bytes)
        else "application/json",
        "content-length": str(len(content)),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} Scripted\r\n{head}\r\n".encode() + content


def raw(data: bytes, *, stay: bool = True) -> Step:
    """Any bytes, HTTP or not. Without ``stay`` the connection is closed after them."""

    def step(connection: Connection) -> bool:
        connection.socket.sendall(data)
        return stay

    return step


def truncated(data: bytes, *, missing: int = 1) -> Step:
    """All of an answer but its last bytes, then the end of the connection."""
    return raw(data[:-missing], stay=False)


def close() -> Step:
    """No answer: the connection is closed."""
    return raw(b"", stay=False)


def reset(data: bytes = b"") -> Step:
    """The connection is reset, after ``data``."""

    def step(connection: Connection) -> bool:
        connection.socket.sendall(data)
        if data:
            connection.over.wait(0.1)  # a reset takes along what was not read yet
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return step


def delayed(seconds: float, data: bytes) -> Step:
    """The bytes, late."""

    def step(connection: Connection) -> bool:
        if not connection.over.wait(min(seconds, PATIENCE)):
            connection.socket.sendall(data)
        return True

    return step


def dripped(data: bytes, *, every: float) -> Step:
    """The bytes one by one, with a pause after each, for as long as anyone listens."""

    def step(connection: Connection) -> bool:
        for number in range(len(data)):
            connection.socket.sendall(data[number : number + 1])
            if connection.over.wait(every) or number * every > PATIENCE:
                break
        return False

    return step


class ScriptedServer:
    """Listens on 127.0.0.1 while it is entered and plays ``script``, a step for each request.

    ``received`` lists the requests, those after the end of the script too: ``after`` answers them,
    with a 418 unless it is given, which nobody tries again. ``connections`` counts what was
    accepted. With ``context`` it speaks TLS; clients that refuse its certificate leave nothing in
    ``received``.
    """

    def __init__(
        self, *script: Step, after: Step | None = None, context: ssl.SSLContext | None = None
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self.after = answer(418) if after is None else after
        self._script = list(script)
        self._context = context
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        with self._lock:
            for accepted in self._open:
                with contextlib.suppress(OSError):
                    accepted.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()
        alive = [thread.name for thread in self._threads if thread.is_alive()]
        assert not alive, "a step of the script does not end"

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                accepted, _ = self._listener.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._start(self._serve, accepted)

    @contextlib.contextmanager
    def _tracked(self, accepted: socket.socket) -> Iterator[None]:
        with self._lock:
            self._open.add(accepted)
        try:
            yield
        finally:
            with self._lock:
                self._open.discard(accepted)

    def _serve(self, accepted: socket.socket) -> None:
        accepted.settimeout(PATIENCE)
        # A client that leaves in the middle is what many of these tests are about.
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.callback(accepted.close)
            if self._context is not None:
                accepted = stack.enter_context(
                    self._context.wrap_socket(accepted, server_side=True)
                )
            stack.enter_context(self._tracked(accepted))
            stream = stack.enter_context(accepted.makefile("rb"))
            while not self._over.is_set():
                request = _read_request(stream)
                if request is None:
                    return
                with self._lock:
                    self.received.append(request)
                    step = self._script.pop(0) if self._script else self.after
                if not step(Connection(accepted, self._over, request)):
                    return


def _read_request(stream: Any) -> Received | None:
    first = stream.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return Received(method=first[0], target=first[1], headers=headers, body=body)


def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
