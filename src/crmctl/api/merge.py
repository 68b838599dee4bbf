"""Several lists as one: where the API takes one value of a filter and people want several."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from crmctl.api.pages import Item, Listing, is_new
from crmctl.fields import Field, Resource
from crmctl.timestamps import format_timestamp, parse_timestamp


class MergedListing:
    """Lists in the same order, merged in that order; an item of two lists appears once.

    ``total`` and ``has_more`` are as in `Listing`.
    """

    def __init__(
        self, listings: list[Listing], resource: Resource, *, sort: str, limit: int | None
    ) -> None:
        self._listings = listings
        self._field = resource.field(sort.removeprefix("-"))
        self._descending = sort.startswith("-")
        self._limit = limit
        self._cut = False

    @property
    def total(self) -> int | None:
        """How many there are in all, where every list says so."""
        totals = [listing.total for listing in self._listings]
        return None if None in totals else sum(total or 0 for total in totals)

    @property
    def has_more(self) -> bool:
        """Whether the limit left something out."""
        return self._cut or any(listing.has_more for listing in self._listings)

    def ask(self) -> None:
        """As `Listing.ask`, of every list."""
        for listing in self._listings:
            listing.ask()

    def __iter__(self) -> Iterator[Item]:
        """The items in order. Raises what reading any of the lists raises."""
        self.ask()
        merged = heapq.merge(
            *self._listings,
            key=lambda item: _sort_key(self._field, item, descending=self._descending),
            reverse=self._descending,
        )
        seen: set[Any] = set()
        items = (item for item in merged if is_new(item, seen))
        yield from islice(items, self._limit)
        self._cut = self._limit is not None and next(items, None) is not None


def _sort_key(field: Field, item: Item, *, descending: bool) -> tuple[bool, int, str]:
    """Orders items as the API does: choices by rank, times by instant, nothing always last."""
    value = item.get(field.name)
    if value is None:
        return (not descending, 0, "")
    rank, text = 0, str(value)
    if field.choices:
        rank = field.choices.index(text) if text in field.choices else len(field.choices)
    elif field.type == "time":
        # A time of another form than the API's is ordered as the text that it is.
        with suppress(ValueError):
            text = format_timestamp(parse_timestamp(text)).removesuffix("Z")
    return (descending, rank, text)
