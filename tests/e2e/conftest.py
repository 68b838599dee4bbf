"""The command is run as people and scripts run it."""

from __future__ import annotations

import signal

import pytest

from tests.e2e.running import Crmctl


@pytest.fixture(scope="session", autouse=True)
def _heard_signals() -> None:
    """Commands hear signals, also where these tests were started behind an `&` or `nohup`."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture
def crmctl_type() -> type[Crmctl]:
    """The command is a process of its own."""
    return Crmctl
