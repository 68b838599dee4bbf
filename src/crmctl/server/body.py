"""The body of a request: read whole or refused, and JSON or refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from crmctl.validate import problem
from crmctl.workspace.call import Refusal, invalid

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

LARGEST_BODY = 1024 * 1024
DEEPEST_JSON = 100

_CHUNK = 64 * 1024
_JSON_TYPE = re.compile(r"application/([\w.+-]+\+)?json", re.IGNORECASE)


def read_body(environ: WSGIEnvironment) -> Any:
    """The JSON in the body, or None where there is none.

    Raises the `Refusal` of one that is too large (413), no JSON by its type (415), in pieces that
    the WSGI server does not put together (411), or not JSON of at most 100 levels (400).
    """
    raw = _read_whole(environ)
    if not raw:
        return None
    _check_type(environ)
    try:
        body = json.loads(raw.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal(400, "bad_json", "The body is not JSON in UTF-8.") from None
    if _is_deeper(body, DEEPEST_JSON):
        raise Refusal(400, "bad_json", f"The body is nested over {DEEPEST_JSON} levels deep.")
    if body is None:
        # Which is another thing than no body.
        raise invalid([problem("body", "type", "must be a JSON object")])
    return body


def too_large() -> Refusal:
    """The refusal of a body that is too large, said while it is read."""
    return Refusal(413, "too_large", f"The body is over {LARGEST_BODY} bytes.")


def _read_whole(environ: WSGIEnvironment) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if not length:
        # In pieces: a server that puts them together says so, or ends the stream.
        if "HTTP_TRANSFER_ENCODING" not in environ:
            return b""
        if not environ.get("wsgi.input_terminated"):
            raise Refusal(411, "length_required", "This server takes no body in pieces.")
        return _read(environ, LARGEST_BODY + 1)
    if not (length.isascii() and length.isdigit()):
        raise Refusal(400, "bad_request", "Content-Length is not a number.")
    if len(length) > 9 or int(length) > LARGEST_BODY:
        raise too_large()
    raw = _read(environ, int(length))
    if len(raw) < int(length):
        raise Refusal(400, "bad_request", "The body is shorter than its Content-Length.")
    return raw


def _read(environ: WSGIEnvironment, most: int) -> bytes:
    """All of the body, but for what is beyond so many bytes; more than may be is refused."""
    read, pieces, left = environ["wsgi.input"].read, [], most
    while left > 0 and (piece := read(min(left, _CHUNK))):
        pieces.append(piece)
        left -= len(piece)
    raw = b"".join(pieces)
    if len(raw) > LARGEST_BODY:
        raise too_large()
    return raw


def _check_type(environ: WSGIEnvironment) -> None:
    """Refuse what says that it is no JSON. What says nothing is taken for it."""
    type, *parameters = [part.strip() for part in environ.get("CONTENT_TYPE", "").split(";")]
    charsets = [each.lower() for each in parameters if each.lower().startswith("charset=")]
    coding = environ.get("HTTP_CONTENT_ENCODING", "identity").lower()
    is_json = not type or _JSON_TYPE.fullmatch(type)
    in_utf8 = all(each.partition("=")[2].strip('"') == "utf-8" for each in charsets)
    if not (is_json and in_utf8 and coding == "identity"):
        message = "The body must be JSON in UTF-8: Content-Type: application/json."
        raise Refusal(415, "unsupported_media_type", message)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects in it are nested deeper; by a loop, whatever the depth."""
    containers = [value] if isinstance(value, (dict, list)) else []
    for _ in range(levels):
        containers = [
            inner
            for each in containers
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, (dict, list))
        ]
    return bool(containers)
