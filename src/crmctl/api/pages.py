"""Lists of the API: read page by page, however a server says where the next one is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from crmctl import errors
from crmctl.api.answer import read_success
from crmctl.api.message import Request, Transport
from crmctl.resources import ACTIVITY, MAX_LIMIT, TASK

if TYPE_CHECKING:
    from crmctl.api.background import Background

Item = dict[str, Any]

# So many pages in a row without a new item are no progress, whatever their cursors say.
_MOST_EMPTY = 10


def is_new(item: Item, seen: set[Any]) -> bool:
    """Whether an item's ID is seen for the first time. One without an ID is always new."""
    item_id = item.get("id")
    if item_id is None or isinstance(item_id, (list, dict)):
        return True
    if item_id in seen:
        return False
    seen.add(item_id)
    return True


class Listing:
    """A list of the API, read page by page as it is iterated; no ID comes twice.

    After the first item ``total`` is how many there are in all, where the server says so. After
    the last, ``has_more`` tells whether ``limit`` left something out.
    """

    def __init__(
        self,
        transport: Transport,
        path: str,
        query: Mapping[str, str],
        *,
        limit: int | None = None,
        remote: bool = False,
    ) -> None:
        self._transport = transport
        self._remote = remote
        self._path = path
        self._query = query
        self._limit = limit
        self._first_page: Background[_Page] | None = None
        self.total: int | None = None
        self.has_more = False

    def ask(self) -> None:
        """Over the network, ask for the first page now; whoever iterates waits for what is left."""
        if self._remote and self._first_page is None:
            from crmctl.api.background import Background

            self._first_page = Background(lambda: self._fetch(None, self._limit))

    def __iter__(self) -> Iterator[Item]:
        """The items in order. Raises `IncompleteList` if the rest cannot be had."""
        for page in self.pages():
            yield from page

    def pages(self) -> Iterator[list[Item]]:
        """The items page by page, each asked for when the one before was taken. Raises as above."""
        seen: set[Any] | None = set() if self._may_repeat() else None
        received, empty, left = 0, 0, self._limit
        last: list[Item] = []
        cursor: str | None = None
        used: set[str] = set()
        asked, self._first_page = self._first_page, None
        while left is None or left > 0:
            page = self._fetch(cursor, left) if asked is None else asked.result()
            asked = None
            if self.total is None:
                self.total = page.total
            items = page.items
            if seen is not None:
                items = [item for item in items if is_new(item, seen)]
            yield items[:left]
            received += len(page.items)
            more = page.says_more(received)
            self.has_more = more or (left is not None and len(items) > left)
            if left is not None:
                left = max(0, left - len(items))
            if not more or left == 0:
                return
            cursor = page.next_cursor
            # What has no ID comes as often as it is sent: the same page again brings nothing.
            empty = 0 if items and page.items != last else empty + 1
            last = page.items
            if cursor is None or cursor in used or empty == _MOST_EMPTY:
                raise errors.IncompleteList(
                    f"{received} items came, and the server says there are more but not how to"
                    " get them."
                )
            used.add(cursor)

    def first(self) -> Item | None:
        """The first item, or None."""
        return next(iter(self), None)

    def _may_repeat(self) -> bool:
        """Whether an item may come again, on a later page than the one it was on.

        A server's pages may overlap for reasons of its own. The workspace's do where an item moves
        under a sort by a field that changes; lists in the order of insertion need no memory.
        """
        if self._remote:
            return True
        for resource in (TASK, ACTIVITY):
            if resource.collection == self._path:
                sort = self._query.get("sort", resource.default_sort).removeprefix("-")
                return sort == "updated_at" or any(
                    field.name == sort and field.update for field in resource.fields
                )
        return False

    def _fetch(self, cursor: str | None, left: int | None) -> _Page:
        limit = MAX_LIMIT if left is None else min(MAX_LIMIT, left)
        query = {**self._query, "limit": str(limit)}
        if cursor is not None:
            query["cursor"] = cursor
        request = Request("GET", self._path, query=query)
        response = self._transport(request)
        content = read_success(request, response)
        items = content["data"]
        if not isinstance(items, list) or set(map(type, items)) - {dict}:
            raise errors.BadAnswer(
                f"GET {self._path} gave something that is not a list of objects."
            )
        return _Page(items, content, response.headers.get("link", ""))


class _Page:
    """One answer of a list: its items, and what it says of the rest."""

    __slots__ = ("items", "meta", "next_cursor", "total")

    def __init__(self, items: list[Item], content: Mapping[str, Any], link: str) -> None:
        meta = content.get("meta")
        self.items = items
        self.meta: Mapping[str, Any] = meta if isinstance(meta, dict) else {}
        total = self.meta.get("total")
        self.total = total if type(total) is int and total >= 0 else None
        self.next_cursor = _next_cursor(content, self.meta, link)

    def says_more(self, received: int) -> bool:
        """Whether there is more than the items received so far."""
        said = self.meta.get("has_more")
        if isinstance(said, bool):
            return said
        return self.next_cursor is not None or (self.total is not None and received < self.total)


def _next_cursor(content: Mapping[str, Any], meta: Mapping[str, Any], link: str) -> str | None:
    for candidate in (meta.get("next_cursor"), meta.get("cursor"), content.get("next_cursor")):
        if isinstance(candidate, str) and candidate:
            return candidate
        if isinstance(candidate, int) and not isinstance(candidate, bool):
            return str(candidate)
    return _linked_cursor(link)


def _linked_cursor(link: str) -> str | None:
    for target, parameters in re.findall(r"<([^>]*)>([^<]*)", link):
        if re.search(r'\brel\s*=\s*"?next\b', parameters, re.IGNORECASE):
            # The query is all that matters, of a target that need not even be a URL.
            cursors = parse_qs(target.partition("#")[0].partition("?")[2]).get("cursor")
            return cursors[0] if cursors else None
    return None
