"""What reports count: open tasks by assignee and age; activities by week, type and outcome.

Items are counted as they come and kept nowhere. What a server sends that makes no sense is counted
as itself: an unknown type under its own name, a date that cannot be read as none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any, TypeVar

from crmctl.output.humanize import instant_of, is_minutes
from crmctl.output.view import to_text
from crmctl.resources import ACTIVITY_TYPES, CLOSED_STATUSES, OUTCOMES
from crmctl.timestamps import format_timestamp, in_zone

Item = Mapping[str, Any]
Report = dict[str, Any]
K = TypeVar("K")

# Whole days by the reader's calendar: what was due this morning is due today.
AGES = (
    "overdue_over_7_days",
    "overdue_up_to_7_days",
    "today",
    "this_week",
    "later",
    "no_due_date",
)
TASK_FIELDS = ("assignee_id", "assignee_name", *AGES, "total")
ACTIVITY_FIELDS = ("week", "type", "outcome", "count", "minutes")

_LONGEST = 10_000_000  # minutes: what is longer is no duration, and no sum ought to be of it
_WEEK = timedelta(days=7)


def count_tasks(tasks: Iterable[Item], *, now: datetime, zone: tzinfo) -> Report:
    """Open tasks by assignee and age, those that are closed left out.

    ``by_assignee`` has a row of `TASK_FIELDS` for each assignee, most tasks first and what nobody
    is assigned to last; ``total`` has the counts of all. Weeks end on Sunday, in ``zone``.
    """
    today = _day(now, zone)
    rows: dict[tuple[str, str], Report] = {}
    total = dict.fromkeys((*AGES, "total"), 0)
    for task in tasks:
        if task.get("status") in CLOSED_STATUSES:  # as a server that knows no filter sends
            continue
        assignee, name = task.get("assignee_id") or None, task.get("assignee_name") or None
        known_by = (to_text(assignee), "" if assignee else to_text(name))
        if known_by not in rows:
            nothing = dict.fromkeys((*AGES, "total"), 0)
            rows[known_by] = {"assignee_id": assignee, "assignee_name": name, **nothing}
        row = rows[known_by]
        row["assignee_name"] = row["assignee_name"] or name
        age = _age(task.get("due_date"), today, zone)
        for counts in (row, total):
            counts[age] += 1
            counts["total"] += 1

    def place(known_by: tuple[str, str]) -> tuple[bool, int, str, str]:
        row = rows[known_by]
        name = to_text(row["assignee_name"]).casefold()
        return known_by == ("", ""), -row["total"], name, known_by[0]

    return {
        "as_of": _to_second(now),
        "by_assignee": [rows[known_by] for known_by in sorted(rows, key=place)],
        "total": total,
    }


def count_activities(
    activities: Iterable[Item],
    *,
    date_from: datetime,
    date_to: datetime | None = None,
    now: datetime,
    zone: tzinfo,
) -> Report:
    """Activities of that time by week, type and outcome. Both bounds are inclusive.

    A week is named by its Monday's date in ``zone``. ``by_week`` has every week from ``date_from``
    to now, each with its count, its minutes and the counts of its ``days``, Monday first;
    ``by_type`` and ``by_outcome`` have what occurs, most first; ``rows`` are of `ACTIVITY_FIELDS`.
    What has no date that can be read is ``undated``, and of no week.
    """
    end = now if date_to is None else min(now, date_to)
    weeks = {monday: _week(monday) for monday in _mondays(_day(date_from, zone), _day(end, zone))}
    types: dict[str, Report] = {}
    outcomes: dict[str, Report] = {}
    rows: dict[tuple[date, str, str], Report] = {}
    total = {"count": 0, "minutes": 0}
    undated = 0
    for activity in activities:
        instant = _happened(activity, zone)
        # A server need not know these filters.
        if instant and (instant < date_from or (date_to and instant > date_to)):
            continue
        type, outcome = activity.get("type") or None, activity.get("outcome") or None
        kind, end_of_it = to_text(type), to_text(outcome)
        counted = [
            total,
            _row_of(types, kind, type=type),
            _row_of(outcomes, end_of_it, outcome=outcome),
        ]
        if instant is None:
            undated += 1
            week, monday = None, date.max
        else:
            day = _day(instant, zone)
            monday = _monday(day)
            weeks.setdefault(monday, _week(monday))["days"][day.weekday()] += 1
            week = f"{monday}"
            counted.append(weeks[monday])
        place = (monday, kind, end_of_it)
        counted.append(_row_of(rows, place, week=week, type=type, outcome=outcome))
        minutes = _minutes(activity)
        for row in counted:
            row["count"] += 1
            row["minutes"] += minutes

    def order(place: tuple[date, str, str]) -> tuple[date, tuple[int, str], tuple[int, str]]:
        monday, kind, end_of_it = place
        return monday, _rank(kind, ACTIVITY_TYPES), _rank(end_of_it, OUTCOMES)

    return {
        "as_of": _to_second(now),
        "date_from": format_timestamp(date_from),
        "date_to": None if date_to is None else format_timestamp(date_to),
        "by_week": [weeks[monday] for monday in sorted(weeks)],
        "by_type": _most_first(types, ACTIVITY_TYPES),
        "by_outcome": _most_first(outcomes, OUTCOMES),
        "rows": [rows[place] for place in sorted(rows, key=order)],
        "undated": undated,
        "total": total,
    }


def start_of_weeks(number: int, *, now: datetime, zone: tzinfo) -> datetime:
    """When the last so many weeks began, this one among them: a Monday's first instant."""
    monday = _monday(_day(now, zone)) - (number - 1) * _WEEK
    return datetime.combine(monday, time(), tzinfo=zone).astimezone(UTC)


def _age(due_date: Any, today: date, zone: tzinfo) -> str:
    due = instant_of(due_date, zone)
    if due is None:
        return "no_due_date"
    days = (_day(due, zone) - today).days
    if days < -7:
        return "overdue_over_7_days"
    if days < 0:
        return "overdue_up_to_7_days"
    if days == 0:
        return "today"
    return "this_week" if days <= 6 - today.weekday() else "later"


def _day(instant: datetime, zone: tzinfo) -> date:
    return in_zone(instant, zone).date()


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _mondays(first: date, last: date) -> Iterable[date]:
    monday = _monday(first)
    return [monday + number * _WEEK for number in range((last - monday).days // 7 + 1)]


def _week(monday: date) -> Report:
    return {"week": f"{monday}", "count": 0, "minutes": 0, "days": [0] * 7}


def _row_of(rows: dict[K, Report], place: K, **names: Any) -> Report:
    """The row of that place, made where there is none yet."""
    return rows.setdefault(place, {**names, "count": 0, "minutes": 0})


def _happened(activity: Item, zone: tzinfo) -> datetime | None:
    given = (instant_of(activity.get(name), zone) for name in ("occurred_at", "created_at"))
    return next(filter(None, given), None)


def _minutes(activity: Item) -> int:
    duration = activity.get("duration")
    return duration if is_minutes(duration) and duration <= _LONGEST else 0


def _most_first(counted: Mapping[str, Report], choices: Sequence[str]) -> list[Report]:
    return [
        counted[value]
        for value in sorted(
            counted, key=lambda value: (-counted[value]["count"], _rank(value, choices))
        )
    ]


def _rank(value: str, choices: Sequence[str]) -> tuple[int, str]:
    """The API's order, then what it does not know, then nothing."""
    if value in choices:
        return choices.index(value), ""
    return len(choices) + (not value), value


def _to_second(now: datetime) -> str:
    return format_timestamp(now.replace(microsecond=0))
