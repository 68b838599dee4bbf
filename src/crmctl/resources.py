"""The vocabulary of the Tasks & Activities API, once.

Validation, the workspace's SQL, table columns, choices and completion are each a plain loop over
these tables. Source: the reference's sections List Tasks, Create a Task, List Activities, Log an
Activity.
"""

from __future__ import annotations

from crmctl.fields import Field, Filter, Operation, Resource

OPEN_STATUSES = ("pending", "in_progress")
CLOSED_STATUSES = ("completed", "cancelled")
TASK_STATUSES = (*OPEN_STATUSES, *CLOSED_STATUSES)
PRIORITIES = ("low", "medium", "high", "urgent")
TASK_TYPES = ("todo", "call", "email", "meeting", "follow_up")
RELATED_TYPES = ("contact", "deal", "project")
REMINDER_TYPES = ("email", "push")
ACTIVITY_TYPES = ("call", "email", "meeting", "note", "sms")
OUTCOMES = ("connected", "voicemail", "no_answer", "busy", "scheduled", "completed")
RECORD_TYPES = ("user", "contact", "deal", "project")
ID_PREFIXES = {"user": "usr_", "contact": "con_", "deal": "deal_"}

DEFAULT_LIMIT = 25
MAX_LIMIT = 100


OPERATIONS = {
    operation.name: operation
    for operation in (
        Operation("list_tasks", "GET", "/tasks", "List tasks"),
        Operation("get_task", "GET", "/tasks/:id", "Get a task"),
        Operation("create_task", "POST", "/tasks", "Create a task"),
        Operation("update_task", "PUT", "/tasks/:id", "Change the fields given, and no others"),
        Operation("complete_task", "PUT", "/tasks/:id/complete", "Mark a task as completed"),
        Operation("delete_task", "DELETE", "/tasks/:id", "Delete a task"),
        Operation("list_activities", "GET", "/activities", "List activities"),
        Operation("log_activity", "POST", "/activities", "Log an activity"),
        Operation("list_contacts", "GET", "/contacts", "List the contacts that are known by name"),
        Operation("list_deals", "GET", "/deals", "List the deals that are known by name"),
        Operation("activity_feed", "GET", "/activities/feed", "All activities, most recent first"),
    )
}

TASK = Resource(
    "task",
    "tasks",
    collection="/tasks",
    id_prefix="task_",
    fields=(
        Field("id", "id", "The task's ID", nullable=False, column="ID"),
        Field(
            "title",
            help="What there is to do",
            required=True,
            create=True,
            update=True,
            column="Title",
        ),
        Field("description", "text", "Details, in Markdown", create=True, update=True),
        Field(
            "status",
            "enum",
            "How far it is",
            choices=TASK_STATUSES,
            default="pending",
            update=True,
            column="Status",
        ),
        Field(
            "priority",
            "enum",
            "How much it matters",
            choices=PRIORITIES,
            default="medium",
            create=True,
            update=True,
            column="Priority",
        ),
        Field(
            "type",
            "enum",
            "What kind of work it is",
            choices=TASK_TYPES,
            default="todo",
            create=True,
            update=True,
            column="Type",
        ),
        Field(
            "assignee_id", "id", "The user assigned to it", record="user", create=True, update=True
        ),
        Field("assignee_name", help="That user's name", of=("assignee_id",), column="Assignee"),
        Field("due_date", "time", "When it is due", create=True, update=True, column="Due"),
        Field(
            "related_to",
            "object",
            "What it concerns",
            of=("related_to_type", "related_to_id"),
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
            "The type of what it concerns",
            choices=RELATED_TYPES,
            create=True,
            update=True,
            readable=False,
        ),
        Field(
            "related_to_id",
            "id",
            "The ID of what it concerns",
            create=True,
            update=True,
            readable=False,
        ),
        Field(
            "reminder",
            "object",
            "How and how long before it is due to remind the assignee",
            create=True,
            update=True,
            fields=(
                Field("type", "enum", choices=REMINDER_TYPES, required=True),
                Field("before_minutes", "integer", required=True),
            ),
        ),
        Field("created_by", "id", "The user who created it"),
        Field("created_at", "time", "When it was created", nullable=False),
        Field("updated_at", "time", "When it was last changed", nullable=False),
        Field("completed_at", "time", "When it was completed"),
        Field("completion_note", "text", "What was said of its completion", complete=True),
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
    id_prefix="act_",
    fields=(
        Field("id", "id", "The activity's ID", nullable=False, column="ID"),
        Field(
            "type",
            "enum",
            "What kind of contact it was",
            choices=ACTIVITY_TYPES,
            required=True,
            create=True,
            column="Type",
        ),
        Field("subject", help="What it was about", create=True, column="Subject"),
        Field("description", "text", "Notes, or what was said", create=True),
        Field("contact_id", "id", "The contact it was with", record="contact", create=True),
        Field("contact_name", help="That contact's name", of=("contact_id",), column="Contact"),
        Field("deal_id", "id", "The deal it concerns", record="deal", create=True),
        Field("deal_name", help="That deal's name", of=("deal_id",), column="Deal"),
        Field("duration", "integer", "Its length in minutes", create=True, column="Duration"),
        Field("outcome", "enum", "How it ended", choices=OUTCOMES, create=True, column="Outcome"),
        Field("attendees", "ids", "The contacts who attended", nullable=False, create=True),
        Field("user_id", "id", "The user who logged it", record="user"),
        Field("user_name", help="That user's name", of=("user_id",)),
        Field(
            "occurred_at",
            "time",
            "When it happened; now, if not said",
            nullable=False,
            create=True,
            column="When",
        ),
        Field("created_at", "time", "When it was logged", nullable=False),
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


def _named(name: str, plural: str, id_prefix: str) -> Resource:
    """A sibling of tasks and activities, of which no more than this is known here."""
    return Resource(
        name,
        plural,
        collection=f"/{plural}",
        id_prefix=id_prefix,
        fields=(
            Field("id", "id", f"The {name}'s ID", nullable=False, column="ID"),
            Field("name", help=f"What the {name} is called", nullable=False, column="Name"),
            Field("email", help="An e-mail address", column="E-mail"),
        ),
        filters=(),
        sorts=(),
        default_sort="id",
    )


CONTACT = _named("contact", "contacts", ID_PREFIXES["contact"])
DEAL = _named("deal", "deals", ID_PREFIXES["deal"])
