"""Fetching the names of a server's contacts and deals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmctl.errors import CrmctlError, NotFound, PartialFailure
from crmctl.resources import CONTACT, DEAL
from crmctl.timestamps import format_timestamp

if TYPE_CHECKING:
    from crmctl.cli.context import Context

# The lists that sibling resources of the API offer. There is none of users or of projects.
PULLED = {resource.name: resource.collection for resource in (CONTACT, DEAL)}


def pull_records(crm: Context) -> tuple[list[dict[str, Any]], CrmctlError | None]:
    """Fetch and keep each list that the server has, as ``{"type", "count", "pulled_at"}``.

    A list that failed leaves what was kept of it, and is the error to raise once the others are
    shown: of what failed itself if nothing else was kept.
    """
    at = format_timestamp(crm.now.replace(microsecond=0))
    counts: list[dict[str, Any]] = []
    failures: list[CrmctlError] = []
    listings = {type: crm.client.listing(path, {}) for type, path in PULLED.items()}
    for listing in listings.values():
        listing.ask()
    for type, listing in listings.items():
        try:
            records = {
                item["id"]: (name_of(item), item["email"] if _is_text(item, "email") else None)
                for item in listing
                if _is_text(item, "id")
            }
        except NotFound:
            crm.terminal.note(f"This server has no {PULLED[type]}.")
            continue
        except CrmctlError as error:
            if not error.message.startswith(f"GET {PULLED[type]}"):
                error.message = f"GET {PULLED[type]}: {error.message}"
            failures.append(error)
            continue
        crm.known_of_server.keep_pulled(type, records, at)
        counts.append({"type": type, "count": len(records), "pulled_at": at})
    if failures and counts:
        kept = " and ".join(f"{each['type']}s" for each in counts)
        first = failures[0]
        message = f"The {kept} were kept. {first.message}"
        return counts, PartialFailure(message, hint=first.hint, status=first.status)
    return counts, failures[0] if failures else None


def _is_text(item: Mapping[str, Any], name: str) -> bool:
    return isinstance(item.get(name), str) and bool(item[name].strip())


def name_of(item: Mapping[str, Any]) -> str:
    """What a server's contact or deal is called: its name or title, else what it has of one."""
    for name in ("name", "title"):
        if _is_text(item, name):
            return str(item[name])
    parts = [item.get("first_name"), item.get("last_name")]
    whole = " ".join(part for part in parts if isinstance(part, str) and part.strip())
    return whole or str(item.get("company") or item.get("email") or "")
