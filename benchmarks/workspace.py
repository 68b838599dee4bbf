"""What size costs: an export, first pages, and creating where there is much already."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from pathlib import Path

from measure import Installation, interleave, peak_memory, print_row

SORTS = ("due_date", "priority", "created_at", "updated_at")
FILTERS = (
    (),
    ("--assignee", "usr_3"),
    ("--status", "pending"),
    ("--priority", "high"),
    ("--type", "call"),
    ("--due-before", "2026-06-01"),
    ("--due-after", "2026-06-01"),
    ("--related-to-type", "deal"),
    ("--related-to-id", "id_7"),
)
# What people look at every day has a budget of its own.
NEWEST = ("--sort", "-created_at")
OPEN = ("--open",)

CREATE = """
import sys, time
from pathlib import Path
from crmctl.api.message import Request
from crmctl.store.sqlite import SqliteStore
from crmctl.workspace.app import Workspace

workspace = Workspace(SqliteStore(Path(sys.argv[1])))
with workspace.store.writing() as kept:
    for number in range(1000):
        kept.put_record("contact", f"con_{number}", f"Contact {number}")

def task(n):
    body = {"title": f"Task {n}", "description": "One line or so.", "priority": "high",
            "due_date": "2026-03-25T17:00:00Z", "related_to_type": "contact",
            "related_to_id": f"con_{n % 1000}"}
    return Request("POST", "/tasks", body=body, caller="usr_1")

def activity(n):
    body = {"type": "call", "subject": f"Call {n}", "description": "One line or so.",
            "contact_id": f"con_{n % 1000}", "duration": 30, "outcome": "connected"}
    return Request("POST", "/activities", body=body, caller="usr_1")

def create(make, number):
    requests = [make(n) for n in range(number)]
    start = time.perf_counter()
    with workspace.batch() as send:
        for request in requests:
            assert send(request).status == 201
    return number / (time.perf_counter() - start)

for make in (task, activity):
    create(make, 100_000)
for _ in range(int(sys.argv[2])):
    print(create(task, 10_000), create(activity, 10_000))
"""


def main() -> None:
    """Measure and print all tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--million", action="store_true", help="pages of 1,000,000 tasks too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        installation = Installation(directory)
        measure_creating(installation, directory, arguments.runs)
        measure_export(installation, directory, arguments.runs)
        for size in (100_000, *([1_000_000] if arguments.million else [])):
            measure_pages(installation, directory, size, arguments.runs)


def measure_creating(installation: Installation, directory: Path, runs: int) -> None:
    """Items a second, created in one transaction, through validation and handlers."""
    command = [installation.python, "-c", CREATE, str(directory / "create.db"), str(runs)]
    environment = installation.environment()
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    rates = zip(*(map(float, line.split()) for line in answer.stdout.splitlines()), strict=True)
    for name, rate, least in zip(("tasks", "activities"), rates, (25_000, 50_000), strict=True):
        print(f"creating: {statistics.median(rate):,.0f} {name}/s (at least {least:,})")


def measure_export(installation: Installation, directory: Path, runs: int) -> None:
    """Tasks a second of a whole export, and its memory beside that of a list of 100."""
    data = directory / "export"
    installation.seed(data, 100_000)
    environment = installation.environment(CRMCTL_DATA_DIR=str(data))
    command = [installation.crmctl, "--profile", "local", "task", "list", "-o", "jsonl"]
    few = [*command, "--limit", "100"]
    medians = interleave({"all": command, "few": few}, environment, runs)
    rate = 100_000 / (medians["all"] - medians["few"])
    print(f"export of 100,000 tasks: {rate:,.0f} tasks/s (at least 50,000)")
    memory = peak_memory(command, environment)[0] - peak_memory(few, environment)[0]
    print(f"its memory over that of listing 100: {memory:.1f} MiB (at most 20)")


def measure_pages(installation: Installation, directory: Path, tasks: int, runs: int) -> None:
    """A first page of many tasks beside one of 1,000, its total included, whole processes."""
    homes = {"small": directory / "small", "large": directory / f"{tasks}"}
    for home, number in (("small", 1_000), ("large", tasks)):
        if not homes[home].exists():
            installation.seed(homes[home], number)
    walked = [
        ("--sort", sign + sort, *filter)
        for filter in FILTERS
        for sort in SORTS
        for sign in ("", "-")
    ]
    worst: dict[float, float] = {}
    for asked in [*walked, OPEN]:
        everyday = tasks <= 100_000 or asked in (NEWEST, OPEN)
        budget = 1.5 if everyday else 8.0
        commands = {
            size: [
                *("/usr/bin/env", f"CRMCTL_DATA_DIR={home}", installation.crmctl),
                *("--profile", "local", "task", "list", "-o", "json", "--limit", "25", *asked),
            ]
            for size, home in homes.items()
        }
        medians = interleave(commands, installation.environment(), runs)
        ratio = medians["large"] / medians["small"]
        worst[budget] = max(worst.get(budget, 0.0), ratio)
        milliseconds = f"{medians['large'] * 1000:.0f} ms"
        print_row(" ".join(asked), ratio, milliseconds, budget, ratio_of="small")
    for budget, ratio in worst.items():
        print(f"{tasks:,} tasks, worst: {ratio:.2f} of 1,000 (at most {budget})")


if __name__ == "__main__":
    main()
