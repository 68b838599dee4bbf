"""TCP and TLS under a deadline, and why a connection could not be made."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import httpcore

from crmctl.api.background import Background

if TYPE_CHECKING:
    from crmctl.api.deadline import Deadline

_SLICE = 64 * 1024  # bytes written under one timeout


class Passage:
    """One request's way to the server: how long it may take, and whether a byte of it was sent."""

    __slots__ = ("_deadline", "sent")

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self.sent = False

    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return self._deadline.remaining()


def timeouts(passage: Passage) -> dict[str, Any]:
    """What a request has for its ``timeout`` extension, so that its passage reaches the network.

    httpx and httpcore (1.0.9: HTTP/1.1, HTTP and SOCKS proxies) hand each of these through to the
    network as it is, and look at ``pool`` alone. So one client serves many threads, each call of
    which has its own deadline.
    """
    kinds = dict.fromkeys(("connect", "read", "write"), passage)
    return {**kinds, "pool": passage.remaining()}


class Network(httpcore.SyncBackend):
    """TCP under the deadline of the passage that comes as ``timeout``.

    A timeout in seconds would begin anew with each read and with each address of a host, so that
    an answer which comes byte by byte, its headers included, could take for ever.
    """

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: Any = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        passage: Passage = timeout
        place = f"{host}:{port}"
        addresses = _find(host, port, passage)
        while addresses:
            address = addresses.pop(0)
            # A share each: a host whose IPv6 leads nowhere is still reached over IPv4 in time.
            share = max(0.001, passage.remaining() / (len(addresses) + 1))
            try:
                stream = super().connect_tcp(
                    address,  # type: ignore[arg-type]  # bytes, see _find
                    port,
                    share,
                    local_address,
                    socket_options,
                )
                return Stream(stream, passage, place)
            except httpcore.ConnectTimeout as error:
                if not addresses:
                    raise httpcore.ConnectTimeout(f"{place} does not answer") from error
            except httpcore.ConnectError as error:
                if not addresses:
                    raise httpcore.ConnectError(why_unconnected(error, place)) from error
        raise httpcore.ConnectError(f"cannot find host {host}")


class Stream(httpcore.NetworkStream):
    """A connection whose every read and write gets what is left of a deadline.

    Where none is given, as in a SOCKS proxy's greeting, the one before holds.
    """

    def __init__(self, stream: httpcore.NetworkStream, passage: Passage, place: str) -> None:
        self._stream = stream
        self._passage = passage
        self._place = place

    def read(self, max_bytes: int, timeout: Any = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: Any = None) -> None:
        for start in range(0, len(buffer), _SLICE):
            left = self._left(timeout, httpcore.WriteTimeout)
            passage: Passage | None = timeout
            # A proxy that is asked for a tunnel has not seen the request yet.
            first = passage is not None and not passage.sent and buffer[:8] != b"CONNECT "
            if first and passage is not None:
                passage.sent = True
            try:
                self._stream.write(buffer[start : start + _SLICE], left)
            except httpcore.WriteError:
                # A connection that was lost before takes nothing of what a request begins with:
                # that is less than one slice, and given to the system in one piece.
                if first and passage is not None and start == 0:
                    passage.sent = False
                raise

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: Any = None,
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectTimeout as error:
            raise httpcore.ConnectTimeout(f"{self._place} does not answer") from error
        except httpcore.ConnectError as error:
            raise httpcore.ConnectError(why_unconnected(error, self._place)) from error
        return Stream(stream, self._passage, self._place)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def _left(self, passage: Passage | None, kind: type[httpcore.TimeoutException]) -> float:
        if passage is not None:
            self._passage = passage
        left = self._passage.remaining()
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


def _find(host: str, port: int, passage: Passage) -> list[bytes]:
    """The addresses of a host, in the order to try them.

    In bytes: a host that is text makes Python load its IDNA codec, which costs 1 ms.
    """
    name = host.encode()
    try:
        ipaddress.ip_address(host)
        return [name]
    except ValueError:
        pass

    def look_up() -> list[Any]:
        return socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)

    try:
        # Nothing ends a look-up before it is done; that of this machine's own name takes no time.
        found = (
            look_up() if host == "localhost" else Background(look_up).result(passage.remaining())
        )
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(f"the address of {host} was not found in time") from error
    except OSError as error:
        raise httpcore.ConnectError(f"cannot find host {host}") from error
    return list(dict.fromkeys(str(entry[4][0]).encode() for entry in found))
