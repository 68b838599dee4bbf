"""Sending what is in the outbox: once, and what became of it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from crmctl import errors
from crmctl.api.client import Client
from crmctl.delivery import refs
from crmctl.delivery.outbox import Claim, Outbox
from crmctl.delivery.rows import Row
from crmctl.timestamps import add_time, format_timestamp, parse_timestamp

# How far from its time an activity is looked for that nobody else logs: servers may round it.
AROUND = timedelta(days=1)
# Seconds until what could not be sent is tried again: twice as long each time, and no longer.
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0
LONGEST_WAIT = 10 * 86_400.0  # that a server may ask for


class Walk:
    """What a list showed: the activities that were ``found``, and the ``refs`` of all others.

    ``complete`` says that the server gave as many as it counts.
    """

    __slots__ = ("complete", "found", "refs")

    def __init__(self, found: list[dict[str, Any]], refs: set[str], *, complete: bool) -> None:
        self.found = found
        self.refs = refs
        self.complete = complete


class Delivery:
    """What became of a row: its ``state``, and the ``activity``, or the ``error``.

    Neither is there where another process is sending it. ``known`` says that it was there already.
    """

    __slots__ = ("activity", "error", "known", "state")

    def __init__(
        self,
        state: str,
        activity: dict[str, Any] | None = None,
        *,
        known: bool = False,
        error: errors.CrmctlError | None = None,
    ) -> None:
        self.state = state
        self.activity = activity
        self.known = known
        self.error = error


def deliver(outbox: Outbox, row: Row, connect: Callable[[], Client], *, timeout: float) -> Delivery:
    """Look for a row, and send it if it is not there. See `send`.

    It is not claimed while it is looked for: a process that dies over that leaves it as it was.
    """
    try:
        client = connect()
        found = _look(outbox, client, row)
        if found is None:
            claim = outbox.claim(row)
            return Delivery("sending") if claim is None else send(outbox, claim, connect, timeout)
    except errors.StoreError as error:
        return Delivery(row["state"], error=error)
    except errors.CrmctlError as error:
        with suppress(errors.StoreError):
            if changes := _put_off(outbox, row, error):
                outbox.change(row, **changes)
        return Delivery(row["state"], error=error)
    with suppress(errors.StoreError):
        outbox.change(row, state="delivered", **_delivered(outbox, found))
    return Delivery("delivered", found, known=True)


def send(outbox: Outbox, claim: Claim, connect: Callable[[], Client], timeout: float) -> Delivery:
    """Send a claimed row, and settle it.

    It is as it was where nothing was sent, unknown where it may have been applied, and dead where
    the server refuses it. ``connect`` gives the client, for which it may need the key.
    """
    row = claim.row
    before = claim.before or {"state": "pending", "sent_at": None, "attempts": 0}
    unsent = {name: before[name] for name in ("state", "sent_at", "attempts")}
    sent = False
    try:
        client = connect()
        sent = True
        activity, known = refs.log_marked(
            client, json.loads(row["body"]), row["ref"], now=outbox.clock(), timeout=timeout
        )
    except (errors.Rejected, errors.NotFound) as error:
        refused = {"state": "dead", "last_error": outbox.mask(error.message)}
        return _settle(outbox, claim, refused, error=error)
    except errors.OutcomeUnknown as error:
        return _settle(outbox, claim, _in_doubt(outbox.mask(error.message)), error=error)
    except errors.CrmctlError as error:
        return _settle(outbox, claim, unsent | _put_off(outbox, row, error), error=error)
    except BaseException:
        _settle(outbox, claim, _in_doubt("It was interrupted.") if sent else unsent)
        raise
    done = {"state": "delivered", **_delivered(outbox, activity)}
    return _settle(outbox, claim, done, activity, known=known)


def concerns_all(error: errors.CrmctlError) -> bool:
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


def walk(client: Client, row: Row) -> Walk:
    """Every activity like that of a row within a day of its time, on every page."""
    body = json.loads(row["body"])
    happened = parse_timestamp(body["occurred_at"])
    query = refs.query_of(body)
    query["date_from"] = format_timestamp(add_time(happened, -AROUND))
    query["date_to"] = format_timestamp(add_time(happened, AROUND))
    listing = client.list_activities(query)
    number, found, others = 0, [], set()
    for activity in listing:
        number += 1
        if refs.is_same(activity, body, row["ref"]):
            found.append(activity)
        elif (other := refs.ref_of(activity)) is not None:
            others.add(other)
    return Walk(found, others, complete=listing.total is None or listing.total <= number)


def _look(outbox: Outbox, client: Client, row: Row) -> dict[str, Any] | None:
    if row["made"]:
        return next(iter(walk(client, row).found), None)
    return refs.find_logged(client, json.loads(row["body"]), row["ref"], now=outbox.clock())


def _settle(
    outbox: Outbox,
    claim: Claim,
    settled: Row,
    activity: dict[str, Any] | None = None,
    *,
    known: bool = False,
    error: errors.CrmctlError | None = None,
) -> Delivery:
    """Write down what became of a row, if that can be: what happened does not change by it.

    Where it cannot, the row is unknown to the next who reads it, and is looked for.
    """
    with suppress(errors.StoreError):
        outbox.settle(claim, **settled)
    return Delivery(settled["state"], activity, known=known, error=error)


def _in_doubt(why: str) -> Row:
    return {"state": "unknown", "missed_at": None, "last_error": why}


def _delivered(outbox: Outbox, activity: Mapping[str, Any]) -> Row:
    return {
        "remote_id": str(activity.get("id")),
        "delivered_at": format_timestamp(outbox.clock()),
        "not_before": None,
        "last_error": None,
    }


def _put_off(outbox: Outbox, row: Row, error: errors.CrmctlError) -> Row:
    """What changes of a row that was not sent; nothing where a person has to mend something."""
    if not error.retryable:
        return {} if concerns_all(error) else {"last_error": outbox.mask(error.message)}
    asked = error.retry_after
    # The attempt is counted where the row is claimed, and here where it was not.
    attempts = row["attempts"] + (row["state"] != "sending")
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
    wait = min(pause if asked is None else asked, LONGEST_WAIT)
    return {
        "attempts": attempts,
        "not_before": format_timestamp(outbox.clock() + timedelta(seconds=wait)),
        "asked": int(asked is not None),
        "last_error": outbox.mask(error.message),
    }
