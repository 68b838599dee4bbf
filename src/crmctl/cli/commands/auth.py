"""`crmctl auth`: keys and profiles."""

from typing import Annotated, Any

import typer

from crmctl.cli import options
from crmctl.cli.context import Context
from crmctl.cli.known import OfServer
from crmctl.cli.show import note_overruled, show_line, show_object
from crmctl.config.account import name_account
from crmctl.config.file import FILE_NAME, save_profile, set_default_profile
from crmctl.config.keys import KEY_SOURCES, check_key, check_store, forget_key, keep_key
from crmctl.config.profile import (
    CHOICES,
    EMBEDDED_PROFILES,
    VENDOR_URL,
    check_profile_name,
    check_setting,
)
from crmctl.errors import (
    CrmctlError,
    Forbidden,
    NotFound,
    SettingsError,
    StoreError,
    Unauthorized,
    UsageError,
)

app = typer.Typer(
    help="""Keys and profiles: log in, log out, switch.

    crmctl auth login
    crmctl auth status
    """
)


@app.command("login")
def login(
    ctx: typer.Context,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The API's; the vendor's if not given.")
    ] = None,
    key_stdin: Annotated[
        bool, typer.Option("--key-stdin", help="Read the key from stdin, not from a prompt.")
    ] = False,
    store: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="keyring, or file (0600).",
            autocompletion=options.one_of(CHOICES["key_store"]),
        ),
    ] = "keyring",
) -> None:
    """Connect an account: check a key with the server, keep it, make the profile the default.

    The profile is the one of --profile, else `default`. The key is asked for.

    crmctl auth login
    crmctl auth login --profile team --base-url https://crm.example.com/api
    crmctl auth login --key-stdin --store file < key.txt
    """
    crm: Context = ctx.obj
    name = crm.options.profile or crm.environ.get("CRMCTL_PROFILE") or "default"
    if name in EMBEDDED_PROFILES:
        chosen = "" if crm.options.profile else " CRMCTL_PROFILE chose it."
        raise UsageError(
            f"{name} is a workspace on this machine and needs no key.{chosen}",
            hint="Name a profile for the account: --profile NAME.",
        )
    check_profile_name(name)
    store = check_setting("key_store", store, "--store")
    known = crm.settings.config.profiles.get(name, {})
    url = check_setting("base_url", base_url or known.get("base_url") or VENDOR_URL, "--base-url")
    if crm.options.dry_run:
        crm.terminal.note(
            f"Would check a key with {url} and keep it in the {store} for profile {name}."
        )
        return
    if key_stdin:
        key = _accept_key(crm, crm.terminal.read_line("--key-stdin"))
        store = _find_store(crm, name, url, store)
    else:
        if not crm.terminal.may_ask():
            raise SettingsError(
                "There is nobody to ask for the key.", hint="Add --key-stdin and pipe the key in."
            )
        store = _find_store(crm, name, url, store)
        crm.terminal.note("Keys are made in Settings → API → API Keys.")
        key = _accept_key(crm, crm.terminal.ask_secret(f"API key for {url}: "))
    try:
        crm.client_for(url, key).list_tasks({}, limit=1).first()
    except Forbidden:
        crm.terminal.note("crmctl: note: the server knows the key; it may not read tasks.")
    except NotFound as error:
        error.hint = f"Is {url} the API's base URL? --base-url gives another."
        raise
    keep_key(name, url, key, store, crm.directories, keyring=crm.keyring)
    save_profile(crm.directories, name, url, store)
    _forget_names(crm, OfServer(crm.directories, name_account(name, url)))
    crm.terminal.note(
        f"Logged in to {url} as profile {name}, now the default. The key is in the {store}."
    )
    note_overruled(crm, "profile", name)
    source = KEY_SOURCES[store]
    show_line(crm, _status_of(name, url, known.get("user_id"), source, accepted=True))


def _forget_names(crm: Context, known: OfServer) -> None:
    """Forget the names of the account before; the key is what was asked for, and is done with."""
    try:
        known.forget()
    except CrmctlError as error:
        message = f"crmctl: warning: names of the account before are still known: {error.message}"
        crm.terminal.warn(message, code="names")


@app.command("logout")
def logout(ctx: typer.Context) -> None:
    """Forget the key of the profile in use, and the names that it showed. The profile stays.

    crmctl auth logout
    crmctl auth logout --profile team
    """
    crm: Context = ctx.obj
    profile = crm.profile
    if profile.kind == "workspace" or profile.key_store is None:
        raise UsageError(f"The profile {profile.name} has no key of its own to forget.")
    if crm.options.dry_run:
        crm.terminal.note(f"Would forget the key of profile {profile.name}.")
        return
    url = str(profile.base_url.value)
    if forget_key(profile.name, url, profile.key_store, crm.directories, keyring=crm.keyring):
        crm.terminal.note(f"Forgot the key of profile {profile.name}.")
    else:
        crm.terminal.note(f"The profile {profile.name} had no key.")
    _forget_names(crm, crm.known_of_server)
    show_line(crm, _status_of(profile.name, url, profile.user_id.value))


@app.command("status")
def status(ctx: typer.Context) -> None:
    """Show the profile in use, and whether the server accepts its key.

    crmctl auth status
    crmctl auth status --json
    """
    crm: Context = ctx.obj
    profile = crm.profile
    found = _status_of(profile.name, profile.base_url.value, profile.user_id.value)
    failure: CrmctlError | None = None
    if profile.kind == "http":
        found["key_from"] = crm.key.source
        try:
            crm.client.list_tasks({}, limit=1).first()
            found["accepted"] = True
        except CrmctlError as error:
            # Only these two answers tell: what was not asked, or failed, knows no keys.
            told = {Unauthorized: False, Forbidden: True}
            found["accepted"] = told.get(type(error))
            failure = error
    show_object(crm, found, "status")
    if failure is not None:
        raise failure


@app.command("switch")
def switch(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            metavar="PROFILE", autocompletion=options.complete_profile(), help="Its name."
        ),
    ],
) -> None:
    """Make a profile the default.

    crmctl auth switch team
    crmctl auth switch local
    """
    crm: Context = ctx.obj
    if crm.options.dry_run:
        crm.terminal.note(f"Would make {name} the default profile.")
        return
    set_default_profile(crm.directories, name)
    crm.terminal.note(f"The default profile is {name}.")
    note_overruled(crm, "profile", name)
    show_line(crm, {"key": "default_profile", "value": name, "source": FILE_NAME})


@app.command("token")
def token(ctx: typer.Context) -> None:
    """Print the key of the profile in use, for another program.

    crmctl auth token
    crmctl auth token --profile team
    """
    crm: Context = ctx.obj
    profile = crm.profile
    if profile.kind == "workspace":
        raise UsageError(f"The profile {profile.name} is on this machine and has no key.")
    show_line(crm, {"token": crm.key.value}, crm.key.value)


def _status_of(
    name: str,
    base_url: str | None,
    user_id: str | None,
    key_from: str | None = None,
    *,
    accepted: bool | None = None,
) -> dict[str, Any]:
    """What is told of a profile and its key; where no server was asked, accepted is None."""
    return {
        "profile": name,
        "base_url": base_url,
        "user_id": user_id,
        "key_from": key_from,
        "accepted": accepted,
    }


def _find_store(crm: Context, name: str, url: str, store: str) -> str:
    """The store that was asked for, or the file where there is none and a person agrees."""
    try:
        check_store(name, url, store, crm.directories, keyring=crm.keyring)
    except StoreError as error:
        question = f"{error.message} Keep the key in a 0600 file instead?"
        if not crm.terminal.may_ask() or not crm.terminal.confirm(question, flag="--store file"):
            raise
        store = "file"
        check_store(name, url, store, crm.directories)
    return store


def _accept_key(crm: Context, text: str) -> str:
    crm.terminal.keep_secret(text.strip())
    return check_key(text, "the input")
