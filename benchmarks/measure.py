"""What the benchmarks share: a clean venv, clean processes, interleaved runs, medians."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent

SEED = """
import random, sys
from datetime import datetime, timedelta
from pathlib import Path
from crmctl.resources import PRIORITIES, RELATED_TYPES, TASK, TASK_STATUSES, TASK_TYPES
from crmctl.store.sqlite import SqliteStore

path, number = Path(sys.argv[1]), int(sys.argv[2])
choose = random.Random(1)
start = datetime(2026, 1, 1)
store = SqliteStore(path)
with store.writing() as kept:
    for n in range(number):
        created = start + timedelta(seconds=n * 20)
        updated = start + timedelta(seconds=choose.randrange(number * 20))
        due = start + timedelta(hours=choose.randrange(9000))
        kept.insert(TASK, {
            "id": f"task_{n:012}",
            "title": f"Task {n}",
            "description": "A description of a usual length, one line or so.",
            "status": choose.choice(TASK_STATUSES),
            "priority": choose.choice(PRIORITIES),
            "type": choose.choice(TASK_TYPES),
            "assignee_id": f"usr_{choose.randrange(20)}",
            "due_date": f"{due.isoformat()}Z" if choose.random() < 0.8 else None,
            "related_to_type": choose.choice(RELATED_TYPES),
            "related_to_id": f"id_{choose.randrange(number // 10)}",
            "created_at": f"{created.isoformat()}Z",
            "updated_at": f"{updated.isoformat()}Z",
        })
store.close()
"""


class Installation:
    """This checkout in a venv of its own, its bytecode compiled, with an empty home."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.home = directory / "home"
        self.home.mkdir()
        environment = directory / "venv"
        venv.create(environment, with_pip=True)
        self.python = str(environment / "bin" / "python")
        self.crmctl = str(environment / "bin" / "crmctl")
        subprocess.run([self.python, "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
        subprocess.run(
            [self.python, "-m", "compileall", "-q", str(environment / "lib")],
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"]},
        )

    def environment(self, **more: str) -> dict[str, str]:
        """A clean environment: a path, a home, and what is given."""
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.home), **more}

    def seed(self, data: Path, number: int) -> None:
        """Make the workspace `local` in ``data`` with that many tasks."""
        data.mkdir(parents=True, exist_ok=True)
        command = [self.python, "-c", SEED, str(data / "local.db"), str(number)]
        subprocess.run(command, check=True, env=self.environment())


def interleave(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], runs: int
) -> dict[str, float]:
    """The median seconds of each command, run in turns; a failing one ends the benchmark."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 2):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(
                command,
                check=True,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if number >= 2:  # the first two fill the page cache
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def peak_memory(
    command: Sequence[str], environment: Mapping[str, str], *, stdin: IO[bytes] | None = None
) -> tuple[float, float]:
    """The peak resident memory of one run, in MiB, and its seconds."""
    start = time.perf_counter()
    with Path(os.devnull).open("wb") as nowhere:
        process = subprocess.Popen(command, env=environment, stdin=stdin, stdout=nowhere)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} exited {process.returncode}")
    scale = 1024 * 1024 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss / scale, time.perf_counter() - start


def print_row(name: str, value: float, unit: str, budget: float | None, *, ratio_of: str) -> None:
    """One line of the table: what was measured, its ratio and whether its budget holds."""
    allowed = "" if budget is None else f"at most {budget:5.2f}"
    verdict = "" if budget is None else "ok" if value <= budget else "OVER"
    print(f"{name:<44} {value:6.2f} {ratio_of:<6} {allowed:<13}   {unit:>10}   {verdict}".rstrip())
