"""The workspace as a transport: a request in, a response out, the file in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock

from crmctl.api.message import Request, Response
from crmctl.store.sqlite import Store
from crmctl.timestamps import format_timestamp
from crmctl.workspace.call import Call, Refusal, Reply
from crmctl.workspace.handlers import IDEMPOTENCY_DAYS
from crmctl.workspace.routes import Handler, find_route


def utc_now() -> datetime:
    """The time, to the second: as precise as the reference's own timestamps."""
    return datetime.now(UTC).replace(microsecond=0)


class Workspace:
    """The Tasks & Activities API over one SQLite file.

    ``user_id`` is recorded as who creates tasks and logs activities. Any number of threads and
    processes may use the same file.
    """

    def __init__(
        self,
        path: Path,
        *,
        user_id: str | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.store = Store(path)
        self.user_id = user_id
        self.clock = clock
        self._lock = Lock()

    def close(self) -> None:
        """Close the file."""
        self.store.close()

    def __call__(self, request: Request) -> Response:
        """Answer one request. Raises `StoreError` if the file cannot be used."""
        handler, item_id, methods = find_route(request.method, request.path)
        if handler is None:
            return _refuse(_no_route(request, methods), {"allow": ", ".join(methods)})
        now = self.clock()
        with self._lock:
            session = self.store.reading() if request.method == "GET" else self.store.writing()
            try:
                with session as connection:
                    call = Call(
                        connection,
                        query=request.query,
                        body=request.body,
                        item_id=item_id,
                        now=format_timestamp(now),
                        user_id=self.user_id,
                    )
                    key = request.headers.get("idempotency-key")
                    if request.method == "POST" and key:
                        return _answer_once(handler, call, request, key, now)
                    return _accept(handler(call))
            except Refusal as refusal:
                return _refuse(refusal)


def _answer_once(
    handler: Handler, call: Call, request: Request, key: str, now: datetime
) -> Response:
    """Answer as the first request with this key was answered, in the record's own transaction."""
    connection = call.connection
    description = json.dumps([request.method, request.path, request.body], sort_keys=True)
    known = connection.execute(
        "SELECT request, answer FROM idempotency WHERE key = ?", (key,)
    ).fetchone()
    echo = {"idempotency-key": key}
    if known is not None:
        if known[0] != description:
            raise Refusal(
                409, "idempotency_conflict", "This Idempotency-Key was used for another request."
            )
        status, content = json.loads(known[1])
        return Response(status, content, headers=echo)
    response = _accept(handler(call), echo)
    connection.execute(
        "INSERT INTO idempotency VALUES (?, ?, ?, ?)",
        (key, description, json.dumps([response.status, response.content]), call.now),
    )
    oldest = format_timestamp(now - timedelta(days=IDEMPOTENCY_DAYS))
    connection.execute("DELETE FROM idempotency WHERE created_at < ?", (oldest,))
    return response


def _accept(reply: Reply, headers: dict[str, str] | None = None) -> Response:
    content = {"success": True, "data": reply.data}
    if reply.meta is not None:
        content["meta"] = reply.meta
    return Response(reply.status, content, headers=headers or {})


def _refuse(refusal: Refusal, headers: dict[str, str] | None = None) -> Response:
    error = {"code": refusal.code, "message": refusal.message, "details": refusal.details}
    return Response(refusal.status, {"success": False, "error": error}, headers=headers or {})


def _no_route(request: Request, methods: list[str]) -> Refusal:
    if methods:
        return Refusal(
            405, "method_not_allowed", f"{request.path} takes {', '.join(methods)} only."
        )
    return Refusal(404, "not_found", f"There is nothing at {request.path}.")
