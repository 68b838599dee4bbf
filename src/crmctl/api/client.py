"""Tasks and activities over any transport: verbs, pages, and status to error."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from crmctl import errors
from crmctl.api.answer import read_success
from crmctl.api.message import Request, Response, Transport
from crmctl.resources import MAX_LIMIT

Item = dict[str, Any]
Body = Mapping[str, Any]


def path_of(collection: str, item_id: str, *verbs: str) -> str:
    """The path of one item, its ID percent-encoded as one segment.

    Raises `InvalidInput` for an ID that would name another path: empty, ``.`` or ``..``.
    """
    if item_id.strip() in ("", ".", ".."):
        raise errors.InvalidInput(f"{item_id!r} is not an ID.")
    try:
        segment = quote(item_id, safe="")
    except UnicodeEncodeError as error:
        raise errors.InvalidInput("The ID is not valid Unicode text.") from error
    return "/".join([collection, segment, *verbs])


def new_idempotency_key() -> str:
    """A key for one logical write, made before any attempt at it."""
    return os.urandom(16).hex()


class Listing:
    """A list of the API, read page by page as it is iterated.

    After the first item ``total`` is how many there are in all, where the server says so. After
    the last, ``has_more`` tells whether ``limit`` left something out.
    """

    def __init__(
        self, client: Client, path: str, query: Mapping[str, str], limit: int | None
    ) -> None:
        self._client = client
        self._path = path
        self._query = query
        self._limit = limit
        self.total: int | None = None
        self.has_more = False

    def __iter__(self) -> Iterator[Item]:
        """The items in order. Raises `IncompleteList` if the rest cannot be had."""
        received = 0
        cursor: str | None = None
        used: set[str] = set()
        while self._limit is None or received < self._limit:
            wanted = MAX_LIMIT if self._limit is None else min(MAX_LIMIT, self._limit - received)
            query = {**self._query, "limit": str(wanted)}
            if cursor is not None:
                query["cursor"] = cursor
            items, meta, response = self._fetch(query)
            total = meta.get("total")
            if self.total is None and isinstance(total, int):
                self.total = total
            left = None if self._limit is None else self._limit - received
            yield from items[:left]
            received += len(items)
            cursor = _next_cursor(response, meta)
            self.has_more = _says_more(meta, cursor, received) or self._cut(received)
            if not self.has_more or (self._limit is not None and received >= self._limit):
                return
            if cursor is None or cursor in used:
                raise errors.IncompleteList(
                    f"{received} items came, and the server says there are more but not how to"
                    " get them."
                )
            used.add(cursor)

    def first(self) -> Item | None:
        """The first item, or None."""
        return next(iter(self), None)

    def _cut(self, received: int) -> bool:
        return self._limit is not None and received > self._limit

    def _fetch(self, query: Mapping[str, str]) -> tuple[list[Item], Mapping[str, Any], Response]:
        request = Request("GET", self._path, query=query)
        response = self._client.transport(request)
        content = read_success(request, response)
        items = content["data"]
        if not isinstance(items, list) or set(map(type, items)) - {dict}:
            raise errors.BadAnswer(
                f"GET {self._path} gave something that is not a list of objects."
            )
        meta = content.get("meta")
        return items, meta if isinstance(meta, Mapping) else {}, response


class Client:
    """The endpoints of the reference, one method each.

    Items are dicts exactly as the API sends them, unknown fields included. Every method raises
    `CrmctlError`: status, transport and store failures alike. ``warn`` is called with each
    ``{"field", "code", "message"}`` that the server adds to a success.
    """

    def __init__(
        self, transport: Transport, *, warn: Callable[[Mapping[str, Any]], None] = lambda _: None
    ) -> None:
        self.transport = transport
        self._warn = warn

    def list_tasks(self, query: Mapping[str, str], *, limit: int | None = None) -> Listing:
        """GET /tasks with the reference's filters and ``sort``; all pages unless limited."""
        return Listing(self, "/tasks", query, limit)

    def get_task(self, task_id: str) -> Item:
        """GET /tasks/:id"""
        return self._item("GET", path_of("/tasks", task_id))

    def create_task(self, body: Body) -> Item:
        """POST /tasks"""
        return self._item("POST", "/tasks", body)

    def update_task(self, task_id: str, body: Body) -> Item:
        """PUT /tasks/:id: the fields given change, null clears."""
        return self._item("PUT", path_of("/tasks", task_id), body)

    def complete_task(self, task_id: str, *, completion_note: str | None = None) -> Item:
        """PUT /tasks/:id/complete"""
        body = {} if completion_note is None else {"completion_note": completion_note}
        return self._item("PUT", path_of("/tasks", task_id, "complete"), body)

    def delete_task(self, task_id: str) -> Item:
        """DELETE /tasks/:id: the server's answer, or ``{"id", "deleted"}`` where it has none."""
        path = path_of("/tasks", task_id)
        data = self._data(Request("DELETE", path))
        return data if isinstance(data, dict) else {"id": task_id, "deleted": True}

    def list_activities(self, query: Mapping[str, str], *, limit: int | None = None) -> Listing:
        """GET /activities with the reference's filters; all pages unless limited."""
        return Listing(self, "/activities", query, limit)

    def log_activity(self, body: Body) -> Item:
        """POST /activities"""
        return self._item("POST", "/activities", body)

    def feed(self, *, limit: int | None = None) -> Listing:
        """GET /activities/feed: most recent first."""
        return Listing(self, "/activities/feed", {}, limit)

    def _item(self, method: str, path: str, body: Body | None = None) -> Item:
        headers = {"idempotency-key": new_idempotency_key()} if method == "POST" else {}
        data = self._data(Request(method, path, body=body, headers=headers))
        if isinstance(data, dict):
            return data
        message = f"{method} {path} gave something that is not an object."
        raise errors.BadAnswer(message) if method == "GET" else errors.OutcomeUnknown(message)

    def _data(self, request: Request) -> Any:
        content = read_success(request, self.transport(request))
        meta = content.get("meta")
        warnings = meta.get("warnings") if isinstance(meta, Mapping) else None
        for warning in warnings if isinstance(warnings, list) else []:
            if isinstance(warning, Mapping):
                self._warn(warning)
        return content["data"]


def _next_cursor(response: Response, meta: Mapping[str, Any]) -> str | None:
    top_level = response.content.get("next_cursor")
    for candidate in (meta.get("next_cursor"), meta.get("cursor"), top_level):
        if isinstance(candidate, str) and candidate:
            return candidate
        if isinstance(candidate, int) and not isinstance(candidate, bool):
            return str(candidate)
    return _linked_cursor(response.headers.get("link", ""))


def _linked_cursor(link: str) -> str | None:
    for target, parameters in re.findall(r"<([^>]*)>([^<]*)", link):
        if re.search(r'\brel\s*=\s*"?next\b', parameters, re.IGNORECASE):
            cursors = parse_qs(urlsplit(target).query).get("cursor")
            return cursors[0] if cursors else None
    return None


def _says_more(meta: Mapping[str, Any], cursor: str | None, received: int) -> bool:
    said = meta.get("has_more")
    if isinstance(said, bool):
        return said
    total = meta.get("total")
    return cursor is not None or (isinstance(total, int) and received < total)
