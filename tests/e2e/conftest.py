"""Homes, workspaces and servers for the command to be run on."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import KEY, Crmctl, FarEnd, copy_of, open_far_end, stock


@pytest.fixture(scope="session", autouse=True)
def _heard_signals() -> None:
    """Commands hear signals, also where these tests were started behind an `&` or `nohup`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


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
def crmctl(home: Path) -> Crmctl:
    """crmctl where it never ran before; the profile was chosen, so that no note is due."""
    return Crmctl(home, CRMCTL_PROFILE="local")


@pytest.fixture
def stocked(stocked_file: Path, home: Path) -> Crmctl:
    """crmctl on a copy of `stocked_file`."""
    return copy_of(stocked_file, home)


@pytest.fixture
def long(long_file: Path, home: Path) -> Crmctl:
    """crmctl on a copy of `long_file`."""
    return copy_of(long_file, home)


@pytest.fixture
def far_end(tmp_path: Path) -> Iterator[FarEnd]:
    """A server with the stocked workspace."""
    file = tmp_path / "far" / "local.db"
    stock(file)
    with open_far_end(file) as far_end:
        yield far_end


@pytest.fixture
def remote(far_end: FarEnd, home: Path) -> Crmctl:
    """crmctl as a job has it: with the far end's URL and key in the environment."""
    return Crmctl(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
