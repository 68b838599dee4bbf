"""A PostgreSQL of the tests' own, where its programs are installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SETTINGS = ("listen_addresses=", "deadlock_timeout=100ms")
# What a power failure would take may go: it is faster so. A crash of the server takes nothing.
_FAST = ("fsync=off", "full_page_writes=off")


class PostgresServer:
    """A server on a socket in ``directory``, in which its data is."""

    def __init__(self, programs: Path, directory: Path, user: str | None, *, durable: bool) -> None:
        self.directory = directory
        self._settings = _SETTINGS if durable else (*_SETTINGS, *_FAST)
        self._programs = programs
        self._user = user
        self._run("initdb", "--no-sync", "-A", "trust", "-U", "crm", "-E", "UTF8", "--locale=C")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = " ".join(f"-c {each}" for each in self._settings)
        log = str(self.directory / "log")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"-k {self.directory} {settings}", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` ends every session, ``immediate`` is a crash."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def url(self, database: str) -> str:
        """The URL of a database of that name."""
        return f"postgresql://crm@/{database}?host={self.directory}"

    def create(self, database: str, *options: str) -> str:
        """Make a database; give its URL."""
        self.execute("postgres", f"CREATE DATABASE {database} {' '.join(options)}")
        return self.url(database)

    def execute(self, database: str, *statements: str) -> list[tuple[object, ...]]:
        """Run statements in a database, as nothing of crmctl's does; the last one's rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, "-D", self.directory / "data", *arguments],
            user=self._user,
            cwd=self.directory,
            # A server that inherited a pipe would keep it open.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{program} failed: {done.returncode}"


def find_programs() -> Path | None:
    """Where the newest PostgreSQL's programs are, or None."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: int(each.parts[-3])
    )
    found = debian[-1:] or [Path(path) for path in [shutil.which("initdb")] if path]
    return found[0].resolve().parent if found else None


@contextmanager
def running_postgres(programs: Path, *, durable: bool = False) -> Iterator[PostgresServer]:
    """A server that is gone at the end, with all that it kept; a durable one waits for its disk."""
    # It refuses to run as root, and pytest's own directories are their owner's alone.
    user = None if os.getuid() else "nobody"
    directory = Path(tempfile.mkdtemp(prefix="crmctl-"))
    try:
        if user is not None:
            shutil.chown(directory, user)
        server = PostgresServer(programs, directory, user, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(directory)
