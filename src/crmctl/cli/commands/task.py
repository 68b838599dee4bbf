"""`crmctl task`: what there is to do."""

from typing import Annotated, Any

import typer

from crmctl.cli import inputs, names, options, times
from crmctl.cli.bulk import for_each
from crmctl.cli.context import Context
from crmctl.cli.lists import show_list
from crmctl.cli.show import show_done, show_one, show_written, view
from crmctl.errors import UsageError
from crmctl.resources import OPEN_STATUSES, PRIORITIES, TASK, TASK_STATUSES, TASK_TYPES

app = typer.Typer(
    help="""Manage tasks.

    crmctl task list --open
    crmctl task create "Call Jane" --due "tomorrow 9am"
    crmctl task complete task_002 --note "Signed"
    """
)

# Help shows what says the same on one line.
_CLEAR = "Leave that empty."


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

    crmctl task list --open --mine
    crmctl task list --due-by fri --priority high,urgent
    crmctl task list --status completed --sort -updated_at -o csv
    """
    crm: Context = ctx.obj
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
    show_list(crm, TASK, queries, sort=sort, search=search, limit=most, count=count)


@app.command("get")
def get(ctx: typer.Context, task_id: options.TaskId) -> None:
    """Show one task, its description rendered on a terminal.

    crmctl task get task_001
    crmctl task get task_001 --json
    """
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

    crmctl task create "Call Jane" --due "tomorrow 9am" --contact con_abc123
    crmctl task create "Send the contract" -p high --assignee me --remind email:60
    crmctl task create "Review the draft" -d - < notes.md
    """
    crm: Context = ctx.obj
    given = {
        "title": title,
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
    no_description: Annotated[bool, typer.Option("--no-description", help=_CLEAR)] = False,
    no_assignee: Annotated[bool, typer.Option("--no-assignee", help=_CLEAR)] = False,
    no_due: Annotated[bool, typer.Option("--no-due", help=_CLEAR)] = False,
    no_related: Annotated[bool, typer.Option("--no-related", help=_CLEAR)] = False,
    no_remind: Annotated[bool, typer.Option("--no-remind", help=_CLEAR)] = False,
) -> None:
    """Change tasks: the fields given, and no others.

    crmctl task update task_001 --due +3d --priority urgent
    crmctl task update task_001 task_002 --assignee usr_abc123
    crmctl task update task_003 --no-due
    """
    crm: Context = ctx.obj
    given = {
        "title": title,
        "description": inputs.read_description(crm, description),
        "status": status,
        "assignee_id": names.read_user(crm, assignee, "--assignee", tell=True),
        "due_date": times.read_due_date(crm, due),
        "priority": priority,
        "type": type,
        **names.read_related_to(
            crm, related_to_type, related_to_id, contact, deal, project, tell=True
        ),
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

    crmctl task edit task_001
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
    """Mark tasks as in progress.

    crmctl task start task_001
    crmctl task start task_001 task_003
    """
    _set_status(ctx.obj, task_ids, "in_progress", "Started")


@app.command("cancel")
def cancel(ctx: typer.Context, task_ids: options.TaskIds) -> None:
    """Mark tasks as cancelled.

    crmctl task cancel task_005
    crmctl task cancel task_004 task_005
    """
    _set_status(ctx.obj, task_ids, "cancelled", "Cancelled")


@app.command("reopen")
def reopen(ctx: typer.Context, task_ids: options.ClosedTaskIds) -> None:
    """Mark tasks as pending again.

    crmctl task reopen task_006
    crmctl task reopen task_002 task_006
    """
    _set_status(ctx.obj, task_ids, "pending", "Reopened")


@app.command("postpone")
def postpone(
    ctx: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ID... WHEN",
            help="One or more task IDs, then when they are due.",
            autocompletion=options.complete_id("task"),
        ),
    ],
) -> None:
    """Move the due date of tasks, by so much or to another day.

    `+1w`, `+3d`, `+2bd`, `+1mo` or `+2h` counts from each task's own due date and keeps its time of
    day; from today where it has none. Any other WHEN is a date, as with --due.

    crmctl task postpone task_001 +1w

    crmctl task postpone task_001 task_002 "next mon 9am"
    """
    crm: Context = ctx.obj
    given, when = times.split_when(crm, words)
    missing = times.nothing_to_postpone()
    task_ids = given or _choose(crm, missing)
    shift = times.read_shift(crm, when)
    due_date = times.read_due_date(crm, when, "WHEN") if shift is None else None

    def move(task_id: str) -> dict[str, Any]:
        due = due_date
        if shift is not None:
            due = times.shift_due_date(crm, task_id, crm.client.get_task(task_id), shift)
        return crm.client.update_task(task_id, {"due_date": due})

    for_each(crm, task_ids, "Postponed", move)


@app.command("complete")
def complete(
    ctx: typer.Context,
    task_ids: options.TaskIds,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The completion note; - reads stdin.")
    ] = None,
) -> None:
    """Mark tasks as completed, now.

    crmctl task complete task_002
    crmctl task complete task_001 task_002 --note "Signed"
    """
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
    """Delete tasks, for good. It asks first; --yes answers.

    crmctl task delete task_005 --yes
    crmctl task delete task_004 task_005 --dry-run
    """
    crm: Context = ctx.obj
    if not yes and not crm.options.dry_run:
        crm.require_writable("task delete")  # before the task is read, and nothing asked in vain
        named = f"{len(task_ids)} tasks ({', '.join(task_ids)})"
        if len(task_ids) == 1 and crm.terminal.may_ask():
            task = crm.client.get_task(task_ids[0])
            named = f"{task_ids[0]} “{task.get('title')}”"
        if not crm.terminal.confirm(f"Delete {named}?", flag="--yes"):
            raise UsageError("Nothing was deleted.", hint="")
    for_each(crm, task_ids, "Deleted", crm.client.delete_task)


def _choose(crm: Context, missing: UsageError) -> list[str]:
    from crmctl.cli.picker import choose_tasks

    return choose_tasks(crm, several=True, missing=missing)


def _set_status(crm: Context, task_ids: list[str], status: str, past: str) -> None:
    for_each(
        crm, task_ids, past, lambda task_id: crm.client.update_task(task_id, {"status": status})
    )
