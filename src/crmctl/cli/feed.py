"""The feed: how far back it is read, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from crmctl.cli.context import Context
from crmctl.output.view import view_of
from crmctl.resources import ACTIVITY, DEFAULT_LIMIT
from crmctl.timestamps import format_timestamp, parse_timestamp


def show_feed(crm: Context, *, since: str | None, limit: int | None) -> None:
    """Show the newest items: 25, or ``limit``, or all that happened since then."""
    shown = DEFAULT_LIMIT if limit is None and since is None else limit
    if since is None:
        listing = crm.client.activity_feed(limit=shown)
        recent = iter(listing)
    else:
        # One more than is shown tells whether the limit leaves something out.
        listing = crm.client.activity_feed(limit=None if limit is None else limit + 1)
        recent = _back_to(since, listing)
    items = islice(recent, shown)
    if crm.format == "table" and not crm.flags.get("fields"):
        from crmctl.output.timeline import write_timeline

        number = write_timeline(items, stream=crm.stdout, style=crm.style())
    else:
        number = crm.show_list(items, view_of(ACTIVITY, crm.flags.get("fields")))
    if number == 0:
        crm.note("Nothing has happened yet." if since is None else "Nothing has happened since.")
    elif next(recent, None) is not None or (since is None and listing.has_more):
        crm.note(f"Showing the newest {number}. --limit N or --since WHEN shows more.")


def _back_to(since: str, listing: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items down to ``since``. The feed is newest first, so the first older one is the end."""
    earliest = _comparable(since)
    for item in listing:
        happened = item.get("occurred_at") or item.get("created_at")
        if isinstance(happened, str) and _comparable(happened) < earliest:
            return
        yield item


def _comparable(timestamp: str) -> str:
    try:
        return format_timestamp(parse_timestamp(timestamp)).removesuffix("Z")
    except ValueError:
        return timestamp
