"""Several lists read as one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.merge import MergedListing
from crmctl.api.message import Request, Response
from crmctl.api.pages import Listing
from crmctl.resources import ACTIVITY, TASK

Item = dict[str, Any]


def listing(items: list[Item], *, limit: int | None = None, size: int = 100) -> Listing:
    """A list that a server with those items would give, in pages of ``size`` at most."""

    def answer(request: Request) -> Response:
        start = int(request.query.get("cursor", "0"))
        end = min(start + size, start + int(request.query["limit"]))
        meta = {"total": len(items), "has_more": end < len(items), "next_cursor": str(end)}
        return Response(200, {"data": items[start:end], "meta": meta})

    return Client(answer).list_tasks({}, limit=limit)


def merge(
    *lists: list[Item], sort: str = "due_date", limit: int | None = None, size: int = 100
) -> MergedListing:
    return MergedListing(
        [listing(items, limit=limit, size=size) for items in lists], TASK, sort=sort, limit=limit
    )


def ids(merged: MergedListing) -> list[Any]:
    return [item["id"] for item in merged]


def tasks(field: str, *values: Any) -> list[Item]:
    return [{"id": f"{value}", field: value} for value in values]


@pytest.mark.parametrize(
    ("sort", "first", "second", "expected"),
    [
        ("due_date", ["2026-01", "2026-03"], ["2026-02"], ["2026-01", "2026-02", "2026-03"]),
        ("-due_date", ["2026-03", "2026-01"], ["2026-02"], ["2026-03", "2026-02", "2026-01"]),
        (
            "due_date",
            ["2026-03-25T17:00:00Z", "2026-03-25T19:00:00Z"],
            ["2026-03-25T19:30:00+02:00", "2026-03-25T19:00:00.5Z"],
            [
                "2026-03-25T17:00:00Z",
                "2026-03-25T19:30:00+02:00",
                "2026-03-25T19:00:00Z",
                "2026-03-25T19:00:00.5Z",
            ],
        ),
        (
            "priority",
            ["low", "high"],
            ["medium", "urgent"],
            ["low", "medium", "high", "urgent"],
        ),
        (
            "-priority",
            ["high", "low"],
            ["urgent", "medium"],
            ["urgent", "high", "medium", "low"],
        ),
        ("priority", ["low", "asap"], ["urgent"], ["low", "urgent", "asap"]),
        ("-priority", ["asap", "low"], ["urgent"], ["asap", "urgent", "low"]),
        ("due_date", ["2026-01", "someday"], ["2026-02"], ["2026-01", "2026-02", "someday"]),
    ],
)
def test_lists_are_merged_in_the_order_of_the_api(
    sort: str, first: list[str], second: list[str], expected: list[str]
) -> None:
    field = sort.removeprefix("-")
    lists = tasks(field, *first), tasks(field, *second)
    assert ids(merge(*lists, sort=sort)) == expected
    assert ids(merge(*reversed(lists), sort=sort)) == expected
    assert ids(merge(*lists, sort=sort, size=1)) == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("due_date", ["a", "c", "b", "d", "e"]), ("-due_date", ["c", "a", "b", "d", "e"])],
)
def test_what_has_no_value_comes_last_in_both_directions(sort: str, expected: list[str]) -> None:
    first: list[Item] = [{"id": "a", "due_date": "2026-01-01"}, {"id": "b", "due_date": None}]
    second: list[Item] = [{"id": "c", "due_date": "2026-02-01"}, {"id": "d", "due_date": None}]
    second.append({"id": "e"})
    assert ids(merge(first, second, sort=sort)) == expected


@pytest.mark.parametrize("sort", ["occurred_at", "-occurred_at"])
def test_activities_are_merged_too(sort: str) -> None:
    older, newer = {"id": "a", "occurred_at": "2026-01-01"}, {"id": "b", "occurred_at": "2026-02"}
    lists = [listing([older]), listing([newer])]
    expected = ["b", "a"] if sort.startswith("-") else ["a", "b"]
    assert ids(MergedListing(lists, ACTIVITY, sort=sort, limit=None)) == expected


def test_an_item_of_two_lists_appears_once() -> None:
    first, second = tasks("due_date", "1", "2", "3"), tasks("due_date", "2", "3", "4")
    assert ids(merge(first, second)) == ["1", "2", "3", "4"]
    assert ids(merge(first, first, limit=3)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("limit", "expected", "has_more"),
    [
        (1, ["1"], True),
        (3, ["1", "2", "3"], True),
        (4, ["1", "2", "3", "4"], False),
        (5, ["1", "2", "3", "4"], False),
        (None, ["1", "2", "3", "4"], False),
    ],
)
@pytest.mark.parametrize("size", [1, 100])
def test_a_limit_counts_the_whole(
    limit: int | None, expected: list[str], has_more: bool, size: int
) -> None:
    first, second = tasks("due_date", "1", "3"), tasks("due_date", "2", "4")
    merged = merge(first, second, limit=limit, size=size)
    assert ids(merged) == expected
    assert (merged.has_more, merged.total) == (has_more, 4)


def test_a_limit_that_cuts_only_an_item_seen_before_leaves_nothing_out() -> None:
    first, second = tasks("due_date", "1", "2"), tasks("due_date", "1", "2")
    merged = merge(first, second, limit=2)
    assert ids(merged) == ["1", "2"]
    assert merged.has_more is False


def test_the_total_is_known_when_every_list_tells_its_own() -> None:
    merged = merge(tasks("due_date", "1"), [])
    totals = [merged.total]
    assert ids(merged) == ["1"]
    assert [*totals, merged.total] == [None, 1]
    silent = Client(lambda _: Response(200, {"data": []})).list_tasks({})
    untold = MergedListing([listing([]), silent], TASK, sort="due_date", limit=None)
    assert (ids(untold), untold.total) == ([], None)


def test_items_come_before_the_lists_are_read_to_their_end() -> None:
    asked: list[str] = []

    def count(name: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            asked.append(name)
            number = len(asked)
            meta = {"has_more": True, "next_cursor": str(number)}
            return Response(200, {"data": [{"id": number, "due_date": name}], "meta": meta})

        return answer

    lists = [Client(count(name)).list_tasks({}) for name in ("2026-01-01", "2026-02-01")]
    items = iter(MergedListing(lists, TASK, sort="due_date", limit=None))
    assert next(items) == {"id": 1, "due_date": "2026-01-01"}
    assert asked == ["2026-01-01", "2026-02-01"]


def test_a_failure_of_one_list_is_a_failure_of_all() -> None:
    broken = Client(lambda _: Response(500)).list_tasks({})
    merged = MergedListing([listing([]), broken], TASK, sort="due_date", limit=None)
    with pytest.raises(errors.ServerFailed):
        list(merged)


def test_over_the_network_the_first_pages_are_asked_for_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=5)

    def answer(request: Request) -> Response:
        together.wait()
        return Response(200, {"data": [{"id": request.query["status"]}]})

    client = Client(answer, remote=True)
    lists = [client.list_tasks({"status": status}) for status in ("a", "b", "c")]
    assert ids(MergedListing(lists, TASK, sort="due_date", limit=None)) == ["a", "b", "c"]


def test_in_process_lists_are_read_by_the_caller() -> None:
    threads = set()

    def answer(_: Request) -> Response:
        threads.add(threading.current_thread())
        return Response(200, {"data": []})

    lists = [Client(answer).list_tasks({}) for _ in range(2)]
    assert ids(MergedListing(lists, TASK, sort="due_date", limit=None)) == []
    assert threads == {threading.current_thread()}


def test_a_failure_over_the_network_is_raised_where_the_lists_are_read() -> None:
    statuses = iter([500, 200])
    client = Client(lambda _: Response(next(statuses), {"data": []}), remote=True)
    lists = [client.list_tasks({}) for _ in range(2)]
    with pytest.raises(errors.ServerFailed):
        ids(MergedListing(lists, TASK, sort="due_date", limit=None))


def test_items_of_several_lists_that_have_no_id_are_all_there() -> None:
    nameless: list[Item] = [{"due_date": "2026-01-01"}, {"id": None}, {"id": ["a"]}]
    merged = merge(nameless, nameless, limit=5)
    assert len(list(merged)) == 5
    assert merged.has_more is True
