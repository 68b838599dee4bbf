from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from crmctl.report import count_activities, count_tasks, start_of_weeks

BERLIN = ZoneInfo("Europe/Berlin")
# A Tuesday, 10:00 in Berlin. The week ends on Sunday the 29th, when clocks go forward.
NOW = datetime(2026, 3, 24, 9, tzinfo=UTC)
ANN: dict[str, Any] = {"assignee_id": "usr_ann", "assignee_name": "Ann Archer"}


def ages(*due_dates: Any, now: datetime = NOW, zone: tzinfo = BERLIN) -> list[str]:
    """The age of a task with each of these due dates."""
    found = []
    for due_date in due_dates:
        total = count_tasks([{"due_date": due_date}], now=now, zone=zone)["total"]
        assert total["total"] == 1
        found += [age for age, count in total.items() if count and age != "total"]
    return found


def activities(*items: dict[str, Any], zone: tzinfo = BERLIN, **given: Any) -> dict[str, Any]:
    start = given.pop("date_from", datetime(2026, 3, 15, 23, tzinfo=UTC))
    return count_activities(items, date_from=start, now=NOW, zone=zone, **given)


def test_open_tasks_are_counted_by_assignee_and_age() -> None:
    tasks = [
        {**ANN, "status": "pending", "due_date": "2026-03-01T10:00:00Z"},
        {**ANN, "status": "in_progress", "due_date": "2026-03-24T08:00:00Z"},
        {"assignee_id": None, "assignee_name": None, "status": "pending", "due_date": None},
        {"assignee_id": "usr_bob", "status": "pending", "due_date": "2026-03-27T10:00:00Z"},
    ]
    nothing = {
        "overdue_over_7_days": 0,
        "overdue_up_to_7_days": 0,
        "today": 0,
        "this_week": 0,
        "later": 0,
        "no_due_date": 0,
    }
    assert count_tasks(tasks, now=NOW.replace(microsecond=5), zone=BERLIN) == {
        "as_of": "2026-03-24T09:00:00Z",
        "by_assignee": [
            {**ANN, **nothing, "overdue_over_7_days": 1, "today": 1, "total": 2},
            {
                "assignee_id": "usr_bob",
                "assignee_name": None,
                **nothing,
                "this_week": 1,
                "total": 1,
            },
            {"assignee_id": None, "assignee_name": None, **nothing, "no_due_date": 1, "total": 1},
        ],
        "total": {
            **nothing,
            "overdue_over_7_days": 1,
            "today": 1,
            "this_week": 1,
            "no_due_date": 1,
            "total": 4,
        },
    }


def test_of_no_tasks_there_are_no_rows_and_totals_of_nothing() -> None:
    report = count_tasks([], now=NOW, zone=UTC)
    assert report["by_assignee"] == []
    assert set(report["total"].values()) == {0}


def test_an_age_goes_by_whole_days_of_the_reader() -> None:
    assert ages("2026-03-16T22:59:59Z", "2026-03-16T23:00:00Z") == [
        "overdue_over_7_days",
        "overdue_up_to_7_days",
    ]
    assert ages("2026-03-23T22:59:59Z", "2026-03-23T23:00:00Z", "2026-03-24T22:59:59Z") == [
        "overdue_up_to_7_days",
        "today",
        "today",
    ]
    assert ages("2026-03-24T23:00:00Z") == ["this_week"]


def test_a_week_ends_on_sunday_also_where_its_last_day_is_an_hour_short() -> None:
    assert ages("2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z") == ["this_week", "later"]
    assert ages("2026-03-29T23:59:59Z", "2026-03-30T00:00:00Z", zone=UTC) == ["this_week", "later"]


def test_on_a_sunday_nothing_is_left_of_the_week() -> None:
    sunday = datetime(2026, 3, 29, 9, tzinfo=UTC)
    assert ages("2026-03-29", "2026-03-30", now=sunday) == ["today", "later"]


def test_a_date_alone_is_that_day_where_the_reader_is() -> None:
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago"), BERLIN):
        today = NOW.astimezone(zone).date().isoformat()
        assert ages(today, zone=zone) == ["today"]


def test_a_due_date_that_makes_no_sense_is_none() -> None:
    assert set(ages(None, "soon", "", 5, ["2026-03-24"], {"a": 1})) == {"no_due_date"}


def test_the_ends_of_the_calendar_are_days_too() -> None:
    for zone in (ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")):
        assert ages("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", zone=zone) == [
            "later",
            "overdue_over_7_days",
        ]


def test_what_a_server_that_knows_no_filter_adds_is_left_out() -> None:
    statuses = ["pending", "in_progress", "completed", "cancelled", "blocked", None, ["pending"]]
    report = count_tasks([{"status": status} for status in statuses], now=NOW, zone=UTC)
    assert report["total"]["total"] == 5


def test_whatever_stands_for_an_assignee_is_one() -> None:
    odd: list[Any] = [["u"], {"a": 1}, 5, True, "", None]
    tasks = [{"assignee_id": assignee} for assignee in odd]
    tasks += [{"assignee_name": "Ann"}, {"assignee_id": "u", "assignee_name": ["x"]}]
    rows = count_tasks(tasks, now=NOW, zone=UTC)["by_assignee"]
    assert [(row["assignee_id"], row["assignee_name"], row["total"]) for row in rows] == [
        # A list of one is told by it.
        (["u"], ["x"], 2),
        ({"a": 1}, None, 1),
        (5, None, 1),
        (True, None, 1),
        (None, "Ann", 1),
        (None, None, 2),
    ]


def test_activities_are_counted_by_week_type_and_outcome() -> None:
    call = {"type": "call", "outcome": "connected", "duration": 30}
    assert activities(
        {**call, "occurred_at": "2026-03-23T10:00:00Z"},
        {**call, "occurred_at": "2026-03-24T08:00:00Z", "duration": 15},
        {"type": "call", "outcome": "busy", "occurred_at": "2026-03-17T08:00:00Z"},
        {"type": "note", "outcome": None, "occurred_at": "2026-03-24T08:00:00Z"},
        date_to=datetime(2026, 3, 25, tzinfo=UTC),
    ) == {
        "as_of": "2026-03-24T09:00:00Z",
        "date_from": "2026-03-15T23:00:00Z",
        "date_to": "2026-03-25T00:00:00Z",
        "by_week": [
            {"week": "2026-03-16", "count": 1, "minutes": 0, "days": [0, 1, 0, 0, 0, 0, 0]},
            {"week": "2026-03-23", "count": 3, "minutes": 45, "days": [1, 2, 0, 0, 0, 0, 0]},
        ],
        "by_type": [
            {"type": "call", "count": 3, "minutes": 45},
            {"type": "note", "count": 1, "minutes": 0},
        ],
        "by_outcome": [
            {"outcome": "connected", "count": 2, "minutes": 45},
            {"outcome": "busy", "count": 1, "minutes": 0},
            {"outcome": None, "count": 1, "minutes": 0},
        ],
        "rows": [
            {"week": "2026-03-16", "type": "call", "outcome": "busy", "count": 1, "minutes": 0},
            {
                "week": "2026-03-23",
                "type": "call",
                "outcome": "connected",
                "count": 2,
                "minutes": 45,
            },
            {"week": "2026-03-23", "type": "note", "outcome": None, "count": 1, "minutes": 0},
        ],
        "undated": 0,
        "total": {"count": 4, "minutes": 45},
    }


def test_of_no_activities_every_week_is_there_with_nothing_in_it() -> None:
    report = activities()
    assert [(week["week"], week["count"]) for week in report["by_week"]] == [
        ("2026-03-16", 0),
        ("2026-03-23", 0),
    ]
    assert (report["by_type"], report["by_outcome"], report["rows"]) == ([], [], [])
    assert (report["date_to"], report["total"]) == (None, {"count": 0, "minutes": 0})


def test_a_day_is_the_reader_s_on_both_sides_of_a_change_of_clocks() -> None:
    # 00:30 on Monday in Berlin, before and after the change of the 29th; in UTC it is Sunday.
    now = datetime(2026, 3, 30, 12, tzinfo=UTC)
    items = [{"occurred_at": "2026-03-22T23:30:00Z"}, {"occurred_at": "2026-03-29T22:30:00Z"}]
    start = datetime(2026, 3, 20, tzinfo=UTC)

    def counted(zone: tzinfo) -> list[tuple[str, list[int]]]:
        weeks = count_activities(items, date_from=start, now=now, zone=zone)["by_week"]
        return [(week["week"], week["days"]) for week in weeks]

    nothing = [0] * 7
    assert counted(BERLIN) == [
        ("2026-03-16", nothing),
        ("2026-03-23", [1, *nothing[1:]]),
        ("2026-03-30", [1, *nothing[1:]]),
    ]
    assert counted(UTC) == [
        ("2026-03-16", [*nothing[1:], 1]),
        ("2026-03-23", [*nothing[1:], 1]),
        ("2026-03-30", nothing),
    ]


def test_the_last_weeks_begin_at_midnight_of_a_monday_in_summer_and_winter_time() -> None:
    now = datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert start_of_weeks(1, now=now, zone=BERLIN) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert start_of_weeks(2, now=now, zone=BERLIN) == datetime(2026, 3, 22, 23, tzinfo=UTC)
    assert start_of_weeks(8, now=now, zone=UTC) == datetime(2026, 2, 9, tzinfo=UTC)


def test_an_activity_that_does_not_say_when_it_was_is_of_the_day_it_was_logged() -> None:
    report = activities({"occurred_at": "?", "created_at": "2026-03-24T08:00:00Z"})
    assert report["by_week"][1]["days"] == [0, 1, 0, 0, 0, 0, 0]
    assert report["undated"] == 0


def test_an_activity_without_any_date_is_counted_and_of_no_week() -> None:
    report = activities({"type": "fax"}, {"type": "call", "occurred_at": 7, "created_at": []})
    assert report["rows"] == [
        {"week": None, "type": "call", "outcome": None, "count": 1, "minutes": 0},
        {"week": None, "type": "fax", "outcome": None, "count": 1, "minutes": 0},
    ]
    assert (report["undated"], report["total"]["count"]) == (2, 2)
    assert [week["count"] for week in report["by_week"]] == [0, 0]


def test_what_is_out_of_bounds_is_left_out_where_the_server_did_not() -> None:
    moments = [
        "2026-03-19T23:59:59Z",
        "2026-03-20T00:00:00Z",
        "2026-03-22T00:00:00Z",
        "2026-03-22T00:00:01Z",
    ]
    report = activities(
        *({"occurred_at": moment} for moment in moments),
        date_from=datetime(2026, 3, 20, tzinfo=UTC),
        date_to=datetime(2026, 3, 22, tzinfo=UTC),
    )
    assert report["total"]["count"] == 2
    assert [week["week"] for week in report["by_week"]] == ["2026-03-16"]


def test_what_is_still_to_come_has_its_week_and_none_in_between() -> None:
    report = activities({"occurred_at": "9999-12-31T23:59:59Z"})
    assert [(week["week"], week["count"]) for week in report["by_week"]] == [
        ("2026-03-16", 0),
        ("2026-03-23", 0),
        ("9999-12-27", 1),
    ]


def test_types_and_outcomes_that_nobody_knows_are_counted_as_themselves() -> None:
    odd: list[Any] = ["fax", ["call"], {"a": 1}, 5, None, "call"]
    report = activities(*({"type": type, "outcome": type} for type in odd))
    assert [(row["type"], row["count"]) for row in report["by_type"]] == [
        # A list of one is told by it.
        (["call"], 2),
        ({"a": 1}, 1),
        (5, 1),
        ("fax", 1),
        (None, 1),
    ]
    assert report["total"]["count"] == 6


def test_a_duration_that_is_none_adds_nothing() -> None:
    odd: list[Any] = ["30", -5, True, None, [30], 1.5, 10**4000, 20]
    report = activities(*({"type": "call", "duration": duration} for duration in odd))
    assert report["total"] == {"count": 8, "minutes": 20}


def test_items_are_counted_as_they_come() -> None:
    alive = 0

    class Watched(dict[str, Any]):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def items() -> Iterator[dict[str, Any]]:
        nonlocal alive
        for number in range(100):
            assert alive < 3
            alive += 1
            yield Watched(assignee_id=f"u{number % 3}", type="call")

    assert count_tasks(items(), now=NOW, zone=UTC)["total"]["total"] == 100
    start = datetime(2026, 3, 1, tzinfo=UTC)
    counted = count_activities(items(), date_from=start, now=NOW, zone=UTC)
    assert counted["total"]["count"] == 100
