"""`crmctl demo`: the one-command start."""

import typer

from crmctl.cli.context import Context
from crmctl.cli.feed import show_feed
from crmctl.cli.listing import show_listing
from crmctl.resources import TASK

app = typer.Typer()

_NEXT = (
    "crmctl --profile demo task get task_001",
    'crmctl --profile demo task create "Call Jane" --due "tomorrow 9am" --contact con_abc123',
    'crmctl --profile demo task complete task_002 --note "Signed"',
    'crmctl --profile demo activity log call "Signed!" --deal deal_tch456 --outcome connected',
)


@app.command("demo")
def demo(ctx: typer.Context) -> None:
    """Make the profile `demo` anew, with sample data, and show it."""
    crm: Context = ctx.obj
    crm.flags["profile"] = "demo"
    if crm.dry_run:
        crm.note(f"Would make {crm.workspace_path} anew.")
        return
    from crmctl.workspace.sample import put_sample_data

    with crm.workspace.store.writing() as connection:
        put_sample_data(connection, crm.now.astimezone(crm.zone))
    show_listing(
        crm, TASK, lambda limit: crm.client.list_tasks({}, limit=limit), limit=None, count=False
    )
    if crm.format == "table":
        crm.stdout.write("\n")
        show_feed(crm, since=None, limit=None)
    crm.note("\nTry next:\n" + "\n".join(f"  {line}" for line in _NEXT))
