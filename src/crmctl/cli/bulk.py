"""One command on several tasks: all are tried, each failure is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from crmctl.api.client import Client, path_to
from crmctl.cli.show import show_all, show_done, show_one, view
from crmctl.errors import CrmctlError, InvalidInput, PartialFailure, UsageError
from crmctl.resources import OPERATIONS, TASK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crmctl.cli.context import Context
    from crmctl.cli.inputs import Sending

Change = Callable[[Client, str], dict[str, Any]]


def for_each(
    crm: Context, task_ids: list[str], past: str, change: Change, *, sending: Sending | None = None
) -> None:
    """Change each task and show the results: a list, also of one; in a table, one in full.

    Raises the failure itself if it is the only kind there was, else `PartialFailure`. Each failure
    is reported as it comes; where errors are JSON, they are the details of the one error. In place
    of IDs, ``-`` stands for those on stdin, which are sent as ``sending`` says.
    """
    if "-" in task_ids:
        if sending is None:
            raise UsageError(
                "complete, start, cancel, reopen and delete alone take IDs from stdin.", hint=""
            )
        if len(task_ids) > 1:
            raise UsageError("- reads the IDs from stdin, and stands alone.")
        _for_each_on_stdin(crm, past, change, sending)
        return
    changed: list[dict[str, Any]] = []
    failures: dict[str, CrmctlError] = {}
    several = len(task_ids) > 1
    task_ids = list(dict.fromkeys(task_ids))
    for task_id in task_ids:
        try:
            task = change(crm.client, task_id)
        except CrmctlError as error:
            if not several:
                raise
            failures[task_id] = error
            if not crm.as_json:
                error.message = f"{task_id}: {error.message}"
                crm.report(error)
            continue
        title = f": {task['title']}" if task.get("title") else ""
        show_done(crm, f"{past} {task_id}{title}")
        changed.append(task)
    if crm.options.dry_run:
        crm.dry_run.listed = True  # and shown when the command ends
    elif several or crm.format != "table":
        show_all(crm, changed, view(crm, TASK))
    else:
        show_one(crm, changed[0], view(crm, TASK))
    if failures:
        details = [{"id": task_id, **error.as_dict()} for task_id, error in failures.items()]
        raise _sum_up(
            list(failures.values()),
            of=len(task_ids),
            past=past,
            details=details if crm.as_json else [],
        )


def _for_each_on_stdin(crm: Context, past: str, change: Change, sending: Sending) -> None:
    from crmctl.cli.lines import read_words, spool_stdin
    from crmctl.cli.sending import Work
    from crmctl.delivery.lines import INVALID, Entry, Result

    def read() -> Iterator[Entry | Result]:
        for number, raw, task_id in read_words(file):
            entry = Entry(number, raw, item_id=task_id, finish=change)
            try:
                path_to(OPERATIONS["get_task"].path, task_id)
            except InvalidInput as error:
                yield Result(entry, INVALID, error)
            else:
                yield entry

    if not crm.options.dry_run:
        crm.require_writable("task … -")
    with spool_stdin(crm) as file:
        work = Work(crm, sending, read, lambda *_: {}, past=past, nouns=TASK.plural)
        work.check()
        if crm.options.dry_run:
            work.rehearse()
        else:
            work.send()


def _sum_up(
    failures: list[CrmctlError], *, of: int, past: str, details: list[dict[str, Any]]
) -> CrmctlError:
    """One error for several: the common exit status if all items failed alike, else partial."""
    statuses = {failure.exit_status for failure in failures}
    message = f"{past} {of - len(failures)} of {of}; {len(failures)} failed."
    alike = len(failures) == of and len(statuses) == 1
    kind = type(failures[0]) if alike else PartialFailure
    return kind(message, hint="", details=details)
