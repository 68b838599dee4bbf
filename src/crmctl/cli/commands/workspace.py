"""`crmctl workspace`: the embedded workspace on this machine."""

from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli.context import Context
from crmctl.cli.show import named_view, show_done, show_line, show_one
from crmctl.errors import StoreError, UsageError

app = typer.Typer(
    help="""The embedded workspace on this machine.

    crmctl workspace info
    crmctl workspace backup crm-backup.db
    """
)

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
