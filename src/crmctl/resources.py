"""The vocabulary of the Tasks & Activities API, once.

Validation, the workspace's SQL, table columns, choices and completion are each a plain loop over
these tables. Source: the reference's sections List Tasks, Create a Task, List Activities, Log an
Activity.
"""

from __future__ import annotations

from typing import Literal

FieldType = Literal["string", "text", "id", "ids", "integer", "time", "enum", "object"]

TASK_STATUSES = ("pending", "in_progress", "completed", "cancelled")
OPEN_STATUSES = ("pending", "in_progress")
PRIORITIES = ("low", "medium", "high", "urgent")
TASK_TYPES = ("todo", "call", "email", "meeting", "follow_up")
RELATED_TYPES = ("contact", "deal", "project")
REMINDER_TYPES = ("email", "push")
ACTIVITY_TYPES = ("call", "email", "meeting", "note", "sms")
OUTCOMES = ("connected", "voicemail", "no_answer", "busy", "scheduled", "completed")
RECORD_TYPES = ("user", "contact", "deal", "project")

DEFAULT_LIMIT = 25
MAX_LIMIT = 100


class Field:
    """One field of a resource.

    ``create``, ``update`` and ``complete`` say which requests may carry it; ``readable`` whether
    responses do. An enum's ``choices`` are in ascending order, which is also how it sorts.
    ``column`` is its heading in a table of many; a field without one is shown on request only.
    """

    __slots__ = (
        "choices",
        "column",
        "complete",
        "create",
        "default",
        "fields",
        "minimum",
        "name",
        "readable",
        "required",
        "type",
        "update",
    )

    def __init__(
        self,
        name: str,
        type: FieldType = "string",
        *,
        choices: tuple[str, ...] = (),
        required: bool = False,
        default: str | None = None,
        create: bool = False,
        update: bool = False,
        complete: bool = False,
        readable: bool = True,
        minimum: int = 0,
        column: str = "",
        fields: tuple[Field, ...] = (),
    ) -> None:
        self.name = name
        self.type = type
        self.choices = choices
        self.required = required
        self.default = default
        self.create = create
        self.update = update
        self.complete = complete
        self.readable = readable
        self.minimum = minimum
        self.column = column
        self.fields = fields


class Filter:
    """One query parameter that narrows a list: ``field operator value``."""

    __slots__ = ("field", "name", "operator")

    def __init__(self, name: str, field: str, operator: Literal["=", "<", ">", "<=", ">="]) -> None:
        self.name = name
        self.field = field
        self.operator = operator


class Resource:
    """One collection of the API: where it is, what its items hold, how lists are narrowed."""

    __slots__ = ("collection", "default_sort", "fields", "filters", "name", "plural", "sorts")

    def __init__(
        self,
        name: str,
        plural: str,
        *,
        collection: str,
        fields: tuple[Field, ...],
        filters: tuple[Filter, ...],
        sorts: tuple[str, ...],
        default_sort: str,
    ) -> None:
        self.name = name
        self.plural = plural
        self.collection = collection
        self.fields = fields
        self.filters = filters
        self.sorts = sorts
        self.default_sort = default_sort

    def field(self, name: str) -> Field:
        """The field of that name; KeyError if there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(name)

    def field_names(self) -> list[str]:
        """Every name that `fields` takes: readable fields, and those in objects as ``a.b``."""
        names = []
        for field in self.fields:
            if field.readable:
                names.append(field.name)
                names.extend(f"{field.name}.{inner.name}" for inner in field.fields)
        return names


TASK = Resource(
    "task",
    "tasks",
    collection="/tasks",
    fields=(
        Field("id", "id", column="ID"),
        Field("title", required=True, create=True, update=True, column="Title"),
        Field("description", "text", create=True, update=True),
        Field(
            "status",
            "enum",
            choices=TASK_STATUSES,
            default="pending",
            update=True,
            column="Status",
        ),
        Field(
            "priority",
            "enum",
            choices=PRIORITIES,
            default="medium",
            create=True,
            update=True,
            column="Priority",
        ),
        Field(
            "type",
            "enum",
            choices=TASK_TYPES,
            default="todo",
            create=True,
            update=True,
            column="Type",
        ),
        Field("assignee_id", "id", create=True, update=True),
        Field("assignee_name", column="Assignee"),
        Field("due_date", "time", create=True, update=True, column="Due"),
        Field(
            "related_to",
            "object",
            fields=(
                Field("type", "enum", choices=RELATED_TYPES),
                Field("id", "id"),
                Field("name"),
            ),
            column="Related to",
        ),
        Field(
            "related_to_type",
            "enum",
            choices=RELATED_TYPES,
            create=True,
            update=True,
            readable=False,
        ),
        Field("related_to_id", "id", create=True, update=True, readable=False),
        Field(
            "reminder",
            "object",
            create=True,
            update=True,
            fields=(
                Field("type", "enum", choices=REMINDER_TYPES, required=True),
                Field("before_minutes", "integer", required=True),
            ),
        ),
        Field("created_by", "id"),
        Field("created_at", "time"),
        Field("updated_at", "time"),
        Field("completed_at", "time"),
        Field("completion_note", "text", complete=True),
    ),
    filters=(
        Filter("assignee_id", "assignee_id", "="),
        Filter("status", "status", "="),
        Filter("priority", "priority", "="),
        Filter("type", "type", "="),
        Filter("due_before", "due_date", "<"),
        Filter("due_after", "due_date", ">"),
        Filter("related_to_type", "related_to_type", "="),
        Filter("related_to_id", "related_to_id", "="),
    ),
    sorts=("due_date", "priority", "created_at", "updated_at"),
    default_sort="-created_at",
)

ACTIVITY = Resource(
    "activity",
    "activities",
    collection="/activities",
    fields=(
        Field("id", "id", column="ID"),
        Field("type", "enum", choices=ACTIVITY_TYPES, required=True, create=True, column="Type"),
        Field("subject", create=True, column="Subject"),
        Field("description", "text", create=True),
        Field("contact_id", "id", create=True),
        Field("contact_name", column="Contact"),
        Field("deal_id", "id", create=True),
        Field("deal_name", column="Deal"),
        Field("duration", "integer", create=True, column="Duration"),
        Field("outcome", "enum", choices=OUTCOMES, create=True, column="Outcome"),
        Field("attendees", "ids", create=True),
        Field("user_id", "id"),
        Field("user_name"),
        Field("occurred_at", "time", create=True, column="When"),
        Field("created_at", "time"),
    ),
    filters=(
        Filter("type", "type", "="),
        Filter("contact_id", "contact_id", "="),
        Filter("deal_id", "deal_id", "="),
        Filter("user_id", "user_id", "="),
        Filter("date_from", "occurred_at", ">="),
        Filter("date_to", "occurred_at", "<="),
    ),
    sorts=("occurred_at", "created_at"),
    default_sort="-occurred_at",
)
