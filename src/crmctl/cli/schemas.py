"""The JSON Schema (2020-12) of each thing that crmctl prints: `crmctl schema`.

Resources are read from the vocabulary. Fields and values that a server has beyond it are allowed.
"""

from __future__ import annotations

from typing import Any

from crmctl.delivery.entries import SHOWN, STATES, WAITING
from crmctl.delivery.lines import STATUSES
from crmctl.errors import FAMILY
from crmctl.fields import Field, Resource
from crmctl.report import AGES
from crmctl.resources import ACTIVITY, RECORD_TYPES, TASK

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER = {"type": "integer"}
_NUMBER_OR_NULL = {"type": ["integer", "null"]}
_TRUTH = {"type": "boolean"}
_TRUTH_OR_NULL = {"type": ["boolean", "null"]}
_ANYTHING: dict[str, Any] = {}
_OBJECT = {"type": "object"}
_OBJECT_OR_NULL = {"type": ["object", "null"]}
_TIME = {"type": "string", "format": "date-time"}
_SUMS = {"count": _NUMBER, "minutes": _NUMBER}


def _list_of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": schema}


def _object(fields: dict[str, Any], *optional: str) -> dict[str, Any]:
    """An object with these fields, each there but for the optional ones."""
    required = [name for name in fields if name not in optional]
    return {"type": "object", "properties": fields, "required": required}


_ARGUMENT = _object(
    {
        "name": _TEXT,
        "help": _TEXT,
        "choices": _list_of(_TEXT),
        "required": _TRUTH,
        "repeatable": _TRUTH,
    }
)
_OPTION = _object(
    {
        "names": _list_of(_TEXT),
        "metavar": _TEXT_OR_NULL,
        "help": _TEXT,
        "choices": _list_of(_TEXT),
        "default": _TEXT_OR_NULL,
        "repeatable": _TRUTH,
    }
)
_ERROR = _object(
    {
        "code": {"type": "string", "examples": sorted({error.code for error in FAMILY})},
        "message": _TEXT,
        "hint": _TEXT_OR_NULL,
        "status": _NUMBER_OR_NULL,
        "request_id": _TEXT_OR_NULL,
        "retryable": _TRUTH,
        "details": _list_of(_ANYTHING),
        "typed": _OBJECT,
    },
    "typed",
)

_KEY = {
    "name": _TEXT,
    "user_id": _TEXT,
    "read_only": _TRUTH,
    "created_at": _TIME,
    "expires_at": {"type": ["string", "null"], "format": "date-time"},
    "revoked_at": {"type": ["string", "null"], "format": "date-time"},
}

# What is no resource of the API, each with what it is.
_OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "count": ("What --count prints", _object({"count": _NUMBER})),
    "deleted": (
        "What is left of a task or a record that was deleted",
        _object({"type": _TEXT, "id": _TEXT, "deleted": _TRUTH}, "type", "deleted"),
    ),
    "brief": (
        "A contact or a deal; open_tasks and activities are as the API has them",
        _object(
            {
                "type": _TEXT_OR_NULL,
                "id": _TEXT,
                "name": _TEXT_OR_NULL,
                "email": _TEXT_OR_NULL,
                "overdue": _NUMBER,
                "open_tasks": _list_of(_OBJECT),
                "activities": _list_of(_OBJECT),
            }
        ),
    ),
    "log": (
        "What was done by `activity log` with --complete or --then",
        _object({"activity": _OBJECT, "completed": _OBJECT_OR_NULL, "created": _OBJECT_OR_NULL}),
    ),
    "queued": (
        "An entry of the outbox; exported, it has base_url and made in place of id",
        _object(
            dict.fromkeys(SHOWN, _TEXT_OR_NULL)
            | {"id": _NUMBER, "state": {"enum": list(STATES)}, "attempts": _NUMBER}
            | {"body": {"type": ["object", "string"], "description": "Text where it is damaged"}},
            "id",
        ),
    ),
    "flushed": (
        "How many a flush delivered, how many were refused, and how many are left in each state",
        _object(dict.fromkeys(("delivered", "refused", *WAITING), _NUMBER)),
    ),
    "exported": ("A file, and how many entries it has", _object({"path": _TEXT, "count": _NUMBER})),
    "imported": (
        "How many entries were put in, and how many were there already",
        _object({"imported": _NUMBER, "known": _NUMBER}),
    ),
    "outbox": (
        "The outbox of a profile: how many are in each state, and wait for another key",
        _object(
            {"profile": _TEXT, "base_url": _TEXT_OR_NULL, "path": _TEXT}
            | dict.fromkeys((*STATES, "other_keys"), _NUMBER)
        ),
    ),
    "record": (
        "A user, contact, deal or project that is known by name",
        _object(
            {
                "type": {"type": "string", "examples": list(RECORD_TYPES)},
                "id": _TEXT,
                "name": _TEXT,
                "email": _TEXT_OR_NULL,
                "active": _TRUTH_OR_NULL,
                "notifications": _TRUTH_OR_NULL,
            }
        ),
    ),
    "pulled": (
        "How many names of a server were fetched, and when",
        _object({"type": _TEXT, "count": _NUMBER, "pulled_at": _TEXT}),
    ),
    "result": (
        "What became of one line of an import, or of IDs on stdin; id is null where there is none",
        _object(
            {
                "line": _NUMBER,
                "status": {"enum": list(STATUSES)},
                "id": _TEXT_OR_NULL,
                "error": _OBJECT_OR_NULL,
            }
        ),
    ),
    "request": (
        "What a write would send, under --dry-run; several, or of several IDs, as an array",
        _object(
            {"method": _TEXT, "path": _TEXT, "query": _OBJECT, "body": _ANYTHING},
            *("query", "body"),
        ),
    ),
    "answer": (
        "The server's answer to `crmctl api`, as it stands",
        _object({"success": _TRUTH, "data": _ANYTHING, "meta": _OBJECT}, "success", "data", "meta"),
    ),
    "item": ("One item of `crmctl api --paginate`, as it stands", _OBJECT),
    "auth_status": (
        "The profile in use; accepted is null where no server said",
        _object(
            {
                "profile": _TEXT,
                "base_url": _TEXT_OR_NULL,
                "user_id": _TEXT_OR_NULL,
                "key_from": _TEXT_OR_NULL,
                "accepted": _TRUTH_OR_NULL,
            }
        ),
    ),
    "setting": (
        "A setting, its value and where that comes from",
        _object({"key": _TEXT, "value": _ANYTHING, "source": _TEXT}),
    ),
    "path": ("Where a file is", _object({"path": _TEXT})),
    "workspace": (
        "The embedded workspace and what it holds",
        _object(
            {
                "profile": _TEXT,
                "path": _TEXT,
                "exists": _TRUTH,
                "bytes": _NUMBER_OR_NULL,
                "schema": _NUMBER_OR_NULL,
                "tasks": _NUMBER_OR_NULL,
                "activities": _NUMBER_OR_NULL,
                "records": _NUMBER_OR_NULL,
            }
        ),
    ),
    "copied": (
        "A workspace that was copied: what is there now, and how much of it is new",
        _object(
            {
                "from": _TEXT,
                "to": _TEXT,
                **dict.fromkeys(
                    ("tasks", "activities", "records", "keys", "answers", "copied"), _NUMBER
                ),
            }
        ),
    ),
    "check": ("A workspace in which no damage was found", _object({"path": _TEXT, "ok": _TRUTH})),
    "key": ("A key that a workspace is served with", _object(_KEY)),
    "new_key": ("A key, shown this once", _object({"key": _TEXT, **_KEY})),
    "serving": ("Where a workspace is served", _object({"url": _TEXT})),
    "task_report": (
        "Open tasks by assignee and age",
        _object(
            {
                "as_of": _TIME,
                "by_assignee": _list_of(
                    _object(
                        {
                            "assignee_id": _TEXT_OR_NULL,
                            "assignee_name": _TEXT_OR_NULL,
                            **dict.fromkeys((*AGES, "total"), _NUMBER),
                        }
                    )
                ),
                "total": _object(dict.fromkeys((*AGES, "total"), _NUMBER)),
            }
        ),
    ),
    "activity_report": (
        "Activities by week, type and outcome; days are those of a week, from Monday",
        _object(
            {
                "as_of": _TIME,
                "date_from": _TIME,
                "date_to": {"type": ["string", "null"], "format": "date-time"},
                "by_week": _list_of(_object({"week": _TEXT, **_SUMS, "days": _list_of(_NUMBER)})),
                "by_type": _list_of(_object({"type": _TEXT_OR_NULL, **_SUMS})),
                "by_outcome": _list_of(_object({"outcome": _TEXT_OR_NULL, **_SUMS})),
                "rows": _list_of(
                    _object(
                        {"week": _TEXT, "type": _TEXT_OR_NULL, "outcome": _TEXT_OR_NULL, **_SUMS}
                    )
                ),
                "undated": _NUMBER,
                "total": _object(_SUMS),
            }
        ),
    ),
    "finding": (
        "What an examination found; fix is what mends it",
        _object(
            {
                "check": _TEXT,
                "status": {"enum": ["ok", "remark", "broken"]},
                "finding": _TEXT,
                "fix": _TEXT_OR_NULL,
            }
        ),
    ),
    "token": ("The key in use", _object({"token": _TEXT})),
    "script": ("A shell's completion script", _object({"shell": _TEXT, "script": _TEXT})),
    "installed": (
        "Where a completion script was put, and the startup file that was changed for it",
        _object({"shell": _TEXT, "path": _TEXT, "startup_file": _TEXT_OR_NULL}),
    ),
    "guide": ("The manual, as Markdown", _object({"text": _TEXT})),
    "command": (
        "A command; output names a schema, with brackets for an array, | for either",
        _object(
            {
                "command": _TEXT,
                "summary": _TEXT,
                "description": _TEXT,
                "examples": _list_of(_TEXT),
                "arguments": _list_of(_ARGUMENT),
                "options": _list_of(_OPTION),
                "writes": _TRUTH,
                "output": _TEXT_OR_NULL,
            }
        ),
    ),
    "schema": ("The name of a schema", _object({"name": _TEXT, "description": _TEXT})),
    "json_schema": ("A JSON Schema", _object({"$schema": _TEXT, "title": _TEXT})),
    "error": (
        "What stderr has where a command fails and its output is JSON",
        _object({"error": _ERROR}),
    ),
    "note": (
        "What stderr may have, a line each, where a command succeeds and its output is JSON",
        _object({"note": _object({"code": _TEXT, "message": _TEXT})}),
    ),
}
_RESOURCES = {resource.name: resource for resource in (TASK, ACTIVITY)}


def schema_names() -> dict[str, str]:
    """Every name that `json_schema` takes, with what it is of."""
    told = {
        name: f"One of the API's {resource.plural}, whole; --fields leaves out what is not named"
        for name, resource in _RESOURCES.items()
    }
    return told | {name: description for name, (description, _) in _OWN.items()}


def json_schema(name: str) -> dict[str, Any]:
    """The schema of that name; KeyError if there is none."""
    schema = _of_resource(_RESOURCES[name]) if name in _RESOURCES else _OWN[name][1]
    described = {"$schema": _DIALECT, "title": name, "description": schema_names()[name]}
    return {**described, **schema, "additionalProperties": True}


def _of_resource(resource: Resource) -> dict[str, Any]:
    fields = [field for field in resource.fields if field.readable]
    properties = {field.name: _of_field(field) for field in fields}
    # A server may answer a write with less than the item.
    return {"type": "object", "properties": properties, "required": ["id"]}


def _of_field(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"description": field.help} if field.help else {}
    if field.type == "enum":
        # Others than the documented values are handed on.
        other = ["string", "null"] if field.nullable else "string"
        return {**schema, "anyOf": [{"enum": list(field.choices)}, {"type": other}]}
    kind = {"integer": "integer", "ids": "array", "object": "object"}.get(field.type, "string")
    schema["type"] = [kind, "null"] if field.nullable else kind
    if field.type == "time":
        schema["format"] = "date-time"
    elif field.type == "ids":
        schema["items"] = {"type": "string"}
    elif field.type == "object":
        schema["properties"] = {inner.name: _of_field(inner) for inner in field.fields}
    return schema
