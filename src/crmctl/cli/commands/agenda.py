"""`crmctl agenda`: what there is to do, and when."""

import shlex
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmctl.api.pages import is_new
from crmctl.cli import inputs, names, options, times
from crmctl.cli.context import Context
from crmctl.cli.lists import Asked, keep_known, read_list, show_list
from crmctl.cli.show import may_draw, style
from crmctl.output.humanize import instant_of
from crmctl.resources import OPEN_STATUSES, TASK
from crmctl.timestamps import format_timestamp

if TYPE_CHECKING:
    from crmctl.api.merge import MergedListing
    from crmctl.api.pages import Listing
    from crmctl.output.agenda import Agenda

app = typer.Typer()

# No list is as long: a table would have 25.
_ALL = 10**9


@app.command("agenda")
def agenda(
    ctx: typer.Context,
    days: Annotated[str, typer.Option(metavar="N", help="How many days after today.")] = "7",
    assignee: options.Assignee = None,
    mine: Annotated[bool, typer.Option("--mine", help="Assigned to me.")] = False,
) -> None:
    """Show the open tasks that are overdue, due today, and in the days after.

    On a terminal by day, with the number of those due later and of those with no due date; in
    every other format the tasks as a list, soonest first.

    crmctl agenda
    crmctl agenda --mine --days 2
    crmctl agenda --days 0 -o ids
    """
    crm: Context = ctx.obj
    assignees = inputs.only_one(("--assignee", assignee), ("--mine", "me" if mine else None))
    users = names.read_users(crm, assignees, "--assignee")
    start, end = times.read_days(crm, days)
    if not may_draw(crm):
        queries = _open_tasks(users, due_before=format_timestamp(end))
        most = _ALL if crm.format == "table" else None
        show_list(crm, TASK, Asked(queries, sort="due_date", limit=most))
        return
    from crmctl.output.agenda import write_agenda

    overdue = ["crmctl", "task", "list", "--overdue"]
    if crm.options.profile is not None:
        overdue += ["--profile", crm.options.profile]
    if assignees is not None:
        overdue += ["--mine"] if mine else ["--assignee", assignees]
    told = _read_agenda(crm, users, start, end, shlex.join(overdue))
    write_agenda(told, stream=crm.terminal.stdout, style=style(crm))
    if not (told.items or told.more_overdue or told.later or told.undated):
        crm.fallback.note_empty()


def _read_agenda(
    crm: Context, users: list[str] | None, start: datetime, end: datetime, overdue_command: str
) -> "Agenda":
    """The tasks from ``start`` to ``end`` and the oldest due before, and how many others there are.

    The API has no filter for tasks without a due date: they are what is left of the open ones.
    """
    from crmctl.output.agenda import MOST_OVERDUE, Agenda

    today, tomorrow = format_timestamp(start), format_timestamp(end)
    before = _open_tasks(users, due_before=today)
    within = _open_tasks(users, due_after=times.just_before(start), due_before=tomorrow)
    after = _open_tasks(users, due_after=times.just_before(end))
    late = read_list(crm, TASK, before, sort="due_date", limit=MOST_OVERDUE)
    coming = read_list(crm, TASK, within, sort="due_date")
    later = read_list(crm, TASK, after, limit=1)
    every = read_list(crm, TASK, _open_tasks(users), limit=1)
    for listing in (late, coming, later, every):
        listing.ask()
    oldest, came = list(late), list(coming)
    seen: set[object] = set()  # a server that knows no due_after gives the oldest again
    found = keep_known(crm, TASK, chain(oldest, came))
    items = [item for item in found if is_new(item, seen)]
    more_overdue: int | None = 0
    if late.has_more:
        more_overdue = _more(late.total, len(oldest))
    number_later, number_open = _total(later), _total(every)
    undated = None
    if number_open is not None and number_later is not None and more_overdue is not None:
        undated = max(0, number_open - number_later - more_overdue - len(items))
    if not _bounded(crm, came, start, end):
        # What such a server counts is all there is; it gave that, so that it is counted here.
        due = [(item, _due(crm, item)) for item in items]
        number_later = sum(1 for _, at in due if at is not None and at >= end) or None
        undated = sum(1 for item in items if item.get("due_date") is None) or None
        # Those due before today are among them, or the oldest are not all due before today.
        all_there = any(_is_before(crm, item, start) for item in came) or not all(
            _is_before(crm, item, start) for item in oldest
        )
        more_overdue = 0 if all_there or not late.has_more else None
        items = [
            item
            for item, at in due
            if (item.get("due_date") is not None if at is None else at < end)
        ]
    return Agenda(
        items,
        more_overdue=more_overdue,
        later=number_later,
        undated=undated,
        overdue_command=overdue_command,
    )


def _bounded(crm: Context, tasks: Sequence[dict[str, Any]], start: datetime, end: datetime) -> bool:
    """Whether all are due from ``start`` to ``end``, or near it: a day has no zone of its own."""
    day = timedelta(days=1)
    for task in tasks:
        at = _due(crm, task)
        if task.get("due_date") is None or (at and not (at - start >= -day and at - end < day)):
            return False
    return True


def _is_before(crm: Context, task: dict[str, Any], instant: datetime) -> bool:
    at = _due(crm, task)
    return at is not None and at < instant


def _due(crm: Context, task: dict[str, Any]) -> datetime | None:
    return instant_of(task.get("due_date"), crm.zone)


def _open_tasks(users: Sequence[str] | None, **due: str) -> list[dict[str, str]]:
    return inputs.read_queries(TASK, {"assignee_id": users, "status": OPEN_STATUSES, **due})


def _total(listing: "Listing | MergedListing") -> int | None:
    """How many a list has, as the server counts them; its first item is not looked at."""
    for _ in listing:
        pass
    return listing.total


def _more(total: int | None, number: int) -> int | None:
    return total - number if total is not None and total > number else None
