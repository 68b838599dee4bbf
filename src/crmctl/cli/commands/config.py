"""`crmctl config`: settings, and where each one comes from."""

from typing import Annotated

import typer

from crmctl.cli import names, options
from crmctl.cli.context import Context
from crmctl.cli.show import named_view, note_overruled, show_all, show_done, show_line
from crmctl.config.file import FILE_NAME, set_value, unset_value
from crmctl.config.place import locate, unknown_setting
from crmctl.config.profile import PROFILE_KEYS
from crmctl.errors import CrmctlError

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
    show_all(crm, crm.settings.entries(), named_view(crm, _COLUMNS, "setting"))


@app.command("get")
def get(
    ctx: typer.Context,
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY",
            help="Any that `config list` shows, or profiles.NAME.KEY.",
            autocompletion=lambda ctx, incomplete: _complete_key(ctx, incomplete),
        ),
    ],
) -> None:
    """Print one setting's value; nothing where it has none.

    crmctl config get timezone
    crmctl config get base_url --profile team
    """
    crm: Context = ctx.obj
    entries = [*crm.settings.entries(), *crm.settings.kept()]
    for entry in entries:
        if entry["key"] == key:
            value = entry["value"]
            line = str(value).lower() if isinstance(value, bool) else f"{value}"
            show_line(crm, entry, None if value is None else line)
            return
    raise unknown_setting(key, [entry["key"] for entry in entries])


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
    profile, setting = locate(key, _profile_for(crm, key))
    if crm.options.dry_run:
        crm.terminal.note(f"Would set {key} to {value} in {crm.settings.config_path}.")
        return
    if setting == "user_id" and profile == crm.profile.name:
        value = str(names.read_record(crm, "user", value, "VALUE", tell=True))
    kept = set_value(crm.directories, setting, value, profile)
    show_done(crm, f"Set {key} in {crm.settings.config_path}.")
    note_overruled(crm, "profile" if profile is None else setting, kept, profile=profile)
    show_line(crm, {"key": _full_key(profile, setting), "value": kept, "source": FILE_NAME})


@app.command("unset")
def unset(ctx: typer.Context, key: Key) -> None:
    """Take a setting out of the config file.

    crmctl config unset timezone
    crmctl config unset default_profile
    """
    crm: Context = ctx.obj
    profile, setting = locate(key, _profile_for(crm, key))
    if crm.options.dry_run:
        crm.terminal.note(f"Would take {key} out of {crm.settings.config_path}.")
        return
    if unset_value(crm.directories, setting, profile):
        show_done(crm, f"Took {key} out of {crm.settings.config_path}.")
    else:
        crm.terminal.note(f"{key} was not set in {crm.settings.config_path}.")
    show_line(crm, {"key": _full_key(profile, setting), "value": None, "source": "default"})


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print the config file's path.

    crmctl config path
    """
    crm: Context = ctx.obj
    place = f"{crm.settings.config_path}"
    show_line(crm, {"path": place}, place)


def _profile_for(crm: Context, key: str) -> str | None:
    """The profile that a key without one means; a profile yet to be made may be named."""
    if key not in PROFILE_KEYS:
        return None
    return crm.options.profile or crm.profile.name


def _complete_key(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Completes the name of any setting."""
    crm: Context = ctx.obj
    try:
        keys = [entry["key"] for entry in crm.settings.entries()]
    except CrmctlError:
        return []
    return [(key, "") for key in keys if key.startswith(incomplete)]


def _full_key(profile: str | None, setting: str) -> str:
    """The key by which `config get` gives what the file says, whichever profile is in use."""
    return setting if profile is None else f"profiles.{profile}.{setting}"
