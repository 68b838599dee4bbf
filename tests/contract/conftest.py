"""One suite for every transport and store: ``world`` is the same workspace, wherever it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from crmctl.store.interface import Store
from crmctl.store.sqlite import SqliteStore
from tests.contract.world import WORLDS, World, open_world, world_of


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "postgres":
        yield world_of(request.getfixturevalue("postgres_store"))
        return
    with open_world(request.param, tmp_path / "workspace.db") as world:
        yield world


@pytest.fixture(params=["workspace", "postgres"])
def local(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A workspace in this process: over the network each request is a transaction of its own."""
    if request.param == "postgres":
        yield world_of(request.getfixturevalue("postgres_store"))
        return
    with open_world("workspace", tmp_path / "workspace.db") as world:
        yield world


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store with nothing in it, below the API's rules."""
    if request.param == "postgres":
        yield request.getfixturevalue("postgres_store")
        return
    with closing(SqliteStore(tmp_path / "store.db")) as store:
        yield store
