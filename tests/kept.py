"""Tasks and activities as a store is given them."""

from __future__ import annotations

from typing import Any

from crmctl.fields import Field, Resource
from crmctl.resources import TASK

NOW = "2026-03-20T10:00:00Z"
DUE = "2026-03-25T17:00:00Z"


def task(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A task as it is kept, all of its fields given."""
    values = {field.name: None for field in TASK.fields if not field.of}
    return {
        **values,
        "id": f"task_{number}",
        "title": f"Task {number}",
        "status": "pending",
        "priority": "high",
        "type": "todo",
        "created_at": NOW,
        "updated_at": NOW,
        **fields,
    }


def activity(number: int = 1, **fields: Any) -> dict[str, Any]:
    """An activity as it is kept."""
    return {
        "id": f"act_{number}",
        "type": "call",
        "attendees": [],
        "occurred_at": NOW,
        "created_at": NOW,
        **fields,
    }


def with_field(resource: Resource, field: Field) -> Resource:
    """A later edition of a resource, which has one field more."""
    return Resource(
        resource.name,
        resource.plural,
        collection=resource.collection,
        id_prefix=resource.id_prefix,
        fields=(*resource.fields, field),
        filters=resource.filters,
        sorts=resource.sorts,
        default_sort=resource.default_sort,
    )


def api_key(name: str, **fields: Any) -> dict[str, Any]:
    """An API key as it is kept, under its digest."""
    plain = {
        "name": name,
        "user_id": "usr_1",
        "read_only": False,
        "created_at": f"2026-03-20T10:00:0{len(name)}Z",
        "expires_at": None,
        "revoked_at": None,
    }
    return {**plain, **fields}
