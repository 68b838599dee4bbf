"""What crosses the one seam: a request, a response, and what turns one into the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

NO_ENTRIES: Mapping[str, str] = {}

REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-trace-id", "cf-ray")


class Request:
    """One call of the API.

    ``path`` is below the base URL and starts with ``/``; IDs in it are percent-encoded.
    ``query`` holds text values, ``body`` a JSON object or None. Header names are lower case.
    """

    __slots__ = ("body", "headers", "method", "path", "query")

    def __init__(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = NO_ENTRIES,
        body: Any = None,
        headers: Mapping[str, str] = NO_ENTRIES,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.headers = headers


class Response:
    """One answer. ``content`` is the decoded JSON, or None; then ``text`` is what came instead.

    Header names are lower case.
    """

    __slots__ = ("content", "headers", "status", "text")

    def __init__(
        self,
        status: int,
        content: Any = None,
        *,
        headers: Mapping[str, str] = NO_ENTRIES,
        text: str = "",
    ) -> None:
        self.status = status
        self.content = content
        self.headers = headers
        self.text = text

    @property
    def request_id(self) -> str | None:
        """What the server calls this exchange, if it says so: support will ask for it."""
        return next(
            (self.headers[name] for name in REQUEST_ID_HEADERS if name in self.headers), None
        )


Transport = Callable[[Request], Response]
