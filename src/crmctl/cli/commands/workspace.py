"""`crmctl workspace`: the embedded workspace on this machine."""

from pathlib import Path
from typing import Annotated, Any

import typer

from crmctl.cli import options
from crmctl.cli.context import Context
from crmctl.errors import InvalidInput, NotFound, StoreError, UsageError
from crmctl.output.escape import one_line
from crmctl.output.view import View, choose, columns_of
from crmctl.resources import RECORD_TYPES

app = typer.Typer(help="The embedded workspace on this machine.")
record = typer.Typer(help="The users, contacts, deals and projects it knows by name.")
app.add_typer(record, name="record")

RecordType = Annotated[
    str,
    typer.Argument(
        metavar="TYPE", help="|".join(RECORD_TYPES), autocompletion=options.one_of(RECORD_TYPES)
    ),
]

_INFO = ("profile", "path", "exists", "bytes", "schema", "tasks", "activities", "records")
_RECORD = ("type", "id", "name", "active", "notifications")


@app.command("info")
def info(ctx: typer.Context) -> None:
    """Show where it is and what it holds."""
    crm: Context = ctx.obj
    from crmctl.store.header import inspect_header

    path = crm.workspace_path
    version = inspect_header(path)
    with crm.workspace.store.reading() as connection:
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for name, table in (
                ("tasks", "task"),
                ("activities", "activity"),
                ("records", "record"),
            )
        }
    found: dict[str, Any] = {
        "profile": crm.profile.name,
        "path": str(path),
        "exists": version is not None,
        "bytes": path.stat().st_size if version is not None else 0,
        "schema": version,
        **counts,
    }
    crm.show_one(found, _view(crm, _INFO, "workspace", "workspaces"))


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print the path of its file."""
    crm: Context = ctx.obj
    if crm.format in ("json", "jsonl"):
        crm.show_one({"path": str(crm.workspace_path)}, _view(crm, ("path",), "path", "paths"))
    else:
        crm.stdout.write(f"{crm.workspace_path}\n")


@app.command("backup")
def backup(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; must not exist yet.")],
) -> None:
    """Copy it to a file, whole and consistent, while others use it."""
    crm: Context = ctx.obj
    if crm.dry_run:
        crm.note(f"Would copy {crm.workspace_path} to {file}.")
        return
    crm.workspace.store.back_up(file)
    crm.done(f"Copied {crm.workspace_path} to {file}.")
    crm.show_one({"path": str(file)}, _view(crm, ("path",), "backup", "backups"))


@app.command("check")
def check(ctx: typer.Context) -> None:
    """Look for damage in its file."""
    crm: Context = ctx.obj
    problems = crm.workspace.store.check()
    if problems:
        raise StoreError(
            f"{crm.workspace_path} is damaged: {problems[0]}",
            hint="Restore a backup: a copy made by `crmctl workspace backup`.",
            details=[{"field": None, "message": problem} for problem in problems],
        )
    crm.show_one(
        {"path": str(crm.workspace_path), "ok": True},
        _view(crm, ("path", "ok"), "check", "checks"),
    )


@record.command("add")
def add(
    ctx: typer.Context,
    type: RecordType,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="Such as con_abc123.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Such as `Jane Smith`.")],
    inactive: Annotated[
        bool, typer.Option("--inactive", help="A user without active access.")
    ] = False,
    no_notifications: Annotated[
        bool, typer.Option("--no-notifications", help="A user whom reminders do not reach.")
    ] = False,
) -> None:
    """Make a record known by name, or change it."""
    crm: Context = ctx.obj
    _check_type(type)
    if (inactive or no_notifications) and type != "user":
        raise UsageError("--inactive and --no-notifications are for users.")
    for option, text in (("ID", record_id), ("NAME", name)):
        if not text.strip() or one_line(text) != text:
            raise InvalidInput(f"{option} must be one line of text, and not blank.")
    from crmctl.store.records import add_record

    settings = {"active": not inactive, "notifications": not no_notifications}
    if crm.dry_run:
        crm.note(f"Would make {type} {record_id} known as {name}.")
        return
    with crm.workspace.store.writing() as connection:
        added = add_record(connection, type, record_id, name, **settings)
    crm.show_one(added, _view(crm, _RECORD, "record", "records"))


@record.command("list")
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
) -> None:
    """List the known records, by type and ID."""
    crm: Context = ctx.obj
    if type is not None:
        _check_type(type)
    from crmctl.store.records import list_records

    with crm.workspace.store.reading() as connection:
        records = list_records(connection, type)
    if crm.show_list(records, _view(crm, _RECORD, "record", "records")) == 0:
        crm.note('No records. Add one: crmctl workspace record add contact con_abc123 "Jane Smith"')


@record.command("remove")
def remove(
    ctx: typer.Context,
    type: RecordType,
    record_id: Annotated[str, typer.Argument(metavar="ID", help="The record's ID.")],
) -> None:
    """Forget a record. Tasks and activities keep its ID."""
    crm: Context = ctx.obj
    _check_type(type)
    from crmctl.store.records import remove_record

    if crm.dry_run:
        crm.note(f"Would forget {type} {record_id}.")
        return
    with crm.workspace.store.writing() as connection:
        if not remove_record(connection, type, record_id):
            raise NotFound(f"This workspace knows no {type} {record_id}.")
    removed = {"type": type, "id": record_id, "deleted": True}
    crm.show_one(removed, _view(crm, ("type", "id", "deleted"), "record", "records"))


def _check_type(type: str) -> None:
    if type not in RECORD_TYPES:
        raise InvalidInput(
            f"{type!r} is not a type of record; there are: {', '.join(RECORD_TYPES)}."
        )


def _view(crm: Context, names: tuple[str, ...], name: str, plural: str) -> View:
    view = View(columns=columns_of(names), fields=list(names), name=name, plural=plural)
    fields = crm.flags.get("fields")
    return choose(view, fields) if fields else view
