"""What may be tried again, and when; and what is looked at where an answer leaves it open."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.api.answer import unknown
from crmctl.api.deadline import Deadline
from crmctl.api.look import Outcome, look, show
from crmctl.api.message import KEYS_HONOURED, Request, Response, Transport
from crmctl.api.outcome import cell_of, row_of
from crmctl.api.retry_after import retry_after_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

ATTEMPTS = 3
LONGEST_WAIT = 120.0  # seconds; whoever asks for more is asking for another run of the command


def retrying(
    transport: Transport,
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    random: Callable[[float, float], float] = random.uniform,
    log: Callable[[int, str], None] | None = None,
) -> Transport:
    """A transport that sends up to three times what may be sent again, as `outcome.TABLE` says.

    One call takes ``timeout`` seconds at most, its attempts and sleeps together, unless the request
    brings a deadline of its own. Between attempts it waits a random time, longer each round, and
    never less than the server asks for. ``log`` gets one line of level 1 before it waits.

    A write that may have been applied is looked for: what shows that it was is given as its answer,
    and otherwise it raises `OutcomeUnknown`. Raises `RateLimited`, which says when to come back,
    where the server asks to wait beyond the deadline or 120 s. What else an answer means is for
    whoever reads it, and a failure without an answer is raised as it is.
    """
    return _Retrying(transport, timeout, clock, sleep, random, log)


class _Retrying:
    def __init__(
        self,
        transport: Transport,
        timeout: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        random: Callable[[float, float], float],
        log: Callable[[int, str], None] | None,
    ) -> None:
        self._transport = transport
        self._timeout = timeout
        self._clock = clock
        self._sleep = sleep
        self._random = random
        self._log = log
        self._honours_keys = False

    def __call__(self, request: Request) -> Response:
        if request.deadline is None:
            request = request.having(deadline=Deadline(self._timeout, clock=self._clock))
        doubts: list[Outcome] = []
        try:
            outcome = self._attempt(request, doubts)
            return self._settle(request, outcome, doubts)
        except KeyboardInterrupt as stop:
            if doubts and not hasattr(stop, "__notes__"):
                stop.add_note(f"{request.method} {request.path} may have been applied.")
            raise

    def _attempt(self, request: Request, doubts: list[Outcome]) -> Outcome:
        """The last outcome; those after which it may have been applied go to ``doubts``."""
        for attempt in range(1, ATTEMPTS + 1):
            outcome = self._send(request)
            cell = self._cell(request, outcome)
            if "R" in cell:
                doubts.append(outcome)
            if "N" not in cell or attempt == ATTEMPTS:
                break
            asked = _asked(outcome)
            backoff = self._random(0.0, min(8.0, 0.5 * 2 ** (attempt - 1)))
            wait = max(asked or 0.0, backoff)
            if self._is_too_long(request, wait):
                if asked is not None and self._is_too_long(request, asked) and not doubts:
                    raise _too_long(request, outcome, asked)
                break
            if self._log is not None:
                happened = _describe(request, outcome)
                again = f"trying again in {wait:.1f} s ({attempt + 1} of {ATTEMPTS})"
                self._log(1, f"{happened}, {again}")
            self._sleep(wait)
        return outcome

    def _settle(self, request: Request, outcome: Outcome, doubts: list[Outcome]) -> Response:
        """The answer that the outcome stands for, or the error."""
        row = row_of(request, outcome)
        if row == "silent" and request.method == "PUT":
            doubts.append(outcome)
            return show(request, lambda asked: self._attempt(asked, []))
        if isinstance(outcome, Response):
            if not doubts or row in ("done", "otherwise"):
                return outcome
            if outcome.status == 404 and request.method == "DELETE":
                return Response(204, headers=outcome.headers)
            if outcome.status == 404 and request.method == "PUT":
                return outcome
        elif not doubts:
            raise outcome
        found, seen = self._look(request, outcome)
        if found is None:
            raise unknown(request, doubts[-1], seen=seen)
        return found

    def _look(self, request: Request, outcome: Outcome) -> tuple[Response | None, str]:
        asked = _asked(outcome)
        if asked is not None:
            if self._is_too_long(request, asked):
                return None, f"The server asks to wait {asked:.0f} s before anybody looks."
            if self._log is not None:
                happened = _describe(request, outcome)
                self._log(1, f"{happened}, looking in {asked:.1f} s whether it was applied")
            self._sleep(asked)
        try:
            return look(request, lambda asked: self._attempt(asked, []))
        except errors.RateLimited as error:
            return None, error.message

    def _cell(self, request: Request, outcome: Outcome) -> str:
        if isinstance(outcome, Response) and KEYS_HONOURED.items() <= outcome.headers.items():
            self._honours_keys = True
        cell = cell_of(request, row_of(request, outcome))
        # The same key makes it the same write, for a server that has said so.
        if cell == "R" and self._honours_keys and "idempotency-key" in request.headers:
            return "NR"
        return cell

    def _is_too_long(self, request: Request, wait: float) -> bool:
        deadline = request.deadline
        return wait > LONGEST_WAIT or (deadline is not None and wait >= deadline.remaining())

    def _send(self, request: Request) -> Outcome:
        try:
            return self._transport(request)
        except errors.CrmctlError as error:
            return error


def _asked(outcome: Outcome) -> float | None:
    return retry_after_seconds(outcome) if isinstance(outcome, Response) else None


def _describe(request: Request, outcome: Outcome) -> str:
    if isinstance(outcome, Response):
        return f"{request.method} {request.path}: {outcome.status}"
    return outcome.message.rstrip(".")


def _too_long(request: Request, outcome: Outcome, asked: float) -> errors.RateLimited:
    error = errors.RateLimited(
        f"{request.method} {request.path}: the server asks to wait {asked:.0f} s, longer than"
        " this command may take.",
        status=outcome.status,
        request_id=outcome.request_id,
        hint=f"Run it again in {asked:.0f} s.",
    )
    error.retry_after = asked
    return error
