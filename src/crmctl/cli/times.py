"""Reads dates and times that people type into what the API takes.

Whatever is refused here was not sent: every function raises `UsageError` or `InvalidInput`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from crmctl.cli.inputs import only_one
from crmctl.errors import UsageError
from crmctl.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from crmctl.cli.context import Context

Day = Literal["start", "end", "after", "by"]

_MILLISECOND = timedelta(milliseconds=1)  # nobody writes a finer time


def read_when(crm: Context, text: str, option: str, *, day: Day = "start") -> str:
    """A date that a person typed, as the API writes it; -v says what was understood.

    ``day`` says what a day alone stands for: its first instant; its last second; its last instant,
    which a bound that is itself left out has to be for the whole day to be out; or for it to be in,
    with ``by``, the next day's first instant. ``by`` takes a clock time in as well.
    """
    from crmctl.dates import parse_when

    first = parse_when(text, now=crm.now, zone=crm.zone, edge="start")
    last = parse_when(text, now=crm.now, zone=crm.zone, edge="end")
    whole_day = first != last
    instant = first if day == "start" else last
    bound = instant
    if day == "after" and whole_day:
        bound = _add(instant, timedelta(seconds=1) - _MILLISECOND)
    elif day == "by":
        bound = _add(instant, timedelta(seconds=1) if whole_day else _MILLISECOND)
    sent = format_timestamp(bound)
    try:
        local = instant.astimezone(crm.zone)
    except OverflowError:  # as the end of 9999 is, further east
        local = instant
    crm.terminal.log(1, f"{option} {text}: {local:%a %d %b %Y %H:%M:%S} ({sent})")
    return sent


def read_due_date(crm: Context, text: str | None) -> str | None:
    """When a task is due; a day alone is its end."""
    return None if text is None else read_when(crm, text, "--due", day="end")


def read_past(crm: Context, text: str | None, option: str) -> str | None:
    """A date that ought to be past; one that is not, as `mon` never is, is pointed out."""
    if text is None:
        return None
    sent = read_when(crm, text, option)
    if parse_timestamp(sent) > crm.now:
        crm.terminal.note(f"crmctl: note: {text} is {sent}, which is still to come")
    return sent


def this_second(crm: Context) -> str:
    """Now, as the API writes it: to the second, as its own times are."""
    return format_timestamp(crm.now.replace(microsecond=0))


def read_days(crm: Context, value: str) -> tuple[datetime, datetime]:
    """Today's first instant, and the first after so many more days."""
    if not (value.isascii() and value.isdigit() and len(value) < 5):
        raise UsageError(f"--days: {value!r:.80} is not a whole number from 0 to 9999.")
    from crmctl.dates import parse_when

    start = parse_when("today", now=crm.now, zone=crm.zone, edge="start")
    last = parse_when(f"+{value}d", now=crm.now, zone=crm.zone, edge="end")
    return start, _add(last, timedelta(seconds=1))


def just_before(instant: datetime) -> str:
    """A bound that is itself left out, for what is due at that instant to be in."""
    return format_timestamp(instant - _MILLISECOND)


def read_due(
    crm: Context,
    *,
    before: str | None,
    after: str | None,
    by: str | None,
    overdue: bool,
    today: bool,
) -> dict[str, str]:
    """``due_before`` and ``due_after``, of which the API leaves both out themselves."""
    only_one(("--due-before", before), ("--due-by", by))
    bounds = {"--due-before": before, "--due-by": by, "--due-after": after}
    asked = [option for option, value in bounds.items() if value is not None]
    short = [option for option, on in (("--overdue", overdue), ("--today", today)) if on]
    if short and len(short + asked) > 1:
        one, other = (short + asked)[:2]
        raise UsageError(f"{one} and {other} exclude each other.")
    if overdue:
        return {"due_before": format_timestamp(crm.now)}
    due = {}
    if before is not None:
        due["due_before"] = read_when(crm, before, "--due-before")
    if today or by is not None:
        due["due_before"] = read_when(
            crm, by or "today", "--today" if today else "--due-by", day="by"
        )
    if after is not None:
        due["due_after"] = read_when(crm, after, "--due-after", day="after")
    if today:
        # A task due at midnight sharp is due today.
        start = parse_timestamp(read_when(crm, "today", "--today"))
        due["due_after"] = just_before(start)
    return due


def _add(instant: datetime, more: timedelta) -> datetime:
    try:
        return instant + more
    except OverflowError:  # 9999-12-31 is the last day there is
        return datetime.max.replace(tzinfo=UTC)
