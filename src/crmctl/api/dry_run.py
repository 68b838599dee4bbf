"""A dry run: writes are kept to be shown, reads are real."""

from __future__ import annotations

from typing import Any

from crmctl.api.compare import item_id_of
from crmctl.api.message import Request, Response, Transport


class DryRun:
    """A transport that sends nothing but reads; ``requests`` are the writes it was given.

    ``listed`` says that they are a list, also where there is one.
    """

    def __init__(self, reading: Transport) -> None:
        self._reading = reading
        self.requests: list[Request] = []
        self.listed = False

    def __call__(self, request: Request) -> Response:
        if request.method == "GET":
            return self._reading(request)
        self.requests.append(request)
        # What a success has, so that whoever reads it goes on; none of it is shown.
        data = {"id": item_id_of(request.path)}
        return Response(200, {"success": True, "data": data})

    def described(self) -> dict[str, Any] | list[dict[str, Any]]:
        """The write, or the list of them, as JSON holds it."""
        shown = [describe(request) for request in self.requests]
        return shown if self.listed or len(shown) > 1 else shown[0]


def describe(request: Request) -> dict[str, Any]:
    """A write as JSON holds it."""
    described: dict[str, Any] = {"method": request.method, "path": request.path}
    if request.query:
        described["query"] = dict(request.query)
    if request.body is not None:
        described["body"] = request.body
    return described
