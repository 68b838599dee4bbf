"""What holds for every test."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from crmctl.store.interface import Store
from crmctl.store.urls import open_database
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
