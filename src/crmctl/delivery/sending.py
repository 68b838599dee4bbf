"""Sending what is in the outbox: once, and what became of it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from crmctl import errors
from crmctl.api.client import Client
from crmctl.delivery import refs
from crmctl.delivery.outbox import Claim, Outbox
from crmctl.delivery.rows import Row
from crmctl.timestamps import format_timestamp, parse_timestamp

# How far from its time an activity is looked for that nobody else logs: servers may round it.
AROUND = timedelta(days=1)
# Seconds until what could not be sent is tried again: twice as long each time, and no longer.
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 900.0


class Walk:
    """What a list showed: the activities that were ``found``, and the ``refs`` of all others.

    ``complete`` says that the server gave as many as it counts.
    """

    __slots__ = ("complete", "found", "refs")

    def __init__(self, found: list[dict[str, Any]], refs: set[str], *, complete: bool) -> None:
        self.found = found
        self.refs = refs
        self.complete = complete


def deliver(
    outbox: Outbox, claim: Claim, connect: Callable[[], Client], *, timeout: float
) -> tuple[dict[str, Any], bool]:
    """Send a claimed row, unless it is there, and settle it.

    Gives the activity, and whether it was there already. It is looked for first, but where it is
    new and nobody else can have logged it. ``connect`` gives the client, for which it may need the
    key. Raises what went wrong; the row is pending again, or what it was, where nothing was sent,
    unknown where it may have been applied, and dead where the server refuses it.
    """
    row, body = claim.row, json.loads(claim.row["body"])
    try:
        client = connect()
        found = None
        if claim.before is not None or not row["made"]:
            found = _look(outbox, client, row, body)
    except errors.CrmctlError as error:
        _give_back(outbox, claim, error)
        raise
    except BaseException:
        _settle(outbox, claim, **_as_before(claim))
        raise
    if found is not None:
        _settle_delivered(outbox, claim, found)
        return found, True
    try:
        activity, known = refs.log_marked(
            client, body, row["ref"], now=outbox.clock(), timeout=timeout
        )
    except (errors.Rejected, errors.NotFound) as error:
        _settle(outbox, claim, state="dead", last_error=_told(outbox, error))
        raise
    except errors.OutcomeUnknown as error:
        _settle(outbox, claim, state="unknown", missed_at=None, last_error=_told(outbox, error))
        raise
    except errors.CrmctlError as error:
        _give_back(outbox, claim, error)
        raise
    except BaseException:
        _settle(outbox, claim, state="unknown", missed_at=None, last_error="Interrupted.")
        raise
    _settle_delivered(outbox, claim, activity)
    return activity, known


def walk(client: Client, body: Mapping[str, Any], ref: str) -> Walk:
    """Every activity like that one within a day of its time, on every page."""
    happened = parse_timestamp(body["occurred_at"])
    query = refs.query_of(body)
    query["date_from"] = _shifted(happened, -AROUND)
    query["date_to"] = _shifted(happened, AROUND)
    listing = client.list_activities(query)
    number, found, others = 0, [], set()
    for activity in listing:
        number += 1
        if refs.is_same(activity, body, ref):
            found.append(activity)
        elif (other := refs.ref_of(activity)) is not None:
            others.add(other)
    return Walk(found, others, complete=listing.total is None or listing.total <= number)


def _shifted(instant: datetime, by: timedelta) -> str:
    try:
        return format_timestamp(instant + by)
    except OverflowError:
        return format_timestamp(instant)


def _look(
    outbox: Outbox, client: Client, row: Row, body: Mapping[str, Any]
) -> dict[str, Any] | None:
    if row["made"]:
        return next(iter(walk(client, body, row["ref"]).found), None)
    return refs.find_logged(client, body, row["ref"], now=outbox.clock())


def _settle_delivered(outbox: Outbox, claim: Claim, activity: Mapping[str, Any]) -> None:
    remote_id = str(activity.get("id"))
    _settle(outbox, claim, state="delivered", remote_id=remote_id, not_before=None, last_error=None)


def _settle(outbox: Outbox, claim: Claim, **changes: Any) -> None:
    """Write down what became of a row, if that can be: what happened does not change by it.

    Where it cannot, the row is unknown to the next who reads it, and is looked for.
    """
    with suppress(errors.StoreError):
        outbox.settle(claim, **changes)


def _as_before(claim: Claim) -> Row:
    """The row as it was before it was claimed, since nothing was sent."""
    before = claim.before
    if before is None or before["state"] == "dead":
        return {"state": "pending", "sent_at": None, "attempts": claim.row["attempts"] - 1}
    # One that another process died over may have been sent by that.
    state = "unknown" if before["state"] == "sending" else before["state"]
    return {"state": state, "sent_at": before["sent_at"], "attempts": before["attempts"]}


def _give_back(outbox: Outbox, claim: Claim, error: errors.CrmctlError) -> None:
    """Settle a row that was not sent; one that every other would share the fate of, untouched."""
    changes = _as_before(claim)
    if isinstance(error, errors.RateLimited) or error.retryable:
        asked = getattr(error, "retry_after", None)
        attempts = claim.row["attempts"]
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(attempts - 1, 20))
        wait = pause if asked is None else asked
        until = format_timestamp(outbox.clock() + timedelta(seconds=min(wait, 10 * 86_400)))
        changes |= {
            "attempts": attempts,
            "not_before": until,
            "asked": int(asked is not None),
            "last_error": _told(outbox, error),
        }
    _settle(outbox, claim, **changes)


def _told(outbox: Outbox, error: errors.CrmctlError) -> str:
    return outbox.mask(error.message)
