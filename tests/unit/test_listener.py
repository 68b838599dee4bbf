"""The server on its socket: whose time is over, and how much it takes on at once."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Self

import pytest

from crmctl.api.message import Request, Response
from crmctl.server.channel import BODY_SECONDS, HEADER_SECONDS, IDLE_SECONDS, Channel
from crmctl.server.listener import MOST_AT_ONCE, Listener, listen
from crmctl.server.wsgi import Application
from tests.e2e.running import wait_until

HEAD = b"POST /tasks HTTP/1.1\r\nContent-Length: 9\r\n\r\n"


@contextmanager
def running(answer: Callable[[Request], Response]) -> Iterator[Listener]:
    server = Listener(Application(answer), listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()


def say_ok(_request: Request) -> Response:
    return Response(200, {"success": True, "data": []})


class Client:
    """A connection that has sent this much."""

    def __init__(self, server: Listener, sent: bytes = b"") -> None:
        before = set(server.active_channels.values())
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        self.socket.sendall(sent)
        wait_until(lambda: set(server.active_channels.values()) - before)
        [self.channel] = set(server.active_channels.values()) - before

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def rest(self) -> bytes:
        """What comes until the server closes."""
        with self.socket.makefile("rb") as stream:
            return stream.read()


def look(channel: Channel, seconds: float) -> None:
    """Have it look at the clock so many seconds from now."""
    channel.enforce(time.monotonic() + seconds)


def test_who_keeps_it_waiting_is_cut_off_and_told_why() -> None:
    with running(say_ok) as server, ExitStack() as clients:
        mute, headers, body = (
            clients.enter_context(Client(server, sent)) for sent in (b"", HEAD[:20], HEAD + b"{")
        )
        wait_until(lambda: headers.channel.request and body.channel.request)
        for client in (mute, headers, body):
            look(client.channel, HEADER_SECONDS - 1)
        look(body.channel, BODY_SECONDS - 1)
        assert len(server.active_channels) == 3
        look(mute.channel, HEADER_SECONDS)
        look(headers.channel, HEADER_SECONDS)
        look(body.channel, BODY_SECONDS)
        assert mute.rest() == b""
        for client in (headers, body):
            head, _, content = client.rest().partition(b"\r\n\r\n")
            assert b" 408 Request Timeout" in head
            assert json.loads(content)["error"]["code"] == "timeout"


def test_a_byte_now_and_then_wins_no_time() -> None:
    with running(say_ok) as server, Client(server, HEAD[:20]) as client:
        wait_until(lambda: client.channel.request)
        before = client.channel.request.header_plus
        client.socket.sendall(b"a")
        wait_until(lambda: client.channel.request.header_plus != before)
        since = client.channel._since
        assert time.monotonic() - since < HEADER_SECONDS
        client.socket.sendall(b"a")
        wait_until(lambda: client.channel.request.header_plus == before + b"aa")
        assert client.channel._since == since


def test_a_connection_may_wait_between_requests_for_a_while() -> None:
    with running(say_ok) as server, Client(server) as client:
        stream = client.socket.makefile("rb")
        for _ in range(2):
            client.socket.sendall(b"GET /tasks HTTP/1.1\r\n\r\n")
            assert stream.readline() == b"HTTP/1.1 200 OK\r\n"
            while stream.readline() != b"\r\n":
                pass
            body = stream.read(len('{"success": true, "data": []}'))
            assert json.loads(body)["success"] is True
            wait_until(client.channel.is_idle)
            look(client.channel, HEADER_SECONDS + 1)
            assert not client.channel.will_close

        def grow_old() -> bool:
            client.channel.last_activity = time.time() - IDLE_SECONDS
            look(client.channel, 0)
            return bool(client.channel.will_close)

        wait_until(grow_old)
        assert stream.read() == b""


@pytest.mark.parametrize("more", [b"", b"Connection: close\r\n"])
def test_who_does_not_read_the_answer_is_cut_off(more: bytes) -> None:
    large = Response(200, {"success": True, "data": "x" * 20_000_000})
    request = b"GET /tasks HTTP/1.1\r\n" + more + b"\r\n"
    with running(lambda _request: large) as server, Client(server, request) as client:
        channel = client.channel
        wait_until(lambda: channel.total_outbufs_len and not channel.requests)
        look(channel, IDLE_SECONDS)
        assert channel in server.active_channels.values()

        def grow_old() -> bool:
            channel.last_activity = time.time() - IDLE_SECONDS
            look(channel, 0)
            return channel not in server.active_channels.values()

        wait_until(grow_old)


def test_what_is_more_than_it_can_answer_is_refused_at_once() -> None:
    go = threading.Event()

    def wait(request: Request) -> Response:
        go.wait(30)
        return say_ok(request)

    def send(clients: ExitStack, server: Listener) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.sendall(b"GET /tasks HTTP/1.1\r\nConnection: close\r\n\r\n")
        return clients.enter_context(connection)

    def waiting(server: Listener) -> int:
        workers: Any = server.task_dispatcher
        return len(workers.queue) + int(workers.active_count)

    with running(wait) as server, ExitStack() as clients:
        try:
            taken = [send(clients, server) for _ in range(MOST_AT_ONCE)]
            wait_until(lambda: waiting(server) == MOST_AT_ONCE)
            refused = send(clients, server).makefile("rb").read()
        finally:
            go.set()
        assert refused.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"Retry-After: 1\r\n" in refused
        assert json.loads(refused.partition(b"\r\n\r\n")[2])["error"]["code"] == "overloaded"
        answers = [each.makefile("rb").read() for each in taken]
        assert all(answer.startswith(b"HTTP/1.1 200 OK\r\n") for answer in answers)


def test_answers_that_a_client_reads_late_come_whole() -> None:
    # Over waitress' high-water mark of 16 MiB a worker waits until the rest has been sent.
    length = 20 * 1024 * 1024
    ask = b"GET /tasks HTTP/1.1\r\n\r\n"
    last = b"GET /tasks HTTP/1.1\r\nConnection: close\r\n\r\n"
    answer = Response(200, {"success": True, "data": "x" * length})
    with running(lambda _: answer) as server, Client(server, ask + ask + last) as client:
        wait_until(lambda: client.channel.total_outbufs_len > length / 2)
        assert client.rest().count(b"x" * length) == 3
