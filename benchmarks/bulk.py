"""What many at once cost: import and export beside taskwarrior, sending beside bare httpx, memory.

Taskwarrior (Debian: taskwarrior) is left out where there is no `/usr/bin/task`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from measure import Installation, peak_memory, print_row
from startup import serve

TASKWARRIOR = Path("/usr/bin/task")
LINES = 10_000
SERVER_TIME = 0.02  # seconds
THREADS = 4

BARE = """
import json, ssl, sys, threading
sys.modules["click"] = None
import httpx

url, path, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
lines = [line for line in open(path, "rb")]
headers = {"Authorization": "Bearer key", "Content-Type": "application/json"}

def work(number):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with httpx.Client(verify=context, trust_env=False) as client:
        for line in lines[number::threads]:
            client.post(url + "/tasks", content=line, headers=headers).raise_for_status()

workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""

GENERATE = """
import sys
for number in range(int(sys.argv[1])):
    sys.stdout.write('{"title": "Task %d", "due_date": "2026-03-25T17:00:00Z"}\\n' % number)
"""


def main() -> None:
    """Measure and print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--million", action="store_true", help="memory at 1,000,000 lines too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        installation = Installation(directory)
        write_inputs(directory)
        if TASKWARRIOR.exists():
            for there in (0, 100_000):
                measure_beside_taskwarrior(installation, directory, there, arguments.runs)
        measure_sending(installation, directory, max(3, arguments.runs // 2))
        measure_memory(installation, directory, 1_000_000 if arguments.million else 200_000)


def write_inputs(directory: Path) -> None:
    """The same tasks for both programs, each in its own words."""
    with (
        (directory / "ours.jsonl").open("w") as ours,
        (directory / "theirs.jsonl").open("w") as theirs,
    ):
        for number in range(LINES):
            task = {"title": f"Task {number}", "due_date": "2026-03-25T17:00:00Z"}
            task |= {"priority": "high", "related_to_type": "project"}
            ours.write(json.dumps({**task, "related_to_id": f"id_{number % 1000}"}) + "\n")
            due = {"due": "20260325T170000Z", "priority": "H", "project": f"id_{number % 1000}"}
            theirs.write(json.dumps({"description": f"Task {number}", **due}) + "\n")


def measure_beside_taskwarrior(
    installation: Installation, directory: Path, there: int, runs: int
) -> None:
    """Import and export of 10,000 tasks, with so many there already."""
    ours, theirs = directory / f"ours{there}", directory / f"theirs{there}"
    config = directory / "taskrc"
    environments = {
        "ours": installation.environment(
            CRMCTL_PROFILE="local", CRMCTL_DATA_DIR=str(ours), CRMCTL_STATE_DIR=str(ours)
        ),
        "theirs": installation.environment(TASKRC=str(config), TASKDATA=str(theirs)),
    }
    config.write_text("confirmation=no\nhooks=off\ngc=off\n")
    imports = {
        "ours": [installation.crmctl, "task", "import", str(directory / "ours.jsonl"), "--again"],
        "theirs": [str(TASKWARRIOR), "import", str(directory / "theirs.jsonl")],
    }
    if there:
        installation.seed(ours, there)
        theirs.mkdir()
        for _ in range(there // LINES):
            subprocess.run(
                imports["theirs"], check=True, env=environments["theirs"], capture_output=True
            )

    def begin() -> None:
        if not there:
            shutil.rmtree(ours, ignore_errors=True)
            shutil.rmtree(theirs, ignore_errors=True)
            theirs.mkdir()

    medians = in_turns(imports, environments, runs, before=begin)
    compare(f"import of {LINES:,}, {there:,} there already", medians)
    if not there:
        exports = {
            "ours": [installation.crmctl, "task", "export"],
            "theirs": [str(TASKWARRIOR), "export"],
        }
        compare(f"export of {LINES:,}", in_turns(exports, environments, runs))


def measure_sending(installation: Installation, directory: Path, runs: int) -> None:
    """Lines a second to a server that takes 20 ms, beside threads that do nothing but send."""
    file = directory / "sent.jsonl"
    file.write_text("".join(f'{{"title": "Task {number}"}}\n' for number in range(1_000)))
    script = directory / "bare.py"
    script.write_text(BARE)
    data = directory / "served"
    installation.seed(data, 100)
    with serve(installation, data, seconds=SERVER_TIME) as url:
        environment = installation.environment(
            CRMCTL_BASE_URL=url,
            CRMCTL_API_KEY="key",
            CRMCTL_STATE_DIR=str(directory / "state"),
            CRMCTL_CONFIG_DIR=str(directory / "none"),
        )
        threads = str(THREADS)
        commands = {
            "ours": [
                *(installation.crmctl, "task", "import", str(file), "--again"),
                *("--concurrency", threads),
            ],
            "theirs": [installation.python, str(script), url, str(file), threads],
        }
        environments = {"ours": environment, "theirs": environment}
        medians = in_turns(commands, environments, runs)
    rate = 1_000 / medians["ours"]
    ratio = medians["ours"] / medians["theirs"]
    print_row("1,000 lines over HTTP, 20 ms each", ratio, f"{rate:.0f}/s", 1.25, ratio_of="httpx")


def measure_memory(installation: Installation, directory: Path, most: int) -> None:
    """The peak of an import through a pipe, of 10,000 lines and of many.

    What grows is SQLite's page cache, to 32 MiB, and then no more.
    """
    peaks = []
    for number in (LINES, most):
        data = directory / f"memory{number}"
        environment = installation.environment(
            CRMCTL_PROFILE="local", CRMCTL_DATA_DIR=str(data), CRMCTL_STATE_DIR=str(data)
        )
        generate = [installation.python, "-c", GENERATE, str(number)]
        with subprocess.Popen(generate, stdout=subprocess.PIPE) as source:
            command = [installation.crmctl, "task", "import", "-", "-q"]
            peak, seconds = peak_memory(command, environment, stdin=source.stdout)
        peaks.append(peak)
        print(f"import of {number:,} through a pipe: {peak:.0f} MiB at most, {seconds:.0f} s")
        shutil.rmtree(data)
    print(f"more memory for {most:,} lines: {peaks[1] - peaks[0]:.1f} MiB (at most 40)")


def in_turns(
    commands: Mapping[str, Sequence[str]],
    environments: Mapping[str, Mapping[str, str]],
    runs: int,
    *,
    before: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """The median seconds of each command, run in turns; a failing one ends the benchmark."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        before()
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, env=environments[name], capture_output=True)
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def compare(what: str, medians: Mapping[str, float]) -> None:
    """One line of the table: ours beside theirs."""
    ratio = medians["ours"] / medians["theirs"]
    told = f"{medians['ours'] * 1000:.0f} ms"
    print_row(what, ratio, told, 1.0, ratio_of="task")


if __name__ == "__main__":
    main()
