"""GET /contacts and /deals: what the workspace knows by name, page by page."""

from __future__ import annotations

import pytest

from tests.contract.world import World, all_ids


@pytest.mark.parametrize(("type", "path"), [("contact", "/contacts"), ("deal", "/deals")])
def test_they_are_listed_by_id_with_name_and_address(world: World, type: str, path: str) -> None:
    world.add_record(type, "x_2", "Zoe", email="zoe@acme.example")
    world.add_record(type, "x_1", "Åsa")
    world.add_record("user", "x_3", "Sarah")
    assert world.get(path) == {
        "success": True,
        "data": [
            {"id": "x_1", "name": "Åsa", "email": None},
            {"id": "x_2", "name": "Zoe", "email": "zoe@acme.example"},
        ],
        "meta": {"total": 2, "limit": 25, "has_more": False},
    }
    assert world.get(path, fields="name", limit="1")["data"] == [{"name": "Åsa"}]
    assert [item["id"] for item in getattr(world.client, f"list_{type}s")()] == ["x_1", "x_2"]


def test_pages_are_whole_and_in_order_though_records_come_and_go(world: World) -> None:
    for number in range(7):
        world.add_record("contact", f"con_{number}", f"Contact {number}")

    def change(page: int) -> None:
        world.add_record("contact", f"con_{page}a", "New")
        with world.workspace.store.writing() as kept:
            kept.remove_record("contact", "con_0")

    ids = all_ids(world, "/contacts", {"limit": "2"}, between=change)
    assert ids == sorted(set(ids))
    assert set(ids) >= {f"con_{number}" for number in range(7)}


def test_what_they_do_not_take_is_refused(world: World) -> None:
    for number in range(3):
        world.add_record("contact", f"con_{number}", f"Contact {number}")
    cursor = world.get("/contacts", limit="1")["meta"]["next_cursor"]
    tasks = world.insert_tasks([{}, {}])
    other = world.get("/tasks", limit="1")["meta"]["next_cursor"]
    assert tasks
    for query, codes in (
        ({"sort": "name"}, {"sort": "unknown"}),
        ({"status": "new"}, {"status": "unknown"}),
        ({"limit": "0"}, {"limit": "range"}),
        ({"fields": "phone"}, {"fields": "choice"}),
        ({"cursor": "x"}, {"cursor": "cursor"}),
        ({"cursor": other}, {"cursor": "cursor"}),
    ):
        assert world.refused_fields("GET", "/contacts", query=query) == codes
    assert world.refused_fields("GET", "/deals", query={"cursor": cursor}) == {"cursor": "cursor"}
    assert world.send("POST", "/contacts", body={}).headers["allow"] == "GET, HEAD"
