"""What is shown of an item: its columns in a table, and every field it may be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmctl.errors import UsageError
from crmctl.resources import Resource

Item = Mapping[str, Any]


class Column:
    """One column: the dotted name of a field, and its heading."""

    __slots__ = ("heading", "name")

    def __init__(self, name: str, heading: str) -> None:
        self.name = name
        self.heading = heading


class View:
    """What one kind of item looks like.

    ``columns`` are those of a table and of plain text, ``fields`` all dotted names that can be
    asked for, and ``name`` and ``plural`` what the items are called. ``chosen`` says that the user
    named the columns.
    """

    __slots__ = ("chosen", "columns", "fields", "name", "plural")

    def __init__(
        self,
        *,
        columns: list[Column],
        fields: list[str],
        name: str,
        plural: str,
        chosen: bool = False,
    ) -> None:
        self.columns = columns
        self.fields = fields
        self.name = name
        self.plural = plural
        self.chosen = chosen


def view_of(resource: Resource, fields: str | None) -> View:
    """How a resource is shown, or those of its fields that ``fields`` names, as in ``a,b.c``."""
    columns = [Column(field.name, field.column) for field in resource.fields if field.column]
    view = View(
        columns=columns,
        fields=resource.field_names(),
        name=resource.name,
        plural=resource.plural,
    )
    return view if fields is None else choose(view, fields)


def columns_of(names: Sequence[str]) -> list[Column]:
    """Columns headed by their names in words."""
    return [Column(name, heading_of(name)) for name in names]


def heading_of(name: str) -> str:
    """A field's name in words: ``related_to.name`` is ``Related to name``."""
    words = name.replace("_", " ").replace(".", " ")
    if words == "id" or words.endswith(" id"):
        words = words[:-2] + "ID"
    return words[:1].upper() + words[1:]


def choose(view: View, fields: str) -> View:
    """The view with these fields alone. Raises `UsageError` for one that it does not have."""
    names = [name.strip() for name in fields.split(",")]
    unknown = [name for name in names if name not in view.fields]
    if unknown:
        raise UsageError(
            f"--fields: {view.name} has no {', '.join(map(repr, unknown))};"
            f" there are: {', '.join(view.fields)}."
        )
    headings = {column.name: column.heading for column in view.columns}
    return View(
        columns=[Column(name, headings.get(name) or heading_of(name)) for name in names],
        fields=names,
        name=view.name,
        plural=view.plural,
        chosen=True,
    )


def pick(item: Item, name: str) -> Any:
    """The value of a dotted name, or None where there is nothing."""
    value: Any = item
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def select(item: Item, names: list[str]) -> dict[str, Any]:
    """The item with these fields alone, in this order, objects still objects; absent is None."""
    chosen: dict[str, Any] = {}
    for name in names:
        outer, _, inner = name.partition(".")
        if not inner:
            chosen[outer] = item.get(outer)
        else:
            part = chosen.get(outer)
            if not isinstance(part, dict):
                part = chosen[outer] = {}
            part[inner] = pick(item, name)
    return chosen
