"""The whole command in this process: its home, environment and clock in the test's hands."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

from crmctl.cli.app import run
from crmctl.cli.context import Context
from tests.e2e.running import Result

# A Tuesday.
NOW = datetime(2026, 3, 24, 9, tzinfo=UTC)


def run_in(home: Path, *args: str, **environ: str) -> Result:
    """What a command at `NOW` leaves behind; no stream is a terminal, all files are below there."""
    stdout, stderr = io.StringIO(), io.StringIO()
    crm = Context(
        environ={"HOME": str(home), "TZ": "UTC", **environ},
        system=lambda kind: home / kind,
        stdin=None,
        stdout=stdout,
        stderr=stderr,
        clock=lambda: NOW,
        sleep=lambda _: None,
    )
    status = run(list(args), crm)
    return Result(status, stdout.getvalue(), stderr.getvalue())
