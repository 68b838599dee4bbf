"""What goes into a store and comes out of it."""

from __future__ import annotations

from typing import Any, Literal

Item = dict[str, Any]
Operator = Literal["=", "<", ">", "<=", ">="]

# What a workspace holds, in the order in which one is copied.
Kind = Literal["record", "api_key", "task", "activity", "answer"]
KINDS: tuple[Kind, ...] = ("record", "api_key", "task", "activity", "answer")


class Condition:
    """What the items of a list have in common: ``field operator value``."""

    __slots__ = ("field", "operator", "value")

    def __init__(self, field: str, operator: Operator, value: str) -> None:
        self.field = field
        self.operator = operator
        self.value = value


class Place:
    """Where a page starts: after the item whose sort field is ``key``, ``seq`` in insertion order.

    Items without a key come last in both directions: with a ``key`` of None it is among those.
    """

    __slots__ = ("key", "seq")

    def __init__(self, key: str | None, seq: int) -> None:
        self.key = key
        self.seq = seq


class Answer:
    """What a request with an ``Idempotency-Key`` was, and how it was answered."""

    __slots__ = ("content", "request", "status")

    def __init__(self, request: str, status: int, content: Any) -> None:
        self.request = request
        self.status = status
        self.content = content
