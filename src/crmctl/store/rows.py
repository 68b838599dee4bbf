"""Items as rows and rows as items: the one place that knows how a value is kept.

A choice that lists are sorted by is kept as its rank, objects and lists as JSON. Where a database
has no times, one is kept as the API writes it, less the ``Z``: such texts sort as the instants do.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmctl.fields import Field, Resource
from crmctl.store.values import Item
from crmctl.timestamps import format_timestamp
from crmctl.validate import check_value

Codec = Callable[[Any], Any]

# What writes and what reads a column, by the type of its field, where that is not the value itself.
Codecs = Mapping[str, tuple[Codec, Codec]]

# What reading a value raises that crmctl has not written.
UNREADABLE = (ValueError, TypeError, LookupError, RecursionError)

# `json.dumps` with such an option builds an encoder anew, at each call.
_encode_json = json.JSONEncoder(ensure_ascii=False).encode

JSON_CODECS: Codecs = {
    "object": (_encode_json, json.loads),
    "ids": (_encode_json, json.loads),
}
TEXT_CODECS: Codecs = {
    **JSON_CODECS,
    "time": ((lambda time: time.removesuffix("Z")), (lambda kept: kept + "Z")),
}


def as_written(time: str | datetime | None) -> str | None:
    """A time as the API writes it, however a database gives it."""
    return format_timestamp(time) if isinstance(time, datetime) else time


def kept_fields(resource: Resource) -> list[Field]:
    """The fields that have a column; the others are made of them."""
    return [field for field in resource.fields if not field.of]


def is_ranked(resource: Resource, field: Field) -> bool:
    """Whether a choice is kept as its rank: where lists are sorted by it."""
    return field.type == "enum" and field.name in resource.sorts


class Rows:
    """How the items of one resource are kept.

    ``columns`` are the fields that have one, and ``insertion`` is the INSERT of a whole row.
    ``selected`` is what a SELECT asks for: each field that an answer shows, those without a column
    as NULL, then the columns that it does not show.
    """

    def __init__(self, resource: Resource, codecs: Codecs = TEXT_CODECS) -> None:
        self.resource = resource
        self.table = resource.name
        self.columns = [field.name for field in kept_fields(resource)]
        names, marks = ", ".join(self.columns), ", ".join("?" * len(self.columns))
        self.insertion = f"INSERT INTO {self.table} ({names}) VALUES ({marks})"
        self._shown = [field.name for field in resource.fields if field.readable]
        self._order = self._shown + [name for name in self.columns if name not in self._shown]
        self.selected = ", ".join(
            name if name in self.columns else f"NULL AS {name}" for name in self._order
        )
        self._encoders: dict[str, Codec] = {}
        self._decoders: list[tuple[str, Codec]] = []
        for field in kept_fields(resource):
            codec = codecs.get(field.type)
            if is_ranked(resource, field):
                codec = field.choices.index, field.choices.__getitem__
            if codec is not None:
                self._encoders[field.name] = codec[0]
                self._decoders.append((field.name, codec[1]))
        self._decoding = dict(self._decoders)
        # Of one field: the name of the record whose ID that is. Of two: an object of both.
        made = [field for field in resource.fields if field.of]
        self._names = [
            (field.name, resource.field(field.of[0]).record, self._order.index(field.of[0]))
            for field in made
            if len(field.of) == 1
        ]
        self._pairs = [
            (field.name, self._order.index(field.of[0]), self._order.index(field.of[1]))
            for field in made
            if len(field.of) == 2
        ]

    def encode(self, name: str, value: Any) -> Any:
        """A field's value as its column keeps it."""
        encode = self._encoders.get(name)
        return value if encode is None or value is None else encode(value)

    def decode(self, name: str, kept: Any) -> Any:
        """A field's value of what its column keeps."""
        decode = self._decoding.get(name)
        return kept if decode is None or kept is None else decode(kept)

    def row_of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Columns and what they keep, for the fields given."""
        row = dict(values)
        for name, encode in self._encoders.items():
            if (value := row.get(name)) is not None:
                row[name] = encode(value)
        return row

    def faults(self, row: Sequence[Any]) -> list[str]:
        """What makes a row of ``selected`` one that crmctl has not written; nothing if it has."""
        kept = dict(zip(self._order, row, strict=False))
        faults = []
        for field in kept_fields(self.resource):
            value = kept[field.name]
            try:
                value = self.decode(field.name, value)
            except UNREADABLE:
                fault = "cannot be read"
            else:
                found = check_value(field, value, field.name)
                fault = found[0]["message"] if found else ""
            if fault:
                faults.append(f"{field.name} of {self.table} {kept['id']!r:.80} {fault}")
        return faults

    def in_columns(self, row: Mapping[str, Any]) -> list[Any]:
        """The values of ``insertion`` for a row by column; what is not in it is NULL."""
        return list(map(row.get, self.columns))

    def as_selected(self, row: Mapping[str, Any]) -> list[Any]:
        """The same row as ``selected`` would give it."""
        return list(map(row.get, self._order))

    def records_of(self, rows: Sequence[Sequence[Any]]) -> set[tuple[str, str]]:
        """Type and ID of each record whose name the items of these rows of ``selected`` have."""
        named = {(type, row[at]) for row in rows for _, type, at in self._names}
        paired = {(row[type_at], row[at]) for row in rows for _, type_at, at in self._pairs}
        return {each for each in named | paired if None not in each}

    def item_of(self, row: Sequence[Any], name_of: Callable[[str, str], str | None]) -> Item:
        """The item that a row of ``selected`` keeps; ``name_of`` a type of record and an ID."""
        item = dict(zip(self._shown, row, strict=False))
        for name, decode in self._decoders:
            if (kept := item.get(name)) is not None:
                item[name] = decode(kept)
        for name, type, id_at in self._names:
            if (record_id := row[id_at]) is not None:
                item[name] = name_of(type, record_id)
        for name, type_at, id_at in self._pairs:
            if (type := row[type_at]) is not None:
                record_id = row[id_at]
                item[name] = {"type": type, "id": record_id, "name": name_of(type, record_id)}
        return item
