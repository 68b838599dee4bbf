"""A read-only profile: nothing but reads is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmctl import errors

if TYPE_CHECKING:
    from crmctl.api.message import Request, Response, Transport

READS = frozenset({"GET", "HEAD"})


def reading_only(transport: Transport, source: str) -> Transport:
    """A transport that passes reads on, and raises `ReadOnly` for all else.

    ``source`` says what made it read-only.
    """

    def call(request: Request) -> Response:
        if request.method not in READS:
            raise errors.read_only(f"{request.method} {request.path} was not sent", source)
        return transport(request)

    return call
