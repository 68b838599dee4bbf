"""`crmctl doctor`: whether all that crmctl uses works, and what mends what does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from crmctl.cli.context import Context
from crmctl.cli.show import named_view
from crmctl.errors import CrmctlError, Forbidden, StoreError
from crmctl.output import renderer
from crmctl.output.style import Style

if TYPE_CHECKING:
    from crmctl.config.profile import Profile

    Finding = dict[str, Any]

app = typer.Typer()

_FIELDS = ("check", "status", "finding", "fix")
_NOT_CHECKED = "Not checked: which profile is meant is not known."


@app.command("doctor")
def doctor(ctx: typer.Context) -> None:
    """Check the profile, its key and server, the keyring, the workspace and completion.

    Each has its finding, and what mends it. The exit status is 0 unless something that is used is
    broken; then it is that of the first that is. Nothing is changed. A key is never shown.

    crmctl doctor

    crmctl doctor --json | jq '.[] | select(.status != "ok")'
    """
    crm: Context = ctx.obj
    failures: list[CrmctlError] = []
    # An error may be in the server's words.
    masked = (
        {name: text and crm.terminal.mask(text) for name, text in finding.items()}
        for finding in _examine(crm, failures)
    )
    _show(crm, masked)
    if failures:
        raise failures[0]


def _examine(crm: Context, failures: list[CrmctlError]) -> Iterator[Finding]:
    """Every finding, the same checks in the same order whatever is broken."""

    def checked(check: str, look: Callable[[], Finding]) -> Finding:
        try:
            return look()
        except CrmctlError as error:
            failures.append(error)
            return _found(check, "broken", error.message, error.hint)

    profile, settings, chosen = _choose_profile(crm, failures)
    yield settings
    yield chosen
    if profile is None:
        for check in ("keyring", "key", "server", "workspace", "time zone"):
            yield _found(check, "remark", _NOT_CHECKED)
    else:
        keyring = checked("keyring", lambda: _check_keyring(crm, profile))
        yield keyring
        if keyring["status"] == "broken":
            key = _found("key", "remark", "Not read: it is in the keyring.")
        else:
            key = checked("key", lambda: _check_key(crm, profile))
        yield key
        if profile.kind == "http" and key["status"] != "ok":
            yield _found("server", "remark", "Not asked: there is no key to ask it with.")
        else:
            yield checked("server", lambda: _check_server(crm, profile))
        yield checked("workspace", lambda: _check_workspace(crm, profile))
        yield checked("time zone", lambda: _check_zone(crm, profile))
    yield _check_completion(crm)


def _found(check: str, status: str, finding: str, fix: str | None = None) -> Finding:
    return {"check": check, "status": status, "finding": finding, "fix": fix or None}


def _choose_profile(
    crm: Context, failures: list[CrmctlError]
) -> tuple[Profile | None, Finding, Finding]:
    """The profile if it can be known, what was found of the settings, and of itself.

    A config file that cannot be read is broken only where the profile comes from it.
    """
    fault: CrmctlError | None = None
    try:
        path, _ = crm.settings.config_path, crm.settings.config
        there = f"{path} can be read." if path.exists() else f"{path} is not there: all is default."
        settings = _found("settings", "ok", there)
    except CrmctlError as error:
        fault = error
    try:
        profile = crm.settings.profile
    except CrmctlError as error:
        if fault is None:
            failures.append(error)
            return None, settings, _found("profile", "broken", error.message, error.hint)
        failures.append(fault)
        settings = _found("settings", "broken", fault.message, fault.hint)
        unknown = "Not known: the settings cannot be read."
        return None, settings, _found("profile", "remark", unknown)
    if fault is not None:
        settings = _found("settings", "remark", fault.message, fault.hint)
    said = f"{profile.name}, chosen by {profile.source}."
    if profile.fallback:
        said = f"{profile.name}, as nothing chooses another."
    if profile.read_only.value:
        said += f" It is read-only, as {profile.read_only.source} says."
    if me := profile.user_id.value:
        said += f" `me` is {me}."
    return profile, settings, _found("profile", "ok", said)


def _check_keyring(crm: Context, profile: Profile) -> Finding:
    """The keyring by its name. It is never asked where the environment gives a key."""
    if crm.environ.get("CRMCTL_API_KEY"):
        return _found("keyring", "ok", "Not asked: CRMCTL_API_KEY is set.")
    used = profile.kind == "http" and profile.key_store == "keyring"
    try:
        name = crm.keyring.name()
    except StoreError as error:
        if used:
            raise
        return _found("keyring", "remark", f"{error.message} It is not used.", error.hint)
    return _found("keyring", "ok", f"{name} is there, and {'' if used else 'not '}used.")


def _check_key(crm: Context, profile: Profile) -> Finding:
    if profile.kind == "workspace":
        return _found("key", "ok", "None is needed: the workspace is on this machine.")
    place = {"CRMCTL_API_KEY": "CRMCTL_API_KEY", "keyring": "the keyring"}
    source = crm.key.source
    return _found("key", "ok", f"Kept in {place.get(source, crm.directories.config / source)}.")


def _check_server(crm: Context, profile: Profile) -> Finding:
    """What the server answers to a list of one task, and how long that takes, retries included."""
    if profile.kind == "workspace":
        return _found("server", "ok", "None is used: the workspace is on this machine.")
    url = str(profile.base_url.value)
    # Connected beforehand, so that what crmctl has to import first is not the server's time.
    client = crm.client_for(url, crm.key.value)
    began = time.monotonic()
    try:
        client.list_tasks({}, limit=1).first()
    except Forbidden as error:
        took = _say_time(time.monotonic() - began)
        said = f"{url} knows the key, which may not list tasks; it answered in {took}."
        return _found("server", "remark", said, error.hint)
    took = _say_time(time.monotonic() - began)
    return _found("server", "ok", f"{url} accepts the key, and answered in {took}.")


def _check_workspace(crm: Context, profile: Profile) -> Finding:
    if profile.kind == "http":
        return _found("workspace", "ok", "None is used: the profile is a server.")
    store = crm.open_store(profile, busy_seconds=crm.settings.timeout.value)
    with store.reading() as kept:
        totals = kept.totals()
    info = store.info()
    if not info["exists"]:
        said = f"{info['path']} is not there yet: the first write makes it."
        return _found("workspace", "remark", said, "`crmctl demo` shows one with sample data.")
    held = ", ".join(f"{name} {number}" for name, number in totals.items())
    return _found("workspace", "ok", f"{info['path']} holds: {held}.")


def _check_zone(crm: Context, profile: Profile) -> Finding:
    zone = profile.zone(crm.environ)
    now = crm.now.astimezone(zone)
    name = profile.timezone.value or getattr(zone, "key", None) or now.tzname()
    source = "the machine" if profile.timezone.value is None else profile.timezone.source
    return _found("time zone", "ok", f"{name}, from {source}: it is {now:%a %H:%M}.")


def _check_completion(crm: Context) -> Finding:
    """Whether the shell finds the script that this version prints. Nothing else depends on it."""
    from crmctl.cli.completion.places import script_path, startup_lines
    from crmctl.cli.completion.scripts import FILE_NAMES, read_script

    install = "Run `crmctl completion install`."
    shell = Path(crm.environ.get("SHELL", "")).name
    if shell not in FILE_NAMES:
        said = f"$SHELL names {shell!r:.40}, for which there is no script."
        said = said if shell else "Not checked: $SHELL is not set."
        shells = ", ".join(FILE_NAMES)
        return _found("completion", "remark", said, f"There are scripts for {shells}.")
    try:
        home = crm.directories.home
        path = script_path(shell, crm.environ, home)
        if not path.is_file():
            return _found("completion", "remark", f"{shell} has none: {path} is missing.", install)
        if path.read_bytes() != read_script(shell).encode():
            said = f"{path} is of another version of crmctl."
            return _found("completion", "remark", said, install)
        startup = startup_lines(shell, path, crm.environ, home)
    except CrmctlError as error:
        return _found("completion", "remark", error.message, error.hint)
    except OSError as error:
        return _found("completion", "remark", f"{path} cannot be read: {error.strerror}.")
    if startup is not None:
        said = f"{path} is there, and {startup[0]} does not read it."
        return _found("completion", "remark", said, install)
    return _found("completion", "ok", f"{shell} finds it: {path}.")


def _say_time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _show(crm: Context, findings: Iterator[Finding]) -> None:
    """Show the findings, also where the settings that say how are themselves at fault."""
    stream = crm.terminal.stdout
    format = "json" if crm.tells_json else "table" if stream.isatty() else "plain"
    color = crm.options.color or "auto"
    with suppress(CrmctlError):
        format, color = crm.format, crm.settings.color.value
    view = named_view(crm, _FIELDS, "finding", "findings")
    table = format == "table"
    style = Style(
        now=crm.now,
        zone=UTC,
        color=table and crm.terminal.has_color(color, stream),
        width=crm.terminal.width() if table else None,
        raw=crm.options.raw,
    )
    if table and not view.chosen:
        from crmctl.output.findings import write_findings

        write_findings(findings, stream=stream, style=style)
    else:
        renderer(format).write_list(findings, view, stream=stream, style=style)
