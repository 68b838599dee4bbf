"""The cursor of a list: opaque to clients, a place in a certain list to the workspace."""

from __future__ import annotations

import json
from binascii import Error as DecodeError
from binascii import a2b_base64, b2a_base64
from collections.abc import Mapping
from typing import Any

from crmctl.store.pages import Place

# What a page may change without being a page of another list.
_FREE = ("cursor", "limit", "fields")


def write_cursor(
    place: Place, *, resource: str, query: Mapping[str, str], total: int, issued: str
) -> str:
    """The text that brings a client to ``place`` of the list of ``resource`` and ``query``."""
    entries = [
        place.as_of,
        place.segment,
        place.key,
        place.seq,
        total,
        issued,
        _list_named_by(resource, query),
    ]
    packed = json.dumps(entries, separators=(",", ":")).encode()
    return b2a_base64(packed, newline=False).decode().translate({43: "-", 47: "_", 61: None})


def read_cursor(text: str, *, resource: str, query: Mapping[str, str]) -> tuple[Place, int, str]:
    """The place, the list's total and the time of issue.

    Raises ValueError for what is not a cursor, or is one of another list.
    """
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    try:
        entries = json.loads(a2b_base64(padded.encode("ascii"), strict_mode=True))
        as_of, segment, key, seq, total, issued, named = entries
    except (DecodeError, UnicodeError, ValueError, TypeError, RecursionError) as error:
        raise ValueError("is not a cursor of this workspace") from error
    numbers = (as_of, segment, seq, total)
    if not all(type(number) is int for number in numbers) or not isinstance(issued, str):
        raise ValueError("is not a cursor of this workspace")
    if not isinstance(key, str | int) or not all(abs(number) < 2**63 for number in numbers):
        raise ValueError("is not a cursor of this workspace")
    usable = abs(key) < 2**63 if isinstance(key, int) else key.isascii()
    if not usable:
        raise ValueError("is not a cursor of this workspace")
    if named != _list_named_by(resource, query):
        raise ValueError("belongs to a list with other filters or another sort")
    return Place(as_of, segment, key, seq), total, issued


def _list_named_by(resource: str, query: Mapping[str, str]) -> list[Any]:
    return [resource, *sorted([name, query[name]] for name in query if name not in _FREE)]
