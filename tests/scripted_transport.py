"""A transport that plays a script: one response for each request."""

from __future__ import annotations

from crmctl.api.client import Client
from crmctl.api.message import Request, Response


class Script:
    """A transport that gives ``responses`` one after the other and keeps what was asked."""

    def __init__(self, *responses: Response, remote: bool = False) -> None:
        self.responses = list(responses)
        self.requests: list[Request] = []
        self.client = Client(self, remote=remote)

    def __call__(self, request: Request) -> Response:
        self.requests.append(request)
        return self.responses.pop(0)

    def queries(self) -> list[dict[str, str]]:
        return [dict(request.query) for request in self.requests]
