"""waitress on one socket: how many it serves at once, and how it ends.

The one module that makes a server. waitress is chosen because beside sixteen hostile clients it
answered others within 5 ms, where three other servers let them wait for over 9 s.
"""

from __future__ import annotations

import logging
import socket
import time
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from crmctl.server.body import LARGEST_BODY
from crmctl.server.channel import LARGEST_HEADER, Channel, Refused
from crmctl.server.wsgi import Application
from crmctl.workspace.call import Refusal

THREADS = 8
MOST_AT_ONCE = 256  # requests, those that wait for a thread among them
FINISH_SECONDS = 8

_ACCEPTED_A_TURN = 64
_MOST_CONNECTIONS = 4000
_OTHER_FILES = 100  # a limit on open files leaves so many for the store and for Python
_CHUNKS = 64 * 1024  # what chunked coding may add to a body; the application counts the body alone


class Listener(TcpWSGIServer):  # type: ignore[misc] # waitress has no types
    """The server on an open socket. ``run`` returns after ``stop``, when all is answered."""

    channel_class = Channel

    def __init__(self, application: Application, listening: socket.socket) -> None:
        # What waitress has to say of single requests is in the access log, or is nobody's concern.
        for name in ("waitress", "waitress.queue"):
            logging.getLogger(name).addHandler(logging.NullHandler())
            logging.getLogger(name).propagate = False
        self.stopping = False
        workers, self._refuser = ThreadedTaskDispatcher(), ThreadedTaskDispatcher()
        workers.set_thread_count(THREADS)
        self._refuser.set_thread_count(1)
        super().__init__(
            application,
            map={},
            _sock=listening,
            dispatcher=workers,
            adj=_adjustments(listening),
            sockinfo=(listening.family, listening.type, listening.proto, listening.getsockname()),
            bind_socket=False,
        )

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.effective_port)

    def add_task(self, task: Channel) -> None:
        """Have a request answered. What is refused takes no worker's time."""
        request = task.requests[0]
        workers = self.task_dispatcher
        if request.error is None and len(workers.queue) + workers.active_count >= MOST_AT_ONCE:
            message = "The server has more requests than it can answer."
            refusal = Refusal(503, "overloaded", message, headers={"retry-after": "1"})
            request.error = Refused(refusal)
        (workers if request.error is None else self._refuser).add_task(task)

    def handle_accept(self) -> None:
        """Take the connections that wait: waitress itself takes one a turn."""
        for _ in range(_ACCEPTED_A_TURN):
            before = len(self._map)
            super().handle_accept()
            if not before < len(self._map) < self.adj.connection_limit:
                return

    def run(self) -> None:
        """Serve until `stop` is called; then answer what was asked, for at most 8 s."""
        while not self.stopping:
            self._turn()
        wasyncore.dispatcher.close(self)
        end = time.monotonic() + FINISH_SECONDS
        while self.active_channels and time.monotonic() < end:
            for channel in list(self.active_channels.values()):
                channel.will_close = channel.will_close or channel.is_idle()
            self._turn()
        for dispatcher in (self.task_dispatcher, self._refuser):
            dispatcher.shutdown(timeout=0.5)
        wasyncore.close_all(self._map)

    def stop(self) -> None:
        """End `run`. A signal handler may call it, and any thread."""
        self.stopping = True
        self.pull_trigger()

    def maintenance(self, now: float) -> None:
        """Cut off whose time is over; waitress calls it where it would do so itself."""
        del now
        self._enforce()

    def _turn(self) -> None:
        wasyncore.loop(timeout=0.5, use_poll=True, map=self._map, count=1)
        if self.stopping:
            self._enforce()

    def _enforce(self) -> None:
        now = time.monotonic()
        for channel in list(self.active_channels.values()):
            channel.enforce(now)


def listen(host: str, port: int) -> socket.socket:
    """An open socket at an address of this machine. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)


def _adjustments(listening: socket.socket) -> Any:
    return Adjustments(
        sockets=[listening],
        threads=THREADS,
        ident="crmctl",
        backlog=1024,
        connection_limit=_most_connections(),
        max_request_header_size=LARGEST_HEADER,
        max_request_body_size=LARGEST_BODY + _CHUNKS,
        inbuf_overflow=2 * LARGEST_BODY,  # in memory: no disk that is full
        channel_request_lookahead=0,
        cleanup_interval=1,
        clear_untrusted_proxy_headers=False,  # the application knows which it believes
        log_socket_errors=False,
        asyncore_use_poll=True,  # select knows 1024 files and no more
    )


def _most_connections() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 400
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(50, min(_MOST_CONNECTIONS, allowed - _OTHER_FILES))
