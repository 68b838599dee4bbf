"""Logging once: an activity that is found again by the reference of whoever logs it.

The reference stands alone on the last line of the description, and is a part of the request's
`Idempotency-Key`. It is unique for a type, a deal and a contact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.deadline import Deadline
from crmctl.resources import OPERATIONS
from crmctl.timestamps import add_time, format_timestamp, parse_timestamp

LONGEST_REF = 200
# How far back is looked: a job can be run again for 30 days.
LOOK_BACK = timedelta(days=35)

_MARK = "crmctl-ref:"
_TOGETHER = ("type", "deal_id", "contact_id")


def check_ref(ref: str) -> str:
    """The reference. Raises InvalidInput for one that is not 1 to 200 printable characters."""
    if not 1 <= len(ref) <= LONGEST_REF or not ref.isprintable() or " " in ref:
        raise errors.InvalidInput(
            f"--ref: {ref!r:.80} is not 1 to {LONGEST_REF} printable characters without blanks."
        )
    return ref


def mark(body: Mapping[str, Any], ref: str) -> dict[str, Any]:
    """The body of an activity with the reference on its description's last line."""
    description = body.get("description")
    marked = f"{_MARK}{ref}"
    return {**body, "description": f"{description}\n\n{marked}" if description else marked}


def log_once(
    client: Client, body: Mapping[str, Any], ref: str, *, now: datetime, timeout: float
) -> tuple[dict[str, Any], bool]:
    """Log an activity whose body is `mark`ed and has its ``occurred_at``, unless it is there.

    Gives it, and whether it was there already. Raises what the look before raises, with nothing
    sent; else what `log_marked` raises.
    """
    found = find_logged(client, body, ref, now=now)
    if found is not None:
        return found, True
    return log_marked(client, body, ref, now=now, timeout=timeout)


def log_marked(
    client: Client, body: Mapping[str, Any], ref: str, *, now: datetime, timeout: float
) -> tuple[dict[str, Any], bool]:
    """Log a `mark`ed activity that nobody has logged before, as far as is known.

    Gives it, and whether another job was faster. Where the answer to logging it is lost, or it is
    refused for another one under its key, it is looked for, both within ``timeout`` seconds. Raises
    what logging it raises.
    """
    bounded = client.within(Deadline(timeout))
    try:
        return bounded.log_activity(body, key=key_of(body, ref)), False
    except errors.OutcomeUnknown as error:
        if found := _look_after(bounded, body, ref, now):
            return found, False
        error.hint = _hint(body, now)
        raise
    except errors.Rejected as error:
        # Another body under that key: this job words itself anew, or two jobs log at once.
        if error.status in (409, 422) and (found := _look_after(bounded, body, ref, now)):
            return found, True
        raise


def find_logged(
    client: Client, body: Mapping[str, Any], ref: str, *, now: datetime
) -> dict[str, Any] | None:
    """The activity with that reference, type, deal and contact, or None; every page is read."""
    query = query_of(body) | {"date_from": format_timestamp(_earliest(body, now))}
    for activity in client.list_activities(query):
        if is_same(activity, body, ref):
            return activity
    return None


def query_of(body: Mapping[str, Any]) -> dict[str, str]:
    """What asks for the activities among which that one is: its type, and its deal or contact."""
    query = {"type": body["type"]}
    for name in ("deal_id", "contact_id"):
        if body.get(name) is not None:
            query[name] = body[name]
            break
    return query


def is_same(activity: Mapping[str, Any], body: Mapping[str, Any], ref: str) -> bool:
    """Whether an activity has that reference, and the type, deal and contact of the body."""
    # What a server did not link is null there.
    return ref_of(activity) == ref and all(
        activity.get(name) in (body.get(name), None) for name in _TOGETHER
    )


def ref_of(activity: Mapping[str, Any]) -> str | None:
    """The reference on an activity's last line; None where there is none."""
    description = activity.get("description")
    last = description.rstrip().rpartition("\n")[2] if isinstance(description, str) else ""
    return last.strip().removeprefix(_MARK) if last.strip().startswith(_MARK) else None


def key_of(body: Mapping[str, Any], ref: str) -> str:
    """The `Idempotency-Key` of an activity under that reference, in every run the same."""
    operation = OPERATIONS["log_activity"]
    parts = [operation.method, operation.path, ref, *(body.get(name) for name in _TOGETHER)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _look_after(
    client: Client, body: Mapping[str, Any], ref: str, now: datetime
) -> dict[str, Any] | None:
    try:
        return find_logged(client, body, ref, now=now)
    except errors.CrmctlError:
        return None  # a look that fails decides nothing: the failure before it stands


def _earliest(body: Mapping[str, Any], now: datetime) -> datetime:
    return add_time(min(parse_timestamp(body["occurred_at"]), now), -LOOK_BACK)


def _hint(body: Mapping[str, Any], now: datetime) -> str:
    since = f"--since {_earliest(body, now).date()}"
    words = ["crmctl activity list", f"--type {body['type']}", since]
    words += [
        f"--{name.removesuffix('_id')} {body[name]}"
        for name in ("deal_id", "contact_id")
        if body.get(name) is not None
    ]
    return f"Look with `{' '.join(words)}`, or run the same command again: it looks first."
