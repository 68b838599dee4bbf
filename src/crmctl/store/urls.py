"""What ``--database`` names: the one place that knows which store a URL means."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from crmctl.errors import UsageError

if TYPE_CHECKING:
    from crmctl.store.interface import Store

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


def open_database(url: str, *, busy_seconds: float) -> Store:
    """The store at a URL: ``sqlite://PATH``, or a path alone. Raises UsageError for any other.

    Nothing is opened yet. What is after ``sqlite://`` is the path as it stands, so that
    ``sqlite:///var/crm.db`` is absolute and ``sqlite://crm.db`` is not.
    """
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else "sqlite"
    path = url[found.end() :] if found else url
    if scheme != "sqlite":
        # The URL may hold a password, so it is not repeated.
        raise UsageError(
            f"--database: crmctl knows no databases of the kind {scheme}.",
            hint="Accepted: a path, or sqlite:///absolute/path.db",
        )
    if not path.strip() or "\0" in path:
        raise UsageError("--database: there is no path in it.")
    from crmctl.store.sqlite import SqliteStore

    return SqliteStore(Path(path), busy_seconds=busy_seconds)
