"""Looking whether a write was applied, where its answer left that open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crmctl import errors
from crmctl.api.compare import confirms, differences, item_id_of, item_path
from crmctl.api.message import Request, Response

Outcome = Response | errors.CrmctlError


def look(request: Request, send: Callable[[Request], Outcome]) -> tuple[Response | None, str]:
    """The answer that a write would have had if it is seen to be applied; else None, and what is
    seen instead.

    The item of a PUT shows what was sent, that of a DELETE is gone. A POST leaves nothing that
    could be asked for.
    """
    if request.method not in ("PUT", "DELETE"):
        return None, ""
    path = item_path(request.path)
    outcome = _get(request, send)
    if isinstance(outcome, Response) and outcome.status == 404:
        if request.method == "DELETE":
            return Response(204, headers=outcome.headers), ""
        return None, f"GET {path} finds nothing now."
    item = _item_of(request, outcome)
    if item is None or not isinstance(outcome, Response):
        return None, f"GET {path} did not show whether it was."
    if request.method == "DELETE":
        return None, f"GET {path} still shows it."
    if confirms(request, item):
        return outcome, ""
    different = ", ".join(differences(request, item)) or "it"
    return None, f"GET {path} does not show {different} as sent."


def show(request: Request, send: Callable[[Request], Outcome]) -> Response:
    """The answer to a PUT that was confirmed without an item: the item as it is, or its ID."""
    outcome = _get(request, send)
    if isinstance(outcome, Response) and _item_of(request, outcome) is not None:
        return outcome
    return Response(200, {"success": True, "data": {"id": item_id_of(request.path)}})


def _get(request: Request, send: Callable[[Request], Outcome]) -> Outcome:
    return send(Request("GET", item_path(request.path), deadline=request.deadline))


def _item_of(request: Request, outcome: Outcome) -> Mapping[str, Any] | None:
    """The item that the request changes, if the answer shows that one."""
    if not isinstance(outcome, Response) or outcome.status != 200:
        return None
    content = outcome.content
    if not isinstance(content, dict) or content.get("success") is False:
        return None
    item = content.get("data")
    if not isinstance(item, dict) or str(item.get("id")) != item_id_of(request.path):
        return None
    return item
