"""Which handler answers which method and path: the operations of the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import unquote

from crmctl.resources import OPERATIONS
from crmctl.workspace import handlers
from crmctl.workspace.call import Call, Refusal, Reply

Handler = Callable[[Call], Reply]

ROUTES: dict[str, dict[str, Handler]] = {}
"""For each path, an ID in it as ``:id``, its handlers by method."""

for _operation in OPERATIONS.values():
    _methods = ROUTES.setdefault(_operation.path, {})
    _methods[_operation.method] = getattr(handlers, _operation.name)
    if _operation.method == "GET":
        # Answered as GET is; what has no body to send leaves it out.
        _methods["HEAD"] = _methods["GET"]


def canonical_path(path: str) -> str:
    """The one of a path's spellings that goes by: ``/v1/tasks`` and ``/tasks/`` are ``/tasks``."""
    below = path.removeprefix("/v1") if path == "/v1" or path.startswith("/v1/") else path
    return f"/{below.strip('/')}"


def find_route(method: str, path: str) -> tuple[Handler | None, str, list[str]]:
    """The handler, the ID in the path (or ""), and the methods that the path does take.

    An unknown path takes no methods.
    """
    if path in ROUTES:
        return ROUTES[path].get(method), "", list(ROUTES[path])
    pattern = canonical_path(path)
    segments = pattern.removeprefix("/").split("/")
    item_id = ""
    if pattern not in ROUTES and len(segments) > 1:
        item_id = unquote(segments[1])
        pattern = f"/{'/'.join([segments[0], ':id', *segments[2:]])}" if item_id else ""
    methods = ROUTES.get(pattern, {})
    return methods.get(method), item_id, list(methods)


def no_route(path: str, methods: Sequence[str]) -> Refusal:
    """The refusal of a method that a path does not take, or of a path that takes none."""
    if not methods:
        return Refusal(404, "not_found", f"There is nothing at {path}.")
    allowed = ", ".join(methods)
    message = f"{path} takes {allowed} only."
    return Refusal(405, "method_not_allowed", message, headers={"allow": allowed})
