"""What crosses the one seam: a request, a response, and what turns one into the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from crmctl.api.deadline import Deadline

NO_ENTRIES: Mapping[str, str] = {}

# What a server that honours Idempotency-Key says with every answer: a write with a key may be sent
# again. No standard has a word for it.
KEYS_HONOURED = {"idempotency-keys": "honoured"}

REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-amzn-trace-id", "cf-ray")


class Request:
    """One call of the API.

    ``path`` is below the base URL and starts with ``/``; IDs in it are percent-encoded.
    ``query`` holds text values, ``body`` a JSON object or None. Header names are lower case.
    ``caller`` is the ID of the user who asks, as the transport knows it: a workspace records it,
    and over the network it is the key that tells. ``deadline`` is how long the call may take.
    """

    __slots__ = ("body", "caller", "deadline", "headers", "method", "path", "query")

    def __init__(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] = NO_ENTRIES,
        body: Any = None,
        headers: Mapping[str, str] = NO_ENTRIES,
        caller: str | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.headers = headers
        self.caller = caller
        self.deadline = deadline

    def having(self, *, caller: str | None = None, deadline: Deadline | None = None) -> Request:
        """The same request, of that caller and under that deadline where they are given."""
        return Request(
            self.method,
            self.path,
            query=self.query,
            body=self.body,
            headers=self.headers,
            caller=self.caller if caller is None else caller,
            deadline=self.deadline if deadline is None else deadline,
        )


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
