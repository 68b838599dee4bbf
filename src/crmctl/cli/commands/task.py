"""`crmctl task`: what there is to do."""

from typing import Annotated

import typer

from crmctl.cli import options, tasklist
from crmctl.cli.bulk import for_each
from crmctl.cli.context import Context
from crmctl.cli.inputs import read_related_to, read_task
from crmctl.errors import UsageError
from crmctl.output.view import view_of
from crmctl.resources import TASK

app = typer.Typer(help="Manage tasks.")


@app.command("list")
def list_(
    ctx: typer.Context,
    assignee: options.Assignee = None,
    status: options.Statuses = None,
    priority: options.Priorities = None,
    type: options.TaskTypes = None,
    due_before: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Due before it; a day counts whole.")
    ] = None,
    due_after: Annotated[
        str | None, typer.Option(metavar="WHEN", help="Due after it; a day from its start.")
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
    sort: Annotated[str | None, options.sort_option(TASK.sorts)] = None,
    limit: options.Limit = None,
    count: options.Count = False,
) -> None:
    """List tasks: all of them, or 25 in a table.

    Newest first; by due date under --open, --overdue and --today. Several values of --status,
    --priority, --type or --assignee stand with commas between.
    """
    crm: Context = ctx.obj
    related = read_related_to(related_to_type, related_to_id, contact, deal, project, whole=False)
    tasklist.show_tasks(
        crm,
        {
            "assignee_id": _only_one(("--assignee", assignee), ("--mine", "me" if mine else None)),
            "status": _only_one(("--status", status), ("--open", "open" if open else None)),
            "priority": priority,
            "type": type,
            **related,
        },
        due_before=due_before,
        due_after=due_after,
        overdue=overdue,
        today=today,
        sort=sort,
        limit=limit,
        count=count,
    )


@app.command("get")
def get(ctx: typer.Context, task_id: options.TaskId) -> None:
    """Show one task."""
    crm: Context = ctx.obj
    crm.show_one(crm.client.get_task(task_id), view_of(TASK, crm.flags.get("fields")))


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
    body = read_task(
        crm,
        title=title,
        description=description,
        assignee=assignee,
        due=due,
        priority=priority,
        type=type,
        related_to=read_related_to(related_to_type, related_to_id, contact, deal, project),
        remind=remind,
    )
    crm.check(TASK, body, "create")
    task = crm.client.create_task(body)
    crm.done(f"Created {task.get('id')}: {task.get('title')}")
    crm.show_written(task, view_of(TASK, crm.flags.get("fields")))


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
    body = read_task(
        crm,
        title=title,
        description=description,
        status=status,
        assignee=assignee,
        due=due,
        priority=priority,
        type=type,
        related_to=read_related_to(related_to_type, related_to_id, contact, deal, project),
        remind=remind,
    )
    cleared = {
        "description": no_description,
        "assignee_id": no_assignee,
        "due_date": no_due,
        "related_to_type": no_related,
        "related_to_id": no_related,
        "reminder": no_remind,
    }
    for name, wanted in cleared.items():
        if wanted and name in body:
            raise UsageError(f"{name} cannot be both set and cleared.")
        if wanted:
            body[name] = None
    if not body:
        raise UsageError(
            "Nothing to change: give at least one field.", hint="Run `crmctl task update --help`."
        )
    crm.check(TASK, body, "update")
    for_each(crm, task_ids, "Updated", lambda task_id: crm.client.update_task(task_id, body))


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
        note = crm.text(note, "--note")
        crm.check(TASK, {"completion_note": note}, "complete")
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
    if not yes and not crm.dry_run:
        named = f"{len(task_ids)} tasks ({', '.join(task_ids)})"
        if len(task_ids) == 1 and crm.may_ask():
            task = crm.client.get_task(task_ids[0])
            named = f"{task_ids[0]} “{task.get('title')}”"
        if not crm.confirm(f"Delete {named}?", flag="--yes"):
            raise UsageError("Nothing was deleted.", hint="")
    for_each(crm, task_ids, "Deleted", crm.client.delete_task)


def _set_status(crm: Context, task_ids: list[str], status: str, past: str) -> None:
    for_each(
        crm, task_ids, past, lambda task_id: crm.client.update_task(task_id, {"status": status})
    )


def _only_one(*given: tuple[str, str | None]) -> str | None:
    """The one value that was given, of options that say the same thing."""
    chosen = [(option, value) for option, value in given if value is not None]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0][0]} and {chosen[1][0]} exclude each other.")
    return chosen[0][1] if chosen else None
