"""`crmctl workspace`: the embedded workspace on this machine."""

import re
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli import names, options
from crmctl.cli.context import Context
from crmctl.cli.places import open_place, require_writable_place
from crmctl.cli.show import named_view, show_all, show_done, show_line, show_object
from crmctl.cli.times import read_when, this_second
from crmctl.errors import InvalidInput, NotFound, StoreError, UsageError
from crmctl.store.values import Kind

_KINDS: dict[Kind, str] = {
    "task": "tasks",
    "activity": "activities",
    "record": "records",
    "api_key": "keys",
    "answer": "answers",
}

app = typer.Typer(
    help="""The embedded workspace on this machine.

    crmctl workspace info
    crmctl workspace backup crm-backup.db
    """
)

key = typer.Typer(
    help="""The keys that the workspace is served with.

    crmctl workspace key create sarah --user usr_abc123
    crmctl workspace key list
    """
)
app.add_typer(key, name="key")

_KEY = ("name", "user_id", "read_only", "created_at", "expires_at", "revoked_at")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")


@app.command("info")
def info(ctx: typer.Context, database: options.Database = None) -> None:
    """Show where it is and what it holds.

    crmctl workspace info
    crmctl workspace info --profile demo --json
    """
    crm: Context = ctx.obj
    crm.database = database
    with crm.store.reading() as kept:
        totals = kept.totals()
    profile = crm.profile.name if database is None else None
    found = {"profile": profile, **crm.store.info(), **totals}
    show_object(crm, found, "workspace")


@app.command("path")
def path(ctx: typer.Context) -> None:
    """Print the path of its file.

    crmctl workspace path
    crmctl workspace path --profile demo
    """
    crm: Context = ctx.obj
    place = f"{crm.workspace_path}"
    show_line(crm, {"path": place}, place)


@app.command("backup")
def backup(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The copy; must not exist yet.")],
) -> None:
    """Copy it to a file, whole and consistent, while others use it.

    crmctl workspace backup crm-backup.db
    crmctl workspace backup demo.db --profile demo
    """
    crm: Context = ctx.obj
    if file in ("", ":memory:") or file.startswith("file:"):
        raise UsageError(
            f"{file!r:.80} is not the name of a file: SQLite reads it in its own way.",
            hint=f"Write ./{file} if that is its name." if file else None,
        )
    if crm.options.dry_run:
        crm.terminal.note(f"Would copy {crm.workspace_path} to {file}.")
        return
    crm.store.back_up(Path(file))
    show_done(crm, f"Copied {crm.workspace_path} to {file}.")
    show_object(crm, {"path": file}, "backup")


@app.command("copy")
def copy(
    ctx: typer.Context,
    target: Annotated[
        str, typer.Option("--to", metavar="PLACE", help="Where to; empty, or begun by this.")
    ],
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="PLACE", help="What; default: the profile's workspace."),
    ] = None,
) -> None:
    """Copy a workspace whole to another place: file or PostgreSQL.

    PLACE is a profile (local, demo), a path or a postgresql:// URL. It copies tasks, activities,
    records, keys and remembered answers, and then compares all. Broken off, it goes on where it was
    when it is run again. Nobody should write to either place meanwhile.

    crmctl workspace copy --to ./team.db
    crmctl workspace copy --from demo --to ./demo-copy.db --dry-run
    """
    crm: Context = ctx.obj
    if source is None:
        source = str(crm.workspace_path)
    with open_place(crm, source, "--from") as origin, open_place(crm, target, "--to") as there:
        places = {"from": origin.info()["path"], "to": there.info()["path"]}
        if not origin.info()["exists"]:
            raise UsageError(f"There is no workspace at {places['from']}.")
        if places["from"] == places["to"]:
            raise UsageError("--from and --to are the same place.")
        if not crm.options.dry_run:
            require_writable_place(crm, target, "workspace copy")
        from crmctl.store.copying import copy_workspace

        counts, copied = copy_workspace(
            origin, there, write=not crm.options.dry_run, tell=partial(_tell_copied, crm)
        )
    if crm.options.dry_run:
        crm.terminal.note(f"Would copy {copied} of {sum(counts.values())} to {places['to']}.")
        return
    found = {name: counts[kind] for kind, name in _KINDS.items()}
    show_done(crm, f"Copied {copied} to {places['to']}, and compared all {sum(counts.values())}.")
    show_object(crm, {**places, **found, "copied": copied}, "copy")


@app.command("check")
def check(ctx: typer.Context, database: options.Database = None) -> None:
    """Look for damage in its file.

    crmctl workspace check
    crmctl workspace check --profile demo
    """
    crm: Context = ctx.obj
    crm.database = database
    problems = crm.store.check()
    path = str(crm.store.info()["path"])
    if problems:
        raise StoreError(
            f"{path} is damaged: {problems[0]}",
            hint="Restore a backup: a copy made by `crmctl workspace backup`.",
            details=[{"field": None, "message": problem} for problem in problems],
        )
    show_object(crm, {"path": path, "ok": True}, "check")


def _tell_copied(crm: Context, kind: Kind, number: int) -> None:
    """Tell whoever waits how far it is."""
    if number % 10_000 == 0 and crm.terminal.stderr.isatty() and not crm.options.dry_run:
        crm.terminal.note(f"{number} {_KINDS[kind]} are there.")


@key.command("create")
def create_key(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for, such as ci.")],
    user: Annotated[
        str,
        typer.Option(
            "--user",  # Typer 0.27 would take the metavar's capitals into the name
            metavar="USER",
            help="Who does what is done with it; `me` is the profile's user.",
            autocompletion=options.complete_id("user"),
        ),
    ],
    read_only: Annotated[bool, typer.Option("--read-only", help="It may not write.")] = False,
    expires: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Such as `90d`, `+1y`, 2027-12-31.")
    ] = None,
    database: options.Database = None,
) -> None:
    """Make a key for `crmctl serve`. It is printed this once, and cannot be had again.

    crmctl workspace key create sarah --user usr_abc123
    crmctl workspace key create board --user usr_abc123 --read-only --expires 90d
    """
    from crmctl.server.keys import digest_of, make_key

    crm: Context = ctx.obj
    crm.database = database
    if not _NAME.fullmatch(name):
        allowed = "letters, digits and . _ @ -, at most 64 of them"
        raise InvalidInput(f"NAME: {name!r:.80} cannot be the name of a key: {allowed}.")
    user_id = str(names.read_user(crm, user, "--user", tell=True))
    expires_at = None if expires is None else _read_expiry(crm, expires)
    if crm.options.dry_run:
        crm.terminal.note(f"Would make a key {name} for {user_id}.")
        return
    crm.require_writable("workspace key create")
    secret = make_key()
    made = {
        "name": name,
        "user_id": user_id,
        "read_only": read_only,
        "created_at": this_second(crm),
        "expires_at": expires_at,
        "revoked_at": None,
    }
    with crm.store.writing() as kept:
        if any(each["name"] == name and each["revoked_at"] is None for each in kept.list_keys()):
            raise InvalidInput(
                f"There is a key {name} already.", hint=f"`crmctl workspace key revoke {name}`"
            )
        kept.add_key(digest_of(secret), made)
        if kept.record("user", user_id) is None:
            crm.terminal.note(
                f"crmctl: note: {user_id} is not known by name: crmctl record add user {user_id}"
                ' "NAME"'
            )
    crm.terminal.note("The key is shown this once; what is kept of it does not give it back.")
    shown = {"key": secret, **made}
    if crm.as_json:
        show_object(crm, shown, "key")
    else:
        show_line(crm, shown, secret)


@key.command("list")
def list_keys(ctx: typer.Context, database: options.Database = None) -> None:
    """List the keys, the oldest first; what they are is not kept.

    crmctl workspace key list
    crmctl workspace key list --json
    """
    crm: Context = ctx.obj
    crm.database = database
    with crm.store.reading() as kept:
        keys = kept.list_keys()
    if not show_all(crm, keys, named_view(crm, _KEY, "key")):
        crm.terminal.note("No keys. Make one: crmctl workspace key create NAME --user ID")


@key.command("revoke")
def revoke_key(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The key's name.")],
    database: options.Database = None,
) -> None:
    """Revoke a key: every server refuses it from its next request on.

    crmctl workspace key revoke ci
    """
    crm: Context = ctx.obj
    crm.database = database
    if crm.options.dry_run:
        crm.terminal.note(f"Would revoke the key {name}.")
        return
    crm.require_writable("workspace key revoke")
    now = this_second(crm)
    with crm.store.writing() as kept:
        if not kept.revoke_key(name, now=now):
            raise NotFound(f"There is no key {name} to revoke.")
        named = [each for each in kept.list_keys() if each["name"] == name]
        revoked = [each for each in named if each["revoked_at"] == now][-1]
    show_done(crm, f"Revoked the key {name}.")
    show_object(crm, revoked, "key")


def _read_expiry(crm: Context, text: str) -> str:
    """When a key ends; `90d` counts from now."""
    counted = text[:1].isascii() and text[:1].isdigit() and text[-1:].isalpha()
    when = read_when(crm, f"+{text}" if counted else text, "--expires", toward="future", day="end")
    if when <= this_second(crm):
        raise InvalidInput(f"--expires: {text} is past.")
    return when
