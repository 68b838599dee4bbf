"""The workspace behind a socket: a WSGI application over it, for any WSGI server."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from crmctl import errors
from crmctl.api.message import KEYS_HONOURED, Request, Response, Transport
from crmctl.server.body import read_body
from crmctl.server.exchange import Exchange, request_id_of
from crmctl.server.paths import find_path
from crmctl.workspace.call import Refusal
from crmctl.workspace.routes import canonical_path, no_route

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

READING = ("GET", "HEAD")

_MOST_PARAMETERS = 100
_LOCKED_SECONDS, _BROKEN_SECONDS = 1, 30  # when to ask again

Log = Callable[[Exchange, int, float], None]


Admit = Callable[[Exchange, Mapping[str, str]], str | None]
"""Gives the ID of the user who asks with these headers, or raises the `Refusal` of the request."""


class Application:
    """Answers with what ``transport`` answers, to whom ``admit`` lets in, and logs each request.

    ``documents`` gives what there is beside the API by its path, each made for what the API is
    mounted at. ``check_health`` raises `CrmctlError` where this process cannot serve; ``/healthz``
    tells it, and needs no key. Whatever happens is answered, errors with one envelope.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        admit: Admit = lambda _exchange, _headers: None,
        documents: Mapping[str, Callable[[str], Any]] | None = None,
        check_health: Callable[[], None] = lambda: None,
        log: Log = lambda _exchange, _status, _seconds: None,
        behind_proxy: bool = False,
    ) -> None:
        self._transport = transport
        self._admit = admit
        self._documents = documents or {}
        self._check_health = check_health
        self._log = log
        self._behind_proxy = behind_proxy

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as PEP 3333 has it."""
        began = time.monotonic()
        headers = _headers_of(environ)
        path, mount = find_path(environ, behind_proxy=self._behind_proxy)
        exchange = Exchange(environ["REQUEST_METHOD"], path, request_id_of(headers))
        try:
            response = self._answer(environ, headers, exchange, mount)
        except Refusal as refusal:
            response = refusal.response()
        except errors.StoreError as error:
            response = _unavailable(error, exchange)
        except errors.OutcomeUnknown as error:
            response = _unknown(error, exchange, headers)
        except errors.CrmctlError as error:
            response = Refusal(422, error.code, error.message).response()
        except Exception as error:  # noqa: BLE001 - a bug is answered too, and told in the log
            exchange.fault = _fault(error)
            response = Refusal(500, "internal", "The server failed; its log says where.").response()
        body = _encode(response, exchange.request_id)
        start_response(
            f"{response.status} {HTTPStatus(response.status).phrase}",
            _headers_for(response, exchange.request_id, len(body)),
        )
        self._log(exchange, response.status, time.monotonic() - began)
        return [] if exchange.method == "HEAD" else [body]

    def refuse(self, exchange: Exchange, refusal: Refusal) -> tuple[list[tuple[str, str]], bytes]:
        """Headers and body for a request that never reached it; logged as one that did."""
        response = refusal.response()
        body = _encode(response, exchange.request_id)
        self._log(exchange, response.status, 0.0)
        return _headers_for(response, exchange.request_id, len(body)), body

    def _answer(
        self,
        environ: WSGIEnvironment,
        headers: Mapping[str, str],
        exchange: Exchange,
        mount: str,
    ) -> Response:
        method, path = exchange.method, canonical_path(exchange.path)
        if path == "/healthz" and method in READING:
            self._check_health()
            return Response(200, {"success": True, "data": {"status": "ok"}}, headers=KEYS_HONOURED)
        # All that follows needs a key, also what is not there.
        caller = self._admit(exchange, headers)
        if path == "/healthz" or path in self._documents:
            if method not in READING:
                raise no_route(path, READING)
            return Response(200, self._documents[path](mount), headers=KEYS_HONOURED)
        request = Request(
            method,
            exchange.path,
            query=_query_of(environ),
            body=None if method in (*READING, "DELETE", "OPTIONS") else read_body(environ),
            headers=headers,
            caller=caller,
        )
        return self._transport(request)


def _headers_for(response: Response, request_id: str, length: int) -> list[tuple[str, str]]:
    """The headers of an answer with a body of that many bytes."""
    headers = [(name.title(), value) for name, value in response.headers.items()]
    return [
        *headers,
        ("Content-Type", "application/json"),
        ("Content-Length", str(length)),
        ("Cache-Control", "no-store"),
        ("X-Request-Id", request_id),
    ]


def _encode(response: Response, request_id: str) -> bytes:
    """The body of an answer; an error in it says what the exchange is called."""
    content = response.content
    if isinstance(content, dict) and isinstance(content.get("error"), dict):
        content = {**content, "error": {**content["error"], "request_id": request_id}}
    return json.dumps(content).encode()


def _headers_of(environ: WSGIEnvironment) -> dict[str, str]:
    return {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }


def _query_of(environ: WSGIEnvironment) -> dict[str, str]:
    text = environ.get("QUERY_STRING", "").encode("latin-1", "replace").decode(errors="replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        message = f"There are over {_MOST_PARAMETERS} query parameters."
        raise Refusal(400, "bad_request", message) from None
    query = dict(pairs)
    if len(query) < len(pairs):
        raise Refusal(400, "bad_request", "A query parameter is given twice.")
    return query


def _unavailable(error: errors.StoreError, exchange: Exchange) -> Response:
    """503. Where the store is kept, and what is wrong with it, is for the log alone."""
    exchange.fault = error.message
    message = "The workspace cannot be used now; the server's log says why."
    if error.retryable:
        message = "The workspace is busy: nothing was saved. Try again."
    wait = _LOCKED_SECONDS if error.retryable else _BROKEN_SECONDS
    return Refusal(503, error.code, message, headers={"retry-after": str(wait)}).response()


def _unknown(
    error: errors.OutcomeUnknown, exchange: Exchange, headers: Mapping[str, str]
) -> Response:
    """503 where the same request does nothing twice; 500 for a creation without a key."""
    exchange.fault = error.message
    message = "It may have been saved or not"
    if exchange.method == "POST" and "idempotency-key" not in headers:
        return Refusal(500, error.code, f"{message}: look before you send it again.").response()
    message, after = f"{message}: send the same again.", {"retry-after": str(_LOCKED_SECONDS)}
    return Refusal(503, error.code, message, headers=after).response()


def _fault(error: Exception) -> str:
    """Which bug it is and where. Its own words are left out: they may be of a request."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {', '.join(places)}"
