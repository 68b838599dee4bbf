"""Many processes on one workspace, and lists that are read while others write."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import closing
from pathlib import Path

import pytest

from crmctl.store.sqlite import SqliteStore
from tests.contract.world import insert_tasks
from tests.e2e.running import KEY, PATIENCE, Crmctl, FarEnd, open_far_end, stock
from tests.scripted_server import Connection, ScriptedServer, answer, encode

SORTS = ("due_date", "priority", "created_at", "updated_at")


def test_what_many_processes_create_at_once_is_all_there(crmctl: Crmctl) -> None:
    titles = {f"Task {number}" for number in range(32)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    writers = [crmctl.start("task", "create", title, "-o", "ids", **pipes) for title in titles]
    readers = [crmctl.start("task", "list", "-o", "ids", **pipes) for _ in range(10)]
    ids = set()
    for process in writers:
        stdout, stderr = process.communicate(timeout=PATIENCE)
        assert (process.returncode, stderr) == (0, b"")
        ids.add(stdout.decode().strip())
    for process in readers:
        stdout, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0
        assert set(stdout.decode().split()) <= ids
    kept = crmctl.json("task", "list")
    assert {task["id"] for task in kept} == ids
    assert {task["title"] for task in kept} == titles
    assert crmctl.json("workspace", "check")["ok"] is True


def test_a_task_that_many_complete_at_once_is_completed_once(stocked: Crmctl) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    complete = ("task", "complete", "task_late", "-o", "json", "--fields", "completed_at")
    processes = [stocked.start(*complete, **pipes) for _ in range(8)]
    answers = {process.communicate(timeout=PATIENCE)[0] for process in processes}
    assert {process.returncode for process in processes} == {0}
    assert len(answers) == 1


@pytest.fixture(scope="module")
def growing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of 330 tasks of every priority, due in turns, some with no due date."""
    file = tmp_path_factory.mktemp("growing") / "local.db"
    rows = [
        {
            "title": f"Task {number}",
            "priority": ("low", "medium", "high", "urgent")[number % 4],
            "due_date": f"2099-01-{number * 7 % 28 + 1:02}T00:00:00" if number % 11 else None,
        }
        for number in range(330)
    ]
    stock(file, rows)
    return file


def test_a_list_over_http_is_whole_and_in_order_while_others_insert(
    growing: Path, home: Path
) -> None:
    before = {f"task_{number:05}" for number in range(330)}
    over = threading.Event()

    def insert() -> None:
        with closing(SqliteStore(growing)) as store:
            number = 0
            while not over.wait(0.02):
                due_date = f"2099-01-{number % 28 + 1:02}T12:00:00Z"
                insert_tasks(store, [{"id": f"task_new{number:05}", "due_date": due_date}])
                number += 1

    with open_far_end(growing) as far_end:
        remote = Crmctl(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
        writer = threading.Thread(target=insert)
        writer.start()
        try:
            for sort in SORTS:
                for order in (sort, f"-{sort}"):
                    check_order(remote.json("task", "list", "--sort", order), order, before)
        finally:
            over.set()
            writer.join()


def check_order(tasks: list[dict[str, str | None]], order: str, before: set[str]) -> None:
    ids = [str(task["id"]) for task in tasks]
    assert len(ids) == len(set(ids)), f"{order}: an item appears twice"
    assert before <= set(ids), f"{order}: an item vanished"
    ranks = ("low", "medium", "high", "urgent")
    name = order.removeprefix("-")
    values = [task[name] for task in tasks]
    known = [value for value in values if value is not None]
    assert values[: len(known)] == known, f"{order}: nothing comes last"
    keys = [ranks.index(value) if name == "priority" else value for value in known]
    assert keys == sorted(keys, reverse=order.startswith("-")), order


def test_pages_are_asked_for_as_they_are_read(far_end: FarEnd, remote: Crmctl) -> None:
    rows = [{"id": f"task_more{number:03}"} for number in range(250)]
    insert_tasks(far_end.workspace.store, rows)
    assert len(remote.ids("task", "list")) == 256
    assert [request.query["limit"] for request in far_end.requests] == ["100"] * 3
    far_end.requests.clear()
    assert len(remote.ids("task", "list", "--limit", "120")) == 120
    assert [request.query["limit"] for request in far_end.requests] == ["100", "20"]


@pytest.mark.parametrize("format", ["plain", "json", "jsonl", "csv", "ids", "md"])
def test_the_first_row_is_out_before_the_second_page_is_there(home: Path, format: str) -> None:
    read = threading.Event()
    second = encode(200, {"data": [{"id": "t2"}], "meta": {"has_more": False}})

    def held(connection: Connection) -> bool:
        assert read.wait(PATIENCE)
        connection.socket.sendall(second)
        return True

    first = answer(200, {"data": [{"id": "t1"}], "meta": {"has_more": True, "next_cursor": "c"}})
    with ScriptedServer(first, held) as server:
        remote = Crmctl(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        command = ("task", "list", "-o", format)
        with remote.start(*command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            seen = b""
            while b"t1" not in seen:
                chunk = os.read(process.stdout.fileno(), 4096)
                assert chunk
                seen += chunk
            assert b"t2" not in seen
            read.set()
            assert b"t2" in process.stdout.read()
        assert process.returncode == 0
