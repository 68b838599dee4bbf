"""A workspace in PostgreSQL: creations at once by thread, and first pages by size.

    python -m benchmarks.postgres          on a server of its own, durable: fsync is on

Needs PostgreSQL's programs; see `tests.postgres_server`.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import combinations

from crmctl.api.message import Request
from crmctl.resources import PRIORITIES, TASK, TASK_STATUSES, TASK_TYPES
from crmctl.store.interface import Store
from crmctl.store.urls import open_database
from crmctl.store.values import Condition
from crmctl.timestamps import format_timestamp
from crmctl.workspace.app import Workspace
from tests.postgres_server import PostgresServer, find_programs, running_postgres

START = datetime(2026, 3, 20, 10, 0, tzinfo=UTC)
SIZES = (1_000, 100_000)


def fill(store: Store, number: int) -> None:
    """Tasks of every kind: a tenth has no due date, 200 people have a hundredth each or less."""
    chance = random.Random(7)  # noqa: S311
    with store.writing() as kept:
        for _ in range(number // 1000):
            rows = []
            for _ in range(1000):
                created = format_timestamp(START + timedelta(seconds=chance.randrange(10**7)))
                due = START + timedelta(hours=chance.randrange(10_000))
                rows.append(
                    {
                        "id": f"task_{chance.randrange(10**12):012}",
                        "title": "Call Jane about the proposal",
                        "description": "Send the revision, based on what she said. " * 3,
                        "status": chance.choices(TASK_STATUSES, (30, 5, 60, 5))[0],
                        "priority": chance.choices(PRIORITIES, (20, 60, 15, 5))[0],
                        "type": chance.choice(TASK_TYPES),
                        "assignee_id": f"usr_{int(chance.expovariate(0.05))}",
                        "due_date": format_timestamp(due) if chance.random() < 0.9 else None,
                        "related_to_type": "contact",
                        "related_to_id": f"con_{chance.randrange(number // 10)}",
                        "created_at": created,
                        "updated_at": created,
                    }
                )
            kept.keep("task", rows)


def conditions() -> list[list[Condition]]:
    """Nothing, each filter alone, and each two together."""
    values = {"assignee_id": "usr_5", "status": "pending", "priority": "urgent", "type": "email"}
    values |= {"related_to_type": "contact", "related_to_id": "con_7"}
    values |= {"due_date": format_timestamp(START + timedelta(hours=500))}
    single = [Condition(each.field, each.operator, values[each.field]) for each in TASK.filters]
    return [[], *[[one] for one in single], *[list(pair) for pair in combinations(single, 2)]]


def milliseconds(call: Callable[[], object]) -> float:
    """The median of five calls."""
    taken = []
    for _ in range(5):
        begun = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def measure_pages(server: PostgresServer, *, analyzed: bool) -> None:
    """Each first page, and each count, of a small and of a large workspace."""
    pages: dict[int, dict[str, float]] = {}
    counts: dict[int, dict[str, float]] = {}
    for size in SIZES:
        name = f"size_{size}_{analyzed}".lower()
        with closing(open_database(server.create(name), busy_seconds=30)) as store:
            fill(store, size)
            if analyzed:
                server.execute(name, "VACUUM ANALYZE")
            pages[size], counts[size] = {}, {}
            with store.reading() as kept:
                for asked in conditions():
                    named = "+".join(f"{each.field}{each.operator}" for each in asked)
                    counts[size][named] = milliseconds(lambda: kept.count(TASK, asked))  # noqa: B023
                    for sort in [sign + each for each in TASK.sorts for sign in ("", "-")]:
                        pages[size][f"{named} by {sort}"] = milliseconds(
                            lambda: kept.page(TASK, asked, sort=sort, after=None, limit=26)  # noqa: B023
                        )
    for what, found in (("page", pages), ("count", counts)):
        small, large = (found[size] for size in SIZES)
        say(
            f"{len(large)} times a {what}, {'analyzed' if analyzed else 'never analyzed'}:"
            f" median {statistics.median(small.values()):.2f} ms of {SIZES[0]},"
            f" {statistics.median(large.values()):.2f} of {SIZES[1]}; worst"
            f" {max(small.values()):.2f} and {max(large.values()):.2f}"
        )
        for name in sorted(large, key=large.__getitem__, reverse=True)[:5]:
            say(f"    {large[name]:7.2f} ms, {small[name]:5.2f} of few: {name}")


def measure_creations(server: PostgresServer) -> None:
    """Tasks a second, each in a transaction of its own, with and without an idempotency key."""
    for keyed in (False, True):
        for threads in (1, 2, 4, 8, 16, 32):
            url = server.create(f"creating_{threads}_{keyed}".lower())
            with closing(open_database(url, busy_seconds=30, connections=threads)) as store:
                workspace = Workspace(store)

                def create(number: int, workspace: Workspace = workspace) -> None:
                    headers = {"idempotency-key": str(number)} if keyed else {}  # noqa: B023
                    body = {"title": "Call Jane"}
                    assert (
                        workspace(Request("POST", "/tasks", body=body, headers=headers)).status
                        == 201
                    )

                with ThreadPoolExecutor(threads) as pool:
                    list(pool.map(create, range(threads * 3)))
                    number = 100 * threads
                    begun = time.perf_counter()
                    list(pool.map(create, range(1000, 1000 + number)))
                    taken = time.perf_counter() - begun
            say(f"{threads:3} threads{', keys' if keyed else ''}: {number / taken:6.0f} tasks/s")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    programs = find_programs()
    assert programs is not None, "PostgreSQL is not installed"
    with running_postgres(programs, durable=True) as server:
        measure_creations(server)
        for analyzed in (True, False):
            measure_pages(server, analyzed=analyzed)
