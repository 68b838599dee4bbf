"""`crmctl config`: settings, and where each one comes from."""

from typing import Annotated

import typer

from crmctl.cli import options
from crmctl.cli.context import Context
from crmctl.cli.show import named_view, show_all, show_done, show_one
from crmctl.config.file import PROFILE_KEYS, set_value, unset_value
from crmctl.errors import UsageError

app = typer.Typer(
    help="""Settings, and where each one comes from.

    crmctl config list
    crmctl config set timezone Europe/Berlin
    """
)

_COLUMNS = ("key", "value", "source")

Key = Annotated[
    str,
    typer.Argument(
        metavar="KEY",
        help=f"default_profile, or one of the profile's: {', '.join(PROFILE_KEYS)}.",
        autocompletion=options.one_of(("default_profile", *PROFILE_KEYS)),
    ),
]


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Show every setting in effect and its source.

    crmctl config list
    crmctl config list --profile team --json
    """
    crm: Context = ctx.obj
    show_all(crm, crm.settings.entries(), named_view(crm, _COLUMNS, "setting", "settings"))


@app.command("get")
def get(ctx: typer.Context, key: Key) -> None:
    """Print one setting's value; nothing where it has none.

    crmctl config get timezone
    crmctl config get base_url --profile team
    """
    crm: Context = ctx.obj
    entries = [*crm.settings.entries(), *crm.settings.kept()]
    for entry in entries:
        if entry["key"] == key:
            if crm.as_json:
                show_one(crm, entry, named_view(crm, _COLUMNS, "setting", "settings"))
            elif isinstance(entry["value"], bool):
                crm.terminal.show(str(entry["value"]).lower())
            elif entry["value"] is not None:
                crm.terminal.show(f"{entry['value']}")
            return
    names = ", ".join(entry["key"] for entry in entries)
    raise UsageError(f"There is no setting {key!r}; there are: {names}.")


@app.command("set")
def set_(
    ctx: typer.Context,
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
) -> None:
    """Keep a setting of the profile in use, or the default profile, in the config file.

    crmctl config set timezone Europe/Berlin
    crmctl config set output json --profile team
    crmctl config set default_profile team
    """
    crm: Context = ctx.obj
    if crm.options.dry_run:
        crm.terminal.note(f"Would set {key} to {value} in {crm.settings.config_path}.")
        return
    set_value(crm.directories, key, value, _profile_for(crm, key))
    show_done(crm, f"Set {key} in {crm.settings.config_path}.")


@app.command("unset")
def unset(ctx: typer.Context, key: Key) -> None:
    """Take a setting out of the config file.

    crmctl config unset timezone
    crmctl config unset default_profile
    """
    crm: Context = ctx.obj
    if crm.options.dry_run:
        crm.terminal.note(f"Would take {key} out of {crm.settings.config_path}.")
        return
    if not unset_value(crm.directories, key, _profile_for(crm, key)):
        crm.terminal.note(f"{key} was not set in {crm.settings.config_path}.")


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print the config file's path.

    crmctl config path
    """
    crm: Context = ctx.obj
    crm.terminal.show(f"{crm.settings.config_path}")


def _profile_for(crm: Context, key: str) -> str | None:
    """The profile that a key without one means; a profile yet to be made may be named."""
    if key == "default_profile" or key.startswith("profiles."):
        return None
    return crm.options.profile or crm.settings.profile.name
