"""`crmctl demo`: the one-command start."""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli.context import Context
from crmctl.cli.feed import show_feed
from crmctl.cli.lists import Asked, show_list
from crmctl.resources import OPEN_STATUSES, TASK
from crmctl.store.interface import Transaction

app = typer.Typer()

_NEXT = (
    "--profile demo agenda",
    "--profile demo brief Jane Smith",
    '--profile demo task create "Call Jane" --due fri --contact "Jane Smith"',
    '--profile demo task complete task_002 --note "Signed"',
    '--profile demo activity log call "Signed!" --contact "Tom Becker"',
)


@app.command("demo")
def demo(
    ctx: typer.Context,
    reset: Annotated[
        bool,
        typer.Option("--reset", help="Make it anew, in place of all that is there; does not ask."),
    ] = False,
) -> None:
    """Show the profile `demo`; where it is empty, fill it with sample data first.

    What is there already stays as it is, unless --reset is given.

    crmctl demo
    crmctl demo --reset
    crmctl --profile demo task list
    """
    crm: Context = ctx.obj
    crm.options.profile = "demo"
    with crm.store.reading() as kept:
        filled = _is_filled(kept)
    if crm.options.dry_run:
        crm.terminal.note(_say_plan(crm.workspace_path, filled=filled, reset=reset))
        return
    if reset or not filled:
        crm.require_writable("demo")
        from crmctl.store.sample import put_sample_data

        with crm.store.writing() as kept:
            # Another process may have filled it meanwhile.
            if reset or not _is_filled(kept):
                put_sample_data(kept, crm.now.astimezone(crm.zone))
        crm.terminal.confirmed.append(f"Put sample data into {crm.workspace_path}")
    queries = [{"status": status} for status in OPEN_STATUSES]
    show_list(crm, TASK, Asked(queries, sort="due_date"))
    if crm.format == "table":
        crm.terminal.show("")
        show_feed(crm, since=None, limit=None)
    program = program_name(crm.environ, sys.argv[0])
    if filled and not reset:
        crm.terminal.note(
            "", f"This is the demo as it was left; `{program} demo --reset` makes it anew."
        )
    crm.terminal.note("", "Try next:", *(f"  {program} {line}" for line in _NEXT))


def _is_filled(kept: Transaction) -> bool:
    return any(kept.totals().values())


def _say_plan(file: Path, *, filled: bool, reset: bool) -> str:
    """What a demo would do to its workspace."""
    if reset and filled:
        return f"Would make {file} anew: all that is in it would go."
    return f"Would show what is in {file}." if filled else f"Would put sample data into {file}."


def program_name(environ: Mapping[str, str], called: str) -> str:
    """What to type for crmctl: its name, or the path it was called by if no shell would find it."""
    found = shutil.which("crmctl", path=environ.get("PATH"))
    return called if found is None and Path(called).stem == "crmctl" else "crmctl"
