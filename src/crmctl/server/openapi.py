"""The OpenAPI 3.1 document of what is served, read off the vocabulary."""

from __future__ import annotations

from typing import Any

from crmctl import __version__
from crmctl.fields import Action, Field, Operation, Resource
from crmctl.resources import ACTIVITY, CONTACT, DEAL, DEFAULT_LIMIT, MAX_LIMIT, OPERATIONS, TASK
from crmctl.validate import LARGEST_INTEGER, RELATED_PAIR
from crmctl.workspace.app import IDEMPOTENCY_DAYS, IDEMPOTENCY_KEY

Schema = dict[str, Any]

_RESOURCES = (TASK, ACTIVITY, CONTACT, DEAL)
# No 409: a key that another request is using is waited for, and one that was used for another body
# is a 422.
_ERRORS = (400, 401, 403, 404, 405, 408, 411, 413, 415, 422, 429, 431, 500, 501, 503)
# No text has U+0000 in it.
_ANY_TEXT = r"^[^\u0000]*$"
_NOT_BLANK = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


def openapi_document(mount: str = "") -> dict[str, Any]:
    """The document, for an API that is mounted there: ``/crm``, or nothing."""
    paths: dict[str, Any] = {}
    for operation in OPERATIONS.values():
        path = operation.path.replace(":id", "{id}")
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    schemas: dict[str, Schema] = {"Error": _ERROR, "Problem": _PROBLEM}
    for resource in _RESOURCES:
        schemas[_title(resource)] = _answered(resource)
        for action, fields in resource.accepted.items():
            if fields:
                schemas[f"{_title(resource)}{action.title()}"] = _asked(resource, action)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tasks & Activities API", "version": __version__},
        "servers": [{"url": mount or "/"}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
            "responses": {
                "Error": {
                    "description": "What is wrong",
                    "content": {"application/json": {"schema": _reference("Error")}},
                }
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    resource = next(each for each in _RESOURCES if operation.path.startswith(each.collection))
    item = operation.path.removeprefix(resource.collection).startswith("/:id")
    listed = operation.method == "GET" and not item
    status = "201" if operation.method == "POST" else "200"
    answer = {"application/json": {"schema": _envelope(operation, resource, listed=listed)}}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [resource.plural],
        "parameters": _parameters(operation, resource, item=item, listed=listed),
        "responses": {
            status: {"description": "Done", "content": answer},
            **{str(error): {"$ref": "#/components/responses/Error"} for error in _ERRORS},
        },
    }
    if operation.method in ("POST", "PUT"):
        action = _action(operation)
        schema = _reference(f"{_title(resource)}{action.title()}")
        described["requestBody"] = {
            "required": action != "complete",
            "content": {"application/json": {"schema": schema}},
        }
    return described


def _parameters(
    operation: Operation, resource: Resource, *, item: bool, listed: bool
) -> list[dict[str, Any]]:
    if item:
        schema: Schema = {"type": "string", "minLength": 1}
        return [{"name": "id", "in": "path", "required": True, "schema": schema}]
    if not listed:
        key = {
            "type": "string",
            "pattern": IDEMPOTENCY_KEY,
            "description": (
                "The same key and body get the first answer again, for"
                f" {IDEMPOTENCY_DAYS} days, also while the first is being given; another body"
                " is a 422. Every answer says `Idempotency-Keys: honoured`."
            ),
        }
        return [{"name": "Idempotency-Key", "in": "header", "schema": key}]
    found: dict[str, Schema] = {
        "limit": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "default": DEFAULT_LIMIT,
        },
        "cursor": {
            "type": "string",
            "minLength": 1,
            "description": "next_cursor of the page before",
        },
        "fields": {"type": "string", "pattern": _several_of(resource.field_names())},
    }
    if operation.path == resource.collection:
        for filter in resource.filters:
            found[filter.name] = _value(resource.field(filter.field))
        if resource.sorts:
            descending = [f"-{name}" for name in resource.sorts]
            found["sort"] = {"type": "string", "enum": [*resource.sorts, *descending]}
    return [{"name": name, "in": "query", "schema": schema} for name, schema in found.items()]


def _envelope(operation: Operation, resource: Resource, *, listed: bool) -> Schema:
    data: Schema = _reference(_title(resource))
    meta = _object({"warnings": {"type": "array", "items": _reference("Problem")}})
    required = ["success", "data"]
    if listed:
        data = {"type": "array", "items": data}
        number = {"type": "integer", "minimum": 0}
        meta = _object(
            {
                "total": number,
                "limit": number,
                "has_more": {"type": "boolean"},
                "next_cursor": {"type": "string"},
            },
            required=["total", "limit", "has_more"],
        )
        required.append("meta")
    elif operation.method == "DELETE":
        names = {"id": {"type": "string"}, "deleted": {"type": "boolean"}}
        data = _object(names, required=[*names])
    success = {"type": "boolean"}
    return _object({"success": success, "data": data, "meta": meta}, required=required)


def _answered(resource: Resource) -> Schema:
    """An item in an answer. None of its fields is sure to be there: `fields` leaves some out."""
    fields = [field for field in resource.fields if field.readable]
    return _object({field.name: _shown(field) for field in fields})


def _shown(field: Field) -> Schema:
    if field.type == "object":
        schema = _object({inner.name: _shown(inner) for inner in field.fields})
    elif field.type == "ids":
        schema = {"type": "array", "items": {"type": "string"}}
    elif field.type == "time":
        schema = {"type": "string", "format": "date-time"}
    elif field.type == "enum":
        schema = {"type": "string", "enum": list(field.choices)}
    else:
        schema = {"type": "integer" if field.type == "integer" else "string"}
    return _told(field, _or_null(schema) if field.nullable else schema)


def _asked(resource: Resource, action: Action) -> Schema:
    """The body of a request. Where null is no value, `validate` refuses it."""
    properties = {}
    for name, field in resource.accepted[action].items():
        clears_nothing = field.required or (action != "create" and field.default is not None)
        schema = _value(field)
        properties[name] = _told(field, schema if clears_nothing else _or_null(schema))
    required = [name for name in properties if action == "create" and resource.field(name).required]
    schema = _object(properties, required=required)
    schema["additionalProperties"] = False
    if set(RELATED_PAIR) <= set(properties):
        one, other = RELATED_PAIR
        schema["dependentRequired"] = {one: [other], other: [one]}
        # Both are null, or neither is. As `anyOf` it would be two types of body to a generator.
        schema["if"] = {"properties": {one: {"type": "null"}}, "required": [one]}
        schema["then"] = {"properties": {other: {"type": "null"}}}
        schema["else"] = {"properties": {other: {"type": "string"}}}
    return schema


def _value(field: Field) -> Schema:
    """What `validate` takes for a field."""
    match field.type:
        case "enum":
            return {"type": "string", "enum": list(field.choices)}
        case "integer":
            return {"type": "integer", "minimum": 0, "maximum": LARGEST_INTEGER}
        case "time":
            return {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}
        case "ids":
            return {"type": "array", "items": {"type": "string", "pattern": _NOT_BLANK}}
        case "object":
            schema = _object(
                {inner.name: _value(inner) for inner in field.fields},
                required=[inner.name for inner in field.fields if inner.required],
            )
            return {**schema, "additionalProperties": False}
    blank = not (field.required or field.type == "id")
    return {"type": "string", "pattern": _ANY_TEXT if blank else _NOT_BLANK}


def _or_null(schema: Schema) -> Schema:
    either = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        either["enum"] = [*schema["enum"], None]
    if "anyOf" in schema:
        either["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return either


def _told(field: Field, schema: Schema) -> Schema:
    return {"description": field.help, **schema} if field.help else schema


def _object(properties: dict[str, Schema], *, required: list[str] | None = None) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _several_of(names: list[str]) -> str:
    one = "|".join(name.replace(".", r"\.") for name in names)
    return f"^({one})(,({one}))*$"


def _action(operation: Operation) -> Action:
    if operation.method == "POST":
        return "create"
    return "complete" if operation.path.endswith("/complete") else "update"


def _title(resource: Resource) -> str:
    return resource.name.title()


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT = {"type": "string"}
_PROBLEM = _object(
    {"field": _TEXT, "code": _TEXT, "message": _TEXT}, required=["field", "code", "message"]
)
_ERROR = _object(
    {
        "success": {"const": False},
        "error": _object(
            {
                "code": _TEXT,
                "message": _TEXT,
                "details": {"type": "array", "items": _reference("Problem")},
                "request_id": _TEXT,
            },
            required=["code", "message", "details", "request_id"],
        ),
    },
    required=["success", "error"],
)
