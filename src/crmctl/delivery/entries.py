"""An entry of the outbox as it is shown, exported and read back; and its states."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from crmctl import errors
from crmctl.delivery import refs
from crmctl.resources import ACTIVITY, OPERATIONS
from crmctl.timestamps import parse_timestamp
from crmctl.validate import check_body

Row = dict[str, Any]

STATES = ("pending", "sending", "unknown", "held", "dead", "delivered")
# What the server does not have yet, and may still get.
WAITING = ("pending", "sending", "unknown", "held")

DAMAGED = "What is kept of it is damaged: it cannot be sent."

# What an entry is shown with, and exported.
SHOWN = (
    *("id", "state", "ref", "method", "path", "body", "occurred_at", "queued_at", "attempts"),
    *("sent_at", "not_before", "last_error", "remote_id"),
)


def new_entry(body: Mapping[str, Any], ref: str, *, made: bool) -> Row:
    """What the outbox keeps of an activity whose body is marked with that reference.

    ``made`` says that the reference was made up for it: nobody else logs under it.
    """
    return {
        "ref": ref,
        "made": int(made),
        "body": json.dumps(body, allow_nan=False).encode(),
        "occurred_at": body["occurred_at"],
    }


def is_damaged(row: Row) -> bool:
    """Whether a row is not what was put in: SQLite does not notice a byte that a disk changed."""
    try:
        body = json.loads(row["body"])
        for time in (body["occurred_at"], row["sent_at"], row["missed_at"], row["not_before"]):
            if time is not None:
                parse_timestamp(time)
        return bool(refs.key_of(body, row["ref"]) != row["identity"])
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return True


def show_entry(row: Row) -> dict[str, Any]:
    """A row as a person or a program sees it, the body as an object; as text where it is none."""
    kept = row["body"]
    try:
        body = json.loads(kept)
    except (ValueError, TypeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        body = kept.decode(errors="replace") if isinstance(kept, bytes) else str(kept)
    return {name: row[name] for name in SHOWN} | {"body": body}


def export_entry(row: Row, base_url: str) -> dict[str, Any]:
    """A row as `read_entry` takes it, on another machine: whose server it is for is said."""
    # An ID is of this outbox alone.
    shown = {name: value for name, value in show_entry(row).items() if name != "id"}
    return {**shown, "made": bool(row["made"]), "base_url": base_url}


def read_entry(entry: Any, base_url: str) -> tuple[str, Row]:
    """The identity and the row of an exported entry. Raises InvalidInput for all else.

    What was being sent, or was held, is unknown here.
    """
    if not isinstance(entry, dict):
        raise errors.InvalidInput("this is no entry of an outbox.")
    body, ref, state = (entry.get(name) for name in ("body", "ref", "state"))
    operation = OPERATIONS["log_activity"]
    if (entry.get("method"), entry.get("path")) != (operation.method, operation.path):
        raise errors.InvalidInput("this is no entry of an outbox.")
    if entry.get("base_url") != base_url:
        raise errors.InvalidInput(f"this is for {entry.get('base_url')!r:.80}, not for {base_url}.")
    if state not in (*WAITING, "dead") or not isinstance(ref, str) or not isinstance(body, dict):
        raise errors.InvalidInput("state, ref or body is missing.")
    refs.check_ref(ref)
    problems = [f"{problem['field']} {problem['message']}" for problem in _problems(body, ref)]
    if problems:
        raise errors.InvalidInput(f"{'; '.join(problems)}.")
    row = new_entry(body, ref, made=entry.get("made") is True)
    sent_at, error = _time(entry, "sent_at"), entry.get("last_error")
    row |= {"state": state, "last_error": error if isinstance(error, str) else None}
    if state in ("sending", "unknown", "held"):
        row |= {"state": "unknown", "sent_at": sent_at or body["occurred_at"]}
    if queued_at := _time(entry, "queued_at"):
        row["queued_at"] = queued_at
    return refs.key_of(body, ref), row


def read_entries(text: str, base_url: str) -> list[tuple[str, Row]]:
    """The identities and rows of exported entries: JSON lines, or one array.

    Raises InvalidInput, which has every line that is at fault.
    """
    read, problems = [], []
    for number, entry in enumerate(_entries(text), 1):
        try:
            read.append(
                read_entry(json.loads(entry) if isinstance(entry, str) else entry, base_url)
            )
        except (ValueError, RecursionError):
            problems.append({"field": f"line {number}", "message": "this is not JSON."})
        except errors.InvalidInput as error:
            problems.append({"field": f"line {number}", "message": error.message})
    if problems:
        raise errors.InvalidInput(
            f"{len(problems)} of {len(read) + len(problems)} cannot be imported, so nothing was.",
            details=problems,
        )
    return read


def _entries(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        with suppress(ValueError, RecursionError):
            return list(json.loads(text))
    return [line for line in text.split("\n") if line.strip()]


def _problems(body: Mapping[str, Any], ref: str) -> list[Mapping[str, Any]]:
    problems: list[Mapping[str, Any]] = list(check_body(ACTIVITY, body, "create"))
    if not problems and not isinstance(body.get("occurred_at"), str):
        problems.append({"field": "occurred_at", "message": "is missing"})
    if not problems and refs.ref_of(body) != ref:
        problems.append({"field": "description", "message": "does not end with the reference"})
    return problems


def _time(entry: Mapping[str, Any], name: str) -> str | None:
    """A time of the entry, if it is one."""
    value = entry.get(name)
    try:
        parse_timestamp(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return str(value)
