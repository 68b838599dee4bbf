"""What the outbox keeps of an activity: a row of its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmctl.database import Schema
from crmctl.resources import OPERATIONS

Row = dict[str, Any]

_COLUMNS = {
    "id": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "identity": "TEXT NOT NULL",  # the Idempotency-Key: one for a ref, type, deal and contact
    "account": "TEXT NOT NULL",  # whose it is, where the profile alone does not say
    "ref": "TEXT NOT NULL",
    "made": "INTEGER NOT NULL",  # whether the ref was made up here: nobody else logs under it
    "method": "TEXT NOT NULL",
    "path": "TEXT NOT NULL",
    "body": "BLOB NOT NULL",
    "occurred_at": "TEXT NOT NULL",
    "queued_at": "TEXT NOT NULL",
    "state": "TEXT NOT NULL",
    "token": "TEXT",
    "attempts": "INTEGER NOT NULL",
    "sent_at": "TEXT",  # when a byte may have gone out for the last time
    "missed_at": "TEXT",  # when it was looked for and was not there
    "resends": "INTEGER NOT NULL",
    "not_before": "TEXT",
    "asked": "INTEGER NOT NULL",  # whether it is the server that asks to wait until then
    "last_error": "TEXT",
    "remote_id": "TEXT",
    "delivered_at": "TEXT",
}
NAMES = tuple(_COLUMNS)
NEW: Row = {
    **dict.fromkeys(NAMES),
    "method": OPERATIONS["log_activity"].method,
    "path": OPERATIONS["log_activity"].path,
    "state": "pending",
    "attempts": 0,
    "resends": 0,
    "asked": 0,
    "made": 0,
}


def _steps() -> Sequence[Sequence[str]]:
    columns = ", ".join(f"{name} {type}" for name, type in _COLUMNS.items())
    return ((f"CREATE TABLE entry ({columns}, UNIQUE (account, identity))",),)


SCHEMA = Schema(
    "outbox",
    application_id=0x43524D4F,
    version=1,
    steps=_steps,
    synchronous="EXTRA",
    variable="CRMCTL_STATE_DIR",
    mend="Keep a copy of the file, and move it away: the next log starts a new outbox.",
)
