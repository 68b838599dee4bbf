"""What ``--database`` names: the one place that knows which store a URL means."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crmctl.errors import UsageError

if TYPE_CHECKING:
    from crmctl.store.interface import Store

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


def is_url(place: str) -> bool:
    """Whether that is a URL, and no path."""
    return "://" in place


def secret_of(url: str) -> str:
    """The password in a URL, or nothing."""
    with suppress(ValueError):  # of what is no URL: opening it says so
        user, _, _ = urlsplit(url).netloc.rpartition("@")
        return user.partition(":")[2]
    return ""


def open_database(url: str, *, busy_seconds: float, connections: int = 16) -> Store:
    """The store at a URL: ``sqlite://PATH``, or a path alone; ``postgresql://…``.

    Nothing is opened yet, and of PostgreSQL at most ``connections`` will be. Raises UsageError for
    any other URL, and where psycopg is missing. What is after ``sqlite://`` is the path as it
    stands, so that ``sqlite:///var/crm.db`` is absolute and ``sqlite://crm.db`` is not.
    """
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else "sqlite"
    path = url[found.end() :] if found else url
    if scheme in ("postgresql", "postgres"):
        return _open_postgres(url, busy_seconds, connections)
    if scheme != "sqlite":
        # The URL may hold a password, so it is not repeated.
        raise UsageError(
            f"--database: crmctl knows no databases of the kind {scheme}.",
            hint="Accepted: a path, sqlite:///absolute/path.db, postgresql://USER@HOST/NAME",
        )
    if not path.strip() or "\0" in path:
        raise UsageError("--database: there is no path in it.")
    from crmctl.store.sqlite import SqliteStore

    return SqliteStore(Path(path), busy_seconds=busy_seconds)


def _open_postgres(url: str, busy_seconds: float, connections: int) -> Store:
    try:
        from crmctl.store.postgres import PostgresStore
    except ImportError as error:
        raise UsageError(
            f"PostgreSQL takes psycopg, which cannot be used here: {error}.",
            hint="pip install 'crmctl[postgres]'",
        ) from error
    return PostgresStore(url, busy_seconds=busy_seconds, connections=connections)
