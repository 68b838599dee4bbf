"""Reads what a line of an import holds into what is sent for it.

A line has what an export has, or what people type: names for IDs, `fri` for a date, `45m`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmctl.cli import inputs, names, times
from crmctl.cli.known import Snapshot
from crmctl.cli.renaming import field_of
from crmctl.delivery.lines import INVALID, Entry, Result
from crmctl.errors import InvalidInput
from crmctl.resources import ACTIVITY, RELATED_TYPES, TASK
from crmctl.validate import Problem, check_body, check_value, problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from crmctl.api.client import Client
    from crmctl.cli.context import Context
    from crmctl.cli.lines import Record
    from crmctl.cli.renaming import Renaming
    from crmctl.fields import Field, Resource

    Body = dict[str, Any]
    Read = Callable[[str, Any, bool], Any]
    Reading = tuple[str, Read | None]

# As the options have it, where the API has another word.
_TYPED = {
    "task": {"assignee": "assignee_id", "due": "due_date", "remind": "reminder"},
    "activity": {"contact": "contact_id", "deal": "deal_id", "at": "occurred_at"},
}
# What a task gets by a second request.
_LATER = ("status", "completion_note")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_DROPPED: Reading = ("", None)  # what the server makes itself
_SHOWN = 12  # problems of one line


class ItemReader:
    """Reads lines of one resource. What a name means is found once.

    ``columns`` are those of a CSV file: with a ``renaming`` what is neither named there nor a field
    is left out, and ``left_out`` has it; without one it is refused. ``meant`` has by names the IDs
    that they became. Raises UsageError.
    """

    def __init__(
        self, crm: Context, resource: Resource, renaming: Renaming, columns: Sequence[str]
    ) -> None:
        self._crm = crm
        self._resource = resource
        self._renaming = renaming
        self.meant: dict[str, str] = {}  # what names became
        self._known: Snapshot | None = None
        self._found: dict[tuple[str, str], str | InvalidInput] = {}
        self._readings = self._all_readings()
        for field in {**renaming.fields, **renaming.values}:
            if field not in self._readings:
                raise inputs.refuse_choice(field, self._names(), "--map")
        missing = [each for each in renaming.columns if each not in columns]
        if columns and missing:
            raise InvalidInput(
                f"--map: there is no column {missing[0]!r:.60}; there are: {', '.join(columns)}."
            )
        self.left_out = [
            name
            for name in columns
            if name not in renaming.columns and field_of(name) not in self._readings
        ]
        if self.left_out and not renaming.fields:
            raise InvalidInput(
                f"line 1: no field is called {', '.join(map(repr, self.left_out)):.200};"
                f" there are: {', '.join(self._names())}.",
                hint="--map FIELD=COLUMN reads a column as a field, and leaves the others out.",
            )

    def read(self, record: Record) -> Entry | Result:
        """What is to be sent for the line, or what is wrong with it."""
        if record.fields is None:
            return _refuse(record, [problem("line", "line", record.problem)])
        body, later, problems = self._read(self._renaming.applied(record.fields))
        if self._resource is ACTIVITY:
            # Said also where it is now, so that what is sent again is the same activity.
            body.setdefault("occurred_at", times.this_second(self._crm))
        problems += check_body(self._resource, body, "create")
        for name, value in later.items():
            problems += check_value(self._resource.field(name), value, name)
        if "completion_note" in later and later.get("status") != "completed":
            problems.append(problem("completion_note", "pair", "goes with the status completed"))
        if problems:
            return _refuse(record, problems)
        status = later.get("status", "pending")
        finish = None if status == "pending" else Closing(status, later.get("completion_note"))
        return Entry(record.number, record.raw, body=body, finish=finish)

    def _read(self, fields: Mapping[str, Any]) -> tuple[Body, Body, list[Problem]]:
        body: Body = {}
        later: Body = {}
        problems: list[Problem] = []
        readings = self._readings
        # An ID of its own tells what was exported: there an ID is an ID, whatever is called so.
        exported = "id" in fields
        for key, value in fields.items():
            if value is None:
                continue
            reading = readings.get(key)
            if reading is None and (reading := readings.get(field_of(key))) is None:
                if not self._renaming.fields:
                    known = ", ".join(self._names())
                    problems.append(problem(key, "unknown", f"is not a field; there are: {known}"))
                continue
            target, read = reading
            if read is not None:
                try:
                    value = read(key, value, exported)  # noqa: PLW2901 - in place of what was typed
                except InvalidInput as error:
                    said = error.message.removeprefix(f"{key}: ").rstrip(".")
                    problems.append(problem(key, "value", said))
                    continue
            if target in _LATER:
                later[target] = value
            elif target:
                body[target] = value
            elif isinstance(value, _Part):
                whole = body.get(value.of)
                body[value.of] = whole if isinstance(whole, dict) else {}
                body[value.of][value.name] = value.value
            elif read is not None:
                body |= value
        return body, later, problems

    def _all_readings(self) -> dict[str, Reading]:
        """Of each name that a line may have: the field that it sets, and what reads its value.

        With no field, what reads it gives several, or a part of one; with neither it is dropped.
        """
        readings: dict[str, Reading] = {}
        for field in self._resource.fields:
            # Activities have no second request, nor what it would set.
            kept = field.create or field.name in _LATER
            readings[field.name] = (field.name, self._reader_of(field)) if kept else _DROPPED
            for inner in field.fields:
                readings[f"{field.name}.{inner.name}"] = _part_of(field, inner)
        for typed, name in _TYPED[self._resource.name].items():
            readings[typed] = readings[name]
        if self._resource is TASK:
            readings["related_to"] = ("", _pair)
            readings["related_to_id"] = ("related_to_id", self._related_id)
            for kind in RELATED_TYPES:
                readings[kind] = ("", self._related_to(kind))
        return readings

    def _reader_of(self, field: Field) -> Read | None:
        if field.type == "enum":
            choices = field.choices
            return lambda _key, value, _exported: (
                value if value in choices or not isinstance(value, str) else inputs.spell(value)
            )
        if field.type == "time":
            return lambda key, value, _exported: self._instant(field.name, key, value)
        if field.type == "id" and field.record:
            types = [field.record]
            return lambda key, value, exported: value if exported else self._id(types, key, value)
        if field.type == "ids":
            return lambda key, value, exported: self._ids(key, value, exported=exported)
        if field.type == "integer":
            return lambda _key, value, _exported: (
                inputs.read_minutes(value) if isinstance(value, str) else value
            )
        if field.type == "object":
            return lambda _key, value, _exported: (
                inputs.read_reminder(value) if isinstance(value, str) else value
            )
        return None

    def _instant(self, name: str, key: str, value: Any) -> Any:
        if not isinstance(value, str) or _INSTANT.fullmatch(value):
            return value
        if name == "due_date":
            return times.read_when(self._crm, value, key, toward="future", day="end")
        return times.read_when(self._crm, value, key, toward="past")

    def _id(self, types: list[str], key: str, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return value
        of = ("|".join(types), value)
        if of not in self._found:
            try:
                found = self._find(types, key, value)
                if value not in (found, f"id:{found}"):
                    self.meant[value] = found
                self._found[of] = found
            except InvalidInput as error:
                self._found[of] = error
        known = self._found[of]
        if isinstance(known, InvalidInput):
            raise known
        return known

    def _find(self, types: list[str], key: str, value: str) -> str:
        if value == "me" and types == ["user"]:
            return str(names.read_user(self._crm, value, key))
        if self._known is None:
            self._known = Snapshot(self._crm.known)
        return names.find(self._crm, types, value, key, known=self._known)[0]

    def _ids(self, key: str, value: Any, *, exported: bool) -> Any:
        if isinstance(value, str):
            apart = "[,;]" if re.search("[,;]", value) else " "
            value = [part.strip() for part in re.split(apart, value) if part.strip()]
        if exported or not isinstance(value, list):
            return value
        return [self._id(["contact"], key, each) for each in value]

    def _related_id(self, key: str, value: Any, exported: bool) -> Any:
        return value if exported else self._id(list(RELATED_TYPES), key, value)

    def _related_to(self, kind: str) -> Read:
        return lambda key, value, _exported: {
            "related_to_type": kind,
            "related_to_id": self._id([kind], key, value),
        }

    def _names(self) -> list[str]:
        """The names that a line may have, but for what is dropped."""
        return [name for name, reading in self._readings.items() if reading != _DROPPED]


class _Part:
    """A part of an object that stands in a column of its own."""

    __slots__ = ("name", "of", "value")

    def __init__(self, of: str, name: str, value: Any) -> None:
        self.of = of
        self.name = name
        self.value = value


class Closing:
    """The second request of a task whose status is another than pending."""

    __slots__ = ("note", "status")

    def __init__(self, status: str, note: str | None) -> None:
        self.status = status
        self.note = note

    def __call__(self, client: Client, task_id: str) -> object:
        """Send it."""
        if self.status == "completed":
            return client.complete_task(task_id, completion_note=self.note)
        return client.update_task(task_id, {"status": self.status})


def _part_of(field: Field, inner: Field) -> Reading:
    """Reads a part of an object; of one that is sent as two fields, one of these."""
    name = f"{field.name}_{inner.name}"
    if not field.create:
        return (name, None) if name in field.of else _DROPPED

    def read(_key: str, value: Any, _exported: bool) -> _Part:
        number = inner.type == "integer" and isinstance(value, str) and value.isdecimal()
        return _Part(field.name, inner.name, int(value) if number else value)

    return "", read


def _pair(key: str, value: Any, exported: bool) -> Body:  # noqa: ARG001 - a reader
    if not isinstance(value, dict):
        raise InvalidInput(f"{key}: must be an object with type and id.")
    return {"related_to_type": value.get("type"), "related_to_id": value.get("id")}


def _refuse(record: Record, problems: list[Problem]) -> Result:
    said = "; ".join(f"{each['field']} {each['message']}" for each in problems[:_SHOWN])
    error = InvalidInput(
        f"line {record.number}: {said}.", details=[dict(each) for each in problems]
    )
    return Result(Entry(record.number, record.raw), INVALID, error)
