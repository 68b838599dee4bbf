"""The API over the network: a request sent through httpx, and what became of it."""

from __future__ import annotations

import json
import re
import ssl
import time
from threading import Lock
from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode

from crmctl import errors
from crmctl.api.body import BadBodyError, decode, parse_json
from crmctl.api.deadline import Deadline
from crmctl.api.httpx_internals import httpx, set_network
from crmctl.api.message import KEYS_HONOURED, NO_ENTRIES, Request, Response
from crmctl.api.network import Network, Passage, timeouts
from crmctl.api.tls import trust
from crmctl.origin import is_loopback, split_base_url
from crmctl.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
LONGEST_TEXT = 64 * 1024  # characters of an answer that is not JSON


class HttpTransport:
    """A transport over keep-alive connections; close it, or use it as a context manager.

    It may be used from several threads. A call takes at most ``timeout`` seconds, slow answers
    included, unless the request brings a deadline of its own. The key goes to the origin of
    ``base_url`` and nowhere else, redirects are not followed, certificates are always verified;
    ``ca_file`` names a PEM file to trust besides those that ``environ`` or the system names.

    ``log`` is called with a level and a line: 2 tells each exchange, 3 its bodies as they are.
    Neither a line nor an error contains the key, nor an answer that is no success, nor a header.

    A call raises `Unreachable` if certainly nothing was applied (``retryable`` says whether it
    could pass: a certificate does not), `BadAnswer` if a read got nonsense, and `OutcomeUnknown`
    if any other request may have been applied. Raises `SettingsError` for a base URL, a key or a
    certificate file that cannot be used, before anything is sent.
    """

    def __init__(
        self,
        base_url: str,
        *,
        key: str,
        timeout: float = 30.0,
        ca_file: str | None = None,
        environ: Mapping[str, str] = NO_ENTRIES,
        user_agent: str,
        log: Callable[[int, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        scheme, host, _ = split_base_url(base_url)
        if not re.fullmatch(r"[!-~]+", key):
            raise errors.SettingsError(
                "The key is empty, or has characters that a key cannot have, such as a space."
            )
        self._secure = scheme == "https"
        self._loopback = is_loopback(host)
        self._base_url = base_url.rstrip("/")
        self._key = key
        self._mask = Redactor(key).mask
        self._timeout = timeout
        self._ca_file = ca_file
        self._environ = environ
        self._user_agent = user_agent
        self._log = log
        self._clock = clock
        self._clients: dict[bool, httpx.Client] = {}
        self._opening = Lock()
        self._honours_keys = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections. The next call opens another."""
        with self._opening:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    def __call__(self, request: Request) -> Response:
        target = _target_of(request)
        started = self._clock()
        try:
            response = self._exchange(request, target)
        except errors.CrmctlError as error:
            spent = (self._clock() - started) * 1000
            self._tell(2, f"{request.method} {target} -> {error.code} in {spent:.0f} ms")
            raise
        spent = (self._clock() - started) * 1000
        suffix = f" (request id {response.request_id})" if response.request_id else ""
        self._tell(2, f"{request.method} {target} -> {response.status} in {spent:.0f} ms{suffix}")
        return response

    def _exchange(self, request: Request, target: str) -> Response:
        if not target.startswith("/"):
            # What follows the host without a slash would become a part of the host.
            raise errors.InvalidInput(f"A path starts with a slash: {request.path!r} does not.")
        deadline = request.deadline or Deadline(self._timeout, clock=self._clock)
        headers = {
            **request.headers,
            "accept": "application/json",
            "accept-encoding": "gzip",
            "authorization": f"Bearer {self._key}",
            "user-agent": self._user_agent,
        }
        body: bytes | None = None
        if request.body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(request.body, allow_nan=False).encode()
            self._tell(3, f"request body: {body.decode()}")
        again = self._honours_keys and "idempotency-key" in request.headers
        client = self._open(fresh=not again and request.method not in _REPEATABLE)
        if deadline.remaining() <= 0:
            raise errors.Unreachable(f"No time is left to send {request.method} {request.path}.")
        status = None
        passage = Passage(deadline)
        try:
            with client.stream(
                request.method,
                self._base_url + target,
                content=body,
                headers=headers,
                extensions={"timeout": timeouts(passage)},
            ) as answer:
                status = answer.status_code
                self._honours_keys |= KEYS_HONOURED.items() <= answer.headers.items()
                return self._read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, BadBodyError) as error:
            raise self._explain(error, request, status, passage.sent, deadline) from error
        except KeyboardInterrupt as stop:
            if passage.sent and request.method != "GET":
                stop.add_note(f"{request.method} {request.path} may have been applied.")
            raise

    def _read(self, answer: httpx.Response) -> Response:
        received = bytearray()
        try:
            for chunk in decode(answer.iter_raw(), answer.headers.get("content-encoding", "")):
                received += chunk
        except (httpx.HTTPError, BadBodyError):
            # A refusal is one whatever becomes of its explanation.
            if answer.is_success:
                raise
        body = bytes(received)
        content = parse_json(body)
        has_data = isinstance(content, dict) and "data" in content
        if not (answer.is_success and has_data and content.get("success") is not False):
            # All that becomes of it is a message, which may be cut in the middle of a key.
            body = self._mask(body.decode(errors="replace")).encode()
            # A success that is no JSON stays none, whatever its bytes become as text.
            content = parse_json(body) if content is not None or not answer.is_success else None
        text = "" if content is not None else body.decode(errors="replace")
        if self._log is not None and body:
            self._tell(3, f"response body: {body.decode(errors='replace')}")
        headers = {name: self._mask(value) for name, value in answer.headers.items()}
        return Response(answer.status_code, content, headers=headers, text=text[:LONGEST_TEXT])

    def _open(self, *, fresh: bool) -> httpx.Client:
        """A client; a ``fresh`` one makes a connection for each request.

        The server may close an idle connection at the moment that a request is sent over it, and
        nothing then tells whether it was read. What must not be sent twice does without; a write
        under a key that the server honours may be.
        """
        with self._opening:
            if fresh not in self._clients:
                self._clients[fresh] = self._new_client(fresh=fresh)
            return self._clients[fresh]

    def _new_client(self, *, fresh: bool) -> httpx.Client:
        if self._secure:
            context = trust(self._ca_file, self._environ)
        else:
            # It costs 0.2 ms and trusts nobody, should TLS be spoken at all.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            # A proxy would get requests for this machine in plain text, with the key in them.
            client = httpx.Client(
                verify=context,
                trust_env=not self._loopback,
                follow_redirects=False,
                limits=httpx.Limits(max_keepalive_connections=0 if fresh else None),
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise errors.Unreachable(
                "The proxy that the environment names cannot be used.",
                hint="Check HTTPS_PROXY, ALL_PROXY and NO_PROXY.",
                retryable=False,
            ) from error
        set_network(client, Network())
        return client

    def _explain(
        self,
        error: Exception,
        request: Request,
        status: int | None,
        sent: bool,
        deadline: Deadline,
    ) -> errors.CrmctlError:
        called = f"{request.method} {request.path}"
        if not sent:
            untrusted = _has_cause(error, ssl.SSLCertVerificationError)
            reason = str(error) or "no connection was free in time"
            if isinstance(error, (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
                reason = "the server had closed the connection"
            return errors.Unreachable(
                self._mask(f"{called} was not sent: {reason}."),
                hint="If you trust who issued it, name that certificate's file with `--ca-file`."
                if untrusted
                else None,
                retryable=not untrusted
                and not isinstance(error, (httpx.UnsupportedProtocol, httpx.InvalidURL)),
            )
        kind, happened = _what_happened(error, status)
        if isinstance(error, httpx.TimeoutException):
            happened += f" within {deadline.seconds:g} s"
        if request.method != "GET":
            message = f"{called} was sent, but {happened}: it may have been applied."
            return errors.OutcomeUnknown(self._mask(message), status=status)
        retryable = not isinstance(error, BadBodyError) or error.truncated
        return kind(self._mask(f"{called}: {happened}."), status=status, retryable=retryable)

    def _tell(self, level: int, line: str) -> None:
        if self._log is not None:
            self._log(level, self._mask(line))


def _target_of(request: Request) -> str:
    """The path and the query, percent-encoded. Raises `InvalidInput` for what is not text."""
    try:
        query = urlencode(request.query, quote_via=quote, safe="")
        request.path.encode()
    except UnicodeEncodeError as error:
        raise errors.InvalidInput("The path or the query is not valid Unicode text.") from error
    return f"{request.path}?{query}" if query else request.path


def _what_happened(
    error: Exception, status: int | None
) -> tuple[type[errors.Unreachable | errors.BadAnswer], str]:
    if isinstance(error, BadBodyError):
        return errors.BadAnswer, str(error)
    if isinstance(error, httpx.TimeoutException):
        return errors.Unreachable, "no complete answer came"
    if status is not None:
        return errors.BadAnswer, "the answer broke off"
    if isinstance(error, httpx.RemoteProtocolError):
        from h11 import RemoteProtocolError as NotHttp

        # InvalidURL: httpx looks at the target of a redirect, though it is not followed.
        if _has_cause(error, (NotHttp, httpx.InvalidURL)):
            return errors.BadAnswer, "the answer is not HTTP"
        return errors.Unreachable, "the connection was closed without an answer"
    return errors.Unreachable, "the connection broke"


def _has_cause(
    error: BaseException | None, kind: type[BaseException] | tuple[type[BaseException], ...]
) -> bool:
    # httpcore raises `from None`: what led to its errors is in their context alone.
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None
