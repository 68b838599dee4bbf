"""`crmctl demo`: the one-command start."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from crmctl.cli.context import Context
from crmctl.cli.lists import show_feed, show_list
from crmctl.resources import TASK

app = typer.Typer()

_NEXT = (
    "--profile demo task get task_001",
    '--profile demo task create "Call Jane" --due "tomorrow 9am" --contact con_abc123',
    '--profile demo task complete task_002 --note "Signed"',
    '--profile demo activity log call "Signed!" --deal deal_tch456 --outcome connected',
)


@app.command("demo")
def demo(ctx: typer.Context) -> None:
    """Make the profile `demo` anew, with sample data, and show it.

    crmctl demo
    crmctl --profile demo task list
    """
    crm: Context = ctx.obj
    crm.options.profile = "demo"
    if crm.options.dry_run:
        crm.terminal.note(f"Would make {crm.workspace_path} anew.")
        return
    crm.require_writable("demo")
    from crmctl.store.sample import put_sample_data

    with crm.store.writing() as kept:
        put_sample_data(kept, crm.now.astimezone(crm.zone))
    show_list(crm, TASK, [{}])
    if crm.format == "table":
        crm.terminal.show("")
        show_feed(crm, since=None, limit=None)
    program = program_name(crm.environ, sys.argv[0])
    crm.terminal.note("", "Try next:", *(f"  {program} {line}" for line in _NEXT))


def program_name(environ: Mapping[str, str], called: str) -> str:
    """What to type for crmctl: its name, or the path it was called by if no shell would find it."""
    found = shutil.which("crmctl", path=environ.get("PATH"))
    return called if found is None and Path(called).stem == "crmctl" else "crmctl"
