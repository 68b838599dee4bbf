"""The workspace as a transport: a request in, a response out, a store in between."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crmctl.api.message import KEYS_HONOURED, Request, Response, Transport
from crmctl.timestamps import format_timestamp
from crmctl.workspace.call import Call, Refusal, Reply
from crmctl.workspace.routes import Handler, canonical_path, find_route, no_route

if TYPE_CHECKING:
    from crmctl.store.interface import Store, Transaction

IDEMPOTENCY_DAYS = 30
IDEMPOTENCY_KEY = "^[!-~]([ -~]{0,253}[!-~])?$"
"""What a key looks like: at most 255 printable characters of ASCII."""

# Later than any answer is old.
_NEVER = "9999-12-31T23:59:59Z"


def utc_now() -> datetime:
    """The time, to the second: as precise as the reference's own timestamps."""
    return datetime.now(UTC).replace(microsecond=0)


class Batch:
    """Requests of one transaction: a transport, with what is to be remembered of them."""

    __slots__ = ("_answer", "_transaction")

    def __init__(self, answer: Transport, transaction: Transaction) -> None:
        self._answer = answer
        self._transaction = transaction

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        return self._answer(request)

    def remember(self, name: str, content: Any) -> None:
        """Keep this by that name, in place of what was, with what the requests have done."""
        self._transaction.release(*_of_batch(name))
        self._transaction.claim(*_of_batch(name), "", now=_NEVER, oldest="")
        self._transaction.settle(*_of_batch(name), status=0, content=content)


class Workspace:
    """The Tasks & Activities API over a store. Any number of threads may use it at once.

    A request's ``caller`` is recorded as who creates a task or logs an activity.
    """

    def __init__(self, store: Store, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.store = store
        self.clock = clock

    def __call__(self, request: Request) -> Response:
        """Answer one request. Raises `StoreError` if the store cannot be used."""
        reads = request.method in ("GET", "HEAD")
        session = self.store.reading if reads else self.store.writing
        return self._answer(request, session, self.clock())

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """A transport whose requests are of one transaction, kept together or not at all.

        They are of one moment, too. Each is checked alone, and one that is refused leaves the
        others as they are.
        """
        with self.store.writing() as transaction:
            session, now = nullcontext(transaction), self.clock()
            yield Batch(lambda request: self._answer(request, lambda: session, now), transaction)

    def recall(self, name: str) -> Any:
        """What the last batch remembered by that name; None if none did."""
        with self.store.writing() as transaction:
            found = transaction.claim(*_of_batch(name), "", now=_NEVER, oldest="")
            if found is None:
                transaction.release(*_of_batch(name))
            return None if found is None else found.content

    def forget(self, name: str) -> None:
        """Forget what batches remembered by that name."""
        with self.store.writing() as transaction:
            transaction.release(*_of_batch(name))

    def _answer(
        self,
        request: Request,
        session: Callable[[], AbstractContextManager[Transaction]],
        now: datetime,
    ) -> Response:
        handler, item_id, methods = find_route(request.method, request.path)
        if handler is None:
            return no_route(request.path, methods).response()
        key = request.headers.get("idempotency-key") if request.method == "POST" else None
        try:
            with session() as transaction:
                call = Call(
                    transaction,
                    query=request.query,
                    body=request.body,
                    item_id=item_id,
                    now=format_timestamp(now),
                    caller=request.caller,
                )
                if key is not None:
                    return _answer_once(handler, call, request, key, now)
                return _accept(handler(call))
        except Refusal as refusal:
            return refusal.response()


def _of_batch(name: str) -> tuple[str, str, str]:
    """Where it is kept: beside the answers to requests, whose paths begin with a slash."""
    return "", "batch", name


def _answer_once(
    handler: Handler, call: Call, request: Request, key: str, now: datetime
) -> Response:
    """Answer as the first request with this key was answered, in the record's own transaction."""
    if not re.search(IDEMPOTENCY_KEY, key) or key.endswith("\n"):
        message = "An Idempotency-Key is 1 to 255 printable ASCII characters."
        raise Refusal(400, "bad_request", message)
    claim = (request.caller or "", canonical_path(request.path), key)
    text = json.dumps(request.body, sort_keys=True)
    oldest = format_timestamp(now - timedelta(days=IDEMPOTENCY_DAYS))
    headers = {**KEYS_HONOURED, "idempotency-key": key}
    first = call.transaction.claim(*claim, text, now=call.now, oldest=oldest)
    if first is not None:
        if first.request != text:
            message = "This Idempotency-Key was used for another request."
            raise Refusal(422, "idempotency_conflict", message)
        return Response(first.status, first.content, headers=headers)
    try:
        response = _accept(handler(call), headers)
    except Refusal:
        call.transaction.release(*claim)
        raise
    call.transaction.settle(*claim, status=response.status, content=response.content)
    return response


def _accept(reply: Reply, headers: dict[str, str] = KEYS_HONOURED) -> Response:
    content = {"success": True, "data": reply.data}
    if reply.meta is not None:
        content["meta"] = reply.meta
    return Response(reply.status, content, headers=headers)
