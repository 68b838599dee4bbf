"""`crmctl workspace`: the embedded workspace on this machine."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli.context import Context
from crmctl.cli.places import open_place, require_writable_place
from crmctl.cli.show import named_view, show_done, show_line, show_one
from crmctl.errors import StoreError, UsageError
from crmctl.store.interface import Kind

_KINDS: dict[Kind, str] = {
    "task": "tasks",
    "activity": "activities",
    "record": "records",
    "answer": "answers",
}

app = typer.Typer(
    help="""The embedded workspace on this machine.

    crmctl workspace info
    crmctl workspace backup crm-backup.db
    """
)

_COPIED = ("from", "to", "tasks", "activities", "records", "answers", "copied")
_INFO = ("profile", "path", "exists", "bytes", "schema", "tasks", "activities", "records")


@app.command("info")
def info(ctx: typer.Context) -> None:
    """Show where it is and what it holds.

    crmctl workspace info
    crmctl workspace info --profile demo --json
    """
    crm: Context = ctx.obj
    with crm.store.reading() as kept:
        totals = kept.totals()
    found = {"profile": crm.profile.name, **crm.store.info(), **totals}
    show_one(crm, found, named_view(crm, _INFO, "workspace", "workspaces"))


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print the path of its file.

    crmctl workspace path
    crmctl workspace path --profile demo
    """
    crm: Context = ctx.obj
    place = f"{crm.workspace_path}"
    show_line(crm, {"path": place}, place)


@app.command("backup")
def backup(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The copy; must not exist yet.")],
) -> None:
    """Copy it to a file, whole and consistent, while others use it.

    crmctl workspace backup crm-backup.db
    crmctl workspace backup demo.db --profile demo
    """
    crm: Context = ctx.obj
    if file in ("", ":memory:") or file.startswith("file:"):
        raise UsageError(
            f"{file!r:.80} is not the name of a file: SQLite reads it in its own way.",
            hint=f"Write ./{file} if that is its name." if file else None,
        )
    if crm.options.dry_run:
        crm.terminal.note(f"Would copy {crm.workspace_path} to {file}.")
        return
    crm.store.back_up(Path(file))
    show_done(crm, f"Copied {crm.workspace_path} to {file}.")
    show_one(crm, {"path": file}, named_view(crm, ("path",), "backup", "backups"))


@app.command("copy")
def copy(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Option("--to", metavar="PLACE", help="Where to; empty, or begun by this.")
    ],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="PLACE", help="What; default: the profile's workspace."),
    ] = None,
) -> None:
    """Copy a workspace whole to another place: file or PostgreSQL.

    PLACE is a profile (local, demo), a path or a postgresql:// URL. It copies tasks, activities,
    records and remembered answers, and then compares all of them. Broken off, it goes on where it
    was when it is run again. Nobody should write to either place meanwhile.

    crmctl workspace copy --to ./team.db
    crmctl workspace copy --from demo --to ./demo-copy.db --dry-run
    """
    crm: Context = ctx.obj
    if source is None:
        source = str(crm.workspace_path)
    with open_place(crm, source, "--from") as origin, open_place(crm, target, "--to") as there:
        places = {"from": origin.info()["path"], "to": there.info()["path"]}
        if not origin.info()["exists"]:
            raise UsageError(f"There is no workspace at {places['from']}.")
        if places["from"] == places["to"]:
            raise UsageError("--from and --to are the same place.")
        if not crm.options.dry_run:
            require_writable_place(crm, target, "workspace copy")
        from crmctl.store.copying import copy_workspace

        counts, copied = copy_workspace(
            origin, there, write=not crm.options.dry_run, tell=partial(_tell_copied, crm)
        )
    found = {**places, **{name: counts[kind] for kind, name in _KINDS.items()}}
    if crm.options.dry_run:
        crm.terminal.note(f"Would copy {copied} of {sum(counts.values())} to {places['to']}.")
        return
    show_done(crm, f"Copied {copied} to {places['to']}, and compared all {sum(counts.values())}.")
    show_one(crm, {**found, "copied": copied}, named_view(crm, _COPIED, "copy", "copies"))


@app.command("check")
def check(ctx: typer.Context) -> None:
    """Look for damage in its file.

    crmctl workspace check
    crmctl workspace check --profile demo
    """
    crm: Context = ctx.obj
    problems = crm.store.check()
    if problems:
        raise StoreError(
            f"{crm.workspace_path} is damaged: {problems[0]}",
            hint="Restore a backup: a copy made by `crmctl workspace backup`.",
            details=[{"field": None, "message": problem} for problem in problems],
        )
    show_one(
        crm,
        {"path": str(crm.workspace_path), "ok": True},
        named_view(crm, ("path", "ok"), "check", "checks"),
    )


def _tell_copied(crm: Context, kind: Kind, number: int) -> None:
    """Tell whoever waits how far it is."""
    if number % 10_000 == 0 and crm.terminal.stderr.isatty() and not crm.options.dry_run:
        crm.terminal.note(f"{number} {_KINDS[kind]} are there.")
