"""Lists read page by page, against servers of every habit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.message import NO_ENTRIES, Response
from crmctl.api.pages import Listing
from tests.scripted_transport import Script


def page(
    *ids: int, meta: Any = None, headers: Mapping[str, str] = NO_ENTRIES, **top: Any
) -> Response:
    content = {"success": True, "data": [{"id": number} for number in ids], **top}
    if meta is not None:
        content["meta"] = meta
    return Response(200, content, headers=headers)


def ids(listing: Listing) -> list[int]:
    return [item["id"] for item in listing]


@pytest.mark.parametrize(
    "first",
    [
        page(1, 2, meta={"has_more": True, "next_cursor": "c/1"}),
        page(1, 2, meta={"has_more": True, "cursor": "c/1"}),
        page(1, 2, meta={"has_more": True}, next_cursor="c/1"),
        page(1, 2, meta={"next_cursor": "c/1"}),
        page(1, 2, next_cursor="c/1"),
        page(1, 2, meta={"has_more": True, "next_cursor": "", "cursor": "c/1"}),
        page(1, 2, meta={"has_more": True, "next_cursor": None, "cursor": "c/1"}),
        page(1, 2, meta={"next_cursor": "c/1", "cursor": "wrong"}, next_cursor="wrong"),
        page(1, 2, meta={"cursor": "c/1"}, next_cursor="wrong"),
        *[
            page(1, 2, meta={"has_more": True}, headers={"link": link})
            for link in (
                '<https://crm.example/api/tasks?limit=2&cursor=c%2F1>; rel="next"',
                "</tasks?cursor=c/1>;rel=next",
                '<?cursor=0>; rel="prev", <?cursor=c/1>; rel="next"',
                '<?fields=id,title&cursor=c/1>; title="a"; rel="next", <?cursor=9>; rel="last"',
                '<?cursor=c/1>; Rel = "next"',
            )
        ],
    ],
)
def test_the_next_cursor_is_found_wherever_it_stands(first: Response) -> None:
    script = Script(first, page(3, meta={"has_more": False}))
    assert ids(script.client.list_tasks({"status": "pending"})) == [1, 2, 3]
    assert script.queries() == [
        {"status": "pending", "limit": "100"},
        {"status": "pending", "limit": "100", "cursor": "c/1"},
    ]


def test_a_number_is_a_cursor_too() -> None:
    script = Script(page(1, meta={"has_more": True, "next_cursor": 0}), page(2))
    assert ids(script.client.activity_feed()) == [1, 2]
    assert script.queries()[1] == {"limit": "100", "cursor": "0"}


@pytest.mark.parametrize(
    "last",
    [
        page(1, 2),
        page(1, 2, meta={}),
        page(1, 2, meta=[]),
        page(1, 2, meta={"has_more": False}),
        page(1, 2, meta={"has_more": False, "next_cursor": "x"}),
        page(1, 2, meta={"next_cursor": None, "total": 2}),
        page(1, 2, meta={"has_more": None}),
        page(1, 2, headers={"link": '<?cursor=0>; rel="prev"'}),
        page(1, 2, headers={"link": "nonsense; rel=next"}),
        page(1, 2, headers={"link": "<http://[>; rel=next"}),
    ],
)
def test_a_list_ends_where_the_server_says_so(last: Response) -> None:
    script = Script(last)
    listing = script.client.list_activities({})
    assert ids(listing) == [1, 2]
    assert listing.has_more is False


@pytest.mark.parametrize(
    "first",
    [
        page(1, 2, meta={"has_more": True}),
        page(1, 2, meta={"has_more": True, "next_cursor": ""}),
        page(1, 2, meta={"has_more": True, "next_cursor": True}),
        page(1, 2, meta={"total": 3}),
        page(1, 2, meta={"has_more": True}, headers={"link": '<?page=2>; rel="next"'}),
    ],
)
def test_more_without_a_way_to_it_is_an_incomplete_list(first: Response) -> None:
    script = Script(first)
    seen = []
    with pytest.raises(errors.IncompleteList) as raised:
        seen += [item["id"] for item in script.client.list_tasks({})]
    assert raised.value.exit_status == 9
    assert raised.value.message == (
        "2 items came, and the server says there are more but not how to get them."
    )
    assert raised.value.hint == "Narrow the filters, or ask for one page with --limit."
    assert len(script.requests) == 1


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
def test_a_cursor_that_repeats_is_an_incomplete_list(cursors: list[str]) -> None:
    script = Script(*[page(1, meta={"has_more": True, "next_cursor": c}) for c in cursors])
    with pytest.raises(errors.IncompleteList):
        list(script.client.list_tasks({}))
    assert script.responses == []


@pytest.mark.parametrize(
    ("limit", "asked"),
    [(1, ["1"]), (99, ["99"]), (100, ["100"]), (101, ["100", "1"]), (250, ["100", "100", "50"])],
)
def test_a_limit_asks_for_no_more_than_it_needs(limit: int, asked: list[str]) -> None:
    sizes = [int(size) for size in asked]
    script = Script(
        *[
            page(*range(size), meta={"has_more": True, "next_cursor": str(number), "total": 900})
            for number, size in enumerate(sizes)
        ]
    )
    listing = script.client.list_tasks({}, limit=limit)
    assert len(ids(listing)) == limit
    assert (listing.total, listing.has_more) == (900, True)
    assert [query["limit"] for query in script.queries()] == asked


@pytest.mark.parametrize("meta", [{"has_more": True}, {"total": 9}])
def test_a_limit_that_was_reached_needs_no_cursor(meta: dict[str, Any]) -> None:
    listing = Script(page(1, 2, meta=meta)).client.list_tasks({}, limit=2)
    assert ids(listing) == [1, 2]
    assert listing.has_more is True


def test_a_server_that_ignores_the_limit_is_cut() -> None:
    listing = Script(page(1, 2, 3, meta={"has_more": False})).client.list_tasks({}, limit=2)
    assert ids(listing) == [1, 2]
    assert listing.has_more is True


def test_items_come_before_the_next_page_is_asked_for() -> None:
    script = Script(page(1, 2, meta={"has_more": True, "next_cursor": "a"}), page(3))
    items = iter(script.client.list_tasks({}))
    assert [next(items)["id"], next(items)["id"], len(script.requests)] == [1, 2, 1]
    assert [next(items)["id"], len(script.requests)] == [3, 2]


def test_the_first_item_or_none() -> None:
    assert Script(page(7, 8)).client.list_tasks({}).first() == {"id": 7}
    assert Script(page()).client.list_tasks({}).first() is None


def test_the_total_is_what_the_first_page_says() -> None:
    script = Script(
        page(1, meta={"total": 2, "has_more": True, "next_cursor": "a"}),
        page(2, meta={"total": 3, "has_more": False}),
    )
    listing = script.client.list_tasks({})
    totals = [listing.total]
    assert ids(listing) == [1, 2]
    assert [*totals, listing.total] == [None, 2]


def test_a_failure_between_pages_is_raised_after_what_came() -> None:
    script = Script(page(1, meta={"has_more": True, "next_cursor": "a"}), Response(500))
    items = iter(script.client.list_tasks({}))
    assert next(items) == {"id": 1}
    with pytest.raises(errors.ServerFailed):
        next(items)


@pytest.mark.parametrize("data", [None, {}, "x", [1], [{"id": 1}, None]])
def test_a_list_of_anything_but_objects_makes_no_sense(data: Any) -> None:
    with pytest.raises(errors.BadAnswer) as raised:
        list(Script(Response(200, {"data": data})).client.list_tasks({}))
    assert raised.value.exit_status == 9


# No ID twice


def overlapping(*, remote: bool) -> Script:
    return Script(
        page(1, 2, meta={"has_more": True, "next_cursor": "a"}),
        page(2, 3, meta={"has_more": True, "next_cursor": "b"}),
        page(1, 4, meta={"has_more": False}),
        remote=remote,
    )


def test_over_the_network_no_id_comes_twice() -> None:
    listing = overlapping(remote=True).client.list_activities({})
    assert ids(listing) == [1, 2, 3, 4]


@pytest.mark.parametrize("sort", ["due_date", "-due_date", "priority", "-updated_at"])
def test_under_a_sort_by_what_can_change_no_id_comes_twice(sort: str) -> None:
    assert ids(overlapping(remote=False).client.list_tasks({"sort": sort})) == [1, 2, 3, 4]


@pytest.mark.parametrize("query", [{}, {"sort": "created_at"}, {"sort": "-created_at"}])
def test_a_workspaces_list_in_the_order_of_insertion_is_taken_as_it_comes(
    query: dict[str, str],
) -> None:
    assert ids(overlapping(remote=False).client.list_tasks(query)) == [1, 2, 2, 3, 1, 4]
    assert ids(overlapping(remote=False).client.activity_feed()) == [1, 2, 2, 3, 1, 4]


def test_a_limit_counts_what_is_handed_over() -> None:
    script = overlapping(remote=True)
    listing = script.client.list_tasks({}, limit=3)
    assert ids(listing) == [1, 2, 3]
    assert listing.has_more is True
    assert [query["limit"] for query in script.queries()] == ["3", "1"]


@pytest.mark.parametrize("item", [{}, {"id": None}, {"id": [1]}, {"id": {"value": 1}}])
def test_what_has_no_id_is_always_an_item(item: dict[str, Any]) -> None:
    script = Script(Response(200, {"data": [item, item]}), remote=True)
    assert list(script.client.list_tasks({})) == [item, item]


# Asked for before it is read


def test_a_list_that_was_asked_for_is_asked_for_once() -> None:
    first = page(1, meta={"total": 2, "has_more": True, "next_cursor": "a"})
    script = Script(first, page(2), page(3), remote=True)
    listing = script.client.list_tasks({})
    listing.ask()
    assert (ids(listing), listing.total, len(script.requests)) == ([1, 2], 2, 2)
    assert ids(listing) == [3]


def test_a_list_in_process_is_asked_for_when_it_is_read() -> None:
    script = Script(page(1))
    listing = script.client.list_tasks({})
    listing.ask()
    assert script.requests == []
    assert ids(listing) == [1]


@pytest.mark.parametrize("repeated", [[], [1]], ids=["empty", "the same item"])
def test_ten_pages_without_a_new_item_are_no_progress(repeated: list[int]) -> None:
    def turn(number: int) -> Response:
        return page(*repeated, meta={"has_more": True, "next_cursor": f"c{number}"})

    script = Script(
        page(1, meta={"has_more": True, "next_cursor": "c"}),
        *[turn(number) for number in range(30)],
        remote=True,
    )
    with pytest.raises(errors.IncompleteList):
        list(script.client.list_tasks({}))
    assert len(script.requests) == 11
    nameless = Response(200, {"data": [{"title": "A"}], "meta": {"has_more": True}})
    nameless_pages = []
    for number in range(30):
        content = {**nameless.content, "meta": {"has_more": True, "next_cursor": f"c{number}"}}
        nameless_pages.append(Response(200, content))
    with pytest.raises(errors.IncompleteList):
        list(Script(*nameless_pages, remote=True).client.list_tasks({}))
    patient = [turn(number) for number in range(9)]
    script = Script(*patient, page(2, meta={"has_more": False}), remote=True)
    assert 2 in ids(script.client.list_tasks({}))


@pytest.mark.parametrize("total", [True, -1, "12", 1.5, None, [], 10**400])
def test_a_total_is_a_whole_number_or_none(total: Any) -> None:
    listing = Script(page(1, meta={"total": total, "has_more": False})).client.list_tasks({})
    assert ids(listing) == [1]
    assert listing.total in (None, 10**400)
