"""Reading answers: what a status means, and the server's own words.

No page of the vendor settles how an error body looks, so every likely form is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from crmctl import errors
from crmctl.api.message import Request, Response
from crmctl.api.outcome import may_be_applied, row_of

_Error = TypeVar("_Error", bound=errors.CrmctlError)
_LONGEST_MESSAGE = 500

# What is said of a status that comes without a word.
_WORDLESS: dict[type[errors.CrmctlError], str] = {
    errors.Unauthorized: "the server refused the key",
    errors.Forbidden: "the key may not do this",
    errors.NotFound: "there is no such thing",
    errors.Unreachable: "the server did not take the request",
    errors.RateLimited: "too many requests",
    errors.Rejected: "the server rejected it",
    errors.ServerFailed: "the server failed",
    errors.BadAnswer: "this status says nothing",
}


def read_success(request: Request, response: Response) -> Mapping[str, Any]:
    """The envelope of a successful answer: an object with ``data`` and perhaps ``meta``.

    Raises the error that the answer stands for: the one place where a status becomes an exception.
    """
    row = row_of(request, response)
    if row != "done":
        raise _error_of(request, response, row)
    content = response.content
    if isinstance(content, dict) and "data" in content:
        return content
    return {"data": None}


def unknown(
    request: Request, outcome: Response | errors.CrmctlError, *, seen: str = ""
) -> errors.OutcomeUnknown:
    """The error of a write that may have been applied, and what was ``seen`` on looking."""
    after = f" {seen}" if seen else ""
    if isinstance(outcome, Response):
        happened = f"{_called(request)} may have been applied: the server's answer does not say"
        return _describe(errors.OutcomeUnknown, outcome, happened, after=after)
    if not isinstance(outcome, errors.OutcomeUnknown):
        message = f"{_called(request)} may have been applied: {outcome.message}"
    else:
        message = outcome.message
    return errors.OutcomeUnknown(message + after, status=outcome.status)


def read_message(content: Any, text: str) -> str:
    """The server's own words in the body of an error, on one line, or an empty string."""
    message = _find_message(content)
    if not message and text:
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        message = re.sub(r"<[^>]*>", " ", title.group(1) if title else text[:10_000])
    return " ".join(message.split())[:_LONGEST_MESSAGE]


def read_details(content: Any) -> list[dict[str, Any]]:
    """What the server says about each field, as ``{"field", "code", "message"}``."""
    error = content.get("error") if isinstance(content, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    if details is None and isinstance(content, dict):
        details = content.get("errors", content.get("details"))
    if isinstance(details, dict):
        details = [
            {"field": field, "message": _find_message(said) or str(said)}
            for field, said in details.items()
        ]
    if not isinstance(details, list):
        return []
    return [
        dict(detail) if isinstance(detail, dict) else {"field": None, "message": str(detail)}
        for detail in details
    ]


def _find_message(content: Any, depth: int = 8) -> str:
    if isinstance(content, str):
        return content
    if depth == 0:
        return ""
    if isinstance(content, list):
        return "; ".join(filter(None, (_find_message(part, depth - 1) for part in content)))
    if isinstance(content, dict):
        for name in ("message", "error", "detail", "title", "errors", "error_description", "code"):
            found = _find_message(content.get(name), depth - 1)
            if found:
                return found
    return ""


def _error_of(request: Request, response: Response, row: str) -> errors.CrmctlError:
    status = response.status
    called = _called(request)
    if may_be_applied(request, row):
        return unknown(request, response)
    if row == "otherwise":
        return _not_applied(request, response)
    if row == "moved" or (row == "unlisted" and 300 <= status < 400):
        target = response.headers.get("location", "nowhere")
        happened = f"{called} was redirected to {target}; not followed"
        return _describe(errors.BadAnswer, response, happened)
    if row == "unclear":
        happened = f"{called} got an answer that is not the API's"
        return _describe(errors.BadAnswer, response, happened)
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
        kind = kinds[status]
    elif row == "refused":
        kind = errors.Rejected
    else:
        kind = errors.ServerFailed if 500 <= status < 600 else errors.BadAnswer
    return _describe(kind, response, wordless=f"{called}: {_WORDLESS[kind]}")


def _not_applied(request: Request, response: Response) -> errors.Rejected:
    from crmctl.api.compare import agreements, differences

    data = response.content["data"]
    different = differences(request, data)
    shown = ", ".join(
        f"{name} is {_json(is_)}, not {_json(sent)}" for name, (sent, is_) in different.items()
    )
    taken = ", ".join(agreements(request, data))
    return errors.Rejected(
        f"{_called(request)} was not applied, though the server says so: {shown}"
        f"{f'; taken: {taken}' if taken else ''} ({_origin(response)}).",
        status=response.status,
        request_id=response.request_id,
        details=[
            {"field": name, "code": "not_applied", "message": f"is {_json(is_)}"}
            for name, (_, is_) in different.items()
        ],
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:100]


def _describe(
    kind: type[_Error],
    response: Response,
    happened: str = "",
    *,
    wordless: str = "",
    after: str = "",
) -> _Error:
    said = read_message(response.content, response.text)
    message = ": ".join(filter(None, [happened, said])) or wordless
    asked = _asked(response)
    error = kind(
        f"{message.rstrip('.')} ({_origin(response)}).{after}",
        status=response.status,
        request_id=response.request_id,
        details=read_details(response.content),
        hint=_wait_hint(asked) if kind is errors.RateLimited else None,
    )
    error.retry_after = asked
    return error


def _origin(response: Response) -> str:
    request = f", request {response.request_id}" if response.request_id else ""
    return f"HTTP {response.status}{request}"


def _asked(response: Response) -> float | None:
    """How long the server asks to wait, in seconds."""
    if response.status != 429 and "retry-after" not in response.headers:
        return None
    from crmctl.api.retry_after import retry_after_seconds

    return retry_after_seconds(response)


def _wait_hint(seconds: float | None) -> str:
    if seconds is None:
        return "Wait a little and run it again."
    return f"Run it again in {seconds:.0f} s."


def _called(request: Request) -> str:
    return f"{request.method} {request.path}"
