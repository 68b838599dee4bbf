"""`crmctl activity`: what has happened."""

from typing import Annotated, Any

import typer

from crmctl.cli import inputs, names, options, times
from crmctl.cli.context import Context
from crmctl.cli.feed import follow_feed, read_interval, read_mark_name, show_feed, show_new
from crmctl.cli.follow_up import carry_out, read_follow_up
from crmctl.cli.inputs import Sending
from crmctl.cli.lists import Asked, export_list, show_list
from crmctl.cli.show import show_done, show_written, view
from crmctl.errors import CrmctlError, UsageError
from crmctl.resources import ACTIVITY, ACTIVITY_TYPES

# What a failed log means for the job that runs it.
ON_FAILURE = ("fail", "warn")
# The exit statuses that `warn` lets pass: what failed, or may have, on the way. Never what a person
# has to mend: a wrong command, a missing key, a refusal.
TOLERABLE = (7, 8, 9, 10, 75)

app = typer.Typer(
    help="""Log activities, list them, read the feed.

    crmctl activity log call "Discovery call" --contact con_abc123 --duration 30
    crmctl activity list --since -7d
    crmctl activity feed
    """
)


@app.command("log")
def log(
    ctx: typer.Context,
    type: Annotated[
        str,
        typer.Argument(
            metavar="TYPE",
            help=options.choices_text(ACTIVITY_TYPES),
            autocompletion=options.one_of(ACTIVITY_TYPES),
        ),
    ],
    subject: Annotated[
        str | None, typer.Argument(metavar="[SUBJECT]", help="What it was about.")
    ] = None,
    description: options.Description = None,
    contact: options.Contact = None,
    deal: options.Deal = None,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long: 30 (minutes), 45m, 1h15m.")
    ] = None,
    outcome: options.Outcome = None,
    at: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When it happened: `-20m`, `yesterday 9am`.")
    ] = None,
    attendee: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID",
            help="A contact who attended; may be repeated.",
            autocompletion=options.complete_id("contact"),
        ),
    ] = None,
    complete: Annotated[
        str | None,
        typer.Option(
            metavar="TASK",
            help="Then complete this task.",
            autocompletion=options.complete_id("task"),
        ),
    ] = None,
    then: Annotated[
        str | None,
        typer.Option(metavar="TITLE", help="Then create this task for the contact, else the deal."),
    ] = None,
    then_due: Annotated[
        str | None, typer.Option(metavar="WHEN", help="When the task of --then is due.")
    ] = None,
    ref: Annotated[
        str | None,
        # Named, as --user below is, for Typer 0.27.
        typer.Option("--ref", metavar="REF", help="Log it once: a later run finds it by this."),
    ] = None,
    ci: Annotated[
        bool, typer.Option("--ci", help="Take subject, description, --ref from the CI job.")
    ] = False,
    ref_add: Annotated[
        str | None, typer.Option(metavar="TEXT", help="With --ci: tells two logs of one job apart.")
    ] = None,
    on_failure: Annotated[
        str,
        typer.Option(
            metavar="fail|warn",
            help="warn: exit 0 where the server failed.",
            autocompletion=options.one_of(ON_FAILURE),
        ),
    ] = "fail",
    queue: Annotated[
        bool, typer.Option("--queue", help="Keep it in the outbox until the server has it.")
    ] = False,
) -> None:
    """Log an activity that has happened.

    crmctl activity log call "Discovery call" --contact "Jane Smith" --duration 30
    crmctl activity log call "Wants an offer" --then "Send it" --then-due fri
    crmctl activity log note "Deployed v1.4" --deal deal_xyz789 --ref build-1234

    With --complete or --then, JSON is {"activity", "completed", "created"}. --queue, or
    CRMCTL_QUEUE=1, keeps what cannot be delivered now for `crmctl outbox flush`, with exit 75; a
    workspace on this machine takes it at once.
    """
    crm: Context = ctx.obj
    on_failure = inputs.read_choice(on_failure, ON_FAILURE, "--on-failure")
    given: dict[str, Any] = {
        "type": type,
        "subject": subject,
        "description": inputs.read_description(crm, description),
        "contact_id": contact,
        "deal_id": deal,
        "duration": inputs.read_minutes(duration),
        "outcome": outcome,
        "attendees": list(
            dict.fromkeys(
                names.read_record(crm, "contact", each, "--attendee", tell=True)
                for each in attendee or ()
            )
        )
        or None,
        # Said also where it is now, so that what is sent again is the same activity.
        "occurred_at": times.read_past(crm, at, "--at") or times.this_second(crm),
    }
    if ci:
        ref = _fill_in(crm, given, ref, ref_add)
    elif ref_add is not None:
        raise UsageError("--ref-add goes with --ci.")
    for kind in ("contact", "deal"):
        linked = given[f"{kind}_id"]
        given[f"{kind}_id"] = names.read_record(crm, kind, linked, f"--{kind}", tell=True)
    body = inputs.read_body(ACTIVITY, given, "create", place="TYPE")
    follow_up = read_follow_up(crm, complete, then, then_due, activity=body, once=ref is not None)
    if subject is None and not ci and crm.terminal.may_ask():
        given["subject"] = _ask_subject(crm)
        body = inputs.read_body(ACTIVITY, given, "create", place="TYPE")
    try:
        activity = _log(crm, body, ref, queue=queue or crm.settings.queue.value)
    except CrmctlError as error:
        if follow_up is not None:
            error.hint = f"{error.hint or ''} Nothing was completed or created.".strip()
        # What is queued because of what a person has to mend is no better for it.
        cause = getattr(error, "cause", None) or error
        if on_failure == "fail" or not {error.exit_status, cause.exit_status} <= set(TOLERABLE):
            raise
        _warn(crm, error)
        return
    for name in ("contact_id", "deal_id"):
        if name in body and name in activity and activity[name] is None:
            crm.terminal.note(
                f"crmctl: note: {body[name]} is not known to the server: it was not linked"
            )
    if follow_up is not None:
        carry_out(crm, follow_up, activity)
    else:
        show_written(crm, activity, view(crm, ACTIVITY))


def _ask_subject(crm: Context) -> str | None:
    """What a person at the terminal says that it was about, if anything."""
    subject = crm.terminal.ask("Subject (Enter for none): ")
    if subject is None:
        raise UsageError("Nothing was logged.", hint="")
    return subject or None


def _fill_in(
    crm: Context, given: dict[str, Any], ref: str | None, ref_add: str | None
) -> str | None:
    """Fill in from the CI job what was not given, and give the reference."""
    from crmctl.delivery.ci import LINKS, read_job, read_links

    if ref is not None and ref_add is not None:
        raise UsageError("--ref and --ref-add exclude each other.")
    job = read_job(crm.environ, add=ref_add)
    links = read_links(crm.environ, [name for name in LINKS if given[name] is None])
    for name, value in {"subject": job.subject, "description": job.description, **links}.items():
        if given[name] is None:
            given[name] = value
    crm.terminal.log(1, f"--ref {ref or job.ref}")
    return ref if ref is not None else job.ref


def _warn(crm: Context, error: CrmctlError) -> None:
    """Say in one line why nothing, or perhaps nothing, was logged; on GitHub also at the run."""
    from crmctl.delivery.ci import annotation
    from crmctl.output.escape import one_line

    said = one_line(f"{error.message} {error.hint or ''}".strip())
    crm.terminal.warn(f"crmctl: warning: {said}", code=error.code)
    shown = annotation(crm.environ, said)
    if shown is not None and not crm.tells_json:
        crm.terminal.say(f"{shown}\n")


def _log(crm: Context, body: dict[str, Any], ref: str | None, *, queue: bool) -> dict[str, Any]:
    """Log the activity; under a reference, once; by way of the outbox where it is to be queued."""
    known = False
    # A workspace is here: what it cannot take, the outbox could not.
    if queue and not crm.options.dry_run and crm.profile.kind != "workspace":
        from crmctl.cli.outbox import log_queued

        activity, known = log_queued(crm, body, ref)
    elif ref is None:
        activity = crm.client.log_activity(body)
    else:
        from crmctl.delivery import refs

        body = refs.mark(body, refs.check_ref(ref))
        if crm.options.dry_run:  # which looks for nothing: it needs neither a key nor a server
            activity = crm.client.log_activity(body)
        else:
            crm.require_writable("activity log")  # before it looks, for which it needs the key
            timeout = crm.settings.timeout.value
            activity, known = refs.log_once(crm.client, body, ref, now=crm.now, timeout=timeout)
    if known:
        text = f"{activity.get('id')} was logged before under this reference: nothing was sent"
        crm.terminal.note(f"crmctl: note: {text}", code="replayed")
    else:
        show_done(crm, f"Logged {activity.get('type')} {activity.get('id')}")
    return activity


@app.command("list")
@options.taking("activity_filters", "asked")
def list_(ctx: typer.Context, asked: Asked, count: options.Count = False) -> None:
    """List activities, most recent first: all of them, or 25 in a table.

    crmctl activity list --since -7d --type call,meeting
    crmctl activity list --contact con_abc123 --json
    crmctl activity list --from -30d --count
    """
    show_list(ctx.obj, ACTIVITY, asked, count=count)


@app.command("export")
@options.taking("activity_filters", "asked")
def export(ctx: typer.Context, asked: Asked, file: options.ExportFile = None) -> None:
    """Write activities as JSON lines, or as CSV: all of them, or those that the filters leave.

    crmctl activity export > activities.jsonl
    crmctl activity export --since -30d -o csv
    """
    export_list(ctx.obj, ACTIVITY, asked, file)


@app.command("import")
@options.taking("read_sending", "sending")
def import_(
    ctx: typer.Context,
    file: options.ImportFile,
    sending: Sending,
    renaming: options.Map = None,
    again: options.Again = False,
) -> None:
    """Log an activity for each line of a file: JSON lines, or CSV with the fields' names above.

    All lines are checked first; a file that is cut off goes on where it ended. Names stand for IDs,
    and dates are as people type them. --map reads other programs' columns and values.

    crmctl activity import calls.jsonl --dry-run
    crmctl activity import calls.csv --map at=Date --map outcome:VM=voicemail
    """
    from crmctl.cli.imports import import_items

    import_items(ctx.obj, ACTIVITY, file, renaming=renaming or [], sending=sending, again=again)


@app.command("feed")
def feed(
    ctx: typer.Context,
    since: options.From = None,
    since_last: options.SinceLast = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on as things are logged.")] = False,
    interval: options.Interval = None,
    limit: options.Limit = None,
) -> None:
    """Read what happened lately, newest first, day by day: 25 items unless told otherwise.

    crmctl activity feed --since monday
    crmctl activity feed --since-last mail -o jsonl
    crmctl activity feed --follow

    --since-last and --follow show each item once, the oldest first, and what
    is logged late too, if it happened up to 30 days before.
    """
    crm: Context = ctx.obj
    name = read_mark_name(since_last)
    seconds = read_interval(interval, follow=follow)
    if follow or name is not None:
        for other in (("--since", since), ("--limit", limit)):
            inputs.only_one(("--follow" if follow else "--since-last", ""), other)
    if follow:
        follow_feed(crm, name=name, interval=seconds)
    elif name is not None:
        show_new(crm, name)
    else:
        since = times.read_past(crm, since, "--since")
        show_feed(crm, since=since, limit=inputs.read_limit(limit))
