"""Where a workspace may be kept: a file, or a PostgreSQL database by its URL."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crmctl import errors

if TYPE_CHECKING:
    from crmctl.store.interface import Store

_SCHEMES = ("postgresql://", "postgres://")


def is_url(place: str) -> bool:
    """Whether that is a URL, and no path."""
    return "://" in place


def secret_of(url: str) -> str:
    """The password in a URL, or nothing."""
    with suppress(ValueError):  # of what is no URL: opening it says so
        user, _, _ = urlsplit(url).netloc.rpartition("@")
        return user.partition(":")[2]
    return ""


def without_secrets(url: str) -> str:
    """A URL as it may be shown: ``postgresql://crm@db.example:5432/crm``. Raises `UsageError`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise not_a_url() from None
    user, at, hosts = parts.netloc.rpartition("@")
    if "@" in user:
        # libpq would take what follows the first one for a host, and complain of it aloud.
        raise not_a_url()
    return f"postgresql://{user.partition(':')[0]}{at}{hosts}{parts.path}"


def not_a_url() -> errors.UsageError:
    """What is said of a URL that makes no sense; what is wrong with it may be the password."""
    return errors.UsageError(
        "This is not a URL of a PostgreSQL database.",
        hint="Such as postgresql://crm@db.example:5432/crm; a password is best in ~/.pgpass.",
    )


def open_store(place: str, *, busy_seconds: float, connections: int = 16) -> Store:
    """The store at a path, or at a ``postgresql://`` URL; ``connections`` at most to the latter.

    Raises `UsageError` for any other URL, and where psycopg is not installed.
    """
    if not is_url(place):
        from crmctl.store.sqlite import SqliteStore

        return SqliteStore(Path(place), busy_seconds=busy_seconds)
    if not place.startswith(_SCHEMES):
        raise errors.UsageError(
            "A database's URL begins with postgresql://; a file is named by its path.",
        )
    try:
        from crmctl.store.postgres import PostgresStore
    except ImportError as error:
        raise errors.UsageError(
            f"PostgreSQL takes psycopg, which cannot be used here: {error}.",
            hint="pip install 'crmctl[postgres]'",
        ) from error
    return PostgresStore(place, busy_seconds=busy_seconds, connections=connections)
