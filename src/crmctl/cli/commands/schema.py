"""`crmctl schema`: the JSON Schema of what crmctl prints."""

from typing import Annotated

import typer

from crmctl.cli.context import Context
from crmctl.cli.inputs import read_choice
from crmctl.cli.schemas import json_schema, schema_names
from crmctl.cli.show import named_view, show_all
from crmctl.output.json import write_value

app = typer.Typer()


@app.command("schema")
def schema(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="What to describe, such as task.",
            autocompletion=lambda ctx, incomplete: [  # noqa: ARG005 - Typer goes by the names
                found for found in schema_names().items() if found[0].startswith(incomplete)
            ],
        ),
    ] = None,
) -> None:
    """Print the JSON Schema of an output; without a name, list the names.

    crmctl schema
    crmctl schema task
    """
    crm: Context = ctx.obj
    names = schema_names()
    if name is None:
        entries = [{"name": each, "description": told} for each, told in names.items()]
        show_all(crm, entries, named_view(crm, ("name", "description"), "schema"))
    else:
        name = read_choice(name, tuple(names), "NAME")
        write_value(json_schema(name), stream=crm.terminal.stdout)
