"""A list is read as of its first page, whatever happens while someone pages through it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crmctl.api.message import Request
from crmctl.resources import PRIORITIES, TASK, TASK_STATUSES
from crmctl.workspace.app import Workspace
from tests.contract.world import START, World, all_ids, open_world, pages

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


@pytest.mark.parametrize("filter", [{}, {"status": "pending"}])
@pytest.mark.parametrize("sort", SORTS)
def test_changes_while_someone_pages_make_nothing_appear_twice_or_vanish(
    world: World, sort: str, filter: dict[str, str]
) -> None:
    number = 60 * (4 if filter else 1)
    world.insert_tasks([varied(n) for n in range(number)])
    query = {**filter, "sort": sort}
    before = world.get("/tasks", **query, limit="100")["data"]
    ids = [task["id"] for task in before]
    assert len(ids) == 60

    def change(page: int) -> None:
        world.clock.move(seconds=1)
        place = page * 7
        # The last one seen, the next one, and the last one of all, over and over.
        for turn, index in enumerate((place - 1, place, -1)):
            world.client.update_task(
                ids[index % 60],
                {
                    "title": f"Changed on page {page}",
                    "priority": PRIORITIES[(page + turn) % 4],
                    "due_date": (None, "2020-01-01", "2099-01-01")[(page + turn) % 3],
                    "status": TASK_STATUSES[(page + turn) % 4],
                },
            )
        if page % 3 == 1:
            inserted = world.client.create_task({"title": "New", "due_date": "2026-03-15"})
            world.client.update_task(inserted["id"], {"priority": "urgent"})

    seen: list[dict[str, Any]] = []
    for page, content in enumerate(pages(world, "/tasks", {**query, "limit": "7"}), start=1):
        seen += content["data"]
        assert content["meta"]["total"] == 60
        change(page)
    assert seen == before


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


def test_a_list_can_be_read_for_a_day_though_everything_changes_all_the_time(
    world: World,
) -> None:
    ids = world.insert_tasks([{"title": "Old"}] * 6)

    def change(page: int) -> None:
        world.clock.move(hours=4)
        for task_id in ids:
            world.client.update_task(task_id, {"title": f"Changed on page {page}"})

    query = {"sort": "created_at", "limit": "1"}
    contents = []
    for page, content in enumerate(pages(world, "/tasks", query), start=1):
        contents += [(task["id"], task["title"]) for task in content["data"]]
        change(page)
    assert contents == [(task_id, "Old") for task_id in ids]


def test_what_was_overwritten_is_forgotten_when_no_cursor_can_ask_for_it(world: World) -> None:
    [task_id] = world.insert_tasks([{}])
    for day in range(5):
        world.client.update_task(task_id, {"title": f"Day {day}"})
        world.clock.move(days=1, seconds=1)
    world.client.update_task(task_id, {"title": "The last"})
    with world.workspace.store.reading() as connection:
        kept = connection.execute("SELECT title FROM task_past").fetchall()
    assert kept == [("Day 4",)]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("many") / "workspace.db"
    with open_world("workspace", path) as world:
        world.insert_tasks([varied(number) for number in range(10_000)])
        yield world


@pytest.mark.parametrize("sort", SORTS)
def test_ten_thousand_tasks_are_listed_complete_and_in_order_while_others_write(
    many: World, sort: str
) -> None:
    over, written = threading.Event(), threading.Event()
    failures: list[int] = []

    def write(path: Path) -> None:
        workspace = Workspace(path, clock=lambda: START)
        while not over.is_set():
            status = workspace(Request("POST", "/tasks", body={"title": "New"})).status
            if status != 201:
                failures.append(status)
            written.set()
            over.wait(0.02)
        workspace.close()

    writer = threading.Thread(target=write, args=(many.workspace.store.path,))
    writer.start()
    try:
        listing = many.client.list_tasks({"sort": sort})
        tasks = list(listing)
        assert written.wait(5)
    finally:
        over.set()
        writer.join()
    assert failures == []
    assert len({task["id"] for task in tasks}) == len(tasks) == listing.total
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
