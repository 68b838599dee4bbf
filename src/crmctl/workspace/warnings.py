"""What a success is worth saying more about: the reference's troubleshooting lines."""

from __future__ import annotations

from typing import Any

from crmctl.store.values import Item
from crmctl.validate import Problem, problem
from crmctl.workspace.call import Call


def task_warnings(call: Call, task: Item) -> list[Problem]:
    """The reference's troubleshooting lines for tasks, said when they begin to matter."""
    warnings = []
    body, assignee_id = call.body, task["assignee_id"]
    if body.get("assignee_id") or body.get("reminder"):
        user = call.transaction.record("user", assignee_id) if assignee_id else None
        if body.get("assignee_id") and not (user and user["active"]):
            warnings.append(
                problem(
                    "assignee_id",
                    "not_active",
                    f"{assignee_id} is not a user with active access to this workspace:"
                    " the task may not appear for them",
                )
            )
        if body.get("reminder"):
            if user and user["active"] and user["notifications"]:
                message = (
                    "is kept with the task; the embedded workspace sends no email or push itself"
                )
            else:
                message = "will not fire: the assignee must be a user with notifications enabled"
            warnings.append(problem("reminder", "not_sent", message))
    related = task["related_to"]
    if body.get("related_to_id") and related and related["name"] is None:
        warnings.append(_not_linked("related_to_id", related["type"], related["id"]))
    return warnings


def activity_warnings(activity: Item) -> list[Problem]:
    """The reference's troubleshooting line for activities: what was kept, and not linked."""
    return [
        _not_linked(f"{kind}_id", kind, activity[f"{kind}_id"])
        for kind in ("contact", "deal")
        if activity[f"{kind}_id"] is not None and activity[f"{kind}_name"] is None
    ]


def warnings_meta(warnings: list[Problem]) -> dict[str, Any] | None:
    """Warnings as the ``meta`` of an answer."""
    return {"warnings": warnings} if warnings else None


def _not_linked(field: str, kind: str, item_id: str) -> Problem:
    message = f"names no {kind} that this workspace knows: {item_id} is kept, and not linked"
    return problem(field, "not_linked", message)
