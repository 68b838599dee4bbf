"""One suite for every transport: ``world`` is the same workspace, reached in different ways."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.world import TRANSPORTS, World, open_world


@pytest.fixture(params=TRANSPORTS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with open_world(request.param, tmp_path / "workspace.db") as world:
        yield world
