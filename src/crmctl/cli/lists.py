"""How every list is shown: how much of it, and what is said beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from crmctl.api.client import Listing
from crmctl.api.merge import MergedListing
from crmctl.cli.context import Context
from crmctl.errors import UsageError
from crmctl.fields import Resource
from crmctl.output.view import view_of
from crmctl.resources import DEFAULT_LIMIT


def show_listing(
    crm: Context,
    resource: Resource,
    listing_of: Callable[[int | None], Listing | MergedListing],
    *,
    limit: int | None,
    count: bool,
) -> None:
    """Show a list: 25 items in a table, else all, unless ``limit`` says; or only their number."""
    if count:
        if limit is not None:
            raise UsageError("--count and --limit exclude each other.")
        show_count(crm, listing_of)
        return
    shown = limit
    if shown is None and crm.format == "table":
        shown = DEFAULT_LIMIT
    listing = listing_of(shown)
    view = view_of(resource, crm.flags.get("fields"))
    number = crm.show_list(remembered(crm, resource, listing), view)
    if number == 0:
        crm.note(f"No {resource.plural} found.")
    elif listing.has_more:
        crm.note(_rest(listing.total, number, resource, limited=limit is not None))


def show_count(crm: Context, listing_of: Callable[[int | None], Listing | MergedListing]) -> None:
    """Print how many items there are: as the server counts them, else by reading them all."""
    listing = listing_of(1)
    number = sum(1 for _ in listing)
    if listing.has_more:
        total = listing.total if isinstance(listing, Listing) else None
        number = total if total is not None else sum(1 for _ in listing_of(None))
    if crm.format in ("json", "jsonl"):
        crm.stdout.write(f'{{"count": {number}}}\n')
    else:
        crm.stdout.write(f"{number}\n")


def remembered(
    crm: Context, resource: Resource, listing: Listing | MergedListing
) -> Iterable[dict[str, Any]]:
    """The items, with the first of them kept for completion where they come over the network."""
    return listing if crm.profile.kind == "workspace" else _remember(crm, resource, listing)


def _remember(
    crm: Context, resource: Resource, listing: Listing | MergedListing
) -> Iterator[dict[str, Any]]:
    from crmctl.cli.completion.ids import Recent

    recent = Recent(crm, resource)
    for item in listing:
        recent.add(item)
        yield item
    recent.save()


def _rest(total: int | None, number: int, resource: Resource, *, limited: bool) -> str:
    if total is None:
        rest = f"Showing {number}; there are more"
    else:
        rest = f"Showing {number} of {total} {resource.plural}"
    return f"{rest}." if limited else f"{rest}. --limit N shows more."
