"""`crmctl brief`: what to know of a contact or a deal before a call."""

from typing import Annotated, Any

import typer

from crmctl.cli import inputs, names, options
from crmctl.cli.context import Context
from crmctl.cli.lists import keep_known, read_list
from crmctl.cli.show import may_draw, named_view, show_all, style
from crmctl.output.humanize import instant_of
from crmctl.resources import ACTIVITY, OPEN_STATUSES, TASK

app = typer.Typer()

_TYPES = ("contact", "deal")
_ROW = ("kind", "id", "type", "title", "when", "status")


@app.command("brief")
def brief(
    ctx: typer.Context,
    who: Annotated[
        list[str],
        typer.Argument(
            metavar="WHO...",
            help="A contact or a deal: its name, e-mail address or ID.",
            autocompletion=options.complete_id(*_TYPES),
        ),
    ],
    limit: Annotated[
        str, typer.Option(metavar="N", help="How many activities, the newest first.")
    ] = "10",
) -> None:
    """Show a contact or a deal before a call: its open tasks and its last activities.

    On a terminal a view of both; in JSON an object with both, elsewhere a line for each.

    crmctl brief Jane Smith
    crmctl brief "Enterprise License - Acme Corp"
    crmctl brief con_abc123 --json
    """
    crm: Context = ctx.obj
    most = inputs.read_limit(limit)
    record_id, type = names.find(crm, list(_TYPES), " ".join(who), "WHO")
    told = _read(crm, record_id, type, most)
    if may_draw(crm):
        from crmctl.output.brief import write_brief

        write_brief(told, stream=crm.terminal.stdout, style=style(crm))
    elif crm.format == "json" and not crm.options.fields:
        from crmctl.output.json import write_value

        write_value(told, stream=crm.terminal.stdout)
    else:
        show_all(crm, _rows(told), named_view(crm, _ROW, "entry"))
    if not told["open_tasks"] and not told["activities"]:
        crm.terminal.note(f"There is no open task and no activity of {record_id}.")
        crm.fallback.note_empty()


def _read(crm: Context, record_id: str, type: str | None, most: int | None) -> dict[str, Any]:
    """What is known of it, its open tasks by due date and its last activities, asked for at once.

    Of a type that nobody knows, as a foreign ID may be, those of a contact and of a deal are one.
    """
    related = {"related_to_id": record_id, **({"related_to_type": type} if type else {})}
    tasks = read_list(
        crm, TASK, [{**related, "status": status} for status in OPEN_STATUSES], sort="due_date"
    )
    linked = [f"{each}_id" for each in ([type] if type else _TYPES)]
    activities = read_list(crm, ACTIVITY, [{name: record_id} for name in linked], limit=most)
    tasks.ask()
    activities.ask()
    open_tasks = list(keep_known(crm, TASK, tasks))
    happened = list(keep_known(crm, ACTIVITY, activities))
    known = crm.known.record(type, record_id) if type else None
    due = [instant_of(task.get("due_date"), crm.zone) for task in open_tasks]
    return {
        "type": type,
        "id": record_id,
        "name": (known or {}).get("name") or _name_in(open_tasks, happened, linked),
        "email": (known or {}).get("email"),
        "overdue": sum(1 for instant in due if instant is not None and instant < crm.now),
        "open_tasks": open_tasks,
        "activities": happened,
    }


def _name_in(
    tasks: list[dict[str, Any]], activities: list[dict[str, Any]], linked: list[str]
) -> str | None:
    """The name that the server's own answers give it."""
    related = [task.get("related_to") for task in tasks]
    told = [each.get("name") for each in related if isinstance(each, dict)]
    for name in linked:
        told += [activity.get(f"{name[:-3]}_name") for activity in activities]
    return next((name for name in told if isinstance(name, str) and name), None)


def _rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    tasks = [
        {**task, "kind": TASK.name, "when": task.get("due_date")} for task in told["open_tasks"]
    ]
    activities = [
        {
            "kind": ACTIVITY.name,
            "id": activity.get("id"),
            "type": activity.get("type"),
            "title": activity.get("subject") or activity.get("title"),
            "when": activity.get("occurred_at") or activity.get("created_at"),
            "status": activity.get("outcome"),
        }
        for activity in told["activities"]
    ]
    return [{name: row.get(name) for name in _ROW} for row in (*tasks, *activities)]
