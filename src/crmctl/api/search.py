"""A list narrowed to what holds a text: the API has no parameter for it, so every page is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crmctl.api.pages import Item
from crmctl.names import fold_text

if TYPE_CHECKING:
    from crmctl.api.merge import MergedListing
    from crmctl.api.pages import Listing
    from crmctl.fields import Resource


class SearchedListing:
    """Those of a list's items that hold the text in a field that people write, in any case
    and however its letters are composed.

    For tasks those are title and description, for activities subject and description. ``limit``
    counts what is found. How many there are in all nobody says: ``total`` is None. After the last
    item ``has_more`` tells whether ``limit`` left something out.
    """

    def __init__(
        self, listing: Listing | MergedListing, resource: Resource, text: str, *, limit: int | None
    ) -> None:
        self._listing = listing
        self._names = [
            field.name
            for field in resource.fields
            if field.create and field.type in ("string", "text")
        ]
        self._text = fold_text(text)
        self._limit = limit
        self.total: int | None = None
        self.has_more = False

    def __iter__(self) -> Iterator[Item]:
        """The items in the list's order. Raises what reading it raises."""
        number = 0
        for item in self._listing:
            if not self._holds_text(item):
                continue
            if number == self._limit:
                self.has_more = True
                return
            number += 1
            yield item

    def _holds_text(self, item: Item) -> bool:
        values = (item.get(name) for name in self._names)
        return any(isinstance(value, str) and self._text in fold_text(value) for value in values)
