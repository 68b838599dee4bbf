"""What a list promises while others write and someone pages through it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from crmctl.api.message import Request
from crmctl.resources import PRIORITIES, TASK, TASK_STATUSES
from tests.contract.world import World, all_ids, open_world, pages

SORTS = [sign + name for name in TASK.sorts for sign in ("", "-")]
DUE_DATES = (None, "2026-03-01T00:00:00", "2026-04-01T00:00:00", "2026-05-01T00:00:00")


def varied(number: int) -> dict[str, Any]:
    """A task of which no order is that of another column; ties, and tasks with no due date."""
    stamp = f"2026-03-{1 + number * 7 % 19:02}T00:00:00"
    return {
        "title": f"Task {number}",
        "status": TASK_STATUSES[number * 5 % 4],
        "priority": PRIORITIES[number * 3 % 7 % 4],
        "due_date": DUE_DATES[number * 11 % 5 % 4],
        "created_at": stamp,
        "updated_at": f"2026-03-{1 + number * 13 % 17:02}T00:00:00",
    }


@pytest.mark.parametrize("filter", [{}, {"status": "pending"}, {"priority": "high"}])
@pytest.mark.parametrize("sort", SORTS)
def test_what_is_inserted_while_someone_pages_moves_nothing(
    world: World, sort: str, filter: dict[str, str]
) -> None:
    number = 60 * (4 if filter else 1)
    world.insert_tasks([varied(n) for n in range(number)])
    query = {**filter, "sort": sort}
    before = world.get("/tasks", **query, limit="100")["data"]

    def insert(page: int) -> None:
        for due_date in ("2000-01-01", "2026-03-15", "2099-01-01", None):
            priority = PRIORITIES[page % 4]
            body = {"title": "New", "due_date": due_date, "priority": priority}
            world.client.create_task(body)

    seen: list[dict[str, Any]] = []
    for page, content in enumerate(pages(world, "/tasks", {**query, "limit": "7"}), start=1):
        seen += content["data"]
        assert content["meta"]["total"] == len(before)
        insert(page)
        if page > 30:
            break  # in ascending order of creation those that are inserted follow for ever
    assert [task for task in seen if task["title"] != "New"] == before
    assert len({task["id"] for task in seen}) == len(seen)


@pytest.mark.parametrize("sort", SORTS)
def test_what_changes_is_seen_as_it_is_when_its_page_is_read(world: World, sort: str) -> None:
    world.insert_tasks([varied(n) for n in range(30)])
    ids = world.ids("/tasks", sort=sort, limit="100")
    read: list[dict[str, Any]] = []
    for page, content in enumerate(pages(world, "/tasks", {"sort": sort, "limit": "10"})):
        read += content["data"]
        if page == 0:
            world.client.update_task(ids[0], {"title": "Too late"})
            world.client.update_task(ids[25], {"title": "In time"})
    titles = {task["id"]: task["title"] for task in read}
    # Under the order of changes it moves as it changes: ahead of the reader, or behind.
    assert titles[ids[0]] == "Too late" if sort == "updated_at" else titles[ids[0]] != "Too late"
    assert titles.get(ids[25]) == (None if sort == "-updated_at" else "In time")


@pytest.mark.parametrize("sort", SORTS)
def test_the_client_hands_no_task_over_twice_whatever_changes(world: World, sort: str) -> None:
    world.insert_tasks([varied(n) for n in range(300)])
    handed: list[str] = []
    for number, task in enumerate(world.client.list_tasks({"sort": sort})):
        handed.append(task["id"])
        if number % 40 == 0:
            # What was seen moves to either end of the order: ahead of the reader in one of them.
            for place, (due_date, priority) in enumerate(
                [("2000-01-01", "low"), ("2099-01-01", "urgent"), (None, "high")]
            ):
                changes = {"due_date": due_date, "priority": priority}
                world.client.update_task(handed[-1 - place % len(handed)], changes)
    assert len(set(handed)) == len(handed)
    assert len(handed) <= 300


@pytest.mark.parametrize("sort", SORTS)
def test_deleted_tasks_do_not_come_back(world: World, sort: str) -> None:
    world.insert_tasks([varied(n) for n in range(60)])
    ids = world.ids("/tasks", sort=sort, limit="100")
    deleted = [ids[0], ids[10], ids[11], ids[58]]

    def delete(page: int) -> None:
        if page == 1:
            world.client.update_task(ids[10], {"title": "Changed", "due_date": None})
            for task_id in deleted:
                world.client.delete_task(task_id)

    seen = all_ids(world, "/tasks", {"sort": sort, "limit": "7"}, between=delete)
    assert seen == [task_id for task_id in ids if task_id == ids[0] or task_id not in deleted]


def test_when_all_the_rest_is_deleted_the_next_page_is_empty(world: World) -> None:
    ids = world.insert_tasks([{}] * 4)
    query = {"sort": "created_at", "limit": "2"}
    cursor = world.get("/tasks", **query)["meta"]["next_cursor"]
    for task_id in ids[2:]:
        world.client.delete_task(task_id)
    assert world.get("/tasks", **query, cursor=cursor) == {
        "success": True,
        "data": [],
        "meta": {"total": 4, "limit": 2, "has_more": False},
    }


def test_what_changed_is_seen_by_a_list_begun_after_it(world: World) -> None:
    ids = world.insert_tasks([{}] * 4)
    list(pages(world, "/tasks", {"limit": "1"}))
    world.clock.move(seconds=1)
    world.client.update_task(ids[0], {"title": "Changed"})
    newest = world.get("/tasks", sort="-updated_at", limit="1")["data"]
    assert [(task["id"], task["title"]) for task in newest] == [(ids[0], "Changed")]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world("workspace", tmp_path_factory.mktemp("many") / "workspace.db") as world:
        world.insert_tasks([varied(number) for number in range(10_000)])
        yield world


@pytest.mark.parametrize("sort", SORTS)
def test_ten_thousand_tasks_are_listed_complete_and_in_order_while_others_write(
    many: World, sort: str
) -> None:
    over, written = threading.Event(), threading.Event()
    failures: list[int] = []

    def write() -> None:
        with many.connect() as transport:
            while not over.is_set():
                status = transport(Request("POST", "/tasks", body={"title": "New"})).status
                if status != 201:
                    failures.append(status)
                written.set()
                over.wait(0.02)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        listing = many.client.list_tasks({"sort": sort})
        tasks = list(listing)
        assert written.wait(5)
    finally:
        over.set()
        writer.join()
    assert failures == []
    assert len({task["id"] for task in tasks}) == len(tasks)
    # Counted with the first page; what is inserted beyond the reader is read all the same.
    assert listing.total is not None
    assert listing.total <= len(tasks)
    assert [task["id"] for task in tasks if task["title"] != "New"] == in_order(sort)


def in_order(sort: str) -> list[str]:
    """The IDs of the ten thousand in the order of ``sort``, by other means than SQL."""
    column, sign = sort.removeprefix("-"), -1 if sort.startswith("-") else 1
    tasks = [(number, varied(number)) for number in range(10_000)]
    dated = [entry for entry in tasks if entry[1][column] is not None]
    undated = [entry for entry in tasks if entry[1][column] is None]
    if column == "priority":
        dated.sort(key=lambda entry: (PRIORITIES.index(entry[1][column]), entry[0]))
    else:
        dated.sort(key=lambda entry: (entry[1][column], entry[0]))
    return [f"task_{number:05}" for number, _ in [*dated[::sign], *undated[::sign]]]
