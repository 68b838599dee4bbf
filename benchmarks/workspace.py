"""What size costs: an export of 100,000 tasks, and a page of a workspace of 1,000,000."""

from __future__ import annotations

import argparse
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


def main() -> None:
    """Measure and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        installation = Installation(directory)
        measure_export(installation, directory, arguments.runs)
        measure_pages(installation, directory, arguments.tasks, arguments.runs)


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
    """A page of many tasks beside one of 1,000, for every filter and sort."""
    homes = {"small": directory / "small", "large": directory / "large"}
    installation.seed(homes["small"], 1_000)
    installation.seed(homes["large"], tasks)
    worst = 0.0
    for filter in FILTERS:
        for sort in (*SORTS, *(f"-{sort}" for sort in SORTS)):
            commands = {
                size: [
                    *("/usr/bin/env", f"CRMCTL_DATA_DIR={home}", installation.crmctl),
                    *("--profile", "local", "task", "list", "-o", "json", "--limit", "25"),
                    *("--sort", sort, *filter),
                ]
                for size, home in homes.items()
            }
            medians = interleave(commands, installation.environment(), runs)
            ratio = medians["large"] / medians["small"]
            worst = max(worst, ratio)
            name = " ".join([*filter, f"--sort {sort}"])
            print_row(name, ratio, f"{medians['large'] * 1000:.0f} ms", 1.3, ratio_of="small")
    print(f"worst: {worst:.2f}")


if __name__ == "__main__":
    main()
