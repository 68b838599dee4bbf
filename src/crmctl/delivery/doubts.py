"""Lines that may have been sent by a run that ended before it knew: looked for, then sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from crmctl.api.compare import shows
from crmctl.api.message import KEYS_HONOURED, Request
from crmctl.delivery.journal import CREATED
from crmctl.timestamps import add_time, format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from crmctl.api.client import Client
    from crmctl.delivery.journal import Journal
    from crmctl.delivery.lines import Entry
    from crmctl.fields import Resource

# So long a server remembers a key, at the least, where it honours them.
_REMEMBERED = timedelta(hours=24)
# So long a request may still be under way in a server after nobody waits for it any more: what is
# not there before may come yet.
SETTLED = timedelta(seconds=10)
# How far a server's clock may be behind this machine's.
_APART = timedelta(minutes=10)


def settle_doubts(
    client: Client,
    resource: Resource,
    entries: Sequence[Entry],
    journal: Journal,
    *,
    now: datetime,
    wait: Callable[[float], None],
) -> None:
    """Find out which of the entries are there, and note it: then none is in doubt.

    A server that honours keys is not asked: the same key brings the same item. Of another, an item
    that shows all that was sent is that line's, each item of one line alone, if it is no other
    line's and not older than the journal. Raises what the look raises; nothing is noted then.
    """
    claimed = parse_timestamp(journal.claimed)
    if now - claimed < _REMEMBERED and _honours_keys(client, resource):
        return
    left = (claimed + SETTLED - now).total_seconds()
    if left > 0:
        wait(left)
    found = _find(client, resource, entries, journal)
    journal.take_over(
        {
            entry.number: (CREATED, found[entry.number]) if entry.number in found else ("", None)
            for entry in entries
        }
    )


def _honours_keys(client: Client, resource: Resource) -> bool:
    response = client.transport(Request("GET", resource.collection, query={"limit": "1"}))
    return KEYS_HONOURED.items() <= response.headers.items()


def _find(
    client: Client, resource: Resource, entries: Sequence[Entry], journal: Journal
) -> dict[int, str]:
    """The IDs of what is there, by the entries' numbers; every page is read."""
    looked_for: dict[Any, list[Entry]] = {}
    for entry in entries:
        looked_for.setdefault(_name_of(entry.body or {}), []).append(entry)
    earliest = parse_timestamp(journal.started) - _APART
    found: dict[int, str] = {}
    for item in client.listing(resource.collection, _query(resource, entries)):
        candidates = looked_for.get(_name_of(item), [])
        if not candidates or not _is_since(item.get("created_at"), earliest):
            continue
        for entry in candidates:
            if shows(resource, entry.body or {}, item):
                if not journal.knows(str(item.get("id"))):
                    found[entry.number] = str(item.get("id"))
                    candidates.remove(entry)
                break
    return found


def _name_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """What two items have to share before they are compared, as servers may trim it."""
    shared = (fields.get("title"), fields.get("subject"))
    return tuple(str(value or "").strip() for value in shared)


def _query(resource: Resource, entries: Sequence[Entry]) -> dict[str, str]:
    """The filters that leave all that was sent: the choices that all have in common, the days.

    No IDs: what a server does not link it may keep without them.
    """
    bodies = [entry.body or {} for entry in entries]
    query: dict[str, str] = {}
    for filter in resource.filters:
        values = {body.get(filter.field) for body in bodies}
        field = resource.field(filter.field)
        if filter.operator == "=":
            choice = next(iter(values))
            if field.type == "enum" and field.readable and len(values) == 1 and choice:
                query[filter.name] = choice
        elif filter.operator in (">=", "<=") and None not in values:
            times = [parse_timestamp(str(value)) for value in values]
            lowest = filter.operator == ">="
            day = timedelta(days=-1 if lowest else 1)
            furthest = min(times) if lowest else max(times)
            query[filter.name] = format_timestamp(add_time(furthest, day))
    return query


def _is_since(created_at: Any, earliest: datetime) -> bool:
    try:
        return parse_timestamp(created_at) >= earliest
    except (TypeError, ValueError):
        return True
