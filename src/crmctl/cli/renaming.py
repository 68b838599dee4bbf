"""What other programs call the columns of their exports, and what their values mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Renaming:
    """What --map says: columns of other programs as fields, their values as the API's.

    ``fields`` are the columns of each field, in the order given; ``values`` by field what each of
    their values means. ``columns`` are all that are named.
    """

    __slots__ = ("columns", "fields", "values")

    def __init__(self, given: Sequence[str]) -> None:
        self.fields: dict[str, list[str]] = {}
        self.values: dict[str, dict[str, str]] = {}
        for text in given:
            left, equals, right = text.partition("=")
            field, colon, value = left.partition(":")
            if not equals or not field or not (right or colon):
                raise UsageError(
                    f"--map: {text!r:.60} is not FIELD=COLUMN, nor FIELD:THEIRS=OURS.",
                    hint='Such as --map due=Deadline, or --map "status:Not started=pending".',
                )
            if colon:
                self.values.setdefault(field, {})[value.strip().lower()] = right
            else:
                self.fields.setdefault(field, []).append(right)
        self.columns = {each for columns in self.fields.values() for each in columns}

    def applied(self, fields: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a line holds by its fields' names; several columns of one with a blank between."""
        if not self.fields and not self.values:
            return fields
        renamed = {name: value for name, value in fields.items() if name not in self.columns}
        for field, columns in self.fields.items():
            parts = [fields[column] for column in columns if fields.get(column) is not None]
            if parts:
                renamed[field] = parts[0] if len(parts) == 1 else " ".join(map(str, parts))
        for field, meant in self.values.items():
            for name in [name for name in renamed if field in (name, field_of(name))]:
                value = meant.get(str(renamed[name]).strip().lower(), renamed[name])
                renamed[name] = None if value == "" else value
        return renamed


def field_of(name: str) -> str:
    """A column's name as a field's: `Due date` is due_date."""
    return "_".join(name.strip().lower().split())
