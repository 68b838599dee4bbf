"""What a PUT sent, against what the server shows: which values were taken."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

from crmctl.api.message import Request
from crmctl.fields import Field, Resource
from crmctl.resources import TASK
from crmctl.timestamps import is_date_only, parse_timestamp

_COMPLETING = "/complete"
# Free text is not among them: a server may trim or reword it, and has then taken it all the same.
_COMPARED = frozenset({"enum", "id", "ids", "time", "object"})
_UNSHOWN = object()
_EMPTY: tuple[Any, ...] = (None, "", [], {})


def item_path(path: str) -> str:
    """The path of the item that a write of that path changes: its GET shows it."""
    return path.removesuffix(_COMPLETING)


def item_id_of(path: str) -> str:
    """The ID in a path."""
    return unquote(item_path(path).rpartition("/")[2])


def differences(request: Request, item: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields that are shown with another value than was sent, each with both values.

    Enums, IDs and times (as instants) are compared, free text never.
    """
    return {
        name: (sent, shown)
        for name, sent, shown, same in _compared(request, item, text=False)
        if not same
    }


def agreements(request: Request, item: Mapping[str, Any]) -> list[str]:
    """The fields among those of `differences` that are shown as they were sent."""
    return [name for name, _, _, same in _compared(request, item, text=False) if same]


def confirms(request: Request, item: Mapping[str, Any]) -> bool:
    """Whether an item shows all that was sent, free text too, so far as it shows it at all."""
    compared = _compared(request, item, text=True)
    return bool(compared) and all(same for _, _, _, same in compared)


def shows(resource: Resource, body: Mapping[str, Any], item: Mapping[str, Any]) -> bool:
    """Whether an item shows all that a create sent, free text to the letter.

    What an item does not show at all is not held against it, nor a record that was not linked.
    """
    for name, sent in body.items():
        field, shown = resource.field(name), _shown(item, name)
        unlinked = shown is None and field.type in ("id", "ids")
        if shown is not _UNSHOWN and not unlinked and not _same(field, sent, shown, text=True):
            return False
    return True


def _compared(
    request: Request, item: Mapping[str, Any], *, text: bool
) -> list[tuple[str, Any, Any, bool]]:
    sent_fields: dict[str, Any] = dict(request.body) if isinstance(request.body, dict) else {}
    if request.path.endswith(_COMPLETING):
        sent_fields["status"] = "completed"
    compared = []
    for name, sent in sent_fields.items():
        field = _field(request.path, name)
        if not text and (field is None or field.type not in _COMPARED):
            continue
        shown = _shown(item, name)
        if shown is not _UNSHOWN:
            compared.append((name, sent, shown, _same(field, sent, shown, text=text)))
    return compared


def _field(path: str, name: str) -> Field | None:
    if not path.startswith(f"{TASK.collection}/"):
        return None
    return next((field for field in TASK.fields if field.name == name), None)


def _shown(item: Mapping[str, Any], name: str) -> Any:
    """The value of a field in an item, also of one that is shown inside an object."""
    if name in item:
        return item[name]
    for field in TASK.fields:
        if name in field.of and field.fields and field.name in item:
            shown = item[field.name]
            if shown is None:
                return None
            if isinstance(shown, dict):
                return shown.get(name.removeprefix(f"{field.name}_"), _UNSHOWN)
    return _UNSHOWN


def _same(field: Field | None, sent: Any, shown: Any, *, text: bool) -> bool:
    if sent in _EMPTY or shown in _EMPTY:
        return sent in _EMPTY and shown in _EMPTY
    if field is None or field.type in ("string", "text", "integer"):
        return bool(sent == shown)
    if field.type == "time":
        return _same_time(sent, shown)
    if field.type == "object":
        if not isinstance(sent, dict) or not isinstance(shown, dict):
            return bool(sent == shown)
        return all(
            _same(inner, sent[inner.name], shown[inner.name], text=text)
            for inner in field.fields
            if (text or inner.type in _COMPARED) and inner.name in sent and inner.name in shown
        )
    if field.type == "ids" and isinstance(sent, list) and isinstance(shown, list):
        return sorted(map(str, sent)) == sorted(map(str, shown))
    return str(sent) == str(shown)


def _same_time(sent: Any, shown: Any) -> bool:
    try:
        apart = abs(parse_timestamp(sent) - parse_timestamp(shown))
        # A date alone is no instant: which one of that day it is, and in which zone, is the
        # server's to say.
        day_alone = is_date_only(sent) or is_date_only(shown)
    except (TypeError, ValueError):
        return bool(sent == shown)
    return apart <= timedelta(days=2) if day_alone else not apart
