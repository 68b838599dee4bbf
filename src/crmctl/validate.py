"""Holds a request against the tables of `resources`: the same checks before sending and on arrival.

A problem is ``{"field", "code", "message"}``. Codes: ``unknown``, ``read_only``, ``required``,
``type``, ``blank``, ``choice``, ``time``, ``range``, ``text``, ``pair``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmctl.fields import Action, Field, Filter, Resource
from crmctl.resources import MAX_LIMIT
from crmctl.timestamps import parse_timestamp

Problem = dict[str, str]

# SQLite keeps a 64-bit integer, and JSON readers agree on 53 bits.
LARGEST_INTEGER = 2**53 - 1

# Neither says anything without the other.
RELATED_PAIR = ("related_to_type", "related_to_id")

TIME_EXAMPLES = "2026-03-25 or 2026-03-25T17:00:00Z"


def problem(field: str, code: str, message: str) -> Problem:
    """One thing that is wrong, as errors carry it."""
    return {"field": field, "code": code, "message": message}


def check_body(resource: Resource, body: Any, action: Action) -> list[Problem]:
    """What is wrong with the body of a create, update or complete request; empty if nothing is."""
    if not isinstance(body, dict):
        return [problem("body", "type", "must be a JSON object")]
    accepted = resource.accepted[action]
    problems: list[Problem] = []
    for name, value in body.items():
        field = accepted.get(name)
        if field is None:
            problems.append(_unexpected(resource, str(name), accepted))
        elif not _is_plain(field, value):
            problems += check_value(field, value, name, clears=action != "create")
    if action == "create":
        problems += [
            problem(name, "required", "is required")
            for name in resource.required
            if name not in body
        ]
    if RELATED_PAIR[0] in body or RELATED_PAIR[1] in body:
        problems += _check_related_to(body)
    return problems


def _is_plain(field: Field, value: Any) -> bool:
    """Whether nothing can be wrong with a value; the quick answer for most of them, never wrong.

    Of an import, checking each value in full was a fifth.
    """
    if type(value) is not str or not value.isascii() or "\0" in value:
        return False
    if field.type == "enum":
        return value in field.choices
    return field.type in ("string", "text", "id") and value != "" and not value.isspace()


def check_query(
    resource: Resource,
    query: Mapping[str, str],
    *,
    filters: tuple[Filter, ...],
    accepted: tuple[str, ...],
) -> list[Problem]:
    """What is wrong with the query parameters of a list that takes these filters and others."""
    fields = {filter.name: filter.field for filter in filters}
    problems = []
    for name, value in query.items():
        if name in accepted:
            problems += _check_list_parameter(resource, name, value)
        elif name in fields:
            problems += check_value(resource.field(fields[name]), value, name, clears=False)
        else:
            names = ", ".join([*fields, *accepted]) or "none"
            problems.append(problem(name, "unknown", f"is not a parameter; there are: {names}"))
    return problems


def unknown_fields(resource: Resource, names: list[str]) -> list[str]:
    """Those of the dotted field names that the resource's responses do not have."""
    known = resource.field_names()
    return [name for name in names if name not in known]


def _check_list_parameter(resource: Resource, name: str, value: str) -> list[Problem]:
    if name == "limit":
        is_number = value.isascii() and value.isdigit() and len(value) < 10
        if not is_number or not 1 <= int(value) <= MAX_LIMIT:
            return [problem(name, "range", f"must be a whole number from 1 to {MAX_LIMIT}")]
    elif name == "sort":
        if value.removeprefix("-") not in resource.sorts:
            return [
                problem(name, "choice", _choices_text(resource.sorts, " (- first: descending)"))
            ]
    elif name == "fields":
        unknown = unknown_fields(resource, value.split(","))
        if unknown:
            known = ", ".join(resource.field_names())
            return [
                problem(name, "choice", f"does not know {', '.join(unknown)}; there are: {known}")
            ]
    elif not value:
        return [problem(name, "blank", "must not be empty")]
    return []


def check_value(field: Field, value: Any, name: str, *, clears: bool = False) -> list[Problem]:
    """What is wrong with a field's value, called ``name``; ``clears`` says that null clears it."""
    if value is None:
        if field.required:
            return [problem(name, "required", "is required")]
        if clears and field.default is not None:
            return [problem(name, "required", "cannot be cleared")]
        return []
    check = _CHECKS.get(field.type, _check_text)
    return check(field, value, name)


def _check_text(field: Field, value: Any, name: str) -> list[Problem]:
    if not isinstance(value, str):
        return [problem(name, "type", "must be text")]
    if not _is_text(value):
        return [problem(name, "text", "is not valid Unicode text")]
    if "\0" in value:
        return [problem(name, "text", "must not hold U+0000")]  # PostgreSQL keeps none
    if field.type == "enum" and value not in field.choices:
        return [problem(name, "choice", _choices_text(field.choices))]
    if field.type == "time":
        return _check_time(value, name)
    if (field.required or field.type == "id") and not value.strip():
        return [problem(name, "blank", "must not be blank")]
    return []


def _check_time(value: str, name: str) -> list[Problem]:
    try:
        parse_timestamp(value)
    except ValueError:
        return [problem(name, "time", f"must be an ISO 8601 date or time, such as {TIME_EXAMPLES}")]
    return []


def _check_integer(field: Field, value: Any, name: str) -> list[Problem]:
    # JSON has one kind of number: 30.0 is a whole one.
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if not whole or isinstance(value, bool):
        return [problem(name, "type", "must be a whole number")]
    if not field.minimum <= value <= LARGEST_INTEGER:
        return [problem(name, "range", f"must be at least {field.minimum}, at most 2^53 - 1")]
    return []


def _check_object(field: Field, value: Any, name: str) -> list[Problem]:
    if not isinstance(value, dict):
        parts = " and ".join(inner.name for inner in field.fields)
        return [problem(name, "type", f"must be an object with {parts}")]
    inner_names = [inner.name for inner in field.fields]
    problems = [
        problem(f"{name}.{key}", "unknown", f"is not a field; there are: {', '.join(inner_names)}")
        for key in value
        if key not in inner_names
    ]
    for inner in field.fields:
        path = f"{name}.{inner.name}"
        if inner.name in value and value[inner.name] is not None:
            problems += check_value(inner, value[inner.name], path, clears=False)
        elif inner.required:
            problems.append(problem(path, "required", "is required"))
    return problems


def _check_ids(field: Field, value: Any, name: str) -> list[Problem]:
    del field
    if not isinstance(value, list):
        return [problem(name, "type", "must be a list of IDs")]
    for item in value:
        if not isinstance(item, str) or not item.strip() or not _is_text(item) or "\0" in item:
            return [problem(name, "type", "must be a list of IDs, none of them blank")]
    return []


_CHECKS = {"integer": _check_integer, "object": _check_object, "ids": _check_ids}


def _check_related_to(body: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for one, other in (RELATED_PAIR, RELATED_PAIR[::-1]):
        if body.get(one) is not None and body.get(other) is None:
            problems.append(problem(other, "pair", f"is required with {one}"))
        elif one in body and other not in body:
            problems.append(problem(other, "pair", f"must be null too, as {one} is"))
    return problems


def _unexpected(resource: Resource, name: str, accepted: Mapping[str, Field]) -> Problem:
    names = ", ".join(accepted)
    if any(field.name == name for field in resource.fields):
        return problem(name, "read_only", f"cannot be set here; these can: {names}")
    return problem(name, "unknown", f"is not a field; there are: {names}")


def _choices_text(choices: tuple[str, ...], note: str = "") -> str:
    return f"must be one of {', '.join(choices)}{note}"


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value)
