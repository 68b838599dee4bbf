"""The workspace behind a socket: a WSGI application over it, for any WSGI server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from crmctl import errors
from crmctl.api.message import Request, Response, Transport

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

LARGEST_BODY = 1024 * 1024


def wsgi_application(
    transport: Transport,
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """A WSGI application that answers with what ``transport`` answers.

    A body that is not a JSON object of at most 1 MiB is refused here (400, 413); a workspace that
    cannot be used is a 503 with the reason.
    """

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = _answer(transport, environ)
        body = json.dumps(response.content).encode()
        headers = [(name.title(), value) for name, value in response.headers.items()]
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [body]

    return application


def _answer(transport: Transport, environ: WSGIEnvironment) -> Response:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return _refuse(400, "bad_request", "Content-Length is not a number.")
    if length > LARGEST_BODY:
        return _refuse(413, "too_large", f"The body is over {LARGEST_BODY} bytes.")
    raw = environ["wsgi.input"].read(length) if length > 0 else b""
    body: Any = None
    if raw:
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            return _refuse(400, "bad_json", "The body is not JSON.")
    # PATH_INFO comes decoded, as Latin-1; an ID's own percent signs and slashes must survive.
    path = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "").partition("?")[0]
    if not path:
        path = quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/")
    pairs = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    query = dict(pairs)
    if len(query) < len(pairs):
        return _refuse(400, "bad_request", "A query parameter is given twice.")
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    request = Request(environ["REQUEST_METHOD"], path, query=query, body=body, headers=headers)
    try:
        return transport(request)
    except errors.StoreError as error:
        return _refuse(503, "store", error.message)


def _refuse(status: int, code: str, message: str) -> Response:
    error = {"code": code, "message": message, "details": []}
    return Response(status, {"success": False, "error": error})
