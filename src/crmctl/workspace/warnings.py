"""What a success is worth saying more about: the reference's troubleshooting lines."""

from __future__ import annotations

import sqlite3
from typing import Any

from crmctl.validate import Problem, problem
from crmctl.workspace.call import Call


def task_warnings(call: Call, task: dict[str, Any] | None) -> list[Problem]:
    """The reference's troubleshooting lines for tasks, said when they begin to matter."""
    if task is None:
        return []
    warnings = []
    user = _record(call.connection, "user", task["assignee_id"])
    if call.body.get("assignee_id") and not (user and user["active"]):
        warnings.append(
            problem(
                "assignee_id",
                "not_active",
                f"{task['assignee_id']} is not a user with active access to this workspace:"
                " the task may not appear for them",
            )
        )
    if call.body.get("reminder"):
        if user and user["active"] and user["notifications"]:
            message = "is kept with the task; the embedded workspace sends no email or push itself"
        else:
            message = "will not fire: the assignee must be a user with notifications enabled"
        warnings.append(problem("reminder", "not_sent", message))
    related = task["related_to"]
    if call.body.get("related_to_id") and related and related["name"] is None:
        warnings.append(_not_linked("related_to_id", related["type"], related["id"]))
    return warnings


def activity_warnings(call: Call, activity: dict[str, Any] | None) -> list[Problem]:
    """The reference's troubleshooting line for activities: what was kept, and not linked."""
    if activity is None:
        return []
    warnings = []
    for kind in ("contact", "deal"):
        item_id = activity[f"{kind}_id"]
        if item_id is not None and _record(call.connection, kind, item_id) is None:
            warnings.append(_not_linked(f"{kind}_id", kind, item_id))
    return warnings


def _not_linked(field: str, kind: str, item_id: str) -> Problem:
    message = f"names no {kind} that this workspace knows: {item_id} is kept, and not linked"
    return problem(field, "not_linked", message)


def _record(connection: sqlite3.Connection, type: str, item_id: str | None) -> Any:
    row = connection.execute(
        "SELECT active, notifications FROM record WHERE type = ? AND id = ?", (type, item_id)
    ).fetchone()
    return {"active": bool(row[0]), "notifications": bool(row[1])} if row else None


def warnings_meta(warnings: list[Problem]) -> dict[str, Any] | None:
    """Warnings as the ``meta`` of an answer."""
    return {"warnings": warnings} if warnings else None
