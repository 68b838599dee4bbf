"""`crmctl record`: who and what the workspace knows by name."""

from typing import Annotated

import typer

from crmctl.cli import names, options
from crmctl.cli.context import Context
from crmctl.cli.inputs import read_choice, read_limit
from crmctl.cli.pull import PULLED, pull_records
from crmctl.cli.show import may_draw, named_view, show_all, show_done, show_object
from crmctl.errors import InvalidInput, NotFound, UsageError
from crmctl.output.escape import one_line
from crmctl.resources import DEFAULT_LIMIT, RECORD_TYPES

app = typer.Typer(
    help="""The users, contacts, deals and projects known by name.

    crmctl record list contact
    crmctl record add contact con_abc123 "Jane Smith"
    """
)

RecordType = Annotated[
    str,
    typer.Argument(
        metavar="TYPE",
        help=options.choices_text(RECORD_TYPES),
        autocompletion=options.one_of(RECORD_TYPES),
    ),
]

_RECORD = ("type", "id", "name", "email", "active", "notifications")


@app.command("add")
def add(
    ctx: typer.Context,
    type: RecordType,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="Such as con_abc123.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as `Jane Smith`.")],
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="An address to be found by, too.")
    ] = None,
    inactive: Annotated[
        bool, typer.Option("--inactive", help="A user without active access.")
    ] = False,
    no_notifications: Annotated[
        bool, typer.Option("--no-notifications", help="A user whom reminders do not reach.")
    ] = False,
    database: options.Database = None,
) -> None:
    """Make a record known by name, or change it.

    crmctl record add contact con_abc123 "Jane Smith" --email jane@acme.example
    crmctl record add user usr_def456 "Marcus Lee" --inactive
    """
    crm: Context = ctx.obj
    crm.database = database
    type = read_choice(type, RECORD_TYPES, "TYPE")
    if (inactive or no_notifications) and type != "user":
        raise UsageError("--inactive and --no-notifications are for users.")
    _check_line("ID", record_id)
    _check_line("NAME", name)
    if email is not None:
        _check_line("--email", email)
    if crm.options.dry_run:
        crm.terminal.note(f"Would make {type} {record_id} known as {name}.")
        return
    crm.require_writable("record add")
    with crm.store.writing() as kept:
        added = kept.put_record(
            type,
            record_id,
            name,
            email=email,
            active=not inactive,
            notifications=not no_notifications,
        )
    crm.fallback.note_write()
    show_done(crm, f"Added {type} {record_id}: {name}")
    show_object(crm, added, "record")


@app.command("list")
def list_(
    ctx: typer.Context,
    type: Annotated[
        str | None,
        typer.Argument(
            metavar="[TYPE]",
            help="|".join(RECORD_TYPES),
            autocompletion=options.one_of(RECORD_TYPES),
        ),
    ] = None,
    limit: options.Limit = None,
    database: options.Database = None,
) -> None:
    """List the known records, by type and ID: a workspace's, or what was seen of a server's.

    All of them, or 25 in a table.

    crmctl record list
    crmctl record list contact -o ids
    """
    crm: Context = ctx.obj
    crm.database = database
    if type is not None:
        type = read_choice(type, RECORD_TYPES, "TYPE")
    most = read_limit(limit)
    if most is None and crm.format == "table":
        most = DEFAULT_LIMIT
    every = crm.known.records(type)
    records = every[:most]
    shown: tuple[str, ...] = _RECORD
    if may_draw(crm):
        # What is the same of all, as it mostly is, would take room from names and addresses.
        telling = any(False in (each["active"], each["notifications"]) for each in records)
        shown = _RECORD if telling else _RECORD[:-2]
    number = show_all(crm, records, named_view(crm, shown, "record"))
    if number < len(every):
        rest = "" if limit else " --limit N shows more."
        crm.terminal.note(f"Showing {number} of {len(every)} records.{rest}")
    if database is None and crm.profile.kind != "workspace":
        crm.terminal.note(_say_age(crm))
    elif number == 0:
        crm.terminal.note('No records. Add one: crmctl record add contact con_abc123 "Jane Smith"')
        crm.fallback.note_empty()


@app.command("pull")
def pull(ctx: typer.Context) -> None:
    """Fetch the names of a server's contacts and deals, so that they can be used for IDs.

    They are kept on this machine; users are learned from the lists that show them.

    crmctl record pull
    crmctl record pull --profile team
    """
    crm: Context = ctx.obj
    if crm.profile.kind == "workspace":
        raise UsageError(
            f"The profile {crm.profile.name} is a workspace on this machine: it has its own"
            " records.",
            hint="`crmctl record list` shows them, and `crmctl record add` adds one.",
        )
    if crm.options.dry_run:
        crm.terminal.note("Would fetch the server's contacts and deals.")
        return
    counts, failure = pull_records(crm)
    if counts or failure is None:
        show_all(crm, counts, named_view(crm, ("type", "count", "pulled_at"), "record"))
    if failure is not None:
        raise failure


@app.command("remove")
def remove(
    ctx: typer.Context,
    type: RecordType,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="The record's ID, or its name.")],
    database: options.Database = None,
) -> None:
    """Forget a record. Tasks and activities keep its ID.

    crmctl record remove contact con_abc123
    crmctl record remove project proj_onb001 --dry-run
    """
    crm: Context = ctx.obj
    crm.database = database
    _check_line("ID", record_id)
    type = read_choice(type, RECORD_TYPES, "TYPE")
    record_id = str(names.read_record(crm, type, record_id, "ID", tell=True))
    if crm.options.dry_run:
        crm.terminal.note(f"Would forget {type} {record_id}.")
        return
    crm.require_writable("record remove")
    with crm.store.writing() as kept:
        if not kept.remove_record(type, record_id):
            raise NotFound(f"This workspace knows no {type} {record_id}.")
    crm.fallback.note_write()
    show_done(crm, f"Removed {type} {record_id}")
    show_object(crm, {"type": type, "id": record_id, "deleted": True}, "record")


def _say_age(crm: Context) -> str:
    """When a server's names were pulled, and how to pull them."""
    pulled = [crm.known_of_server.pulled_at(type) for type in PULLED]
    oldest = min((at for at in pulled if at is not None), default=None)
    how = "`crmctl record pull` fetches the server's contacts and deals"
    if oldest is None:
        return f"{how}."
    from crmctl.output.dates import describe

    age = describe(oldest, now=crm.now, zone=crm.zone, toward="past")
    return f"{how} anew; it did so {age}."


def _check_line(argument: str, text: str) -> None:
    if not text.strip() or one_line(text) != text:
        raise InvalidInput(f"{argument} must be one line of text, and not blank.")
