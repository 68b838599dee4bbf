"""Imports that are cut off, over the network and on this machine: each line is applied once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crmctl.api.client import Client
from crmctl.api.message import Request
from crmctl.delivery.batches import BATCH
from crmctl.resources import ACTIVITY, TASK
from tests.contract.world import open_workspace
from tests.e2e.running import KEY, PATIENCE, Crmctl, FarEnd, Result
from tests.in_process import run_at

MANY = 3 * BATCH + 500


def write(home: Path, *items: dict[str, Any]) -> str:
    file = home / "items.jsonl"
    file.write_text("".join(f"{json.dumps(item)}\n" for item in items))
    return str(file)


def run(home: Path, far_end: FarEnd, *args: str) -> Result:
    """A run in this process, now, whose pauses take no time."""
    environ = {"CRMCTL_BASE_URL": far_end.url, "CRMCTL_API_KEY": KEY}
    return run_at(lambda: datetime.now(UTC), home, *args, **environ)


def statuses(result: Result) -> list[str]:
    return [json.loads(line)["status"] for line in result.stdout.splitlines()]


def titles(far_end: FarEnd) -> Counter[str]:
    return Counter(task["title"] for task in far_end.client.list_tasks({}))


def posts(far_end: FarEnd) -> int:
    return sum(call.startswith("POST") for call in far_end.calls)


def test_lines_are_sent_several_at_once_and_shown_in_their_order(
    home: Path, far_end: FarEnd
) -> None:
    together = threading.Barrier(4, timeout=PATIENCE)
    far_end.answering = lambda request: request.method == "POST" and together.wait()
    file = write(home, *({"title": f"New {number}"} for number in range(40)))
    result = run(home, far_end, "task", "import", file)
    assert result.status == 0, result.stderr
    shown = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["line"] for line in shown] == list(range(1, 41))
    made = {task["id"]: task["title"] for task in far_end.client.list_tasks({})}
    assert [made[line["id"]] for line in shown] == [f"New {number}" for number in range(40)]
    assert result.stderr == "Imported 40 of 40 tasks.\n"


def test_one_at_a_time_keeps_the_order(home: Path, far_end: FarEnd) -> None:
    file = write(home, *({"title": f"New {number}"} for number in range(20)))
    assert run(home, far_end, "task", "import", file, "--concurrency", "1").status == 0
    sent = [request.body["title"] for request in far_end.requests if request.body]
    assert sent == [f"New {number}" for number in range(20)]


def test_another_status_and_its_note_are_set_by_a_second_request(
    home: Path, far_end: FarEnd
) -> None:
    file = write(home, {"title": "New", "status": "completed", "completion_note": "ok"})
    line = json.loads(run(home, far_end, "task", "import", file).stdout)
    task = far_end.client.get_task(line["id"])
    assert (task["status"], task["completion_note"]) == ("completed", "ok")
    assert far_end.calls == ["POST /tasks", f"PUT /tasks/{line['id']}/complete"]


class Lost(Exception):
    """The server fails after it has applied a request, which nobody is told."""


@pytest.mark.parametrize("noun", ["task", "activity"])
def test_what_may_have_been_applied_is_looked_for_before_it_is_sent_again(
    home: Path, far_end: FarEnd, noun: str
) -> None:
    far_end.honours_keys = False
    word = "title" if noun == "task" else "subject"
    kind = {} if noun == "task" else {"type": "note"}
    # Three twins, of which two are lost; one such was there before.
    items: list[dict[str, Any]] = [{word: "Twin", **kind} for _ in range(3)]
    items += [{word: f"New {number}", **kind} for number in range(4)]
    create = far_end.client.create_task if noun == "task" else far_end.client.log_activity
    for name in ("Twin", "New 3"):
        create({word: name, **kind})
    with far_end.workspace.store.writing() as kept:
        resource = TASK if noun == "task" else ACTIVITY
        for item in kept.page(resource, [], sort="created_at", after=None, limit=100)[0]:
            kept.update(resource, item["id"], {"created_at": "2020-01-01T00:00:00Z"})
    lost = {1, 2, 5}
    number = 0

    def lose(request: Request) -> None:
        nonlocal number
        if request.method == "POST":
            number += 1
            if number - 1 in lost:
                raise Lost

    far_end.answering = lose
    file = write(home, *items)
    first = run(home, far_end, noun, "import", file, "--concurrency", "1")
    assert first.status == 13
    assert statuses(first) == [
        "unknown" if place in lost else "done" for place in range(len(items))
    ]
    assert "What may have been applied it looks for first." in first.stderr
    far_end.answering = lambda _: None
    far_end.requests.clear()
    again = run(home, far_end, noun, "import", file)
    assert again.status == 0, again.stderr
    assert statuses(again) == [
        "done" if place in lost else "earlier" for place in range(len(items))
    ]
    assert posts(far_end) == 0
    ids = [json.loads(line)["id"] for line in again.stdout.splitlines()]
    assert len(set(ids)) == len(items)


def test_what_is_not_there_is_sent_again(home: Path, far_end: FarEnd) -> None:
    far_end.honours_keys = False
    file = write(home, {"title": "New"})

    def lose(request: Request) -> None:
        if request.method == "POST":
            raise Lost

    far_end.answering = lose
    assert run(home, far_end, "task", "import", file).status == 10
    far_end.answering = lambda _: None
    [task] = [each for each in far_end.client.list_tasks({}) if each["title"] == "New"]
    far_end.client.delete_task(task["id"])
    assert statuses(run(home, far_end, "task", "import", file)) == ["done"]
    assert titles(far_end)["New"] == 1


def test_a_look_that_fails_sends_nothing(home: Path, far_end: FarEnd) -> None:
    far_end.honours_keys = False
    file = write(home, {"title": "New"})

    def lose(request: Request) -> None:
        raise Lost

    far_end.answering = lose
    assert run(home, far_end, "task", "import", file).status == 10
    far_end.requests.clear()
    assert run(home, far_end, "task", "import", file).status == 9
    assert posts(far_end) == 0


def test_a_refused_key_stops_the_run(home: Path, far_end: FarEnd) -> None:
    file = write(home, *({"title": f"New {number}"} for number in range(500)))
    environ = {"CRMCTL_BASE_URL": far_end.url, "CRMCTL_API_KEY": "other"}
    result = run_at(lambda: datetime.now(UTC), home, "task", "import", file, **environ)
    assert result.status == 3
    assert len(far_end.requests) <= 60
    assert Counter(statuses(result))["left"] > 400


def test_a_run_that_is_killed_over_the_network_goes_on_and_doubles_nothing(
    home: Path, far_end: FarEnd
) -> None:
    items = [{"title": f"New {number}", "status": "in_progress"} for number in range(150)]
    file = write(home, *items)
    remote = Crmctl(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
    running: list[subprocess.Popen[bytes]] = []
    writes = 0
    deadly = {1, 40, 160}

    lock = threading.Lock()

    def kill(request: Request) -> None:
        nonlocal writes
        with lock:
            writes += request.method != "GET"
            if writes in deadly:
                deadly.remove(writes)
                os.kill(running[-1].pid, signal.SIGKILL)

    far_end.answering = kill
    while deadly:
        running.append(remote.start("task", "import", file))
        assert running[-1].wait(PATIENCE) == -signal.SIGKILL
    far_end.answering = lambda _: None
    assert remote.run("task", "import", file).status == 0
    made = [task for task in far_end.client.list_tasks({}) if task["title"].startswith("New")]
    assert Counter(task["title"] for task in made) == Counter(item["title"] for item in items)
    assert {task["status"] for task in made} == {"in_progress"}


def test_a_run_that_is_killed_on_this_machine_leaves_whole_batches(home: Path) -> None:
    file = write(home, *({"title": f"New {number}"} for number in range(MANY)))
    data = home / "data"
    crmctl = Crmctl(home, CRMCTL_DATA_DIR=str(data), CRMCTL_PROFILE="local")
    with crmctl.start("task", "import", file, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.kill()
    with open_workspace(data / "local.db") as workspace:
        assert Client(workspace).list_tasks({}).first()
        with workspace.store.reading() as kept:
            made = kept.totals()["tasks"]
    assert made % BATCH == 0
    assert 0 < made < MANY
    again = crmctl.run("task", "import", file)
    assert again.status == 0
    assert Counter(statuses(again))["earlier"] == made
    with open_workspace(data / "local.db") as workspace:
        tasks = list(Client(workspace).list_tasks({}))
    assert len(tasks) == len({task["title"] for task in tasks}) == MANY


def test_two_runs_of_one_file_at_once_are_one(home: Path, far_end: FarEnd) -> None:
    file = write(home, {"title": "New"})
    remote = Crmctl(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
    ended = threading.Event()
    begun = threading.Event()

    def hold(request: Request) -> None:
        if request.method == "POST":
            begun.set()
            ended.wait(PATIENCE)

    far_end.answering = hold
    first = remote.start("task", "import", file)
    assert begun.wait(PATIENCE)
    second = remote.run("task", "import", file, "--json")
    ended.set()
    assert first.wait(PATIENCE) == 0
    assert second.status == 12
    assert second.error["message"].startswith("Another crmctl is importing this file")
    assert posts(far_end) == 1
