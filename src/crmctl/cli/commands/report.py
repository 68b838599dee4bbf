"""`crmctl report`: what there is to do and what has happened, in numbers."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from crmctl.cli import inputs, names, options, times
from crmctl.cli.context import Context
from crmctl.cli.lists import read_all
from crmctl.cli.show import may_draw, named_view, show_all, style
from crmctl.output.view import select
from crmctl.report import (
    ACTIVITY_FIELDS,
    TASK_FIELDS,
    Report,
    count_activities,
    count_tasks,
    start_of_weeks,
)
from crmctl.resources import ACTIVITY, ACTIVITY_TYPES, OPEN_STATUSES, TASK
from crmctl.timestamps import format_timestamp, parse_timestamp

app = typer.Typer(
    help="""Reports: open tasks by age, activities by week.

    crmctl report tasks
    crmctl report activities --since -30d
    """
)

_WEEKS = 8
# What a table shows of the weeks, as of any list.
_MOST_WEEKS = 25


@app.command("tasks")
def tasks(
    ctx: typer.Context,
    assignee: options.Assignee = None,
    mine: Annotated[bool, typer.Option("--mine", help="Assigned to me.")] = False,
    contact: options.Contact = None,
    deal: options.Deal = None,
    project: options.Project = None,
) -> None:
    """Count open tasks by assignee, and by how late they are.

    Overdue and today go by whole days; this week ends on Sunday. On a terminal bars, elsewhere a
    row an assignee, and in JSON an object with the totals too.

    crmctl report tasks --deal deal_xyz789

    crmctl report tasks --mine --json | jq .total.today
    """
    crm: Context = ctx.obj
    assignees = inputs.only_one(("--assignee", assignee), ("--mine", "me" if mine else None))
    related = names.read_related_to(crm, None, None, contact, deal, project, whole=False)
    queries = inputs.read_queries(
        TASK,
        {
            "assignee_id": names.read_users(crm, assignees, "--assignee"),
            "status": OPEN_STATUSES,
            **related,
        },
    )
    report = count_tasks(read_all(crm, TASK, queries), now=crm.now, zone=crm.zone)
    if may_draw(crm) and report["by_assignee"]:
        from crmctl.output.report import write_tasks

        write_tasks(report, stream=crm.terminal.stdout, style=style(crm))
    elif not may_draw(crm):
        _show_rows(crm, report, "by_assignee", TASK_FIELDS)
    if not report["by_assignee"]:
        crm.terminal.note("No open tasks found.")


@app.command("activities")
def activities(
    ctx: typer.Context,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", "--from", metavar="WHEN", help=f"From then on; {_WEEKS} weeks if not given."
        ),
    ] = None,
    to: options.To = None,
    user: options.User = None,
    contact: options.Contact = None,
    deal: options.Deal = None,
    type: options.ActivityTypes = None,
) -> None:
    """Count activities by week, type and outcome: those of the last 8 weeks, or since then.

    Weeks begin on Monday. On a terminal bars, and each day's shade; elsewhere a row for each week,
    type and outcome, and in JSON an object with the sums too.

    crmctl report activities --since 2026-01-01 --user me

    crmctl report activities --deal deal_xyz789 -o csv > activities.csv
    """
    crm: Context = ctx.obj
    asked = times.read_past(crm, since, "--since")
    first = start_of_weeks(_WEEKS, now=crm.now, zone=crm.zone) if asked is None else None
    date_from = format_timestamp(first) if first else str(asked)
    date_to = times.read_past_end(crm, to, "--to")
    queries = inputs.read_queries(
        ACTIVITY,
        {
            "contact_id": names.read_record(crm, "contact", contact, "--contact"),
            "deal_id": names.read_record(crm, "deal", deal, "--deal"),
            "user_id": names.read_user(crm, user, "--user"),
            "date_from": date_from,
            "date_to": date_to,
            "type": inputs.read_choices(type, ACTIVITY_TYPES, "--type"),
        },
    )
    report = count_activities(
        read_all(crm, ACTIVITY, queries),
        date_from=parse_timestamp(date_from),
        date_to=None if date_to is None else parse_timestamp(date_to),
        now=crm.now,
        zone=crm.zone,
    )
    if may_draw(crm) and report["rows"]:
        from crmctl.output.report import write_activities

        weeks = report["by_week"]
        shown = {**report, "by_week": weeks[-_MOST_WEEKS:]}
        write_activities(shown, stream=crm.terminal.stdout, style=style(crm))
        if len(weeks) > _MOST_WEEKS:
            text = f"Showing the last {_MOST_WEEKS} of {len(weeks)} weeks. -o json has them all."
            crm.terminal.note(text)
    elif not may_draw(crm):
        _show_rows(crm, report, "rows", ACTIVITY_FIELDS)
    if not report["rows"]:
        crm.terminal.note("No activities found.")


def _show_rows(crm: Context, report: Report, rows: str, fields: Sequence[str]) -> None:
    """Show the report's rows in the format that was chosen; in JSON the whole of it."""
    view = named_view(crm, fields, "report")
    if crm.format != "json":
        show_all(crm, report[rows], view)
        return
    from crmctl.output.json import write_value

    shown: dict[str, Any] = dict(report)
    if view.chosen:
        shown[rows] = [select(row, view.fields) for row in report[rows]]
    write_value(shown, stream=crm.terminal.stdout)
