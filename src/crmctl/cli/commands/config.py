"""`crmctl config`: settings, and where each one comes from."""

from typing import Annotated

import typer

from crmctl.cli import options
from crmctl.cli.context import Context
from crmctl.config.file import PROFILE_KEYS, set_value, unset_value
from crmctl.errors import UsageError
from crmctl.output.view import View, choose, columns_of

app = typer.Typer(help="Settings, and where each one comes from.")

_COLUMNS = ("key", "value", "source")

Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help="default_profile, or one of the profile's: user_id, timezone, output, base_url.",
        autocompletion=options.one_of(("default_profile", *PROFILE_KEYS)),
    ),
]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Show every setting in effect and its source."""
    crm: Context = ctx.obj
    view = View(
        columns=columns_of(_COLUMNS), fields=list(_COLUMNS), name="setting", plural="settings"
    )
    fields = crm.flags.get("fields")
    crm.show_list(crm.settings.entries(), choose(view, fields) if fields else view)


@app.command("get")
def get(ctx: typer.Context, key: Key) -> None:
    """Print one setting's value; nothing where it has none."""
    crm: Context = ctx.obj
    entries = [*crm.settings.entries(), *crm.settings.kept()]
    for entry in entries:
        if entry["key"] == key:
            if crm.format in ("json", "jsonl"):
                view = View(columns=[], fields=list(_COLUMNS), name="setting", plural="settings")
                crm.show_one(entry, view)
            elif entry["value"] is not None:
                crm.stdout.write(f"{entry['value']}\n")
            return
    names = ", ".join(entry["key"] for entry in entries)
    raise UsageError(f"There is no setting {key!r}; there are: {names}.")


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
) -> None:
    """Keep a setting of the profile in use, or the default profile, in the config file."""
    crm: Context = ctx.obj
    if crm.dry_run:
        crm.note(f"Would set {key} to {value} in {crm.settings.config_path}.")
        return
    set_value(crm.environ, key, value, _profile_for(crm, key))
    crm.done(f"Set {key} in {crm.settings.config_path}.")


@app.command("unset")
def unset(ctx: typer.Context, key: Key) -> None:
    """Take a setting out of the config file."""
    crm: Context = ctx.obj
    if crm.dry_run:
        crm.note(f"Would take {key} out of {crm.settings.config_path}.")
        return
    if not unset_value(crm.environ, key, _profile_for(crm, key)):
        crm.note(f"{key} was not set in {crm.settings.config_path}.")


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print the config file's path."""
    crm: Context = ctx.obj
    crm.stdout.write(f"{crm.settings.config_path}\n")


def _profile_for(crm: Context, key: str) -> str | None:
    """The profile that a key without one means; a profile yet to be made may be named."""
    if key == "default_profile" or key.startswith("profiles."):
        return None
    return str(crm.flags.get("profile") or crm.settings.profile.name)
