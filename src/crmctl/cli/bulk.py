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

    Raises the failure itself if it is the only kind there was, else `PartialFailure`. Each failure
    is reported as it comes; where errors are JSON, they are the details of the one error.
    """
    changed: list[dict[str, Any]] = []
    failures: dict[str, CrmctlError] = {}
    several = len(task_ids) > 1
    as_json = crm.format.startswith("json")
    task_ids = list(dict.fromkeys(task_ids))
    for task_id in task_ids:
        try:
            task = change(task_id)
        except CrmctlError as error:
            if not several:
                raise
            failures[task_id] = error
            if not as_json:
                error.message = f"{task_id}: {error.message}"
                crm.report(error, [])
            continue
        title = f": {task['title']}" if task.get("title") else ""
        crm.done(f"{past} {task_id}{title}")
        changed.append(task)
    view = view_of(TASK, crm.flags.get("fields"))
    if several:
        crm.show_written_list(changed, view)
    else:
        crm.show_written(changed[0], view)
    if failures:
        details = [{"id": task_id, **error.as_dict()} for task_id, error in failures.items()]
        raise summary(
            list(failures.values()),
            of=len(task_ids),
            past=past,
            details=details if as_json else [],
        )


def summary(
    failures: list[CrmctlError], *, of: int, past: str, details: list[dict[str, Any]]
) -> CrmctlError:
    """One error for several: the common exit status if all items failed alike, else partial."""
    statuses = {failure.exit_status for failure in failures}
    message = f"{past} {of - len(failures)} of {of}; {len(failures)} failed."
    alike = len(failures) == of and len(statuses) == 1
    kind = type(failures[0]) if alike else PartialFailure
    return kind(message, hint="", details=details)
