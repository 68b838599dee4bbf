"""Logging, listing and the feed. Reference: Activities."""

from __future__ import annotations

from typing import Any

import pytest

from crmctl.api.message import Request
from crmctl.resources import ACTIVITY_TYPES, OUTCOMES
from tests.contract.world import ME, World, all_ids


def test_an_activity_of_a_type_alone_happened_now(world: World) -> None:
    response = world.send("POST", "/activities", body={"type": "note"})
    activity = response.content["data"]
    assert response.status == 201
    assert response.content == {
        "success": True,
        "data": {
            "id": activity["id"],
            "type": "note",
            "subject": None,
            "description": None,
            "contact_id": None,
            "contact_name": None,
            "deal_id": None,
            "deal_name": None,
            "duration": None,
            "outcome": None,
            "attendees": [],
            "user_id": ME,
            "user_name": None,
            "occurred_at": "2026-03-20T10:00:00Z",
            "created_at": "2026-03-20T10:00:00Z",
        },
    }
    assert activity["id"].startswith("act_")
    assert world.get("/activities")["data"] == [activity]


def test_an_activity_has_every_field_that_was_given(world: World) -> None:
    world.add_record("contact", "con_def456", "Priya Natarajan")
    world.add_record("deal", "deal_xyz789", "Enterprise License - Acme Corp")
    world.add_record("user", ME, "Marcus Lee")
    activity = world.client.log_activity(
        {
            "type": "meeting",
            "subject": "Product demo for Acme Corp",
            "description": "Full platform demo with technical team.",
            "contact_id": "con_def456",
            "deal_id": "deal_xyz789",
            "duration": 60,
            "outcome": "completed",
            "attendees": ["con_def456", "con_ghi789"],
            "occurred_at": "2026-03-19T15:00:00+01:00",
        }
    )
    assert activity == {
        "id": activity["id"],
        "type": "meeting",
        "subject": "Product demo for Acme Corp",
        "description": "Full platform demo with technical team.",
        "contact_id": "con_def456",
        "contact_name": "Priya Natarajan",
        "deal_id": "deal_xyz789",
        "deal_name": "Enterprise License - Acme Corp",
        "duration": 60,
        "outcome": "completed",
        "attendees": ["con_def456", "con_ghi789"],
        "user_id": ME,
        "user_name": "Marcus Lee",
        "occurred_at": "2026-03-19T14:00:00Z",
        "created_at": "2026-03-20T10:00:00Z",
    }
    assert list(world.client.list_activities({})) == [activity]
    assert list(world.client.activity_feed()) == [activity]
    assert world.warnings == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("type", type) for type in ACTIVITY_TYPES],
        *[("outcome", outcome) for outcome in OUTCOMES],
        ("duration", 0),
        ("duration", 2**53 - 1),
        ("attendees", []),
    ],
)
def test_every_documented_value_is_taken(world: World, field: str, value: Any) -> None:
    assert world.client.log_activity({"type": "call", field: value})[field] == value


def test_null_is_the_same_as_nothing(world: World) -> None:
    fields = (
        "subject",
        "description",
        "contact_id",
        "deal_id",
        "duration",
        "outcome",
        "attendees",
        "occurred_at",
    )
    nulls = world.client.log_activity({"type": "call"} | dict.fromkeys(fields))
    nothing = world.client.log_activity({"type": "call"})
    assert nulls | {"id": ""} == nothing | {"id": ""}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, {"body": "type"}),
        ([{"type": "call"}], {"body": "type"}),
        ({}, {"type": "required"}),
        ({"type": None}, {"type": "required"}),
        ({"type": "fax"}, {"type": "choice"}),
        ({"type": "todo"}, {"type": "choice"}),
        ({"type": ["call"]}, {"type": "type"}),
        ({"type": "call", "subject": 1}, {"subject": "type"}),
        ({"type": "call", "subject": "\udfff"}, {"subject": "text"}),
        ({"type": "call", "contact_id": ""}, {"contact_id": "blank"}),
        ({"type": "call", "contact_id": 5}, {"contact_id": "type"}),
        ({"type": "call", "deal_id": " "}, {"deal_id": "blank"}),
        ({"type": "call", "duration": "30"}, {"duration": "type"}),
        ({"type": "call", "duration": 30.5}, {"duration": "type"}),
        ({"type": "call", "duration": True}, {"duration": "type"}),
        ({"type": "call", "duration": -1}, {"duration": "range"}),
        ({"type": "call", "duration": 1e300}, {"duration": "range"}),
        ({"type": "call", "duration": 2**53}, {"duration": "range"}),
        ({"type": "call", "duration": 2**63}, {"duration": "range"}),
        ({"type": "call", "outcome": "no answer"}, {"outcome": "choice"}),
        ({"type": "call", "attendees": "con_1"}, {"attendees": "type"}),
        ({"type": "call", "attendees": ["con_1", ""]}, {"attendees": "type"}),
        ({"type": "call", "attendees": ["con_1", None]}, {"attendees": "type"}),
        ({"type": "call", "attendees": ["\ud800"]}, {"attendees": "type"}),
        ({"type": "call", "attendees": ["con_\0"]}, {"attendees": "type"}),
        ({"type": "call", "occurred_at": "yesterday"}, {"occurred_at": "time"}),
        ({"type": "call", "user_id": "usr_1"}, {"user_id": "read_only"}),
        ({"type": "call", "contact_name": "Jane"}, {"contact_name": "read_only"}),
        (
            {"kind": "call", "duration": None, "outcome": 1},
            {"kind": "unknown", "type": "required", "outcome": "type"},
        ),
    ],
)
def test_an_invalid_activity_is_refused_naming_each_field(
    world: World, body: Any, fields: dict[str, str]
) -> None:
    assert world.refused_fields("POST", "/activities", body=body) == fields
    assert world.get("/activities")["meta"]["total"] == 0


@pytest.mark.parametrize(
    ("field", "accepted"),
    [
        ("type", "call, email, meeting, note, sms"),
        ("outcome", "connected, voicemail, no_answer, busy, scheduled, completed"),
    ],
)
def test_a_refusal_says_which_values_are_accepted(world: World, field: str, accepted: str) -> None:
    response = world.send("POST", "/activities", body={"type": "call", field: "x"})
    assert response.content["error"]["details"] == [
        {"field": field, "code": "choice", "message": f"must be one of {accepted}"}
    ]


def test_an_unknown_contact_is_kept_and_not_linked_until_it_is_known(world: World) -> None:
    body = {"type": "call", "contact_id": "con_nope", "deal_id": "deal_nope"}
    response = world.send("POST", "/activities", body=body)
    activity = response.content["data"]
    assert response.status == 201
    assert (activity["contact_id"], activity["contact_name"]) == ("con_nope", None)
    assert (activity["deal_id"], activity["deal_name"]) == ("deal_nope", None)
    assert response.content["meta"] == {
        "warnings": [
            {
                "field": "contact_id",
                "code": "not_linked",
                "message": (
                    "names no contact that this workspace knows: con_nope is kept, and not linked"
                ),
            },
            {
                "field": "deal_id",
                "code": "not_linked",
                "message": (
                    "names no deal that this workspace knows: deal_nope is kept, and not linked"
                ),
            },
        ]
    }
    world.add_record("contact", "con_nope", "Jane Smith")
    assert world.get("/activities", contact_id="con_nope")["data"] == [
        activity | {"contact_name": "Jane Smith"}
    ]


def test_the_client_passes_warnings_on(world: World) -> None:
    world.add_record("user", "con_abc123", "Not a contact")
    world.client.log_activity({"type": "call", "contact_id": "con_abc123"})
    assert [(warning["field"], warning["code"]) for warning in world.warnings] == [
        ("contact_id", "not_linked")
    ]


SOME = {
    "A": {"type": "call", "contact_id": "con_1", "occurred_at": "2026-03-24T23:59:59.999999Z"},
    "B": {"type": "email", "contact_id": "con_2", "occurred_at": "2026-03-25"},
    "C": {"type": "meeting", "deal_id": "deal_1", "occurred_at": "2026-03-25T12:00:00Z"},
    "D": {"type": "sms", "contact_id": "con_1", "occurred_at": "2026-03-25T23:59:59Z"},
    "E": {"type": "call", "deal_id": "deal_1", "occurred_at": "2026-03-25T23:59:59.999999Z"},
    "F": {"type": "note", "contact_id": "con/2 %", "occurred_at": "2026-03-26"},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "FEDCBA"),
        ({"type": "call"}, "EA"),
        ({"type": "email"}, "B"),
        ({"type": "meeting"}, "C"),
        ({"type": "note"}, "F"),
        ({"type": "sms"}, "D"),
        ({"contact_id": "con_1"}, "DA"),
        ({"contact_id": "con/2 %"}, "F"),
        ({"deal_id": "deal_1"}, "EC"),
        ({"deal_id": "deal_1", "type": "call"}, "E"),
        ({"user_id": ME}, "FEDCBA"),
        ({"user_id": "usr_other"}, ""),
        ({"date_from": "2026-03-25"}, "FEDCB"),
        ({"date_from": "2026-03-25T12:00:00Z"}, "FEDC"),
        ({"date_from": "2026-03-25T12:00:01Z"}, "FED"),
        ({"date_to": "2026-03-25"}, "EDCBA"),
        ({"date_to": "2026-03-25T00:00:00Z"}, "BA"),
        ({"date_to": "2026-03-25T12:00:00Z"}, "CBA"),
        ({"date_to": "2026-03-25T13:00:00+01:00"}, "CBA"),
        ({"date_to": "2026-03-25T11:59:59Z"}, "BA"),
        ({"date_to": "9999-12-31"}, "FEDCBA"),
        ({"date_from": "2026-03-25", "date_to": "2026-03-25"}, "EDCB"),
        ({"date_from": "2026-03-25", "date_to": "2026-03-25", "type": "call"}, "E"),
        ({"date_from": "2026-03-26", "date_to": "2026-03-25"}, ""),
        ({"sort": "occurred_at"}, "ABCDEF"),
        ({"sort": "-occurred_at"}, "FEDCBA"),
        ({"sort": "created_at"}, "ABCDEF"),
        ({"sort": "-created_at", "contact_id": "con_1"}, "DA"),
    ],
)
def test_activities_are_filtered_and_sorted(
    world: World, query: dict[str, str], expected: str
) -> None:
    names = {world.client.log_activity(body)["id"]: name for name, body in SOME.items()}
    content = world.get("/activities", **query)
    assert "".join(names[item["id"]] for item in content["data"]) == expected
    assert content["meta"]["total"] == len(expected)
    one_by_one = all_ids(world, "/activities", {**query, "limit": "1"})
    assert "".join(names[item] for item in one_by_one) == expected


def test_the_feed_is_of_all_users_most_recent_first(world: World) -> None:
    for hour, user in ((3, "usr_a"), (1, "usr_b"), (2, "usr_c"), (2, None)):
        body = {"type": "note", "occurred_at": f"2026-03-19T0{hour}:00:00Z"}
        asked = Request("POST", "/activities", body=body, caller=user)
        assert world.workspace(asked).status == 201
        world.clock.move(minutes=1)
    feed = world.get("/activities/feed")
    assert [(item["occurred_at"], item["user_id"]) for item in feed["data"]] == [
        ("2026-03-19T03:00:00Z", "usr_a"),
        ("2026-03-19T02:00:00Z", None),
        ("2026-03-19T02:00:00Z", "usr_c"),
        ("2026-03-19T01:00:00Z", "usr_b"),
    ]
    assert feed["meta"] == {"total": 4, "limit": 25, "has_more": False}
    assert world.get("/activities", user_id="usr_b")["data"] == [feed["data"][3]]


def test_the_feed_comes_in_pages(world: World) -> None:
    logged = []
    for number in range(7):
        at = f"2026-03-19T00:00:0{number % 3}Z"
        logged.append((at, number, world.client.log_activity({"type": "sms", "occurred_at": at})))
    expected = [item["id"] for _, _, item in sorted(logged, key=lambda entry: entry[:2])][::-1]
    assert all_ids(world, "/activities/feed", {"limit": "2"}) == expected
    assert [item["id"] for item in world.client.activity_feed()] == expected
    assert [item["id"] for item in world.client.activity_feed(limit=3)] == expected[:3]
    fields = world.get("/activities/feed", fields="id", limit="1")
    assert fields["data"] == [{"id": expected[0]}]


@pytest.mark.parametrize(
    "name", ["type", "contact_id", "deal_id", "user_id", "date_from", "date_to", "sort", "q"]
)
def test_the_feed_takes_no_filters(world: World, name: str) -> None:
    response = world.send("GET", "/activities/feed", query={name: "call"})
    assert response.status == 422
    assert response.content["error"]["details"] == [
        {
            "field": name,
            "code": "unknown",
            "message": "is not a parameter; there are: limit, cursor, fields",
        }
    ]


def test_an_activity_logged_while_someone_pages_moves_nothing(world: World) -> None:
    before = [
        world.client.log_activity({"type": "call", "occurred_at": f"2026-03-19T00:00:{n:02}Z"})
        for n in range(20)
    ]

    def log_another(number: int) -> None:
        world.client.log_activity({"type": "call"})

    seen = all_ids(world, "/activities/feed", {"limit": "3"}, between=log_another)
    assert seen == [item["id"] for item in reversed(before)]


def test_a_whole_number_may_be_written_with_a_fraction_of_zero(world: World) -> None:
    logged = world.client.log_activity({"type": "call", "duration": 309.0})
    task = world.client.create_task(
        {"title": "Call", "reminder": {"type": "push", "before_minutes": 60.0}}
    )
    kept = (logged["duration"], task["reminder"]["before_minutes"])
    assert kept == (309, 60)
    assert [type(number) for number in kept] == [int, int]
