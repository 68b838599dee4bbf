"""Finding out what became of a row that was sent and may have been applied."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crmctl.delivery.entries import is_damaged
from crmctl.delivery.sending import walk
from crmctl.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from crmctl.api.client import Client
    from crmctl.delivery.outbox import Outbox
    from crmctl.delivery.rows import Row
    from crmctl.delivery.sending import Walk

MOST_RESENDS = 3
# Of the delivered rows the last ones are looked for, to see whether reading back works at all.
_PROOFS = 3

UNPROVEN = (
    "It is not there, but nor is anything else of this outbox: whether that can be read back is not"
    " proven."
)
INCOMPLETE = "It is not there, but the server gave less than it counts."
HELD = f"It was sent {MOST_RESENDS + 1} times and is not there."


class Waits:
    """Seconds: ``settle`` from the last send until an absence counts, ``recheck`` to the second."""

    __slots__ = ("recheck", "settle")

    def __init__(self, *, settle: float, recheck: float) -> None:
        self.settle = timedelta(seconds=settle)
        self.recheck = timedelta(seconds=recheck)

    def due(self, row: Row) -> datetime:
        """When the absence of an unknown row counts for the next time."""
        if row["missed_at"] is not None:
            return parse_timestamp(row["missed_at"]) + self.recheck
        return parse_timestamp(row["sent_at"]) + self.settle


def reconcile(outbox: Outbox, row: Row, client: Client, waits: Waits) -> list[str]:
    """Look for an unknown row, and change it as what is seen allows; give what it is there as.

    One that is there is delivered; as it is if it is there more than once, which is reported, for
    two IDs are given. One that is not there twice, on complete walks, is pending again, if another
    delivered row can be seen; after 3 resends it is held. All else changes nothing but what is said
    of it. Raises what the look raises: that decides nothing.
    """
    body = json.loads(row["body"])
    looked_at = outbox.clock()
    seen = walk(client, body, row["ref"])
    if seen.found:
        ids = [str(activity.get("id")) for activity in seen.found]
        delivered_at = format_timestamp(outbox.clock())
        outbox.change(
            row, state="delivered", remote_id=ids[0], last_error=None, delivered_at=delivered_at
        )
        return ids
    if not seen.complete:
        outbox.change(row, last_error=INCOMPLETE)
    elif looked_at < waits.due(row):
        pass
    elif row["missed_at"] is None:
        outbox.change(row, missed_at=format_timestamp(looked_at))
    elif not _is_proven(outbox, seen, client):
        outbox.change(row, last_error=UNPROVEN)
    elif row["resends"] >= MOST_RESENDS:
        outbox.change(row, state="held", last_error=HELD)
    else:
        resends = row["resends"] + 1
        outbox.change(row, state="pending", resends=resends, missed_at=None, not_before=None)
    return []


def _is_proven(outbox: Outbox, seen: Walk, client: Client) -> bool:
    """Whether something that this outbox has delivered can be seen, by its reference."""
    delivered = outbox.rows("delivered")
    if any(row["ref"] in seen.refs for row in delivered):
        return True
    for row in reversed(delivered[-_PROOFS:]):
        if not is_damaged(row) and walk(client, json.loads(row["body"]), row["ref"]).found:
            return True
    return False
