"""Fetching the names of a server's contacts and deals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.cli.known import name_of
from crmctl.errors import CrmctlError, NotFound, PartialFailure
from crmctl.resources import CONTACT, DEAL
from crmctl.timestamps import format_timestamp

if TYPE_CHECKING:
    from crmctl.cli.context import Context

# The lists that sibling resources of the API offer. There is none of users or of projects.
PULLED = {resource.name: resource.collection for resource in (CONTACT, DEAL)}


def pull_records(crm: Context) -> list[dict[str, Any]]:
    """Fetch and keep each list that the server has, as ``{"type", "count", "pulled_at"}``.

    A list that failed leaves what was kept of it; it is raised when the others are done.
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
            error.message = f"GET {PULLED[type]}: {error.message}"
            failures.append(error)
            continue
        crm.known_of_server.keep_pulled(type, records, at)
        counts.append({"type": type, "count": len(records), "pulled_at": at})
    if failures and not counts:
        raise failures[0]
    if failures:
        raise PartialFailure(failures[0].message, hint=failures[0].hint)
    return counts


def _is_text(item: dict[str, Any], name: str) -> bool:
    return isinstance(item.get(name), str) and bool(item[name].strip())
