"""`crmctl task`: what there is to do."""

from typing import Annotated, Any

import typer

from crmctl.api.client import Client
from crmctl.cli import inputs, options, times
from crmctl.cli.bulk import Change, for_each
from crmctl.cli.context import Context
from crmctl.cli.inputs import Sending
from crmctl.cli.lists import Asked, export_list, show_list
from crmctl.cli.show import show_done, show_one, show_written, view
from crmctl.errors import UsageError
from crmctl.resources import TASK

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
@options.taking("task_filters", "asked")
def list_(ctx: typer.Context, asked: Asked, count: options.Count = False) -> None:
    """List tasks: all of them, or 25 in a table.

    Newest first; by due date under --open, --overdue and --today. Several values of --status,
    --priority, --type or --assignee stand with commas between.

    crmctl task list --open --mine
    crmctl task list --due-by fri --priority high,urgent
    crmctl task list --status completed --sort -updated_at -o csv
    """
    show_list(ctx.obj, TASK, asked, count=count)


@app.command("export")
@options.taking("task_filters", "asked")
def export(ctx: typer.Context, asked: Asked, file: options.ExportFile = None) -> None:
    """Write tasks as JSON lines, or as CSV: all of them, or those that the filters leave.

    crmctl task export > tasks.jsonl
    crmctl task export --open --mine -o csv
    """
    export_list(ctx.obj, TASK, asked, file)


@app.command("import")
@options.taking("read_sending", "sending")
def import_(
    ctx: typer.Context,
    file: options.ImportFile,
    sending: Sending,
    renaming: options.Map = None,
    again: options.Again = False,
) -> None:
    """Create a task for each line of a file: JSON lines, or CSV with the fields' names above.

    All lines are checked first; a file that is cut off goes on where it ended. Names stand for IDs,
    and dates are as people type them. --map reads other programs' columns and values.

    crmctl task import tasks.jsonl --dry-run
    crmctl task import old.csv --map due=Deadline --map "status:Not started="
    """
    from crmctl.cli.imports import import_items

    import_items(ctx.obj, TASK, file, renaming=renaming or [], sending=sending, again=again)


@app.command("get")
def get(ctx: typer.Context, task_id: options.TaskId) -> None:
    """Show one task, its description rendered on a terminal.

    crmctl task get task_001
    crmctl task get task_001 --json
    """
    crm: Context = ctx.obj
    show_one(crm, crm.client.get_task(task_id), view(crm, TASK))


@app.command("create")
@options.taking("task_fields", "given")
def create(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="What there is to do.")],
    given: dict[str, Any],
) -> None:
    """Create a task.

    crmctl task create "Call Jane" --due "tomorrow 9am" --contact con_abc123
    crmctl task create "Send the contract" -p high --assignee me --remind email:60
    crmctl task create "Review the draft" -d - < notes.md
    """
    crm: Context = ctx.obj
    task = crm.client.create_task(inputs.read_body(TASK, {"title": title, **given}, "create"))
    show_done(crm, f"Created {task.get('id')}: {task.get('title')}")
    show_written(crm, task, view(crm, TASK))


@app.command("update")
@options.taking("task_fields", "given")
def update(
    ctx: typer.Context,
    task_ids: options.TaskIds,
    given: dict[str, Any],
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="What there is to do.")] = None,
    status: options.Status = None,
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
    given = {"title": title, "status": status, **given}
    cleared = {
        "description": no_description,
        "assignee_id": no_assignee,
        "due_date": no_due,
        "related_to_type": no_related,
        "related_to_id": no_related,
        "reminder": no_remind,
    }
    body = inputs.read_changes(TASK, given, [name for name, wanted in cleared.items() if wanted])
    for_each(crm, task_ids, "Updated", lambda client, task_id: client.update_task(task_id, body))


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
@options.taking("read_sending", "sending")
def start(ctx: typer.Context, task_ids: options.TaskIds, sending: Sending) -> None:
    """Mark tasks as in progress.

    crmctl task start task_001
    crmctl task start task_001 task_003
    """
    for_each(ctx.obj, task_ids, "Started", _setting("in_progress"), sending=sending)


@app.command("cancel")
@options.taking("read_sending", "sending")
def cancel(ctx: typer.Context, task_ids: options.TaskIds, sending: Sending) -> None:
    """Mark tasks as cancelled.

    crmctl task cancel task_005
    crmctl task cancel task_004 task_005
    """
    for_each(ctx.obj, task_ids, "Cancelled", _setting("cancelled"), sending=sending)


@app.command("reopen")
@options.taking("read_sending", "sending")
def reopen(ctx: typer.Context, task_ids: options.ClosedTaskIds, sending: Sending) -> None:
    """Mark tasks as pending again.

    crmctl task reopen task_006
    crmctl task reopen task_002 task_006
    """
    for_each(ctx.obj, task_ids, "Reopened", _setting("pending"), sending=sending)


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
    task_ids, when = times.split_when(crm, words)
    if not task_ids:
        from crmctl.cli.picker import choose_tasks

        task_ids = choose_tasks(crm, several=True, missing=times.nothing_to_postpone())
    shift = times.read_shift(crm, when)
    due_date = times.read_due_date(crm, when, "WHEN") if shift is None else None

    def move(client: Client, task_id: str) -> dict[str, Any]:
        due = due_date
        if shift is not None:
            due = times.shift_due_date(crm, task_id, client.get_task(task_id), shift)
        return client.update_task(task_id, {"due_date": due})

    for_each(crm, task_ids, "Postponed", move)


@app.command("complete")
@options.taking("read_sending", "sending")
def complete(
    ctx: typer.Context,
    task_ids: options.TaskIds,
    sending: Sending,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The completion note; - reads stdin.")
    ] = None,
) -> None:
    """Mark tasks as completed, now.

    crmctl task complete task_002
    crmctl task complete task_001 task_002 --note "Signed"
    crmctl task list --overdue -o ids | crmctl task complete -
    """
    crm: Context = ctx.obj
    if note == "-" and "-" in task_ids:
        raise UsageError("stdin can be the IDs or the --note, not both.")
    if note is not None:
        note = crm.terminal.read_text(note, "--note")
        inputs.read_body(TASK, {"completion_note": note}, "complete")
    for_each(
        crm,
        task_ids,
        "Completed",
        lambda client, task_id: client.complete_task(task_id, completion_note=note),
        sending=sending,
    )


@app.command("delete")
@options.taking("read_sending", "sending")
def delete(
    ctx: typer.Context, task_ids: options.TaskIds, sending: Sending, yes: options.Yes = False
) -> None:
    """Delete tasks, for good. It asks first; --yes answers.

    crmctl task delete task_005 --yes
    crmctl task delete task_004 task_005 --dry-run
    """
    crm: Context = ctx.obj
    if not yes and not crm.options.dry_run:
        crm.require_writable("task delete")  # before the task is read, and nothing asked in vain
        named = f"{len(task_ids)} tasks ({', '.join(task_ids)})"
        if "-" in task_ids:
            raise UsageError("- deletes what stdin names, and asks nobody.", hint="Add --yes.")
        if len(task_ids) == 1 and crm.terminal.may_ask():
            task = crm.client.get_task(task_ids[0])
            named = f"{task_ids[0]} “{task.get('title')}”"
        if not crm.terminal.confirm(f"Delete {named}?", flag="--yes"):
            raise UsageError("Nothing was deleted.", hint="")
    for_each(crm, task_ids, "Deleted", Client.delete_task, sending=sending)


def _setting(status: str) -> Change:
    return lambda client, task_id: client.update_task(task_id, {"status": status})
