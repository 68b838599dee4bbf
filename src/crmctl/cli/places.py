"""A workspace that is named on the command line: by a profile, a path or a database's URL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.config.profile import EMBEDDED_PROFILES
from crmctl.config.settings import Settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from crmctl.cli.context import Context
    from crmctl.store.interface import Store


def open_place(crm: Context, place: str, option: str) -> AbstractContextManager[Store]:
    """The store at a place, closed at the end. ``option`` is what it was given to.

    Raises `UsageError` for the name of a server, and for a word that is none of the three.
    """
    from crmctl.store.urls import is_url, open_database, secret_of

    if is_url(place):
        crm.terminal.keep_secret(secret_of(place))
    elif place in EMBEDDED_PROFILES:
        place = str(crm.directories.data / f"{place}.db")
    elif place in crm.settings.config.names():
        raise errors.UsageError(
            f"{option}: the profile {place} is a server, not a workspace.",
            hint="Name the server's own store: a file, or a postgresql:// URL.",
        )
    elif Path(place).name == place and not Path(place).suffix:
        raise errors.UsageError(
            f"{option}: {place!r:.80} is neither {' nor '.join(EMBEDDED_PROFILES)}, nor a path, nor"
            " a URL.",
            hint=f"Write ./{place} if a file is meant." if place else None,
        )
    return closing(open_database(place, busy_seconds=crm.settings.timeout.value))


def require_writable_place(crm: Context, place: str, command: str) -> None:
    """Raise ReadOnly where a place is a profile that is read-only, or this run is."""
    given = crm.options.given()
    if place in EMBEDDED_PROFILES:
        given = {**given, "profile": place}
    settings = Settings(crm.environ, given, crm.directories, may_fall_back=True)
    read_only = settings.profile.read_only
    if read_only.value:
        raise errors.read_only(f"`{command}` did nothing", read_only.source)
