"""The command is run in this process: what it says and does is under test, not how it starts."""

from __future__ import annotations

import pytest

from tests.in_process import InProcess


@pytest.fixture
def crmctl_type() -> type[InProcess]:
    """The command runs in this process."""
    return InProcess
