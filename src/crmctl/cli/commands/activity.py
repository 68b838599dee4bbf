"""`crmctl activity`: what has happened."""

from typing import Annotated, Any

import typer

from crmctl.cli import options
from crmctl.cli.context import Context, refuse
from crmctl.cli.inputs import read_choice, read_choices, read_description
from crmctl.cli.lists import show_listing
from crmctl.errors import UsageError
from crmctl.output.view import view_of
from crmctl.resources import ACTIVITY, ACTIVITY_TYPES
from crmctl.timestamps import parse_timestamp
from crmctl.validate import check_query

app = typer.Typer(help="Log activities, list them, read the feed.")

From = Annotated[
    str | None, typer.Option("--from", "--since", metavar="WHEN", help="From then on.")
]


@app.command("log")
def log(
    ctx: typer.Context,
    type: Annotated[
        str,
        typer.Argument(
            metavar="TYPE",
            help=f"{options.choices_text(ACTIVITY_TYPES)}.",
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
) -> None:
    """Log an activity that has happened.

    crmctl activity log call "Discovery call" --contact con_abc123 --duration 30 --outcome connected
    """
    from crmctl.dates import parse_duration

    crm: Context = ctx.obj
    given: dict[str, Any] = {
        "type": read_choice(type),
        "subject": subject,
        "description": read_description(crm, description),
        "contact_id": contact,
        "deal_id": deal,
        "duration": parse_duration(duration) if duration is not None else None,
        "outcome": read_choice(outcome),
        "attendees": attendee or None,
        "occurred_at": _when_past(crm, at, "--at") if at is not None else None,
    }
    body = {name: value for name, value in given.items() if value is not None}
    crm.check(ACTIVITY, body, "create")
    activity = crm.client.log_activity(body)
    crm.done(f"Logged {activity.get('type')} {activity.get('id')}")
    for name in ("contact_id", "deal_id"):
        if name in body and name in activity and activity[name] is None:
            crm.note(f"crmctl: note: {body[name]} is not known to the server: it was not linked")
    crm.show_written(activity, view_of(ACTIVITY, crm.flags.get("fields")))


@app.command("list")
def list_(
    ctx: typer.Context,
    type: options.ActivityTypes = None,
    contact: options.Contact = None,
    deal: options.Deal = None,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",  # Typer 0.27 makes it --USER of this metavar
            metavar="USER",
            help="Logged by this user; `me` is the profile's.",
            autocompletion=options.complete_id("user"),
        ),
    ] = None,
    since: From = None,
    to: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Up to then; a day counts whole.")
    ] = None,
    sort: Annotated[str | None, options.sort_option(ACTIVITY.sorts)] = None,
    limit: options.Limit = None,
    count: options.Count = False,
) -> None:
    """List activities, most recent first: all of them, or 25 in a table."""
    from crmctl.api.merge import MergedListing

    crm: Context = ctx.obj
    if sort is not None and sort.removeprefix("-") not in ACTIVITY.sorts:
        names = ", ".join(ACTIVITY.sorts)
        raise UsageError(f"--sort: {sort!r} is not a field to sort by; there are: {names}.")
    given = {
        "contact_id": contact,
        "deal_id": deal,
        "user_id": crm.user(user) if user is not None else None,
        "date_from": _when_past(crm, since, "--from") if since is not None else None,
        "date_to": crm.when(to, "--to", edge="end") if to is not None else None,
        "sort": sort,
    }
    query = {name: value for name, value in given.items() if value is not None}
    refuse(check_query(ACTIVITY, query, filters=ACTIVITY.filters, accepted=("sort",)))
    types = read_choices(type, ACTIVITY_TYPES, "--type") if type is not None else []

    def listing(limit: int | None) -> Any:
        if len(types) < 2:
            chosen = {"type": types[0]} if types else {}
            return crm.client.list_activities({**query, **chosen}, limit=limit)
        order = sort or ACTIVITY.default_sort
        lists = [
            crm.client.list_activities({**query, "type": each, "sort": order}, limit=limit)
            for each in types
        ]
        return MergedListing(lists, ACTIVITY, sort=order, limit=limit)

    show_listing(crm, ACTIVITY, listing, limit=limit, count=count)


@app.command("feed")
def feed(ctx: typer.Context, since: From = None, limit: options.Limit = None) -> None:
    """Read what happened lately, newest first, day by day: 25 items unless told otherwise."""
    from crmctl.cli.feed import show_feed

    crm: Context = ctx.obj
    earliest = _when_past(crm, since, "--since") if since is not None else None
    show_feed(crm, since=earliest, limit=limit)


def _when_past(crm: Context, text: str, option: str) -> str:
    """A date that ought to be past; one that is not, as `mon` never is, is pointed out."""
    sent = crm.when(text, option)
    if parse_timestamp(sent) > crm.now:
        crm.note(f"crmctl: note: {text} is {sent}, which is still to come")
    return sent
