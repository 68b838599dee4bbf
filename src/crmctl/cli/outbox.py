"""The outbox of a profile, and logging an activity by way of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from crmctl.config.account import digest, name_account
from crmctl.delivery import refs
from crmctl.delivery.entries import WAITING, export_entry, new_entry
from crmctl.errors import (
    CrmctlError,
    OutcomeUnknown,
    PartialFailure,
    Queued,
    SettingsError,
    StoreError,
    Unreachable,
)
from crmctl.timestamps import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmctl.cli.context import Context
    from crmctl.delivery.flush import Flushed
    from crmctl.delivery.outbox import Outbox
    from crmctl.delivery.rows import Row
    from crmctl.delivery.sending import Delivery

# Seconds between looks whether another process has sent what it has claimed.
_POLL = 0.05


def open_outbox(crm: Context) -> Outbox:
    """The outbox of the profile and its base URL; a workspace's is always empty. Creates nothing.

    Who has the profile has its account, whatever its key is by now. Without a profile the key is
    all that tells accounts apart: its digest goes with each row. Raises SettingsError where there
    is no place for state.
    """
    from crmctl.delivery.outbox import Outbox

    profile = crm.profile
    name = name_account(profile.name, str(profile.base_url.value))
    key = crm.key_without_profile
    return Outbox(
        crm.directories.state / "outbox" / f"{name}.db",
        account=digest(key) if key else "",
        clock=crm.clock,
        busy_seconds=crm.settings.timeout.value,
        mask=crm.terminal.mask,
    )


def log_queued(crm: Context, body: dict[str, Any], ref: str | None) -> tuple[dict[str, Any], bool]:
    """Log an activity by way of the outbox; gives it, and whether it was there already.

    Raises Queued where it is not delivered yet, the failure itself where the server refuses it, and
    StoreError where neither the outbox nor the server has it.
    """
    from crmctl.delivery.sending import send

    crm.require_writable("activity log")
    made = ref is None
    ref = os.urandom(16).hex() if ref is None else refs.check_ref(ref)
    body = refs.mark(body, ref)
    identity, entry = refs.key_of(body, ref), new_entry(body, ref, made=made)
    try:
        outbox = open_outbox(crm)
        claim = outbox.enter_claimed(identity, entry) if made else None
        row = outbox.enter(identity, entry) if claim is None else claim.row
    except (StoreError, SettingsError) as failure:
        return _send_unqueued(crm, body, ref, failure, made=made)
    crm.close_later(outbox.close)
    try:
        if claim is not None:
            done = send(outbox, claim, lambda: crm.client, crm.settings.timeout.value)
        else:
            done = _take_over(crm, outbox, row)
    except KeyboardInterrupt as stop:
        stop.add_note(f"It is in the outbox ({ref}): `{flush_line(crm)}` delivers it.")
        raise
    if done.activity is None:
        raise _explain(crm, row, done)
    return done.activity, done.known


def flush_line(crm: Context) -> str:
    """The command that delivers what waits."""
    profile = "" if crm.options.profile is None else f" --profile {crm.options.profile}"
    return f"crmctl outbox flush{profile}"


def require_empty(crm: Context, counts: Mapping[str, int], why: str = "") -> None:
    """Raise Queued where something waits, by the numbers of the rows in each state."""
    waiting = {state: counts[state] for state in WAITING if counts[state]}
    if not waiting:
        return
    told = ", ".join(f"{number} {state}" for state, number in waiting.items())
    hint = f"Run `{flush_line(crm)}` later."
    if set(waiting) == {"held"}:
        hint = "`crmctl outbox show ID` shows why; `outbox retry ID` sends it once more."
    elif set(waiting) <= {"held", "unknown"}:
        hint = f"Run `{flush_line(crm)}` later: it looks whether they are there."
    raise Queued(f"Not delivered yet: {told}.{why}", hint=hint)


def conclude_flush(
    crm: Context, done: Flushed, counts: Mapping[str, int], told: Sequence[str]
) -> None:
    """Say what a flush has met, besides what was told of each row; raise what it comes to."""
    notes = [f"One activity is there {len(ids)} times: {', '.join(ids)}" for ids in done.duplicates]
    if counts["other_keys"]:
        notes.append(
            f"Queued with another key: {counts['other_keys']}. `crmctl outbox retry ID` has one"
            " delivered with this key."
        )
    if done.busy:
        notes.append("Another flush is running: nothing was sent.")
    try:
        _require_done(crm, done, counts)
    except CrmctlError as error:
        if crm.tells_json:
            error.details = [{"field": None, "message": line} for line in (*told, *notes)]
            raise
        for line in notes:
            crm.terminal.warn(line, code="outbox")
        raise
    for line in (*told, *notes):
        crm.terminal.note(line, code="outbox")


def _require_done(crm: Context, done: Flushed, counts: Mapping[str, int]) -> None:
    error = done.error
    if error is not None and not isinstance(error, OutcomeUnknown) and not error.retryable:
        raise error
    if done.died:
        hint = "`crmctl outbox list` shows why."
        raise PartialFailure(f"The server refused {done.died}.", hint=hint)
    why = f" {error.message}" if error is not None else ""
    left = (done.due - crm.clock()).total_seconds() if done.due is not None else 0.0
    if error is None and left >= 1:
        why = f" The next is due in {left:.0f} s."
    require_empty(crm, counts, why)


def _take_over(crm: Context, outbox: Outbox, row: Row) -> Delivery:
    """Look for a row, and send it if it is not there; or wait for the process that sends it."""
    from crmctl.delivery.sending import Delivery, deliver

    timeout = crm.settings.timeout.value
    for _ in range(int(timeout / _POLL) + 1):
        if row["state"] != "sending":
            done = deliver(outbox, row, lambda: crm.client, timeout=timeout)
            if done.state != "sending":
                return done
        crm.sleep(_POLL)
        try:
            row = outbox.row(row["id"])
        except StoreError as error:
            return Delivery(row["state"], error=error)
    return Delivery("sending")


def _explain(crm: Context, row: Row, done: Delivery) -> CrmctlError:
    """What is said where it was not delivered: that it is safe, unless it is refused."""
    error = done.error or Unreachable("Another process is sending it.", hint="")
    if done.state == "dead":
        error.hint = f"{error.hint or ''} It is kept: `crmctl outbox show {row['id']}`.".strip()
        return error
    if done.state == "delivered":
        error.hint = f"It was delivered before, as {row['remote_id']}."
        return error
    doubt = " It may have been applied: that is looked for." if done.state == "unknown" else ""
    hint = f"Run `{flush_line(crm)}` to deliver it."
    if error.hint and not error.retryable and done.state != "unknown":
        hint = f"{error.hint}\nThen run `{flush_line(crm)}`."
    queued = Queued(
        f"Not delivered yet: {error.message} It is safe in the outbox as {row['ref']}.{doubt}",
        hint=hint,
        status=error.status,
        request_id=error.request_id,
        details=[{"id": row["id"], "ref": row["ref"], "state": done.state}]
        if crm.tells_json
        else None,
    )
    queued.cause = error
    return queued


def _send_unqueued(
    crm: Context, body: dict[str, Any], ref: str, failure: CrmctlError, *, made: bool
) -> tuple[dict[str, Any], bool]:
    """Send once what the outbox cannot take; where that fails too, give the entry to the caller."""
    from crmctl.delivery.rows import NEW
    from crmctl.output.json_text import encode

    log = refs.log_marked if made else refs.log_once
    try:
        done = log(crm.client, body, ref, now=crm.now, timeout=crm.settings.timeout.value)
    except CrmctlError as error:
        now = format_timestamp(crm.now)
        row = {**NEW, **new_entry(body, ref, made=made), "queued_at": now}
        if isinstance(error, OutcomeUnknown):
            row |= {"state": "unknown", "sent_at": now}
        entry = export_entry(row, str(crm.profile.base_url.value))
        if not crm.tells_json:
            crm.terminal.say(f"{encode(entry)}\n")
        raise StoreError(
            f"It is neither in the outbox nor confirmed: {failure.message} {error.message}",
            hint="The entry is printed: keep it, and give it to `crmctl outbox import`.",
            details=[entry] if crm.tells_json else None,
        ) from error
    crm.terminal.warn(f"crmctl: warning: not by the outbox: {failure.message}", code="not_queued")
    return done
