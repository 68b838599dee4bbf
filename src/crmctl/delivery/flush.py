"""Delivering what waits in the outbox, by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.delivery.reconcile import reconcile
from crmctl.delivery.sending import deliver
from crmctl.timestamps import parse_timestamp

if TYPE_CHECKING:
    from crmctl.api.client import Client
    from crmctl.delivery.outbox import Outbox
    from crmctl.delivery.reconcile import Waits
    from crmctl.delivery.rows import Row

# So many in a row that may have been applied, and a flush sends no more: each would be in doubt.
_MOST_DOUBTS = 3
# Seconds until a server that failed is tried again; a flush that waits looks for the lock so often.
_PAUSE = 5.0
_POLL = 0.2


class Flushed:
    """What a flush has done: how many were ``delivered``, how many died, which are there twice.

    ``error`` is what ended it before it came to every row, ``due`` when there is something to do
    again. ``busy`` says that another flush is running, so that nothing was done.
    """

    __slots__ = ("busy", "delivered", "died", "due", "duplicates", "error")

    def __init__(self) -> None:
        self.delivered = 0
        self.died = 0
        self.duplicates: list[list[str]] = []
        self.error: errors.CrmctlError | None = None
        self.due: datetime | None = None
        self.busy = False


def flush(
    outbox: Outbox,
    connect: Callable[[], Client],
    *,
    waits: Waits,
    timeout: float,
    wait: float,
    sleep: Callable[[float], None],
    tell: Callable[[str], None],
) -> Flushed:
    """Deliver what waits, the oldest first; go on for ``wait`` seconds while something waits.

    It stops, and every row is as it was, where the key or the certificate is refused or the server
    asks to wait: each row would share that fate. It goes on past a row that is refused. ``tell``
    gets a line for each row that is delivered or dies. Raises StoreError.
    """
    done = Flushed()
    end = outbox.clock() + timedelta(seconds=wait)
    while True:
        with outbox.flushing() as alone:
            done.busy = not alone
            if alone:
                outbox.purge()
                _flush(outbox, connect, done, end, waits, timeout, sleep, tell)
                return done
        if outbox.clock() >= end:
            return done
        sleep(_POLL)


def _flush(
    outbox: Outbox,
    connect: Callable[[], Client],
    done: Flushed,
    end: datetime,
    waits: Waits,
    timeout: float,
    sleep: Callable[[float], None],
    tell: Callable[[str], None],
) -> None:
    patient = False
    while True:
        done.error = _pass(outbox, connect, done, waits, timeout, tell, patient=patient)
        patient = True
        done.due = _next(outbox, waits)
        if done.due is None or (done.error is not None and not _may_pass(done.error)):
            return
        now = outbox.clock()
        pause = timedelta(seconds=_PAUSE if done.error else _POLL)
        until = max(done.due, now + pause)
        if until > end:
            return
        sleep((until - now).total_seconds())


def _pass(
    outbox: Outbox,
    connect: Callable[[], Client],
    done: Flushed,
    waits: Waits,
    timeout: float,
    tell: Callable[[str], None],
    *,
    patient: bool,
) -> errors.CrmctlError | None:
    """Go through all rows once; give what ended that early. One that is ``patient`` backs off."""
    rows = outbox.rows("pending", "unknown")
    if (asked := _asked(outbox, rows)) is not None:
        return asked
    doubts = 0
    for row in rows:
        if row["state"] == "pending" and not _is_due(outbox, row, patient=patient):
            continue
        claim = None
        try:
            if row["state"] == "unknown":
                _look(outbox, row, connect(), waits, done, tell)
            elif (claim := outbox.claim(row)) is not None:
                activity, known = deliver(outbox, claim, connect, timeout=timeout)
                done.delivered += 1
                doubts = 0
                there = " (it was there already)" if known else ""
                tell(f"Delivered {row['id']} ({row['ref']}) as {activity.get('id')}{there}")
        except errors.StoreError:
            raise
        except errors.CrmctlError as error:
            if claim is not None and claim.outcome == "dead":
                done.died += 1
                tell(f"Refused {row['id']} ({row['ref']}): {error.message}")
                continue
            doubts += isinstance(error, errors.OutcomeUnknown)
            if _concerns_all(error) or doubts == _MOST_DOUBTS:
                return error
            tell(f"Not delivered {row['id']} ({row['ref']}): {error.message}")
    return None


def _look(
    outbox: Outbox,
    row: Row,
    client: Client,
    waits: Waits,
    done: Flushed,
    tell: Callable[[str], None],
) -> None:
    ids = reconcile(outbox, row, client, waits)
    if not ids:
        return
    done.delivered += 1
    tell(f"Delivered {row['id']} ({row['ref']}) as {ids[0]}: it was there")
    if len(ids) > 1:
        done.duplicates.append(ids)


def _asked(outbox: Outbox, rows: list[Row]) -> errors.RateLimited | None:
    """What is said where the server has asked to wait, and has to be waited for still."""
    now = outbox.clock()
    times = [parse_timestamp(row["not_before"]) for row in rows if row["asked"]]
    left = max((time - now for time in times), default=timedelta()).total_seconds()
    if left <= 0:
        return None
    error = errors.RateLimited(f"The server asks to wait {left:.0f} s more: nothing was sent.")
    error.retry_after = left
    return error


def _is_due(outbox: Outbox, row: Row, *, patient: bool) -> bool:
    """Whether a pending row may be sent: what was never sent waits for nothing at first."""
    if row["not_before"] is None or (row["sent_at"] is None and not patient):
        return True
    return parse_timestamp(row["not_before"]) <= outbox.clock()


def _concerns_all(error: errors.CrmctlError) -> bool:
    """Whether every other row would fail alike."""
    kinds = (
        errors.UsageError,
        errors.Unauthorized,
        errors.Forbidden,
        errors.RateLimited,
        errors.Unreachable,
        errors.ServerFailed,
    )
    return isinstance(error, kinds) or error.status in (301, 307, 308)


def _may_pass(error: errors.CrmctlError) -> bool:
    return error.retryable or isinstance(error, errors.OutcomeUnknown)


def _next(outbox: Outbox, waits: Waits) -> datetime | None:
    """When there is something to do again; None if nothing waits for that."""
    times = []
    for row in outbox.rows("pending", "sending", "unknown"):
        if row["state"] == "unknown":
            times.append(waits.due(row))
        elif row["state"] == "sending" or row["not_before"] is None:
            times.append(outbox.clock())
        else:
            times.append(parse_timestamp(row["not_before"]))
    return min(times, default=None)
