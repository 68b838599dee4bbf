"""Which handler answers which method and path: the reference's headings, line by line."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from crmctl.workspace import handlers
from crmctl.workspace.call import Call, Reply

Handler = Callable[[Call], Reply]

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/tasks", handlers.list_tasks),
    ("GET", "/tasks/:id", handlers.get_task),
    ("POST", "/tasks", handlers.create_task),
    ("PUT", "/tasks/:id", handlers.update_task),
    ("PUT", "/tasks/:id/complete", handlers.complete_task),
    ("DELETE", "/tasks/:id", handlers.delete_task),
    ("GET", "/activities", handlers.list_activities),
    ("POST", "/activities", handlers.log_activity),
    ("GET", "/activities/feed", handlers.feed_activities),
)


def find_route(method: str, path: str) -> tuple[Handler | None, str, list[str]]:
    """The handler, the ID in the path (or ""), and the methods that the path does take.

    ``/v1/tasks`` is ``/tasks``. An unknown path takes no methods.
    """
    segments = path.removeprefix("/v1/").strip("/").split("/") if path != "/v1" else [""]
    methods = []
    for route_method, pattern, handler in ROUTES:
        item_id = _match(pattern.strip("/").split("/"), segments)
        if item_id is not None:
            methods.append(route_method)
            if route_method == method:
                return handler, item_id, methods
    return None, "", methods


def _match(pattern: list[str], segments: list[str]) -> str | None:
    if len(pattern) != len(segments):
        return None
    item_id = ""
    for expected, segment in zip(pattern, segments, strict=True):
        if expected == ":id":
            item_id = unquote(segment)
            if not item_id:
                return None
        elif expected != segment:
            return None
    return item_id
