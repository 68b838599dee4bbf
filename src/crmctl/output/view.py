"""What is shown of an item: its columns in a table, and every field it may be asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmctl.errors import UsageError
from crmctl.fields import FieldType, Resource

Item = Mapping[str, Any]


class Column:
    """One column: the dotted name of a field, its heading, and what type of value it holds."""

    __slots__ = ("heading", "name", "type")

    def __init__(self, name: str, heading: str, type: FieldType = "string") -> None:
        self.name = name
        self.heading = heading
        self.type = type


class View:
    """What one kind of item looks like.

    ``columns`` are those of a table and of plain text, ``fields`` all dotted names that can be
    asked for, and ``name`` what one item is called. ``types`` are the types of those fields that
    are more than a string. ``chosen`` says that the user named the columns.
    """

    __slots__ = ("chosen", "columns", "fields", "name", "types")

    def __init__(
        self,
        *,
        columns: list[Column],
        fields: list[str],
        name: str,
        types: Mapping[str, FieldType] | None = None,
        chosen: bool = False,
    ) -> None:
        self.columns = columns
        self.fields = fields
        self.name = name
        self.types = types or {}
        self.chosen = chosen


def view_of(resource: Resource, fields: str | None) -> View:
    """How a resource is shown, or those of its fields that ``fields`` names, as in ``a,b.c``.

    Raises UsageError for a name that is none of the resource's.
    """
    types: dict[str, FieldType] = {}
    for field in resource.fields:
        types[field.name] = field.type
        for inner in field.fields:
            types[f"{field.name}.{inner.name}"] = inner.type
    view = View(
        columns=[
            Column(field.name, field.column, field.type)
            for field in resource.fields
            if field.column
        ],
        fields=resource.field_names(),
        name=resource.name,
        types=types,
    )
    return choose(view, fields) if fields else view


def columns_of(names: Sequence[str]) -> list[Column]:
    """Columns headed by their names in words; ``when`` and what ends in ``_at`` are times."""
    return [Column(name, in_words(name), _type_of(name)) for name in names]


def _type_of(name: str) -> FieldType:
    if name == "when" or name.endswith("_at"):
        return "time"
    return "id" if name == "id" else "string"


def in_words(name: str) -> str:
    """A field's name in words: ``related_to.name`` is ``Related to name``."""
    words = name.replace("_", " ").replace(".", " ")
    if words == "id" or words.endswith(" id"):
        words = words[:-2] + "ID"
    return words[:1].upper() + words[1:]


def choose(view: View, fields: str) -> View:
    """The view with these fields alone. Raises UsageError for one that it does not have."""
    names = [name.strip() for name in fields.split(",")]
    unknown = [name for name in names if name not in view.fields]
    if unknown:
        raise UsageError(
            f"--fields: {view.name} has no {', '.join(map(repr, unknown)):.80};"
            f" there are: {', '.join(view.fields)}."
        )
    known = {column.name: column for column in view.columns}
    return View(
        columns=[
            known.get(name) or Column(name, in_words(name), view.types.get(name, "string"))
            for name in names
        ],
        fields=names,
        name=view.name,
        types=view.types,
        chosen=True,
    )


def pick(item: Item, name: str) -> Any:
    """The value of a dotted name, or None where there is nothing."""
    if "." not in name:
        return item.get(name)
    value: Any = item
    for part in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def pick_shown(item: Item, name: str) -> Any:
    """The value that a column shows: where somebody's name is not known, their ID."""
    value = pick(item, name)
    if value is None and name.endswith("_name"):
        return item.get(f"{name.removesuffix('_name')}_id")
    return value


def select(item: Item, names: Sequence[str]) -> dict[str, Any]:
    """The item with these fields alone, in this order, objects still objects; absent is None."""
    chosen: dict[str, Any] = {}
    for name in names:
        outer, _, inner = name.partition(".")
        if not inner:
            chosen[outer] = item.get(outer)
        elif outer not in names:
            chosen.setdefault(outer, {})[inner] = pick(item, name)
    return chosen


def to_text(value: Any) -> str:
    """A value as a program reads it from a cell, not yet `visible`.

    Nothing for null; an object by its name, else its parts as in ``deal:deal_xyz789`` and
    ``email:60``; a list with spaces between. Raises BadAnswer for what is nested too deeply.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Mapping):
        name = value.get("name")
        parts = [value[part] for part in value if value[part] is not None]
        return name if isinstance(name, str) and name else ":".join(map(_part_text, parts))
    if isinstance(value, list):
        return " ".join(map(_part_text, value))
    return _part_text(value)


def _part_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    from crmctl.output.json_text import encode

    return encode(value)
