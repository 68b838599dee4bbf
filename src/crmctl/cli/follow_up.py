"""What follows an activity once it is logged: a task is completed, and the next one created."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.api.client import path_to
from crmctl.cli.inputs import read_body
from crmctl.cli.names import word_for
from crmctl.cli.show import show_done, show_object, show_written, view
from crmctl.cli.times import read_due_date
from crmctl.errors import (
    CrmctlError,
    InvalidInput,
    NotFound,
    OutcomeUnknown,
    PartialFailure,
    UsageError,
)
from crmctl.output.view import select
from crmctl.resources import ACTIVITY, OPERATIONS, TASK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmctl.cli.context import Context


class FollowUp:
    """``completes`` is the ID of the task to complete, ``task`` the body of the one to create."""

    __slots__ = ("completes", "task")

    def __init__(self, completes: str | None, task: dict[str, Any] | None) -> None:
        self.completes = completes
        self.task = task


def read_follow_up(
    crm: Context,
    complete: str | None,
    then: str | None,
    then_due: str | None,
    *,
    activity: Mapping[str, Any],
    once: bool,
) -> FollowUp | None:
    """What --complete, --then and --then-due ask for; None where they ask for nothing.

    The task to create concerns the activity's contact, else its deal. ``once`` says that a second
    run finds the activity and logs none: it would complete the task to no effect, and create the
    other again. Raises InvalidInput or UsageError for what cannot be sent.
    """
    if then is not None and once:
        raise UsageError(
            "--then does not go with --ref or --ci: a second run would create the task again."
        )
    if then is None and then_due is not None:
        raise UsageError("--then-due goes with --then.")
    if complete is not None:
        path_to(OPERATIONS["complete_task"].path, complete)  # refuses what is no ID
    if then is None:
        return None if complete is None else FollowUp(complete, None)
    if not then.strip():
        raise InvalidInput("--then: the title is empty.")
    given: dict[str, Any] = {"title": then, "type": "follow_up"}
    given["due_date"] = read_due_date(crm, then_due, "--then-due")
    for kind in ("contact", "deal"):
        if activity.get(f"{kind}_id") is not None:
            given |= {"related_to_type": kind, "related_to_id": activity[f"{kind}_id"]}
            break
    return FollowUp(complete, read_body(TASK, given, "create"))


def carry_out(crm: Context, follow_up: FollowUp, activity: dict[str, Any]) -> None:
    """Complete, then create, and show what was done, the activity that is logged included.

    Raises PartialFailure where a step fails, with the commands that do what is left.
    """
    done: dict[str, Any] = {"activity": activity, "completed": None, "created": None}
    failure: PartialFailure | None = None
    try:
        if follow_up.completes is not None:
            done["completed"] = crm.client.complete_task(follow_up.completes)
            title = done["completed"].get("title")
            _tell(crm, f"Completed {follow_up.completes}: {title}")
        if follow_up.task is not None:
            done["created"] = crm.client.create_task(follow_up.task)
            _tell(crm, f"Created {done['created'].get('id')}: {done['created'].get('title')}")
    except CrmctlError as error:
        failure = _partial(crm, follow_up, done, error)
    _show(crm, done)
    if failure is not None:
        raise failure


def _tell(crm: Context, text: str) -> None:
    show_done(crm, text)
    # In no other format than JSON would stdout say it.
    if not (crm.terminal.stderr.isatty() or crm.as_json or crm.options.dry_run):
        crm.terminal.note(text)


def _show(crm: Context, done: dict[str, Any]) -> None:
    shown = view(crm, ACTIVITY)
    if not crm.as_json or crm.options.dry_run:
        show_written(crm, done["activity"], shown)
        return
    if shown.chosen:
        done["activity"] = select(done["activity"], shown.fields)
    crm.options.fields = None  # they were the activity's
    show_object(crm, done, "log")


def _partial(
    crm: Context, follow_up: FollowUp, done: Mapping[str, Any], error: CrmctlError
) -> PartialFailure:
    """What is said of a step that failed: what is done, and how to do what is left."""
    import shlex

    unknown = isinstance(error, OutcomeUnknown)
    logged = f"{done['activity'].get('id')} was logged"
    left: list[list[str]] = []
    if follow_up.completes is not None and not done["completed"]:
        left.append(["task", "complete", *_argument(follow_up.completes)])
        undone = f"{follow_up.completes} {'may not be' if unknown else 'was not'} completed"
        failed = "complete"
    else:
        if follow_up.completes is not None:
            logged += f" and {follow_up.completes} completed"
        undone = f"the follow-up {'may not be' if unknown else 'was not'} created"
        failed = "create"
    if isinstance(error, NotFound):
        left = []  # another run would not find it either
    if follow_up.task is not None:
        left.append(_creation(crm, follow_up.task))
    profile = [] if crm.options.profile is None else ["--profile", crm.options.profile]

    def to_run(commands: list[list[str]]) -> str:
        # Each a line that begins with blanks: no terminal's width breaks it, and it can be copied.
        words = [["crmctl", *command[:2], *profile, *command[2:]] for command in commands]
        return "".join(f"\n  {shlex.join(each)}" for each in words)

    hint = f"To do what is left:{to_run(left)}" if left else ""
    if unknown and failed == "create":
        assert follow_up.task is not None  # noqa: S101 - it is what failed
        look = ["task", "list", "--search", follow_up.task["title"]]
        hint = f"Look whether it is there:{to_run([look])}\nIf not:{to_run(left)}"
    elif error.hint:
        hint = f"{error.hint}\n{hint}".rstrip()
    steps = [{"step": "log", "id": done["activity"].get("id")}]
    if done["completed"]:
        steps.append({"step": "complete", "id": follow_up.completes})
    return PartialFailure(
        f"{logged}, but {undone}: {error.message}",
        hint=hint,
        status=error.status,
        request_id=error.request_id,
        retryable=error.retryable,
        details=[*steps, {"step": failed, **error.as_dict()}] if crm.as_json else error.details,
    )


def _creation(crm: Context, task: Mapping[str, Any]) -> list[str]:
    words = ["task", "create", "--type", task["type"]]
    if "due_date" in task:
        words += ["--due", task["due_date"]]
    if "related_to_type" in task:
        kind = task["related_to_type"]
        words += [f"--{kind}", word_for(crm, kind, task["related_to_id"])]
    return [*words, *_argument(task["title"])]


def _argument(text: str) -> list[str]:
    return ["--", text] if text.startswith("-") else [text]
