"""Many writes in one transaction, and many transactions on one task."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from crmctl.api.message import Request
from tests.contract.world import World

KEY = {"idempotency-key": "4f2a"}


def test_a_batch_is_kept_together_and_what_it_refuses_leaves_the_others(local: World) -> None:
    bodies = [{"title": "One"}, {"title": " "}, {"title": "Two"}, {"title": "3", "priority": "x"}]
    with local.workspace.batch() as send:
        statuses = [send(Request("POST", "/tasks", body=body)).status for body in bodies]
        assert send(Request("GET", "/tasks")).content["meta"]["total"] == 2
        assert send(Request("GET", "/nowhere")).status == 404
        assert local.get("/tasks")["data"] == []
    assert statuses == [201, 422, 201, 422]
    assert [task["title"] for task in local.get("/tasks")["data"]] == ["Two", "One"]


def test_a_batch_that_breaks_off_keeps_nothing(local: World) -> None:
    with suppress(KeyError), local.workspace.batch() as send:
        assert send(Request("POST", "/tasks", body={"title": "One"})).status == 201
        raise KeyError
    assert local.get("/tasks")["data"] == []


def test_a_key_that_is_refused_in_a_batch_is_free_again(local: World) -> None:
    with local.workspace.batch() as send:
        refused = send(Request("POST", "/tasks", body={"title": " "}, headers=KEY))
        created = send(Request("POST", "/tasks", body={"title": "Call"}, headers=KEY))
        again = send(Request("POST", "/tasks", body={"title": "Call"}, headers=KEY))
    assert (refused.status, created.status, again.content) == (422, 201, created.content)
    assert len(local.ids("/tasks")) == 1


def test_no_update_of_many_at_once_is_lost_or_mixed(world: World) -> None:
    [task_id] = world.insert_tasks([{}])
    fields = ("title", "description", "assignee_id", "due_date", "priority", "type")
    values = ("Mail", "Soon", "usr_1", "2026-04-01T00:00:00Z", "low", "email")

    def change(number: int) -> None:
        with world.connect() as transport:
            field, value = fields[number % 6], values[number % 6]
            status = "completed" if number % 2 else "pending"
            for body in ({field: value}, {"status": status}):
                request = Request("PUT", f"/tasks/{task_id}", body=body)
                assert transport(request).status == 200

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(change, range(24)))
    task = world.client.get_task(task_id)
    assert tuple(task[field] for field in fields) == values
    assert (task["completed_at"] is not None) == (task["status"] == "completed")


def test_one_transport_serves_many_threads_at_once(world: World) -> None:
    def work(number: int) -> list[str]:
        title = f"Task {number}"
        task = world.client.create_task({"title": title})
        assert world.client.complete_task(task["id"])["status"] == "completed"
        assert world.client.get_task(task["id"])["title"] == title
        return [item["id"] for item in world.client.list_tasks({}) if item["title"] == title]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(work, range(40)))
    assert sorted(task_id for [task_id] in found) == sorted(world.ids("/tasks", limit="100"))
