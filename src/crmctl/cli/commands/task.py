"""`crmctl task`: what there is to do."""

from typing import Annotated

import typer

from crmctl.cli import inputs, options, times
from crmctl.cli.bulk import for_each
from crmctl.cli.context import Context
from crmctl.cli.lists import show_list
from crmctl.cli.show import show_done, show_one, show_written, view
from crmctl.errors import UsageError
from crmctl.resources import OPEN_STATUSES, PRIORITIES, TASK, TASK_STATUSES, TASK_TYPES

app = typer.Typer(help="Manage tasks.")


@app.command("list")
def list_(
    ctx: typer.Context,
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
    count: options.Count = False,
) -> None:
    """List tasks: all of them, or 25 in a table.

    Newest first; by due date under --open, --overdue and --today. Several values of --status,
    --priority, --type or --assignee stand with commas between.
    """
    crm: Context = ctx.obj
    assignees = inputs.only_one(("--assignee", assignee), ("--mine", "me" if mine else None))
    statuses = inputs.only_one(("--status", status), ("--open", "open" if open else None))
    if (overdue or today) and statuses is None:
        statuses = "open"
    soonest = overdue or today or statuses == "open"
    related = inputs.read_related_to(
        related_to_type, related_to_id, contact, deal, project, whole=False
    )
    due = times.read_due(
        crm, before=due_before, after=due_after, by=due_by, overdue=overdue, today=today
    )
    sort = inputs.read_sort(sort, TASK) or ("due_date" if soonest else None)
    queries = inputs.read_queries(
        TASK,
        {
            "assignee_id": inputs.read_users(crm, assignees),
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
    show_list(crm, TASK, queries, sort=sort, search=search, limit=most, count=count)


@app.command("get")
def get(ctx: typer.Context, task_id: options.TaskId) -> None:
    """Show one task."""
    crm: Context = ctx.obj
    show_one(crm, crm.client.get_task(task_id), view(crm, TASK))


@app.command("create")
def create(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What there is to do.")],
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
) -> None:
    """Create a task.

    crmctl task create "Send the contract" --due "fri 17:00" --priority high --deal deal_xyz789
    """
    crm: Context = ctx.obj
    given = {
        "title": title,
        "description": inputs.read_description(crm, description),
        "assignee_id": inputs.read_user(crm, assignee),
        "due_date": times.read_due_date(crm, due),
        "priority": priority,
        "type": type,
        **inputs.read_related_to(related_to_type, related_to_id, contact, deal, project),
        "reminder": inputs.read_reminder(remind),
    }
    task = crm.client.create_task(inputs.read_body(TASK, given, "create"))
    show_done(crm, f"Created {task.get('id')}: {task.get('title')}")
    show_written(crm, task, view(crm, TASK))


@app.command("update")
def update(
    ctx: typer.Context,
    task_ids: options.TaskIds,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What there is to do.")] = None,
    description: options.Description = None,
    status: options.Status = None,
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
    no_description: Annotated[
        bool, typer.Option("--no-description", help="Clear the description.")
    ] = False,
    no_assignee: Annotated[
        bool, typer.Option("--no-assignee", help="Assign it to nobody.")
    ] = False,
    no_due: Annotated[bool, typer.Option("--no-due", help="Clear the due date.")] = False,
    no_related: Annotated[bool, typer.Option("--no-related", help="Relate it to nothing.")] = False,
    no_remind: Annotated[bool, typer.Option("--no-remind", help="Clear the reminder.")] = False,
) -> None:
    """Change tasks: the fields given, and no others."""
    crm: Context = ctx.obj
    given = {
        "title": title,
        "description": inputs.read_description(crm, description),
        "status": status,
        "assignee_id": inputs.read_user(crm, assignee),
        "due_date": times.read_due_date(crm, due),
        "priority": priority,
        "type": type,
        **inputs.read_related_to(related_to_type, related_to_id, contact, deal, project),
        "reminder": inputs.read_reminder(remind),
    }
    cleared = {
        "description": no_description,
        "assignee_id": no_assignee,
        "due_date": no_due,
        "related_to_type": no_related,
        "related_to_id": no_related,
        "reminder": no_remind,
    }
    body = inputs.read_changes(TASK, given, [name for name, wanted in cleared.items() if wanted])
    for_each(crm, task_ids, "Updated", lambda task_id: crm.client.update_task(task_id, body))


@app.command("edit")
def edit(ctx: typer.Context, task_id: options.TaskId) -> None:
    """Change a task's title and description in $VISUAL or $EDITOR.

    The first line is the title; below it stand a blank line and the description.
    """
    from crmctl.cli.editor import Draft, read_task_text, task_text

    crm: Context = ctx.obj
    if not crm.options.dry_run:
        crm.require_writable("task edit")  # before anything is typed in vain
    task = crm.client.get_task(task_id)
    with Draft(crm, task_text(task)) as draft:
        changed = read_task_text(draft.edit(), task)
        cleared = [name for name, value in changed.items() if not value]
        body = inputs.read_body(TASK, changed, "update", cleared=cleared)
        if body:
            task = crm.client.update_task(task_id, body)
    if body:
        show_done(crm, f"Updated {task_id}: {task.get('title')}")
    else:
        crm.terminal.note("Nothing changed.")
    if body or crm.format != "table":
        show_written(crm, task, view(crm, TASK))


@app.command("start")
def start(ctx: typer.Context, task_ids: options.TaskIds) -> None:
    """Mark tasks as in progress."""
    _set_status(ctx.obj, task_ids, "in_progress", "Started")


@app.command("cancel")
def cancel(ctx: typer.Context, task_ids: options.TaskIds) -> None:
    """Mark tasks as cancelled."""
    _set_status(ctx.obj, task_ids, "cancelled", "Cancelled")


@app.command("reopen")
def reopen(ctx: typer.Context, task_ids: options.TaskIds) -> None:
    """Mark tasks as pending again."""
    _set_status(ctx.obj, task_ids, "pending", "Reopened")


@app.command("complete")
def complete(
    ctx: typer.Context,
    task_ids: options.TaskIds,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The completion note; - reads stdin.")
    ] = None,
) -> None:
    """Mark tasks as completed, now."""
    crm: Context = ctx.obj
    if note is not None:
        note = crm.terminal.read_text(note, "--note")
        inputs.read_body(TASK, {"completion_note": note}, "complete")
    for_each(
        crm,
        task_ids,
        "Completed",
        lambda task_id: crm.client.complete_task(task_id, completion_note=note),
    )


@app.command("delete")
def delete(ctx: typer.Context, task_ids: options.TaskIds, yes: options.Yes = False) -> None:
    """Delete tasks, for good."""
    crm: Context = ctx.obj
    if not yes and not crm.options.dry_run:
        named = f"{len(task_ids)} tasks ({', '.join(task_ids)})"
        if len(task_ids) == 1 and crm.terminal.may_ask():
            task = crm.client.get_task(task_ids[0])
            named = f"{task_ids[0]} “{task.get('title')}”"
        if not crm.terminal.confirm(f"Delete {named}?", flag="--yes"):
            raise UsageError("Nothing was deleted.", hint="")
    for_each(crm, task_ids, "Deleted", crm.client.delete_task)


def _set_status(crm: Context, task_ids: list[str], status: str, past: str) -> None:
    for_each(
        crm, task_ids, past, lambda task_id: crm.client.update_task(task_id, {"status": status})
    )
