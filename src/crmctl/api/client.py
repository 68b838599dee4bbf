"""Tasks and activities over any transport: one method for each endpoint."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crmctl import errors
from crmctl.api.answer import read_success
from crmctl.api.message import Request, Response, Transport
from crmctl.api.pages import Item, Listing
from crmctl.resources import OPERATIONS

if TYPE_CHECKING:
    from crmctl.api.deadline import Deadline

Body = Mapping[str, Any]


def path_to(path: str, item_id: str) -> str:
    """An operation's path with the ID in place of ``:id``, percent-encoded as one segment.

    Raises `InvalidInput` for an ID that would name another path: empty, ``.`` or ``..``.
    """
    if item_id.strip() in ("", ".", ".."):
        raise errors.InvalidInput(f"{item_id!r} is not an ID.")
    try:
        return path.replace(":id", quote(item_id, safe=""))
    except UnicodeEncodeError as error:
        raise errors.InvalidInput("The ID is not valid Unicode text.") from error


def new_idempotency_key() -> str:
    """A key for one logical write, made before any attempt at it."""
    return os.urandom(16).hex()


class Client:
    """The endpoints of the reference, one method each.

    Items are dicts exactly as the API sends them, unknown fields included. Every method raises
    `CrmctlError`: status, transport and store failures alike. ``warn`` is called with each
    ``{"field", "code", "message"}`` that the server adds to a success. ``remote`` says that the
    transport goes over the network, where answers are slow and may be lost.

    It may be used from several threads if its transport may. ``key`` is an `Idempotency-Key`:
    over the network, each create and each log has one, made here where none is given.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        remote: bool = False,
        warn: Callable[[Mapping[str, Any]], None] = lambda _: None,
    ) -> None:
        self.transport = transport
        self.remote = remote
        self._warn = warn

    def list_tasks(self, query: Mapping[str, str], *, limit: int | None = None) -> Listing:
        """GET /tasks with the reference's filters and ``sort``; all pages unless limited."""
        return self.listing(OPERATIONS["list_tasks"].path, query, limit=limit)

    def get_task(self, task_id: str) -> Item:
        """GET /tasks/:id"""
        return self._item("get_task", task_id)

    def create_task(self, body: Body, key: str | None = None) -> Item:
        """POST /tasks"""
        return self._item("create_task", body=body, key=key)

    def update_task(self, task_id: str, body: Body) -> Item:
        """PUT /tasks/:id: the fields given change, null clears."""
        return self._item("update_task", task_id, body=body)

    def complete_task(self, task_id: str, *, completion_note: str | None = None) -> Item:
        """PUT /tasks/:id/complete"""
        body = {} if completion_note is None else {"completion_note": completion_note}
        return self._item("complete_task", task_id, body=body)

    def delete_task(self, task_id: str) -> Item:
        """DELETE /tasks/:id: the server's answer, or ``{"id", "deleted"}`` where it has none."""
        data = self._data(self._request("delete_task", task_id))
        return data if isinstance(data, dict) else {"id": task_id, "deleted": True}

    def list_activities(self, query: Mapping[str, str], *, limit: int | None = None) -> Listing:
        """GET /activities with the reference's filters; all pages unless limited."""
        return self.listing(OPERATIONS["list_activities"].path, query, limit=limit)

    def log_activity(self, body: Body, key: str | None = None) -> Item:
        """POST /activities"""
        return self._item("log_activity", body=body, key=key)

    def activity_feed(self, *, limit: int | None = None) -> Listing:
        """GET /activities/feed: most recent first."""
        return self.listing(OPERATIONS["activity_feed"].path, {}, limit=limit)

    def list_contacts(self) -> Listing:
        """GET /contacts: all of them."""
        return self.listing(OPERATIONS["list_contacts"].path, {})

    def list_deals(self) -> Listing:
        """GET /deals: all of them."""
        return self.listing(OPERATIONS["list_deals"].path, {})

    def listing(self, path: str, query: Mapping[str, str], *, limit: int | None = None) -> Listing:
        """GET any list, of a path that the methods above do not know too."""
        return Listing(self.transport, path, query, limit=limit, remote=self.remote)

    def within(self, deadline: Deadline) -> Client:
        """The same client, all of whose requests share that deadline."""

        def transport(request: Request) -> Response:
            return self.transport(request.having(deadline=deadline))

        return Client(transport, remote=self.remote, warn=self._warn)

    def idempotency(self, method: str, key: str | None = None) -> Mapping[str, str]:
        """The header that makes a request safe to repeat: of that key, or of one made for it.

        None is made where it cannot matter: in process no answer is lost, and only a POST would
        be applied again.
        """
        if key is None and self.remote and method == "POST":
            key = new_idempotency_key()
        return {} if key is None else {"idempotency-key": key}

    def _item(
        self,
        name: str,
        item_id: str | None = None,
        *,
        body: Body | None = None,
        key: str | None = None,
    ) -> Item:
        request = self._request(name, item_id, body=body, key=key)
        data = self._data(request)
        if isinstance(data, dict):
            return data
        raise errors.BadAnswer(
            f"{request.method} {request.path} gave something that is not an object."
        )

    def _request(
        self,
        name: str,
        item_id: str | None = None,
        *,
        body: Body | None = None,
        key: str | None = None,
    ) -> Request:
        operation = OPERATIONS[name]
        path = operation.path if item_id is None else path_to(operation.path, item_id)
        headers = self.idempotency(operation.method, key)
        return Request(operation.method, path, body=body, headers=headers)

    def _data(self, request: Request) -> Any:
        content = read_success(request, self.transport(request))
        meta = content.get("meta")
        warnings = meta.get("warnings") if isinstance(meta, dict) else None
        for warning in warnings if isinstance(warnings, list) else []:
            if isinstance(warning, dict):
                self._warn(warning)
        return content["data"]
