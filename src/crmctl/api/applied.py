"""Whether a change was applied: what was sent, held against what the server shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crmctl import errors
from crmctl.api.message import Request, Response
from crmctl.api.outcome import is_empty, kind_of
from crmctl.resources import OPERATIONS, TASK
from crmctl.timestamps import is_date_only, parse_timestamp
from crmctl.validate import problem

GONE = Response(200, {"success": True, "data": None})
"""What a DELETE of something that is no longer there comes to."""

_COMPLETE = OPERATIONS["complete_task"].path.rpartition(":id")[2]


def check_applied(request: Request, response: Response) -> Response:
    """The answer to a PUT. Raises Rejected where it shows other values than were sent."""
    taken, others = compare(request, response.content["data"])
    if others:
        raise _not_applied(request, taken, others, response)
    return response


def look(
    request: Request,
    outcome: Response | errors.CrmctlError,
    read: Callable[[Request], Response],
) -> Response | None:
    """The answer that a PUT or a DELETE would have had, if reading back shows that it was applied.

    None where that does not tell. Raises Rejected where the server has confirmed the change, and
    shows other values than were sent.
    """
    path = request.path.removesuffix(_COMPLETE) if request.method == "PUT" else request.path
    try:
        answer = read(Request("GET", path, caller=request.caller, deadline=request.deadline))
    except errors.CrmctlError:
        return None
    if request.method == "DELETE":
        return GONE if answer.status == 404 else None
    data = answer.content.get("data") if isinstance(answer.content, Mapping) else None
    if kind_of(request, answer) != "done" or not isinstance(data, dict):
        return None
    taken, others = compare(request, data)
    confirmed = isinstance(outcome, Response) and outcome.status < 300 and is_empty(outcome)
    if others and confirmed:
        raise _not_applied(request, taken, others, outcome)
    # Free text tells nothing: of what else was sent, something has to be there.
    if confirmed or (taken and not others):
        return Response(200, {"success": True, "data": data})
    return None


def compare(request: Request, data: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The names of the fields that were sent and are there, and of those that are not.

    Choices, IDs and times (as instants) are compared. Free text may be edited by a server, and
    which instant of a day is meant is for it to say.
    """
    sent = dict(request.body) if isinstance(request.body, Mapping) else {}
    if request.path.endswith(_COMPLETE):
        sent["status"] = "completed"
    taken: list[str] = []
    others: list[str] = []
    for name, value in sent.items():
        if name not in _COMPARED or not _has(data, name) or _is_day(value):
            continue
        (taken if _same(_shown(data, name), value) else others).append(name)
    return taken, others


_COMPARED = {field.name for field in TASK.fields if field.type in ("enum", "id", "time")}


def _is_day(value: Any) -> bool:
    return isinstance(value, str) and is_date_only(value)


def _has(data: Mapping[str, Any], name: str) -> bool:
    return name in data or (name.startswith("related_to_") and "related_to" in data)


def _shown(data: Mapping[str, Any], name: str) -> Any:
    if name in data or not name.startswith("related_to_"):
        return data.get(name)
    related = data["related_to"]
    return (
        related.get(name.removeprefix("related_to_")) if isinstance(related, Mapping) else related
    )


def _same(shown: Any, sent: Any) -> bool:
    if shown == sent:
        return True
    if not isinstance(shown, str) or not isinstance(sent, str):
        return False
    try:
        return parse_timestamp(shown) == parse_timestamp(sent)
    except ValueError:
        return False


def _not_applied(
    request: Request, taken: list[str], others: list[str], outcome: Any
) -> errors.Rejected:
    kept = f"; {', '.join(taken)} was taken" if taken else ""
    return errors.Rejected(
        f"{request.method} {request.path} was answered, and not applied: {', '.join(others)} is"
        f" another than was sent{kept} (HTTP {outcome.status}).",
        status=outcome.status,
        request_id=outcome.request_id,
        details=[problem(name, "not_applied", "is another than was sent") for name in others],
    )
