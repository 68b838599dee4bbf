"""Reading answers: what a status means, and the server's own words.

No page of the vendor settles how an error body looks, so every likely form is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crmctl import errors
from crmctl.api.message import Request, Response
from crmctl.api.outcome import kind_of

_LONGEST_MESSAGE = 500


def read_success(request: Request, response: Response) -> Mapping[str, Any]:
    """The envelope of a successful answer: an object with ``data`` and perhaps ``meta``.

    Raises the error that the answer stands for: the one place where a status becomes an exception.
    """
    kind = kind_of(request, response)
    if kind == "done":
        content = response.content
        return content if isinstance(content, Mapping) and "data" in content else {"data": None}
    if response.status < 300:
        raise _describe(*_read_oddity(request, response, refused=kind == "refused"))
    raise _error_of(request, response, unknown=kind in ("lost", "odd"))


def _read_oddity(
    request: Request, response: Response, *, refused: bool
) -> tuple[type[errors.CrmctlError], Response, str]:
    """What a success that is none is: its class of error, itself, and what happened."""
    if refused:
        return errors.Rejected, response, ""
    if request.method == "GET":
        return errors.BadAnswer, response, f"{_called(request)} got an answer that is not the API's"
    happened = f"{_called(request)} got an answer that does not say what became of it"
    return errors.OutcomeUnknown, response, happened


def read_message(content: Any, text: str) -> str:
    """The server's own words in the body of an error, on one line, or an empty string."""
    message = _find_message(content)
    if not message and text:
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        message = re.sub(r"<[^>]*>", " ", title.group(1) if title else text[:10_000])
    return " ".join(message.split())[:_LONGEST_MESSAGE]


def read_details(content: Any) -> list[dict[str, Any]]:
    """What the server says about each field, as ``{"field", "code", "message"}``."""
    error = content.get("error") if isinstance(content, Mapping) else None
    details = error.get("details") if isinstance(error, Mapping) else None
    if details is None and isinstance(content, Mapping):
        details = content.get("errors", content.get("details"))
    if isinstance(details, Mapping):
        details = [
            {"field": field, "message": _find_message(said) or str(said)}
            for field, said in details.items()
        ]
    if not isinstance(details, list):
        return []
    return [
        dict(detail) if isinstance(detail, Mapping) else {"field": None, "message": str(detail)}
        for detail in details
    ]


def _find_message(content: Any, depth: int = 8) -> str:
    if isinstance(content, str):
        return content
    if depth == 0:
        return ""
    if isinstance(content, list):
        return "; ".join(filter(None, (_find_message(part, depth - 1) for part in content)))
    if isinstance(content, Mapping):
        for name in ("message", "error", "detail", "title", "errors", "error_description", "code"):
            found = _find_message(content.get(name), depth - 1)
            if found:
                return found
    return ""


def _error_of(request: Request, response: Response, *, unknown: bool) -> errors.CrmctlError:
    status = response.status
    if unknown and request.method != "GET":
        return _describe(errors.OutcomeUnknown, response)
    kinds: dict[int, type[errors.CrmctlError]] = {
        401: errors.Unauthorized,
        403: errors.Forbidden,
        404: errors.NotFound,
        408: errors.Unreachable,
        421: errors.Unreachable,
        425: errors.Unreachable,
        429: errors.RateLimited,
    }
    if status in kinds:
        return _describe(kinds[status], response)
    if 400 <= status < 500:
        return _describe(errors.Rejected, response)
    if 500 <= status < 600:
        return _describe(errors.ServerFailed, response)
    if 300 <= status < 400:
        target = response.headers.get("location", "nowhere")
        return _describe(
            errors.BadAnswer,
            response,
            f"{_called(request)} was redirected to {target}; not followed",
        )
    return _describe(errors.BadAnswer, response)


def _describe(
    kind: type[errors.CrmctlError], response: Response, happened: str = ""
) -> errors.CrmctlError:
    said = read_message(response.content, response.text)
    message = ": ".join(filter(None, [happened, said])) or kind.meaning
    return kind(
        f"{message.rstrip('.')} ({_origin(response)}).",
        status=response.status,
        request_id=response.request_id,
        details=read_details(response.content),
        hint=_wait_hint(response) if kind is errors.RateLimited else None,
    )


def _origin(response: Response) -> str:
    request = f", request {response.request_id}" if response.request_id else ""
    return f"HTTP {response.status}{request}"


def _wait_hint(response: Response) -> str:
    from crmctl.api.retry import retry_after_seconds

    seconds = retry_after_seconds(response)
    if seconds is None:
        return "Wait a little and run it again."
    return f"Run it again in {seconds:.0f} s."


def _called(request: Request) -> str:
    return f"{request.method} {request.path}"
