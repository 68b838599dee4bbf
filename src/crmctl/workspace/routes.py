"""Which handler answers which method and path: the operations of the reference."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote

from crmctl.resources import OPERATIONS
from crmctl.workspace import handlers
from crmctl.workspace.call import Call, Reply

Handler = Callable[[Call], Reply]

ROUTES: dict[str, dict[str, Handler]] = {}
"""For each path, an ID in it as ``:id``, its handlers by method."""

for _operation in OPERATIONS.values():
    ROUTES.setdefault(_operation.path, {})[_operation.method] = getattr(handlers, _operation.name)


def find_route(method: str, path: str) -> tuple[Handler | None, str, list[str]]:
    """The handler, the ID in the path (or ""), and the methods that the path does take.

    ``/v1/tasks`` is ``/tasks``. An unknown path takes no methods.
    """
    if path in ROUTES:
        return ROUTES[path].get(method), "", list(ROUTES[path])
    segments = path.removeprefix("/v1").strip("/").split("/")
    pattern = f"/{'/'.join(segments)}"
    item_id = ""
    if pattern not in ROUTES and len(segments) > 1:
        item_id = unquote(segments[1])
        pattern = f"/{'/'.join([segments[0], ':id', *segments[2:]])}" if item_id else ""
    methods = ROUTES.get(pattern, {})
    return methods.get(method), item_id, list(methods)
