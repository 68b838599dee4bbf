"""How every list is read, shown and counted: how much of it, and what is said beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from crmctl.cli.show import show_all, style, view
from crmctl.config.settings import is_ci
from crmctl.errors import CrmctlError, UsageError
from crmctl.fields import Resource
from crmctl.files import writing_file
from crmctl.output import renderer
from crmctl.resources import DEFAULT_LIMIT

if TYPE_CHECKING:
    from crmctl.api.merge import MergedListing
    from crmctl.api.pages import Listing
    from crmctl.api.search import SearchedListing
    from crmctl.cli.context import Context

    Query = Mapping[str, str]


class Asked:
    """What a list is asked for: what the queries find, as one list in the order of ``sort``.

    Of what they find, only what holds the text of ``search`` counts; of that, ``limit`` items.
    """

    __slots__ = ("limit", "queries", "search", "sort")

    def __init__(
        self,
        queries: Sequence[Query],
        *,
        sort: str | None = None,
        search: str | None = None,
        limit: int | None = None,
    ) -> None:
        self.queries = queries
        self.sort = sort
        self.search = search
        self.limit = limit


def show_list(crm: Context, resource: Resource, asked: Asked, *, count: bool = False) -> None:
    """Show what is asked for, or only how much that is.

    A table has 25 items and every other format all, unless the limit says.
    """
    if count:
        if asked.limit is not None:
            raise UsageError("--count and --limit exclude each other.")
        unsorted = Asked(asked.queries, search=asked.search)
        _show_count(crm, resource, unsorted)
        return
    shown = asked.limit
    if shown is None and crm.format == "table":
        shown = DEFAULT_LIMIT
    listing = _find(crm, resource, asked, limit=shown)
    number = show_all(crm, keep_known(crm, resource, listing), view(crm, resource))
    if number == 0:
        crm.terminal.note(f"No {resource.plural} found.")
        crm.fallback.note_empty()
    elif listing.has_more:
        crm.terminal.note(_rest(listing.total, number, resource, limited=asked.limit is not None))
    elif len(asked.queries) == 1 and listing.total is not None and listing.total > number:
        _tell_incomplete(crm, resource, listing.total, number)


def export_list(crm: Context, resource: Resource, asked: Asked, file: str | None) -> None:
    """Write what is asked for to a file, which is replaced at once, or to stdout.

    JSON lines, unless -o asks for CSV or one JSON array.
    """
    format = "json" if crm.options.json else crm.options.output or "jsonl"
    if format not in ("jsonl", "csv", "json"):
        raise UsageError(f"An export is jsonl, csv or json, not {format}.")
    listing = _find(crm, resource, asked, limit=asked.limit)
    items, shown = keep_known(crm, resource, listing), view(crm, resource)
    write = renderer(format).write_list
    if file in (None, "-"):
        number = write(items, shown, stream=crm.terminal.stdout, style=style(crm))
    else:
        with _writing(Path(str(file))) as stream:
            number = write(items, shown, stream=stream, style=style(crm))
    incomplete = len(asked.queries) == 1 and not listing.has_more and asked.search is None
    if incomplete and listing.total is not None and listing.total > number:
        _tell_incomplete(crm, resource, listing.total, number)
    elif number == 0:
        crm.terminal.note(f"No {resource.plural} found.")
    elif file not in (None, "-"):
        crm.terminal.note(f"Wrote {number:,} {resource.plural} to {file}.", code="summary")


@contextmanager
def _writing(path: Path) -> Iterator[TextIO]:
    with writing_file(path) as file:
        text = TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
        yield text
        text.flush()
        text.detach()


def read_all(
    crm: Context, resource: Resource, queries: Sequence[Query]
) -> Iterator[dict[str, Any]]:
    """Every item that the queries find, one list after the other, all asked for at once.

    Of a workspace's items nothing is kept: they may be as many as they like. Over the network an
    ID comes once, for what a server that knows no filter gives to each of the queries.
    """
    from crmctl.api.pages import is_new

    listings = [crm.client.listing(resource.collection, query) for query in queries]
    seen: set[Any] | None = None
    if crm.client.remote and len(listings) > 1:
        seen = set()
        for listing in listings:
            listing.ask()
    for listing in listings:
        number = 0
        for item in listing:
            number += 1
            if seen is None or is_new(item, seen):
                yield item
        if listing.total is not None and listing.total > number:
            _tell_incomplete(crm, resource, listing.total, number)


def read_list(
    crm: Context,
    resource: Resource,
    queries: Sequence[Query],
    *,
    sort: str | None = None,
    limit: int | None = None,
) -> Listing | MergedListing:
    """What one query finds; or several, each asked for on its own and merged."""
    ask = partial(crm.client.listing, resource.collection, limit=limit)
    if len(queries) == 1:
        query = queries[0] if sort is None else {**queries[0], "sort": sort}
        return ask(query)
    from crmctl.api.merge import MergedListing

    # Sent only where it was asked for: the reference documents no sort for activities and no
    # descending one, and a server may refuse what it does not know.
    asked = {} if sort is None else {"sort": sort}
    listings = [ask({**query, **asked}) for query in queries]
    return MergedListing(listings, resource, sort=sort or resource.default_sort, limit=limit)


def _find(
    crm: Context, resource: Resource, asked: Asked, *, limit: int | None
) -> Listing | MergedListing | SearchedListing:
    """What is asked for, but at most ``limit`` items."""
    if asked.search is None:
        return read_list(crm, resource, asked.queries, sort=asked.sort, limit=limit)
    from crmctl.api.search import SearchedListing

    every = read_list(crm, resource, asked.queries, sort=asked.sort)
    return SearchedListing(every, resource, asked.search, limit=limit)


def _show_count(crm: Context, resource: Resource, asked: Asked) -> None:
    """Print how many items there are: as the server counts them, else by reading them all."""
    listing = _find(crm, resource, asked, limit=1 if asked.search is None else None)
    number = sum(1 for _ in listing)
    # Of several queries an item may be in the answers of two.
    total = listing.total if len(asked.queries) == 1 else None
    if total is not None and total >= number:
        number = total
        crm.terminal.log(1, "counted by the server")
    elif listing.has_more:
        number = sum(1 for _ in _find(crm, resource, asked, limit=None))
        crm.terminal.log(1, "counted by reading every page")
    crm.terminal.show(f'{{"count": {number}}}' if crm.as_json else f"{number}")


def keep_known(
    crm: Context, resource: Resource, listing: Iterable[dict[str, Any]]
) -> Iterable[dict[str, Any]]:
    """The items; what they show of names is kept where they come over the network, but for CI."""
    if crm.profile.kind == "workspace" or is_ci(crm.environ):
        return listing
    return _keep(crm, resource, listing)


def _keep(
    crm: Context, resource: Resource, listing: Iterable[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    from crmctl.cli.known import Seen

    seen = Seen(crm.known_of_server, resource)
    try:
        for item in listing:
            seen.add(item)
            yield item
    finally:
        try:
            seen.save()
        except CrmctlError as error:
            crm.terminal.log(1, f"crmctl: note: no names were kept: {error.message}")


def _tell_incomplete(crm: Context, resource: Resource, total: int, number: int) -> None:
    crm.terminal.note(
        f"The server counts {total} {resource.plural} and gave {number}.", code="incomplete"
    )


def _rest(total: int | None, number: int, resource: Resource, *, limited: bool) -> str:
    if total is None:
        rest = f"Showing {number}; there are more"
    else:
        rest = f"Showing {number} of {total} {resource.plural}"
    return f"{rest}." if limited else f"{rest}. --limit N shows more."
