"""One connection of waitress, with deadlines, and with this API's envelope for what it refuses.

waitress waits for ever for the rest of a request that comes byte by byte, and refuses in plain
text. Its own lingering is none: a client that is still sending would lose the answer.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask

from crmctl.server.body import too_large
from crmctl.server.exchange import Exchange, request_id_of
from crmctl.server.paths import find_path
from crmctl.workspace.call import Refusal

if TYPE_CHECKING:
    from crmctl.server.wsgi import Application

HEADER_SECONDS = 10
BODY_SECONDS = 30
IDLE_SECONDS = 60  # between two requests, and for a client to read its answer
_LINGER_SECONDS = 2  # for a client to stop sending and to read why

LARGEST_HEADER = 16 * 1024


class Parser(HTTPRequestParser):  # type: ignore[misc] # waitress has no types
    """A request while it is read; it has a method and a target also where it never got one."""

    command = path = query = request_uri = ""


class Refused:
    """What waitress keeps as the error of a request: here, the refusal that it is."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal


class AnswerTask(WSGITask):  # type: ignore[misc]
    """Answers a request; the last one of its connection where the server is to stop."""

    def start(self) -> None:
        """Begin."""
        super().start()
        if self.channel.server.stopping:
            self.set_close_on_finish()


class RefusalTask(ErrorTask):  # type: ignore[misc]
    """Answers a request that never became one: with the API's envelope, and a line in the log."""

    def execute(self) -> None:
        """Write the answer, and end the connection: what follows cannot be told from the rest."""
        request = self.request
        application: Application = self.channel.server.application
        path, _ = find_path({"REQUEST_URI": request.request_uri})
        headers = {"x-request-id": request.headers.get("X_REQUEST_ID", "")}
        exchange = Exchange(request.command or "-", path, request_id_of(headers))
        refusal = refusal_of(request.error)
        headers_sent, body = application.refuse(exchange, refusal)
        self.status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
        self.response_headers.extend(headers_sent)
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.lingers = True
        self.write(b"" if request.command == "HEAD" else body)


class Channel(HTTPChannel):  # type: ignore[misc]
    """A connection whose client has 10 s for the headers of a request and 30 for its body."""

    parser_class = Parser
    task_class = AnswerTask
    error_task_class = RefusalTask
    request: Any
    requests: list[Any]
    last_activity: float
    total_outbufs_len: int
    will_close: bool
    close_when_flushed: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.lingers = False
        self._lingering_until: float | None = None
        self._timed: tuple[Any, bool] = (None, False)  # a request, and whether its headers are read
        self._since = time.monotonic()
        self._served = False
        super().__init__(*args, **kwargs)

    def received(self, data: bytes) -> bool:
        """Take what came, and note what is waited for now."""
        taken = bool(super().received(data))
        request = self.request
        timed = (request, bool(request is not None and request.headers_finished))
        if timed != self._timed:
            self._timed, self._since = timed, time.monotonic()
        self._served = self._served or bool(self.requests)
        return taken

    def readable(self) -> bool:
        """Whether to read: what a refused client still sends is read, and thrown away."""
        return self._lingering_until is not None or bool(super().readable())

    def writable(self) -> bool:
        """Whether to write: a worker that is at it sends what it has itself.

        Looking on keeps the interpreter from it: of 64 clients 300 to 1,500 a second were answered
        so, and 7,000 are without. Of an answer over the high water mark it waits for this.
        """
        waited_for = self.total_outbufs_len > self.adj.outbuf_high_watermark or self.will_close
        return bool(super().writable()) and (waited_for or not self.requests)

    def handle_read(self) -> None:
        """Read what came."""
        if self._lingering_until is None:
            super().handle_read()
            return
        with suppress(OSError):
            self.recv(64 * 1024)  # which closes the channel at the end of the stream

    def handle_write(self) -> None:
        """Send what is to be sent; then say the end, where the client is still sending."""
        super_closes = self.will_close or not self.lingers
        if super_closes or self.total_outbufs_len or not self.close_when_flushed:
            super().handle_write()
            return
        self.close_when_flushed = False
        self._lingering_until = time.monotonic() + _LINGER_SECONDS
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)

    def is_idle(self) -> bool:
        """Whether nothing of a request is here, and nothing of an answer."""
        return not (self.requests or self.request or self.total_outbufs_len)

    def enforce(self, now: float) -> None:
        """Cut the client off where its time is over, by ``time.monotonic``."""
        if self._lingering_until is not None:
            self.will_close = self.will_close or now >= self._lingering_until
        elif self.will_close:
            return
        elif self.close_when_flushed or self.total_outbufs_len:
            # Who reads no answer: the socket takes nothing more, so it would never hear of an end.
            if time.time() - self.last_activity >= IDLE_SECONDS:
                self.handle_close()
        elif self.requests:
            return
        elif self.request is not None:
            _, in_body = self._timed
            if now - self._since >= (BODY_SECONDS if in_body else HEADER_SECONDS):
                self._refuse_late()
        elif not self._served:
            self.will_close = now - self._since >= HEADER_SECONDS
        else:
            self.will_close = time.time() - self.last_activity >= IDLE_SECONDS

    def _refuse_late(self) -> None:
        with self.requests_lock:
            request, self.request = self.request, None
            request.error = Refused(Refusal(408, "timeout", "The request took too long to arrive."))
            request.completed = True
            self.requests.append(request)
            self.server.add_task(self)


def refusal_of(error: Any) -> Refusal:
    """The refusal that waitress's own error is. Its words may hold a part of the request."""
    if isinstance(error, Refused):
        return error.refusal
    if error.code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return too_large()
    if error.code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return Refusal(431, "headers_too_large", f"The headers are over {LARGEST_HEADER} bytes.")
    if error.code == HTTPStatus.NOT_IMPLEMENTED:
        return Refusal(501, "not_implemented", "The only transfer coding that is known is chunked.")
    if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Refusal(500, "internal", "The server failed; its log says where.")
    return Refusal(400, "bad_request", "That is not an HTTP request.")
