"""What several commands take: the filters of lists, the fields of a task, how many are sent."""

from typing import Annotated, Any

import typer

from crmctl.cli import inputs, names, options, times
from crmctl.cli.context import Context
from crmctl.cli.inputs import Sending
from crmctl.cli.lists import Asked
from crmctl.resources import (
    ACTIVITY,
    ACTIVITY_TYPES,
    OPEN_STATUSES,
    PRIORITIES,
    TASK,
    TASK_STATUSES,
    TASK_TYPES,
)


def task_filters(
    crm: Context,
    assignee: options.Assignee = None,
    status: options.Statuses = None,
    priority: options.Priorities = None,
    type: options.TaskTypes = None,
    due_before: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Due before that day or time.")
    ] = None,
    due_after: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Due after that day or time.")
    ] = None,
    due_by: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Due by then, that day or time included.")
    ] = None,
    related_to_type: options.RelatedToType = None,
    related_to_id: options.RelatedToId = None,
    contact: options.Contact = None,
    deal: options.Deal = None,
    project: options.Project = None,
    mine: Annotated[bool, typer.Option("--mine", help="Assigned to me.")] = False,
    open: Annotated[bool, typer.Option("--open", help="Pending or in progress.")] = False,
    overdue: Annotated[bool, typer.Option("--overdue", help="Open, and due before now.")] = False,
    today: Annotated[bool, typer.Option("--today", help="Open, and due today.")] = False,
    search: options.Search = None,
    sort: Annotated[str | None, options.sort_option(TASK.sorts)] = None,
    limit: options.Limit = None,
) -> Asked:
    """Which tasks are asked for."""
    assignees = inputs.only_one(("--assignee", assignee), ("--mine", "me" if mine else None))
    statuses = inputs.only_one(("--status", status), ("--open", "open" if open else None))
    if (overdue or today) and statuses is None:
        statuses = "open"
    soonest = overdue or today or statuses == "open"
    related = names.read_related_to(
        crm, related_to_type, related_to_id, contact, deal, project, whole=False
    )
    due = times.read_due(
        crm, before=due_before, after=due_after, by=due_by, overdue=overdue, today=today
    )
    sort = inputs.read_sort(sort, TASK) or ("due_date" if soonest else None)
    queries = inputs.read_queries(
        TASK,
        {
            "assignee_id": names.read_users(crm, assignees, "--assignee"),
            "status": (
                OPEN_STATUSES
                if statuses == "open"
                else inputs.read_choices(statuses, TASK_STATUSES, "--status")
            ),
            "priority": inputs.read_choices(priority, PRIORITIES, "--priority"),
            "type": inputs.read_choices(type, TASK_TYPES, "--type"),
            **related,
            **due,
        },
    )
    search, most = inputs.read_search(search), inputs.read_limit(limit)
    return Asked(queries, sort=sort, search=search, limit=most)


def activity_filters(
    crm: Context,
    type: options.ActivityTypes = None,
    contact: options.Contact = None,
    deal: options.Deal = None,
    user: options.User = None,
    since: options.From = None,
    to: options.To = None,
    search: options.Search = None,
    sort: Annotated[str | None, options.sort_option(ACTIVITY.sorts)] = None,
    limit: options.Limit = None,
) -> Asked:
    """Which activities are asked for."""
    sort = inputs.read_sort(sort, ACTIVITY)
    queries = inputs.read_queries(
        ACTIVITY,
        {
            "contact_id": names.read_record(crm, "contact", contact, "--contact"),
            "deal_id": names.read_record(crm, "deal", deal, "--deal"),
            "user_id": names.read_user(crm, user, "--user"),
            "date_from": times.read_past(crm, since, "--from"),
            "date_to": times.read_past_end(crm, to, "--to"),
            "type": inputs.read_choices(type, ACTIVITY_TYPES, "--type"),
        },
    )
    search, most = inputs.read_search(search), inputs.read_limit(limit)
    return Asked(queries, sort=sort, search=search, limit=most)


def task_fields(
    crm: Context,
    description: options.Description = None,
    assignee: options.Assignee = None,
    due: options.Due = None,
    priority: options.Priority = None,
    type: options.TaskType = None,
    related_to_type: options.RelatedToType = None,
    related_to_id: options.RelatedToId = None,
    contact: options.Contact = None,
    deal: options.Deal = None,
    project: options.Project = None,
    remind: options.Remind = None,
) -> dict[str, Any]:
    """The fields that create and update set, by name; None where nothing was given."""
    return {
        "description": inputs.read_description(crm, description),
        "assignee_id": names.read_user(crm, assignee, "--assignee", tell=True),
        "due_date": times.read_due_date(crm, due),
        "priority": priority,
        "type": type,
        **names.read_related_to(
            crm, related_to_type, related_to_id, contact, deal, project, tell=True
        ),
        "reminder": inputs.read_reminder(remind),
    }


def read_sending(
    crm: Context,
    concurrency: Annotated[
        str, typer.Option(metavar="N", help="Lines sent at once; 1 keeps their order.")
    ] = "4",
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Send the lines that are valid.")
    ] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Send no more after the first that fails.")
    ] = False,
    failed_to: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the lines that failed there.")
    ] = None,
) -> Sending:
    """How the lines are sent."""
    del crm
    threads = inputs.read_concurrency(concurrency)
    return Sending(threads, failed_to, skip_invalid=skip_invalid, fail_fast=fail_fast)
