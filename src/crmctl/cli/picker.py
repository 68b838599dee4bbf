"""The list of tasks to choose from, where a verb that takes an ID is given none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from crmctl.cli.lists import keep_known, read_list
from crmctl.cli.show import style
from crmctl.errors import UsageError
from crmctl.resources import CLOSED_STATUSES, OPEN_STATUSES, TASK

if TYPE_CHECKING:
    from crmctl.cli.context import Context

_MOST = 15


def choose_tasks(
    crm: Context, *, several: bool, closed: bool = False, missing: UsageError
) -> list[str]:
    """The IDs of the tasks that a person chooses from a numbered list on the terminal.

    The list has open tasks, soonest first; or closed ones, those changed last first. Raises
    ``missing`` where there is nobody to ask, UsageError where nothing is chosen.
    """
    if not crm.terminal.may_ask():
        raise missing
    statuses, sort = (CLOSED_STATUSES, "-updated_at") if closed else (OPEN_STATUSES, "due_date")
    listing = read_list(
        crm, TASK, [{"status": status} for status in statuses], sort=sort, limit=_MOST
    )
    known = keep_known(crm, TASK, listing)
    tasks = [task for task in known if isinstance(task.get("id"), str)]
    if not tasks:
        raise UsageError(
            f"There is no {'closed' if closed else 'open'} task to choose.", hint=missing.hint
        )
    _write_numbered(crm, tasks)
    if listing.has_more:
        verb = "--status completed,cancelled" if closed else "--open"
        crm.terminal.say(f"Others are listed by `crmctl task list {verb}`.\n")
    question = "Which ones, as in 1,3 or 2-4? " if several else "Which one? "
    while True:
        answer = crm.terminal.ask(question)
        if not answer:
            raise UsageError("Nothing was chosen, and nothing was done.", hint="")
        numbers = read_numbers(answer, len(tasks))
        if numbers and (several or len(numbers) == 1):
            return [tasks[number - 1]["id"] for number in numbers]
        crm.terminal.say(f"Type {'numbers' if several else 'one number'} from 1 to {len(tasks)}.\n")


def read_numbers(text: str, most: int) -> list[int]:
    """The numbers of ``1,3`` and ``2-4``, each once, as they were typed; none where one is wrong.

    Wrong is what is no number from 1 to ``most``.
    """
    numbers: list[int] = []
    for part in text.replace(",", " ").split():
        match = re.fullmatch("([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        if match is None:
            return []
        first, last = int(match[1]), int(match[2] or match[1])
        if not 1 <= first <= last <= most:
            return []
        numbers += range(first, last + 1)
    return list(dict.fromkeys(numbers))


def _write_numbered(crm: Context, tasks: list[dict[str, Any]]) -> None:
    """Write the tasks on stderr, where a person reads what they are asked: stdout is data."""
    from crmctl.output import table
    from crmctl.output.view import Column, View

    columns = [
        Column("number", "#", "id"),
        Column("due_date", "Due", "time"),
        Column("title", "Title"),
        Column("related_to", "Related to", "object"),
        Column("id", "ID", "id"),
    ]
    view = View(columns=columns, fields=[], name=TASK.name)
    numbered = ({**task, "number": number} for number, task in enumerate(tasks, start=1))
    stderr = crm.terminal.stderr
    table.write_list(numbered, view, stream=stderr, style=style(crm, on=stderr))
