"""A server as a transport: HTTP, with reads tried again, and a word on interrupted writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crmctl import __version__
from crmctl.api.http import HttpTransport
from crmctl.api.message import Request, Response, Transport
from crmctl.api.retry import retrying
from crmctl.config.settings import Settings


def connect(
    base_url: str,
    key: str,
    *,
    settings: Settings,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
    log: Callable[[int, str], None],
    note: Callable[[str], None],
) -> tuple[Transport, Callable[[], None]]:
    """A transport to that server with that key, and what closes it. Nothing is sent yet."""
    server = HttpTransport(
        base_url,
        key=key,
        timeout=settings.timeout.value,
        ca_file=settings.ca_file.value,
        environ=environ,
        user_agent=f"crmctl/{__version__}",
        log=log,
    )

    def send(request: Request) -> Response:
        try:
            return server(request)
        except KeyboardInterrupt:
            if request.method != "GET":
                note(f"{request.method} {request.path} may have been applied.")
            raise

    timeout = settings.timeout.value
    return retrying(send, timeout=timeout, sleep=sleep, log=log), server.close
