"""What holds for every test."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from crmctl.store.interface import Store
from crmctl.store.urls import open_database
from tests.e2e.running import KEY, Crmctl, FarEnd, open_far_end, stock, with_copy
from tests.postgres_server import PostgresServer, find_programs, running_postgres

# Files that others may write are refused, and a test's would be under a umask of 002.
os.umask(0o022)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL, started when the first test asks for it."""
    pytest.importorskip("psycopg_pool", reason="psycopg is not installed: the extra `postgres`")
    programs = None if sys.platform == "win32" else find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    with running_postgres(programs) as server:
        yield server


@pytest.fixture(scope="session")
def _postgres_store(postgres_server: PostgresServer) -> Iterator[Store]:
    with closing(open_database(postgres_server.create("workspace"), busy_seconds=30)) as store:
        with store.writing():
            pass
        yield store


@pytest.fixture
def postgres_store(_postgres_store: Store) -> Iterator[Store]:
    """A store in PostgreSQL with nothing in it; its database is the same for every test."""
    yield _postgres_store
    with _postgres_store.writing() as kept:
        kept.clear()


# Homes, workspaces and servers for the command to be run on; each directory says how it is run.


@pytest.fixture(scope="session")
def stocked_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the six tasks and three activities of `running`."""
    file = tmp_path_factory.mktemp("stocked") / "local.db"
    stock(file)
    return file


@pytest.fixture(scope="session")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with 1,000 tasks, ``Task 0`` to ``Task 999``."""
    file = tmp_path_factory.mktemp("long") / "local.db"
    stock(file, [{"title": f"Task {number}"} for number in range(1000)])
    return file


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory."""
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def crmctl(home: Path, crmctl_type: type[Crmctl]) -> Crmctl:
    """crmctl where it never ran before; the profile was chosen, so that no note is due."""
    return crmctl_type(home, CRMCTL_PROFILE="local")


@pytest.fixture
def stocked(stocked_file: Path, crmctl: Crmctl) -> Crmctl:
    """crmctl on a copy of `stocked_file`."""
    return with_copy(stocked_file, crmctl)


@pytest.fixture
def long(long_file: Path, crmctl: Crmctl) -> Crmctl:
    """crmctl on a copy of `long_file`."""
    return with_copy(long_file, crmctl)


@pytest.fixture
def far_end(stocked_file: Path, tmp_path: Path) -> Iterator[FarEnd]:
    """A server with the stocked workspace."""
    file = tmp_path / "far.db"
    shutil.copy(stocked_file, file)
    with open_far_end(file) as far_end:
        yield far_end


@pytest.fixture
def forgetful(far_end: FarEnd) -> FarEnd:
    """A server that honours no idempotency key."""
    far_end.honours_keys = False
    return far_end


@pytest.fixture
def remote(far_end: FarEnd, home: Path, crmctl_type: type[Crmctl]) -> Crmctl:
    """crmctl as a job has it: with the far end's URL and key in the environment."""
    return crmctl_type(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
