"""What may be tried again, and when."""

from __future__ import annotations

import random
import re
import time
from datetime import UTC
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.api.applied import GONE, check_applied, look
from crmctl.api.deadline import Deadline
from crmctl.api.message import KEYS_HONOURED, Request, Response, Transport
from crmctl.api.outcome import action_for, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 3
LONGEST_WAIT = 120.0  # seconds; whoever asks for more is asking for another run of the command
_SECONDS = re.compile(r"[0-9]{1,15}(\.[0-9]+)?")


def retrying(
    transport: Transport,
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    random: Callable[[float, float], float] = random.uniform,
    log: Callable[[int, str], None] | None = None,
) -> Transport:
    """A transport that does what may be done about a request that fails, by `outcome.TABLE`.

    It sends a request up to three times, and reads back what a PUT or a DELETE has done where the
    answer does not tell. A POST is sent again only if it was certainly not applied, or if it has a
    key and the server has said that it honours keys. One call takes ``timeout`` seconds at most,
    attempts, sleeps and looks together, unless the request brings a deadline of its own.

    It waits a random time, longer each round, and never less than the server asks for. Where the
    wait would outlast the deadline or 120 s it gives up at once: under a 429 it raises
    `RateLimited` and says when to come back. ``log`` gets one line of level 1 for each new attempt.
    Raises Rejected for a PUT whose answer shows other values than were sent; whatever else cannot
    be mended is the caller's, as it came.
    """
    honoured = False

    def call(request: Request) -> Response:
        nonlocal honoured
        deadline = request.deadline
        if deadline is None:
            deadline = Deadline(timeout, clock=clock)
            request = request.having(deadline=deadline)
        attempt, lost = 1, False
        while True:
            outcome = _send(transport, request)
            kind = kind_of(request, outcome)
            if isinstance(outcome, Response):
                honoured = honoured or KEYS_HONOURED.items() <= outcome.headers.items()
                if lost and request.method == "DELETE" and outcome.status == 404:
                    return GONE
                if kind == "done" and request.method == "PUT":
                    return check_applied(request, outcome)
            lost = lost or kind == "lost"
            action = action_for(kind, request.method)
            if kind == "lost" and honoured and "idempotency-key" in request.headers:
                action = "again"
            if action.startswith("again") and attempt < ATTEMPTS:
                asked = retry_after_seconds(outcome) if isinstance(outcome, Response) else None
                backoff = random(0.0, min(8.0, 0.5 * 2 ** (attempt - 1)))
                wait = max(asked or 0.0, backoff)
                if wait <= LONGEST_WAIT and wait < deadline.remaining():
                    attempt += 1
                    if log is not None:
                        happened = _describe(request, outcome)
                        log(
                            1,
                            f"{happened}, trying again in {wait:.1f} s ({attempt} of {ATTEMPTS})",
                        )
                    sleep(wait)
                    continue
                _refuse_to_wait(request, outcome, asked)
            if action.endswith("look") and (found := look(request, outcome, call)):
                return found
            return _settle(outcome)

    return call


def retry_after_seconds(
    response: Response, *, now: Callable[[], float] = time.time
) -> float | None:
    """How long the server asks to wait before the next request, in seconds; None if it does not.

    Reads ``Retry-After`` (seconds, or a date) and, in a 429, ``X-RateLimit-Reset`` (epoch
    seconds). Instants are measured against the response's own ``Date``, since the two clocks may
    differ; against ``now`` where it has none. What cannot be read counts as not said.
    """
    said = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return float(said)
    instant = _parse_date(said)
    # Many servers send the reset with every answer: only in a 429 is it what to wait for.
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    if instant is None and response.status == 429 and _SECONDS.fullmatch(reset):
        instant = float(reset)
    if instant is None:
        return None
    answered = _parse_date(response.headers.get("date", ""))
    return max(0.0, instant - (now() if answered is None else answered))


def _send(transport: Transport, request: Request) -> Response | errors.CrmctlError:
    try:
        return transport(request)
    except errors.CrmctlError as error:
        return error


def _describe(request: Request, outcome: Response | errors.CrmctlError) -> str:
    if isinstance(outcome, Response):
        return f"{request.method} {request.path}: {outcome.status}"
    return outcome.message.rstrip(".")


def _settle(outcome: Response | errors.CrmctlError) -> Response:
    if isinstance(outcome, Response):
        return outcome
    raise outcome


def _refuse_to_wait(
    request: Request, outcome: Response | errors.CrmctlError, asked: float | None
) -> None:
    """Raise RateLimited if that is what it was, and say when to come back."""
    if isinstance(outcome, Response) and outcome.status == 429 and asked is not None:
        raise errors.RateLimited(
            f"{request.method} {request.path}: the server asks to wait {asked:.0f} s, longer than"
            " this command may take.",
            status=429,
            hint=f"Run it again in {asked:.0f} s.",
        )


def _parse_date(text: str) -> float | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        # HTTP dates are GMT, in the forms that do not say so too.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
