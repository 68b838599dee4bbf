"""A WSGI application asked without a socket, and what it answers."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment


class Answered:
    """What came back."""

    def __init__(self, status: int, headers: dict[str, str], raw: bytes) -> None:
        self.status = status
        self.headers = headers
        self.raw = raw

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.raw)

    @property
    def code(self) -> str:
        """The code of the error that it is; it has the whole envelope, and names the exchange.

        It says that idempotency keys are honoured: who has not reached the workspace may ask again.
        """
        content = self.json
        assert content["success"] is False
        assert list(content["error"]) == ["code", "message", "details", "request_id"]
        assert content["error"]["request_id"] == self.headers["X-Request-Id"]
        assert self.headers["Idempotency-Keys"] == "honoured"
        return str(content["error"]["code"])


def ask(
    application: WSGIApplication,
    method: str,
    target: str,
    *,
    body: Any = None,
    key: str | None = None,
    **environ: Any,
) -> Answered:
    """Ask for a target: a path, or with ``http://`` in it a URL. ``body`` is JSON or bytes.

    The application is held against PEP 3333 while it answers. Names of headers are as in environ.
    """
    path, _, query = target.partition("?")
    given: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": target,
    }
    if body is not None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        given |= {"wsgi.input": io.BytesIO(raw), "CONTENT_TYPE": "application/json"}
        if "HTTP_TRANSFER_ENCODING" not in environ:
            given["CONTENT_LENGTH"] = str(len(raw))
    if key is not None:
        given["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    given |= environ
    if given["PATH_INFO"][:1] not in ("", "/"):
        given["PATH_INFO"] = "/"
    setup_testing_defaults(given)
    told: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], *_: Any) -> Callable[..., Any]:
        told[:] = [int(status[:3]), dict(headers)]
        return told.append

    answered: Iterable[bytes] = validator(application)(given, _as_it_is(start_response))
    raw = b"".join(answered)
    answered.close()  # type: ignore[attr-defined]
    return Answered(told[0], told[1], raw)


def _as_it_is(start_response: Any) -> StartResponse:
    return start_response  # type: ignore[no-any-return]
