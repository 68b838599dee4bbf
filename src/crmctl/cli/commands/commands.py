"""`crmctl commands`: the command line itself, as data."""

import typer

from crmctl.cli.catalogue import catalogue
from crmctl.cli.context import Context
from crmctl.cli.show import show_all
from crmctl.output.view import Column, View, choose

app = typer.Typer()

_FIELDS = ("command", "summary", "description", "examples", "arguments", "options", "writes")


@app.command("commands")
def commands(ctx: typer.Context) -> None:
    """List every command; as JSON with all that it takes, prints and changes.

    crmctl commands
    crmctl commands --json | jq -r '.[] | select(.writes) | .command'
    """
    crm: Context = ctx.obj
    view = View(
        columns=[Column("command", "Command", "id"), Column("summary", "Summary")],
        fields=[*_FIELDS, "output"],
        name="command",
    )
    if crm.options.fields:
        view = choose(view, crm.options.fields)
    show_all(crm, catalogue(ctx.find_root().command), view)
