"""One command on several items: all are tried, each failure is reported."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crmctl.cli.context import Context
from crmctl.errors import CrmctlError, PartialFailure
from crmctl.output.view import view_of
from crmctl.resources import TASK


def for_each(
    crm: Context, task_ids: list[str], past: str, change: Callable[[str], dict[str, Any]]
) -> None:
    """Change each task and show the results: one thing for one ID, a list for several.

    Raises the failure itself if it is the only kind there was, else `PartialFailure`.
    """
    changed: list[dict[str, Any]] = []
    failures: list[CrmctlError] = []
    for task_id in dict.fromkeys(task_ids):
        try:
            task = change(task_id)
        except CrmctlError as error:
            if len(task_ids) == 1:
                raise
            error.message = f"{task_id}: {error.message}"
            crm.report(error, [])
            failures.append(error)
            continue
        title = f": {task['title']}" if task.get("title") else ""
        crm.done(f"{past} {task_id}{title}")
        changed.append(task)
    view = view_of(TASK, crm.flags.get("fields"))
    if len(task_ids) == 1:
        crm.show_written(changed[0], view)
    else:
        crm.show_written_list(changed, view)
    if failures:
        raise summary(failures, of=len(task_ids), past=past)


def summary(failures: list[CrmctlError], *, of: int, past: str) -> CrmctlError:
    """One error for several: the common exit status if all items failed alike, else partial."""
    statuses = {failure.exit_status for failure in failures}
    message = f"{past} {of - len(failures)} of {of}; {len(failures)} failed."
    if len(failures) == of and len(statuses) == 1:
        return type(failures[0])(message, hint="")
    return PartialFailure(message)
