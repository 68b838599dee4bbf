"""Delivering what waits in the outbox, by one process at a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.delivery.reconcile import reconcile
from crmctl.delivery.sending import concerns_all, deliver
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
    flusher = _Flusher(outbox, connect, waits, timeout, tell)
    done = flusher.done
    end = outbox.clock() + timedelta(seconds=wait)
    while True:
        with outbox.flushing() as alone:
            done.busy = not alone
            if alone:
                outbox.purge()
                flusher.work(end, sleep)
                return done
        if outbox.clock() >= end:
            return done
        sleep(_POLL)


class _Flusher:
    """One flush; ``_later`` is when each unknown row is looked for again, by ID."""

    def __init__(
        self,
        outbox: Outbox,
        connect: Callable[[], Client],
        waits: Waits,
        timeout: float,
        tell: Callable[[str], None],
    ) -> None:
        self._outbox = outbox
        self._connect = connect
        self._waits = waits
        self._timeout = timeout
        self._tell = tell
        self._later: dict[int, datetime] = {}
        self.done = Flushed()

    def work(self, end: datetime, sleep: Callable[[float], None]) -> None:
        """Go through the rows, and again when one is due, until nothing can be before ``end``."""
        done, patient = self.done, False
        while True:
            error = done.error = self._pass(patient=patient)
            patient = True
            done.due = self._next()
            may_pass = error is None or error.retryable or isinstance(error, errors.OutcomeUnknown)
            if done.due is None or not may_pass:
                return
            now = self._outbox.clock()
            until = now + timedelta(seconds=_POLL if error is None else _PAUSE)
            if error is None or isinstance(error, errors.RateLimited):
                until = max(done.due, until)
            if until > end:
                return
            sleep((until - now).total_seconds())

    def _pass(self, *, patient: bool) -> errors.CrmctlError | None:
        """Go through all rows once; give what ended that early. One that is patient backs off."""
        rows = self._outbox.rows("pending", "unknown")
        if (asked := _asked(self._outbox, rows)) is not None:
            return asked
        doubts = 0
        for row in rows:
            if not self._is_due(row, patient=patient):
                continue
            error = self._look(row) if row["state"] == "unknown" else self._deliver(row)
            if error is None:
                doubts = 0
                continue
            doubts += isinstance(error, errors.OutcomeUnknown)
            if concerns_all(error) or doubts == _MOST_DOUBTS:
                return error
            self._tell(f"Not delivered {row['id']} ({row['ref']}): {error.message}")
        return None

    def _deliver(self, row: Row) -> errors.CrmctlError | None:
        delivery = deliver(self._outbox, row, self._connect, timeout=self._timeout)
        if isinstance(delivery.error, errors.StoreError):
            raise delivery.error
        if delivery.state == "dead" and delivery.error is not None:
            self.done.died += 1
            self._tell(f"Refused {row['id']} ({row['ref']}): {delivery.error.message}")
            return None
        if delivery.activity is not None:
            self.done.delivered += 1
            there = " (it was there already)" if delivery.known else ""
            self._tell(
                f"Delivered {row['id']} ({row['ref']}) as {delivery.activity.get('id')}{there}"
            )
        return delivery.error

    def _look(self, row: Row) -> errors.CrmctlError | None:
        try:
            ids = reconcile(self._outbox, row, self._connect(), self._waits)
        except errors.StoreError:
            raise
        except errors.CrmctlError as error:
            return error
        now, due = self._outbox.clock(), self._waits.due(row)
        self._later[row["id"]] = due if due > now else now + self._waits.recheck
        if ids:
            self.done.delivered += 1
            self._tell(f"Delivered {row['id']} ({row['ref']}) as {ids[0]}: it was there")
        if len(ids) > 1:
            self.done.duplicates.append(ids)
        return None

    def _is_due(self, row: Row, *, patient: bool) -> bool:
        """Whether a row is to be seen to: what was never sent waits for nothing at first."""
        now = self._outbox.clock()
        if row["state"] == "unknown":
            return self._later.get(row["id"], now) <= now
        if row["not_before"] is None or (row["sent_at"] is None and not patient):
            return True
        return parse_timestamp(row["not_before"]) <= now

    def _next(self) -> datetime | None:
        """When there is something to do again; None if nothing waits for that."""
        now, times = self._outbox.clock(), []
        for row in self._outbox.rows("pending", "sending", "unknown"):
            if row["state"] == "unknown":
                times.append(self._later.get(row["id"], now))
            elif row["state"] == "sending" or row["not_before"] is None:
                times.append(now)
            else:
                times.append(parse_timestamp(row["not_before"]))
        return min(times, default=None)


def _asked(outbox: Outbox, rows: list[Row]) -> errors.RateLimited | None:
    """What is said where the server has asked to wait, and has to be waited for still."""
    now = outbox.clock()
    times = [parse_timestamp(row["not_before"]) for row in rows if row["asked"]]
    left = max((time - now for time in times), default=timedelta()).total_seconds()
    if left <= 0:
        return None
    return errors.RateLimited(f"The server asks to wait {left:.0f} s more: nothing was sent.")
