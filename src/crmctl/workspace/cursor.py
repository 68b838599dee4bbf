"""The cursor of a list: opaque to clients, a place in a certain list to the workspace."""

from __future__ import annotations

import json
from binascii import Error as DecodeError
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import Any

from crmctl.fields import Resource
from crmctl.store.values import Place
from crmctl.timestamps import parse_timestamp

# What a page may change without being a page of another list.
_FREE = ("cursor", "limit", "fields")


def write_cursor(place: Place, total: int, *, resource: Resource, query: Mapping[str, str]) -> str:
    """The text that brings a client to ``place`` of the list of ``resource`` and ``query``."""
    entries = [place.key, place.seq, total, _list_named_by(resource, query)]
    packed = json.dumps(entries, separators=(",", ":")).encode()
    return b2a_base64(packed, newline=False).decode().translate({43: "-", 47: "_", 61: None})


def read_cursor(
    text: str, *, resource: Resource, query: Mapping[str, str], sort: str
) -> tuple[Place, int]:
    """The place, and the list's total as it was counted for the first page.

    Raises ValueError for what is not a cursor, or is one of another list.
    """
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        entries = json.loads(a2b_base64(padded.encode("ascii"), strict_mode=True))
        key, seq, total, named = entries
        usable = _is_key(key, resource, sort) and _is_number(seq) and _is_number(total)
    except (DecodeError, UnicodeError, ValueError, TypeError, RecursionError):
        usable = False
    if not usable:
        raise ValueError("is not a cursor of this workspace")
    if named != _list_named_by(resource, query):
        raise ValueError("belongs to a list with other filters or another sort")
    return Place(key, seq), total


def _is_key(key: Any, resource: Resource, sort: str) -> bool:
    field = resource.field(sort.removeprefix("-"))
    if key is None:
        return field.nullable
    if field.choices:
        return key in field.choices
    if field.type == "time":
        parse_timestamp(key)
    return isinstance(key, str)


def _is_number(value: Any) -> bool:
    return type(value) is int and abs(value) < 2**63


def _list_named_by(resource: Resource, query: Mapping[str, str]) -> list[Any]:
    return [resource.name, *sorted([name, query[name]] for name in query if name not in _FREE)]
