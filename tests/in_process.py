"""crmctl in this process: its streams, clock and environment are the test's."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmctl.api.client import Client
from crmctl.cli.app import run
from crmctl.cli.context import Context
from tests.contract.world import insert_tasks, open_workspace
from tests.e2e.running import Crmctl, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmctl.workspace.app import Workspace


# A Tuesday.
NOW = datetime(2026, 3, 24, 9, tzinfo=UTC)


class Screen(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """So it is."""
        return True


def _in_no_time(_seconds: float) -> None:
    """What waiting is where nobody looks at the clock."""


def run_in(home: Path, *args: str, **environ: str) -> Result:
    """What a command leaves behind that runs at `NOW`, as `run_at` has it."""
    return run_at(lambda: NOW, home, *args, **environ)


def run_at(
    clock: Callable[[], datetime],
    home: Path,
    *args: str,
    typed: str | None = None,
    piped: str | None = None,
    **environ: str,
) -> Result:
    """What a command leaves behind; all its files are below ``home``.

    Its streams are a terminal where ``typed`` is what is typed there; else pipes, with ``piped``
    on stdin, which is closed where nothing is.
    """
    return _run(args, home, environ, clock=clock, sleep=_in_no_time, typed=typed, piped=piped)


def _run(
    args: Sequence[str],
    home: Path,
    environ: Mapping[str, str],
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None],
    typed: str | None,
    piped: str | None,
) -> Result:
    stream = io.StringIO if typed is None else Screen
    text = piped if typed is None else typed
    stdout, stderr = stream(), stream()
    crm = Context(
        environ={"HOME": str(home), "TZ": "UTC", **environ},
        system=lambda kind: home / kind,
        stdin=None if text is None else stream(text),
        stdout=stdout,
        stderr=stderr,
        clock=clock,
        sleep=sleep,
    )
    status = run(list(args), crm)
    return Result(status, stdout.getvalue(), stderr.getvalue())


class InProcess(Crmctl):
    """``crmctl`` in this process, at a time that stands still; all its files are in its home."""

    def __init__(self, home: Path, now: datetime = NOW, /, **environ: str) -> None:
        super().__init__(home, **environ)
        self.file = home / "data" / "local.db"
        self.now = now

    def run(
        self,
        *args: str,
        stdin: str | bytes | None = None,
        typed: str | None = None,
        environ: Mapping[str, str] = {},
        sleep: Callable[[float], None] = _in_no_time,
    ) -> Result:
        """Run a command line: in pipes, or on a terminal where ``typed`` is what is typed there."""
        given = {**self.environ, **environ}
        piped = stdin.decode() if isinstance(stdin, bytes) else stdin or ""
        clock = lambda: self.now  # noqa: E731 - read when it is asked for
        return _run(args, self.home, given, clock=clock, sleep=sleep, typed=typed, piped=piped)

    @contextmanager
    def workspace(self) -> Iterator[Workspace]:
        """The workspace behind the profile `local`."""
        self.file.parent.mkdir(exist_ok=True, mode=0o700)
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
