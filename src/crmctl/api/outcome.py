"""What became of a request, and what may be done about it: one table for every method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from crmctl import errors
from crmctl.api.message import Request, Response
from crmctl.resources import OPERATIONS

Kind = Literal["done", "refused", "moved", "unsent", "busy", "lost", "odd"]
"""``unsent`` is proven not to have been sent, ``busy`` answered and not applied; of ``lost`` no
whole answer came, or one that a server gives in the middle of its work; of ``odd`` one that says
nothing. ``moved`` is a redirect, which is never followed."""

Action = Literal["settle", "again", "look", "again, then look"]
"""``settle``: the client raises what it means, "unknown" for a write that is lost or odd."""

BUSY = frozenset({421, 425, 429})
LOST = frozenset({408, 500, 502, 503, 504})
MOVED = frozenset({301, 307, 308})

TABLE: dict[Kind, dict[str, Action]] = {
    "done": {"GET": "settle", "PUT": "settle", "DELETE": "settle", "POST": "settle"},
    "refused": {"GET": "settle", "PUT": "settle", "DELETE": "settle", "POST": "settle"},
    "moved": {"GET": "settle", "PUT": "settle", "DELETE": "settle", "POST": "settle"},
    "unsent": {"GET": "again", "PUT": "again", "DELETE": "again", "POST": "again"},
    "busy": {"GET": "again", "PUT": "again", "DELETE": "again", "POST": "again"},
    "lost": {
        "GET": "again",
        "PUT": "again, then look",
        "DELETE": "again, then look",
        "POST": "settle",
    },
    "odd": {"GET": "settle", "PUT": "look", "DELETE": "look", "POST": "settle"},
}


def action_for(kind: Kind, method: str) -> Action:
    """What may be done about a request that came to that. Of a method of no row: as of POST."""
    row = TABLE[kind]
    return row.get(method, row["POST"])


def kind_of(request: Request, outcome: Response | errors.CrmctlError) -> Kind:
    """What became of a request that was answered so, or failed so."""
    if isinstance(outcome, errors.OutcomeUnknown):
        return "lost"
    if isinstance(outcome, errors.CrmctlError):
        # A read that failed in the middle is as good as one that was never sent.
        return "unsent" if outcome.retryable else "refused"
    status = outcome.status
    if status in BUSY:
        return "busy"
    if status in LOST:
        return "lost"
    if status in MOVED:
        return "moved"
    if 400 <= status < 500:
        return "refused"
    if not 200 <= status < 300:
        return "odd"
    if isinstance(outcome.content, Mapping) and outcome.content.get("success") is False:
        return "refused"
    return "done" if _says_so(request, outcome) else "odd"


def is_empty(response: Response) -> bool:
    """Whether a success has nothing in it but that it is one: 204, no body, ``success`` alone."""
    content = response.content
    if response.status == 202:
        return False
    return content == {"success": True} or (content is None and not response.text.strip())


def _says_so(request: Request, response: Response) -> bool:
    """Whether a success holds what its operation promises; 202 promises it for later."""
    if response.status == 202:
        return False
    content = response.content
    if request.method == "DELETE":
        return is_empty(response) or isinstance(content, Mapping)
    if not isinstance(content, Mapping) or "data" not in content:
        return False
    data = content["data"]
    if request.method == "PUT":
        return isinstance(data, dict)
    if request.method == "POST" and request.path in _CREATING:
        return isinstance(data, dict) and data.get("id") not in (None, "")
    return True


_CREATING = {each.path for each in OPERATIONS.values() if each.method == "POST"}
