"""A workspace kept in one SQLite file on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crmctl.database import BUSY_SECONDS, Database
from crmctl.fields import Resource
from crmctl.store.rows import Rows
from crmctl.store.schema import RESOURCES, workspace_schema
from crmctl.store.transaction import SqlTransaction


class SqliteStore:
    """The `Store` in the file at ``path``, which the first write makes. See `Database`."""

    def __init__(
        self,
        path: Path,
        *,
        busy_seconds: float = BUSY_SECONDS,
        resources: tuple[Resource, ...] = RESOURCES,
    ) -> None:
        self.database = Database(path, workspace_schema(resources), busy_seconds=busy_seconds)
        self._rows = {resource.name: Rows(resource) for resource in resources}

    @contextmanager
    def reading(self) -> Iterator[SqlTransaction]:
        """A transaction that changes nothing; of a file that is not there, an empty one."""
        with self.database.reading() as connection:
            yield SqlTransaction(connection, self._rows)

    @contextmanager
    def writing(self) -> Iterator[SqlTransaction]:
        """A transaction that is committed at its end, and undone by an error."""
        with self.database.writing() as connection:
            yield SqlTransaction(connection, self._rows)

    def info(self) -> dict[str, Any]:
        """``path``, ``exists``, ``bytes``, and ``schema``, the version, None without a file."""
        path = self.database.path
        version = self.database.version()
        return {
            "path": str(path),
            "exists": version is not None,
            "bytes": path.stat().st_size if version is not None else 0,
            "schema": version,
        }

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file, else what is wrong with tasks and activities."""
        if problems := self.database.check():
            return problems
        with self.database.reading() as connection:
            # What is not UTF-8 is found with the rest, and stops nothing.
            connection.text_factory = lambda kept: kept.decode(errors="surrogateescape")
            try:
                for rows in self._rows.values():
                    for row in connection.execute(f"SELECT {rows.selected} FROM {rows.table}"):
                        problems += rows.faults(row)
            finally:
                connection.text_factory = str
        return problems

    def back_up(self, target: Path) -> None:
        """Copy the file as of one moment to a new one, 0600. What exists is not replaced."""
        self.database.back_up(target)

    def close(self) -> None:
        """Close the file."""
        self.database.close()
