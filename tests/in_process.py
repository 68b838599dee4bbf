"""crmctl in this process: its streams, clock and environment are the test's."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmctl.api.client import Client
from crmctl.cli.app import run
from crmctl.cli.context import Context
from tests.contract.world import insert_tasks, open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmctl.workspace.app import Workspace


@dataclass(frozen=True)
class Ran:
    """What a command line left behind."""

    status: int
    stdout: str
    stderr: str

    @property
    def data(self) -> Any:
        """The JSON on stdout."""
        return json.loads(self.stdout)

    @property
    def lines(self) -> list[str]:
        """The lines of stdout."""
        return self.stdout.splitlines()


class InProcess:
    """``crmctl`` on a workspace of its own, or with a server's URL and key in ``environ``."""

    def __init__(self, home: Path, now: datetime, **environ: str) -> None:
        self.file = home / "data" / "local.db"
        self.file.parent.mkdir(exist_ok=True, mode=0o700)
        self.now = now
        self.environ = {"HOME": str(home), "TZ": "UTC", "CRMCTL_PROFILE": "local", **environ}
        self._home = home

    def run(self, *args: str, typed: str | None = None, environ: Mapping[str, str] = {}) -> Ran:
        """Run a command line: in pipes, or on a terminal where ``typed`` is what is typed there."""
        terminal = typed is not None
        stdin = _Stream(terminal, typed or "")
        stdout, stderr = _Stream(terminal), _Stream(terminal)
        crm = Context(
            environ={**self.environ, **environ},
            system=lambda kind: self._home / kind,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            clock=lambda: self.now,
            sleep=lambda _: None,
        )
        status = run(list(args), crm)
        return Ran(status, stdout.getvalue(), stderr.getvalue())

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The workspace behind the profile `local`."""
        with open_workspace(self.file, lambda: self.now) as workspace:
            yield workspace

    def put_tasks(self, *tasks: Mapping[str, Any]) -> None:
        """Tasks as they are given; the other fields are those of a plain task."""
        with self.workspace() as workspace:
            insert_tasks(workspace.store, tasks)

    def put_records(self, *records: tuple[str, str, str]) -> None:
        """Records: type, ID, name."""
        with self.workspace() as workspace, workspace.store.writing() as kept:
            for type, record_id, name in records:
                kept.put_record(type, record_id, name)

    def log(self, activities: Sequence[Mapping[str, Any]]) -> None:
        """Activities, as they are logged."""
        with self.workspace() as workspace:
            for activity in activities:
                Client(workspace).log_activity(activity)

    def task(self, task_id: str) -> dict[str, Any]:
        """A task as it is now."""
        with self.workspace() as workspace:
            return Client(workspace).get_task(task_id)

    def tasks(self) -> list[dict[str, Any]]:
        """All tasks, newest first."""
        with self.workspace() as workspace:
            return list(Client(workspace).list_tasks({}))

    def activities(self) -> list[dict[str, Any]]:
        """All activities, newest first."""
        with self.workspace() as workspace:
            return list(Client(workspace).list_activities({}))


class _Stream(io.StringIO):
    """A stream that may be a terminal's."""

    def __init__(self, terminal: bool, text: str = "") -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal
