"""TCP and TLS under one deadline, and why a connection could not be made."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore

from crmctl.api.deadline import Deadline


class Network(httpcore.SyncBackend):
    """TCP under one deadline.

    httpx's timeouts begin anew with each read and with each address of a host, so that an answer
    which comes byte by byte, its headers included, could take for ever.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        place = f"{host}:{port}"
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"cannot find host {host}") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        while addresses:
            address = addresses.pop(0)
            # A share each: a host whose IPv6 leads nowhere is still reached over IPv4 in time.
            share = max(0.001, self._deadline.remaining() / (len(addresses) + 1))
            try:
                stream = super().connect_tcp(address, port, share, local_address, socket_options)
                return Stream(stream, self._deadline, place)
            except httpcore.ConnectTimeout as error:
                if not addresses:
                    raise httpcore.ConnectTimeout(f"{place} does not answer") from error
            except httpcore.ConnectError as error:
                if not addresses:
                    raise httpcore.ConnectError(why_unconnected(error, place)) from error
        raise httpcore.ConnectError(f"cannot find host {host}")


class Stream(httpcore.NetworkStream):
    """A connection whose every read and write gets what is left of the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline, place: str) -> None:
        self._stream = stream
        self._deadline = deadline
        self._place = place

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self._stream.read(max_bytes, self._left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._stream.write(buffer, self._left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        left = self._left(httpcore.ConnectTimeout)
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectTimeout as error:
            raise httpcore.ConnectTimeout(f"{self._place} does not answer") from error
        except httpcore.ConnectError as error:
            raise httpcore.ConnectError(why_unconnected(error, self._place)) from error
        return Stream(stream, self._deadline, self._place)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, kind: type[httpcore.TimeoutException]) -> float:
        left = self._deadline.remaining()
        if left <= 0:
            raise kind("the deadline has passed")
        return left


def why_unconnected(error: Exception, place: str) -> str:
    """What kept a connection to HOST:PORT from being made, in words."""
    cause = error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate of {place} cannot be trusted ({cause.verify_message.rstrip('.')})"
    if isinstance(cause, ssl.SSLError):
        reason = (cause.reason or "no reason given").lower().replace("_", " ")
        return f"{place} does not agree on TLS ({reason})"
    if isinstance(cause, ConnectionRefusedError):
        return f"{place} refuses connections"
    reason = getattr(cause, "strerror", None) or "no reason given"
    return f"cannot connect to {place} ({reason})"
