"""What may be tried again, and when."""

from __future__ import annotations

import random
import re
import time
from datetime import UTC
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.api.deadline import Deadline
from crmctl.api.message import Request, Response, Transport

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 3
LONGEST_WAIT = 120.0  # seconds; whoever asks for more is asking for another run of the command
RETRIED_STATUSES = frozenset({408, 421, 425, 429, 500, 502, 503, 504})
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
    """A transport that sends a GET up to three times; any other method passes through, once.

    One call takes ``timeout`` seconds at most, its attempts and sleeps together, unless the request
    brings a deadline of its own.

    Tried again are failures that call themselves ``retryable`` and the statuses that tend to
    pass. It waits a random time, longer each round, and never less than the server asks for. Where
    the wait would outlast the deadline or 120 s it gives up at once: under a 429 it raises
    `RateLimited` and says when to come back, else the caller gets the failure as it is. ``log``
    gets one line of level 1 for each new attempt.
    """

    def call(request: Request) -> Response:
        deadline = request.deadline
        if deadline is None:
            deadline = Deadline(timeout, clock=clock)
            request = request.having(deadline=deadline)
        if request.method != "GET":
            return transport(request)
        attempt = 1
        while True:
            outcome = _send(transport, request)
            if attempt == ATTEMPTS or not _may_pass(outcome):
                return _settle(outcome)
            asked = retry_after_seconds(outcome) if isinstance(outcome, Response) else None
            backoff = random(0.0, min(8.0, 0.5 * 2 ** (attempt - 1)))
            wait = max(asked or 0.0, backoff)
            if wait > LONGEST_WAIT or wait >= deadline.remaining():
                return _give_up(request, outcome, asked)
            attempt += 1
            if log is not None:
                happened = _describe(request, outcome)
                log(1, f"{happened}, trying again in {wait:.1f} s ({attempt} of {ATTEMPTS})")
            sleep(wait)

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


def _may_pass(outcome: Response | errors.CrmctlError) -> bool:
    if isinstance(outcome, Response):
        return outcome.status in RETRIED_STATUSES
    return outcome.retryable


def _describe(request: Request, outcome: Response | errors.CrmctlError) -> str:
    if isinstance(outcome, Response):
        return f"{request.method} {request.path}: {outcome.status}"
    return outcome.message.rstrip(".")


def _settle(outcome: Response | errors.CrmctlError) -> Response:
    if isinstance(outcome, Response):
        return outcome
    raise outcome


def _give_up(
    request: Request, outcome: Response | errors.CrmctlError, asked: float | None
) -> Response:
    if isinstance(outcome, Response) and outcome.status == 429 and asked is not None:
        raise errors.RateLimited(
            f"{request.method} {request.path}: the server asks to wait {asked:.0f} s, longer than"
            " this command may take.",
            status=429,
            hint=f"Run it again in {asked:.0f} s.",
        )
    return _settle(outcome)


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
