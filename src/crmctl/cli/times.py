"""Reads dates and times that people type into what the API takes.

Whatever is refused here was not sent: every function raises `UsageError` or `InvalidInput`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from crmctl.cli.inputs import only_one
from crmctl.errors import BadAnswer, InvalidInput, UsageError
from crmctl.timestamps import add_time, format_timestamp, in_zone, is_date_only, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmctl.cli.context import Context
    from crmctl.days import Toward

Day = Literal["start", "end", "after", "by"]

_MOST_WORDS = 8  # wed 1 dec 2027 at 9 am
_MILLISECOND = timedelta(milliseconds=1)  # nobody writes a finer time


def read_when(crm: Context, text: str, option: str, *, toward: Toward, day: Day = "start") -> str:
    """A date that a person typed, as the API writes it; -v says what was understood.

    ``toward`` says whether `fri` and `1 Dec` are the next one or the last one. ``day`` says what a
    day alone stands for: with ``start`` its first instant, with ``end`` its last second. Of a bound
    that is itself left out, ``after`` leaves the whole day out too, as its last instant, and ``by``
    takes it in, as the next day's first instant; ``by`` takes a clock time in as well.
    """
    from crmctl.dates import parse_when

    first = parse_when(text, now=crm.now, zone=crm.zone, toward=toward, edge="start")
    last = parse_when(text, now=crm.now, zone=crm.zone, toward=toward, edge="end")
    whole_day = first != last
    instant = first if day == "start" else last
    bound = instant
    if day == "after" and whole_day:
        bound = add_time(instant, timedelta(seconds=1) - _MILLISECOND)
    elif day == "by":
        bound = add_time(instant, timedelta(seconds=1) if whole_day else _MILLISECOND)
    return _say_understood(crm, f"{option} {text}", instant, bound)


def read_due_date(crm: Context, text: str | None, option: str = "--due") -> str | None:
    """When a task is due; a day alone is its end."""
    return None if text is None else read_when(crm, text, option, toward="future", day="end")


def split_when(crm: Context, words: list[str]) -> tuple[list[str], str]:
    """The IDs, perhaps none, and when, which is the last word.

    `fri 9am` without quotes is refused: `fri` would be an ID, and the time today's.
    """
    *ids, when = words
    for start in range(max(0, len(words) - _MOST_WORDS), len(ids)):
        phrase = " ".join(words[start:])
        if _is_date(crm, phrase):
            raise UsageError(f"{phrase!r} is one date: put quotes around it.")
    if not ids and not _is_date(crm, when):
        raise nothing_to_postpone()
    return ids, when


def nothing_to_postpone() -> UsageError:
    """What is said where there are no IDs, or no date."""
    return UsageError(
        "Task IDs come first, and then when: one of the two is missing.",
        hint="For example: `crmctl task postpone task_001 +1w`.",
    )


def read_shift(crm: Context, text: str) -> str | None:
    """`+1w` and the like, which count from a task's own due date; None for any other date."""
    from crmctl.dates import parse_when

    if text.lstrip()[:1] not in ("+", "-"):
        return None
    parse_when(text, now=crm.now, zone=crm.zone, toward="future")  # refused before a task is read
    return text


def shift_due_date(crm: Context, task_id: str, task: Mapping[str, Any], shift: str) -> str | None:
    """A task's due date, moved; counted from today where it has none, as --due counts.

    Raises BadAnswer where the server's own cannot be read.
    """
    from crmctl.dates import parse_when, postpone

    due_date = task.get("due_date")
    if due_date is None:
        return read_due_date(crm, shift, task_id)
    try:
        if is_date_only(due_date):
            now, zone = crm.now, crm.zone
            due = parse_when(due_date, now=now, zone=zone, toward="future", edge="end")
        else:
            due = parse_timestamp(due_date)
    except (TypeError, ValueError, InvalidInput) as error:
        message = f"{task_id} has the due date {due_date!r:.60}, from which crmctl cannot count."
        raise BadAnswer(message, hint="Say when: a date, without the sign.") from error
    moved = postpone(due, shift, zone=crm.zone)
    return _say_understood(crm, f"{task_id} {shift}", moved, moved)


def read_past(crm: Context, text: str | None, option: str) -> str | None:
    """A date that ought to be past; one that is not, as `tomorrow` never is, is pointed out."""
    if text is None:
        return None
    sent = read_when(crm, text, option, toward="past")
    if parse_timestamp(sent) > crm.now:
        crm.terminal.note(f"crmctl: note: {text} is {sent}, which is still to come")
    return sent


def read_past_end(crm: Context, text: str | None, option: str) -> str | None:
    """Where a range of what has been closes; a day alone is its end."""
    return None if text is None else read_when(crm, text, option, toward="past", day="end")


def this_second(crm: Context) -> str:
    """Now, as the API writes it: to the second, as its own times are."""
    return format_timestamp(crm.now.replace(microsecond=0))


def read_days(crm: Context, value: str) -> tuple[datetime, datetime]:
    """Today's first instant, and the first after so many more days."""
    if not (value.isascii() and value.isdigit() and len(value) < 5):
        raise UsageError(f"--days: {value!r:.80} is not a whole number from 0 to 9999.")
    from crmctl.dates import parse_when

    start = parse_when("today", now=crm.now, zone=crm.zone, toward="future")
    last = parse_when(f"+{value}d", now=crm.now, zone=crm.zone, toward="future", edge="end")
    return start, add_time(last, timedelta(seconds=1))


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
        due["due_before"] = read_when(crm, before, "--due-before", toward="future")
    if today or by is not None:
        option = "--today" if today else "--due-by"
        due["due_before"] = read_when(crm, by or "today", option, toward="future", day="by")
    if after is not None:
        due["due_after"] = read_when(crm, after, "--due-after", toward="future", day="after")
    if today:
        # A task due at midnight sharp is due today.
        start = parse_timestamp(read_when(crm, "today", "--today", toward="future"))
        due["due_after"] = just_before(start)
    return due


def _is_date(crm: Context, text: str) -> bool:
    from crmctl.dates import parse_when

    try:
        parse_when(text, now=crm.now, zone=crm.zone, toward="future")
    except InvalidInput:
        return False
    return True


def _say_understood(crm: Context, typed: str, instant: datetime, bound: datetime) -> str:
    """The bound as the API writes it; with -v, what was typed and which instant it is."""
    sent = format_timestamp(bound)
    local = in_zone(instant, crm.zone)
    crm.terminal.log(1, f"{typed}: {local:%a %d %b %Y %H:%M:%S} ({sent})")
    return sent
