"""What a field, a filter, a resource and an operation are; which there are is in `resources`."""

from __future__ import annotations

from typing import Literal

Action = Literal["create", "update", "complete"]
FieldType = Literal["string", "text", "id", "ids", "integer", "time", "enum", "object"]


class Field:
    """One field of a resource.

    ``create``, ``update`` and ``complete`` say which requests may carry it; ``readable`` whether
    responses do, and ``nullable`` whether it may be null there. An enum's ``choices`` are in
    ascending order, which is also how it sorts. ``record`` is the type of record that it is the ID
    of; ``of`` names the fields that it is made of, where it is not kept itself. ``column`` is its
    heading in a table of many; a field without one is shown on request only. ``since`` is the
    version of the workspace's schema that it came with.
    """

    __slots__ = (
        "choices",
        "column",
        "complete",
        "create",
        "default",
        "fields",
        "help",
        "name",
        "nullable",
        "of",
        "readable",
        "record",
        "required",
        "since",
        "type",
        "update",
    )

    def __init__(
        self,
        name: str,
        type: FieldType = "string",
        help: str = "",
        *,
        choices: tuple[str, ...] = (),
        required: bool = False,
        default: str | None = None,
        nullable: bool = True,
        create: bool = False,
        update: bool = False,
        complete: bool = False,
        readable: bool = True,
        record: str = "",
        of: tuple[str, ...] = (),
        column: str = "",
        fields: tuple[Field, ...] = (),
        since: int = 1,
    ) -> None:
        self.name = name
        self.type = type
        self.help = help
        self.choices = choices
        self.required = required
        self.default = default
        self.nullable = nullable and not required and default is None
        self.create = create
        self.update = update
        self.complete = complete
        self.readable = readable
        self.record = record
        self.of = of
        self.column = column
        self.fields = fields
        self.since = since


class Filter:
    """One query parameter that narrows a list: ``field operator value``."""

    __slots__ = ("field", "name", "operator")

    def __init__(self, name: str, field: str, operator: Literal["=", "<", ">", "<=", ">="]) -> None:
        self.name = name
        self.field = field
        self.operator = operator


class Resource:
    """One collection of the API: where it is, what its items hold, how lists are narrowed.

    ``accepted`` are the fields that a request may carry, by its action and by name; ``required``
    those that one which creates must.
    """

    __slots__ = (
        "_named",
        "accepted",
        "collection",
        "default_sort",
        "fields",
        "filters",
        "id_prefix",
        "name",
        "plural",
        "required",
        "sorts",
    )

    def __init__(
        self,
        name: str,
        plural: str,
        *,
        collection: str,
        id_prefix: str,
        fields: tuple[Field, ...],
        filters: tuple[Filter, ...],
        sorts: tuple[str, ...],
        default_sort: str,
    ) -> None:
        self.name = name
        self.plural = plural
        self.collection = collection
        self.id_prefix = id_prefix
        self.fields = fields
        self.filters = filters
        self.sorts = sorts
        self.default_sort = default_sort
        self._named = {field.name: field for field in fields}
        self.accepted: dict[Action, dict[str, Field]] = {
            "create": {field.name: field for field in fields if field.create},
            "update": {field.name: field for field in fields if field.update},
            "complete": {field.name: field for field in fields if field.complete},
        }
        self.required = tuple(field.name for field in fields if field.create and field.required)

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        return self._named[name]

    def field_names(self) -> list[str]:
        """Every name that `fields` takes: readable fields, and those in objects as ``a.b``."""
        names = []
        for field in self.fields:
            if field.readable:
                names.append(field.name)
                names.extend(f"{field.name}.{inner.name}" for inner in field.fields)
        return names


class Operation:
    """One endpoint: what the client's method and the workspace's handler are both called."""

    __slots__ = ("method", "name", "path", "summary")

    def __init__(self, name: str, method: str, path: str, summary: str) -> None:
        self.name = name
        self.method = method
        self.path = path
        self.summary = summary
