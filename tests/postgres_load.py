"""One process of many on one PostgreSQL: prints as JSON what it was told of each of its requests.

python -m tests.postgres_load URL tasks 16 200     16 threads, each 200 times: create, complete
python -m tests.postgres_load URL keys 20 1        20 threads, each once: one idempotency key
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from crmctl import errors
from crmctl.api.message import Request
from crmctl.store.urls import open_database
from crmctl.workspace.app import Workspace

Told = dict[str, list[Any]]


def create_and_complete(workspace: Workspace, told: Told) -> None:
    """Create a task and complete it; a failure is told as its class and whether it may pass."""
    task_id = ""
    for step in ("created", "completed"):
        path = f"/tasks/{task_id}/complete" if task_id else "/tasks"
        method, body = ("PUT", {}) if task_id else ("POST", {"title": "Call"})
        try:
            response = workspace(Request(method, path, body=body))
        except errors.CrmctlError as error:
            told["failed"].append([type(error).__name__, error.retryable, error.message])
            return
        assert response.status in (200, 201), response.content
        task_id = response.content["data"]["id"]
        told[step].append(task_id)


def create_once(workspace: Workspace, told: Told) -> None:
    """Create a task under a key that everybody uses."""
    key = {"idempotency-key": "the same"}
    response = workspace(Request("POST", "/tasks", body={"title": "Call"}, headers=key))
    assert response.status == 201, response.content
    told["created"].append(response.content["data"]["id"])


def main(url: str, what: str, threads: int, times: int) -> None:
    """Do it, and print what was told."""
    told: Told = {"created": [], "completed": [], "failed": []}
    work: Callable[[Workspace, Told], None] = {
        "tasks": create_and_complete,
        "keys": create_once,
    }[what]
    with closing(open_database(url, busy_seconds=30, connections=threads)) as store:
        workspace = Workspace(store)

        def run(_number: int) -> None:
            for _ in range(times):
                work(workspace, told)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(run, range(threads)))
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
