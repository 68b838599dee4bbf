"""`crmctl guide`: the manual for scripts and agents."""

from pathlib import Path

import typer

from crmctl.cli.context import Context
from crmctl.cli.show import show_object, show_one
from crmctl.fields import FieldType
from crmctl.output.view import View

app = typer.Typer()

_FILE = Path(__file__).parents[1] / "guide.md"


@app.command("guide")
def guide(ctx: typer.Context) -> None:
    """Read the manual for scripts and agents: formats, exit statuses, names, dates, recipes.

    crmctl guide | less
    """
    crm: Context = ctx.obj
    text = _FILE.read_text(encoding="utf-8")
    if crm.as_json:
        show_object(crm, {"text": text}, "guide")
    elif crm.format == "table":
        # As the description of a task is: Markdown.
        types: dict[str, FieldType] = {"description": "text"}
        view = View(columns=[], fields=["description"], name="guide", types=types)
        show_one(crm, {"description": text}, view)
    else:
        crm.terminal.stdout.write(text)
