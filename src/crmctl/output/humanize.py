"""Values in the words of a person, and what their colours mean. Knows nothing of Rich."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, TypeGuard

from crmctl.output import dates
from crmctl.output.escape import one_line
from crmctl.output.view import to_text
from crmctl.resources import CLOSED_STATUSES, OPEN_STATUSES
from crmctl.timestamps import in_zone, is_date_only, parse_timestamp

if TYPE_CHECKING:
    from datetime import tzinfo

    from crmctl.days import Toward
    from crmctl.fields import FieldType
    from crmctl.output.style import Style
    from crmctl.output.view import Item

_COLORS = {
    ("priority", "urgent"): "red",
    ("priority", "high"): "yellow",
    ("priority", "low"): "dim",
    ("status", "in_progress"): "cyan",
    ("status", "completed"): "green",
    ("status", "cancelled"): "dim",
}


def say(name: str, type: FieldType, value: Any, style: Style) -> str:
    """A value on one line: relative dates, durations with units, enums without underscores."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if type == "time" and (instant := instant_of(value, style.zone)):
        # As --due reads it; what else has a time has been, and is asked for by --since.
        toward: Toward = "future" if name == "due_date" else "past"
        return dates.describe(instant, now=style.now, zone=style.zone, toward=toward)
    if type == "enum" and isinstance(value, str):
        return one_line(value.replace("_", " "))
    if name.rpartition(".")[2] in ("duration", "before_minutes") and is_minutes(value):
        return dates.say_duration(value)
    return one_line(to_text(value))


def say_at_length(name: str, type: FieldType, value: Any, style: Style) -> str:
    """A value where there is room: a date in full, an object with its ID."""
    if type == "time" and (instant := instant_of(value, style.zone)):
        return _say_instant(instant, style)
    if not isinstance(value, Mapping):
        return say(name, type, value, style)
    if is_minutes(value.get("before_minutes")):
        kind = one_line(to_text(value.get("type")))
        return f"{kind} {dates.say_duration(value['before_minutes'])} before".strip()
    if value.get("name"):
        origin = " ".join(to_text(value[part]) for part in ("type", "id") if value.get(part))
        return one_line(f"{to_text(value['name'])} ({origin})" if origin else to_text(value))
    return one_line(to_text(value))


def is_minutes(value: object) -> TypeGuard[int]:
    """Whether a value that ought to be a duration is one."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def instant_of(value: Any, zone: tzinfo) -> datetime | None:
    """The instant a timestamp stands for, or None if it is no timestamp.

    A date without a time is the end of that day in ``zone``.
    """
    if not isinstance(value, str):
        return None
    try:
        if is_date_only(value):
            day = datetime.fromisoformat(value)
            last_second = datetime.combine(day, time(23, 59, 59, fold=1), tzinfo=zone)
            return last_second.astimezone(UTC)
        return parse_timestamp(value)
    except (OverflowError, ValueError):
        return None


def color_of(name: str, item: Item, style: Style) -> str:
    """The colour that a field of an item has by its meaning; empty for none."""
    status = item.get("status")
    if name == "title":
        return "dim" if status in CLOSED_STATUSES else ""
    if name == "due_date":
        return _color_of_due(item, style)
    value = item.get(name)
    return _COLORS.get((name, value), "") if isinstance(value, str) else ""


def marked(text: str, name: str, item: Item, style: Style) -> str:
    """The text of a field with what its colour says as a sign: ``!`` before an overdue date."""
    overdue = name == "due_date" and text and _color_of_due(item, style) == "red"
    return f"! {text}" if overdue else text


def _color_of_due(item: Item, style: Style) -> str:
    instant = instant_of(item.get("due_date"), style.zone)
    if instant is None or item.get("status") not in OPEN_STATUSES:
        return ""
    if instant < style.now:
        return "red"
    today = in_zone(style.now, style.zone).date()
    return "yellow" if in_zone(instant, style.zone).date() == today else ""


def is_whole_day(local: datetime) -> bool:
    """Whether it is the last second of a day, which stands for all of it as in `dates.describe`."""
    return local.time().replace(microsecond=0) == time(23, 59, 59)


def _say_instant(instant: datetime, style: Style) -> str:
    local = in_zone(instant, style.zone)
    day = f"{local:%a} {local.day} {local:%b} {local.year:04}"
    text = day if is_whole_day(local) else f"{day} {local:%H:%M}"
    relative = dates.describe(instant, now=style.now, zone=style.zone)
    return text if relative.startswith(f"{local.day} {local:%b}") else f"{text} ({relative})"
