"""`crmctl outbox`: activities that wait until the server has them."""

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmctl import errors
from crmctl.cli.context import Context
from crmctl.cli.inputs import read_file, read_seconds
from crmctl.cli.outbox import conclude_flush, open_outbox, require_empty
from crmctl.cli.show import named_view, show_all, show_line, show_one
from crmctl.delivery.entries import SHOWN, STATES, WAITING, export_entry, read_entries, show_entry
from crmctl.output.view import columns_of

if TYPE_CHECKING:
    from crmctl.delivery.outbox import Outbox

app = typer.Typer(
    help="""Activities that wait until the server has them: what `activity log --queue` keeps.

    crmctl outbox list
    crmctl outbox flush
    crmctl outbox status
    """
)

_FIELDS = (*SHOWN, "body.subject")
_COLUMNS = ("id", "state", "body.subject", "occurred_at", "ref", "last_error")
_STATUS = ("profile", "base_url", "path", *STATES, "other_keys")

RowID = Annotated[str, typer.Argument(metavar="ID", help="Its ID, as `outbox list` shows it.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Those that were delivered too.")] = False,
) -> None:
    """List what the server does not have yet, the oldest first.

    pending: not sent, or not applied. unknown: it may have been applied, and is looked for. held:
    sent too often to no effect. dead: refused by the server. The last two wait for you.

    crmctl outbox list
    crmctl outbox list --all --json
    """
    crm: Context = ctx.obj
    states = STATES if all_ else (*WAITING, "dead")
    with closing(open_outbox(crm)) as outbox:
        rows = outbox.rows(*states, everyone=True)
    view = named_view(crm, _FIELDS, "entry", "entries")
    if not view.chosen:
        view.columns = columns_of(_COLUMNS)
        for column in view.columns:
            if column.name == "body.subject":
                column.heading = "Subject"
            elif column.name == "occurred_at":
                column.type = "time"
    if show_all(crm, map(show_entry, rows), view) == 0:
        crm.terminal.note("Nothing waits in the outbox.")


@app.command("show")
def show(ctx: typer.Context, entry_id: RowID) -> None:
    """Show one entry, with what became of it and what would be sent.

    crmctl outbox show 1
    crmctl outbox show 1 --json
    """
    crm: Context = ctx.obj
    with closing(open_outbox(crm)) as outbox:
        _show(crm, outbox, _find(outbox, entry_id)["id"])


@app.command("flush")
def flush_(
    ctx: typer.Context,
    wait: Annotated[
        str, typer.Option(metavar="TIME", help="Go on so long while something waits: 300s, 5m.")
    ] = "0s",
) -> None:
    """Deliver what waits, the oldest first.

    What may have been applied is looked for first, and sent again only if it is not there twice:
    CRMCTL_OUTBOX_SETTLE seconds (120) after it was sent, and CRMCTL_OUTBOX_RECHECK (30) later.
    Exit 75: something still waits. 13: something was refused. 3, 5, 8: nothing more was sent.

    crmctl outbox flush
    crmctl outbox flush --wait 300s
    """
    from crmctl.delivery.flush import flush
    from crmctl.delivery.reconcile import Waits

    crm: Context = ctx.obj
    seconds = read_seconds(wait, "--wait")
    told: list[str] = []
    with closing(open_outbox(crm)) as outbox:
        if crm.options.dry_run:
            _rehearse(crm, outbox)
            return
        crm.require_writable("outbox flush")
        settings = crm.settings
        done = flush(
            outbox,
            lambda: crm.client,
            waits=Waits(settle=settings.outbox_settle.value, recheck=settings.outbox_recheck.value),
            timeout=settings.timeout.value,
            wait=seconds,
            sleep=crm.sleep,
            # Where errors are JSON, stderr has one object.
            tell=told.append if crm.tells_json else crm.terminal.note,
        )
        counts = outbox.counts()
    shown = {"delivered": done.delivered, "refused": done.died}
    shown |= {state: counts[state] for state in ("pending", "sending", "unknown", "held")}
    show_one(crm, shown, named_view(crm, list(shown), "flush", "flushes"))
    conclude_flush(crm, done, counts, told)


@app.command("retry")
def retry(ctx: typer.Context, entry_id: RowID) -> None:
    """Have an entry sent by the next flush, also one that is held or dead.

    The next flush looks whether it is there, and sends it if not, without waiting. What was queued
    with another CRMCTL_API_KEY is sent with the one in use.

    crmctl outbox retry 1
    """
    crm: Context = ctx.obj
    with closing(open_outbox(crm)) as outbox:
        row = _find(outbox, entry_id, "retry")
        if row["state"] == "delivered":
            raise errors.UsageError(f"{row['id']} is delivered, as {row['remote_id']}.")
        if crm.options.dry_run:
            crm.terminal.note(f"Would have {row['id']} sent by the next flush.")
            return
        # The server's own wish is kept.
        when: dict[str, Any] = {} if row["asked"] else {"not_before": None}
        when["account"] = outbox.account
        if not outbox.change(row, state="pending", resends=0, missed_at=None, **when):
            raise _changed(row)
        _show(crm, outbox, row["id"])


@app.command("drop")
def drop(
    ctx: typer.Context,
    entry_id: RowID,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete an entry. It is not sent any more; what was sent stays where it is.

    crmctl outbox drop 1 --yes
    """
    crm: Context = ctx.obj
    with closing(open_outbox(crm)) as outbox:
        row = _find(outbox, entry_id, "drop")
        if crm.options.dry_run:
            crm.terminal.note(f"Would delete {row['id']}.")
            return
        subject = _subject(row)
        if not yes and not crm.terminal.confirm(
            f"Delete {row['id']} ({row['state']}): {subject}?", flag="--yes"
        ):
            raise errors.UsageError("Nothing was deleted.", hint="")
        if not outbox.drop(row):
            raise _changed(row)
    deleted = {"id": str(row["id"]), "deleted": True}
    show_one(crm, deleted, named_view(crm, ("id", "deleted"), "entry", "entries"))


@app.command("export")
def export(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file, replaced; - is stdout.")],
) -> None:
    """Write what the server does not have yet, for `outbox import` elsewhere.

    JSON lines. It stays in this outbox too: whichever delivers it first, the other finds it there.

    crmctl outbox export outbox.jsonl
    crmctl outbox export - > outbox.jsonl
    """
    from crmctl.files import writing_file
    from crmctl.output.json_text import encode

    crm: Context = ctx.obj
    with closing(open_outbox(crm)) as outbox:
        rows = outbox.rows(*WAITING, "dead", everyone=True)
    url = str(crm.profile.base_url.value)
    entries = [export_entry(row, url) for row in rows]
    if file == "-" and crm.format == "json":
        crm.show_value(entries)
        return
    text = "".join(f"{encode(entry)}\n" for entry in entries)
    if file == "-":
        crm.terminal.stdout.write(text)
        return
    with writing_file(Path(file)) as output:
        output.write(text.encode())
    show_line(crm, {"path": file, "count": len(entries)}, f"{file}")


@app.command("import")
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="What was exported; - is stdin.")],
) -> None:
    """Put in what was exported elsewhere, or was printed where there was no room.

    What is here already is left as it is. If one line does not fit, nothing is put in.

    crmctl outbox import from-runner.jsonl
    """
    crm: Context = ctx.obj
    if crm.profile.kind == "workspace":
        raise errors.UsageError(
            f"The profile {crm.profile.name} is a workspace on this machine: nothing waits for it."
        )
    text = read_file(crm, file)
    read = read_entries(text, str(crm.profile.base_url.value))
    if crm.options.dry_run:
        crm.terminal.note(f"Would put {len(read)} into the outbox.")
        return
    with closing(open_outbox(crm)) as outbox:
        number = sum(outbox.put(identity, row) for identity, row in read)
    shown = {"imported": number, "known": len(read) - number}
    show_one(crm, shown, named_view(crm, list(shown), "import", "imports"))


@app.command("status")
def status(ctx: typer.Context) -> None:
    """Say how many wait: exit 75 if any does, 13 if some were refused, else 0.

    crmctl outbox status
    crmctl outbox status --json
    """
    crm: Context = ctx.obj
    profile = crm.profile
    with closing(open_outbox(crm)) as outbox:
        counts = outbox.counts()
    shown: dict[str, Any] = {"profile": profile.name, "base_url": profile.base_url.value}
    shown |= {"path": str(outbox.path), **counts}
    show_one(crm, shown, named_view(crm, _STATUS, "outbox", "outboxes"))
    require_empty(crm, counts)
    if counts["dead"]:
        raise errors.PartialFailure(
            f"The server refused {counts['dead']}.",
            hint="`crmctl outbox list` shows why; `outbox retry` or `outbox drop` settles it.",
        )


def _find(outbox: "Outbox", entry_id: str, verb: str | None = None) -> dict[str, Any]:
    """The row of that ID; one that is being sent cannot be changed by a ``verb``."""
    if not (entry_id.isascii() and entry_id.isdigit() and len(entry_id) < 19):
        raise errors.InvalidInput(f"ID: {entry_id!r:.80} is not the ID of an entry.")
    row = outbox.row(int(entry_id))
    if verb is not None and row["state"] == "sending":
        raise errors.UsageError(f"{row['id']} is being sent: wait, then {verb} it.")
    return row


def _subject(row: dict[str, Any]) -> str:
    body = show_entry(row)["body"]
    return str((isinstance(body, dict) and body.get("subject")) or row["ref"])


def _changed(row: dict[str, Any]) -> errors.CrmctlError:
    return errors.UsageError(f"{row['id']} was just changed by another process.", hint="Look anew.")


def _show(crm: Context, outbox: "Outbox", row_id: int) -> None:
    shown = show_entry(outbox.row(row_id))
    show_one(crm, shown, named_view(crm, _FIELDS, "entry", "entries"))


def _rehearse(crm: Context, outbox: "Outbox") -> None:
    rows = [show_entry(row) for row in outbox.rows("pending")]
    if rows:
        crm.show_value([{name: row[name] for name in ("method", "path", "body")} for row in rows])
    unknown = len(outbox.rows("unknown"))
    crm.terminal.note(f"Would send {len(rows)}, and look for {unknown}.")
