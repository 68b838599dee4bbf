"""A contact or a deal before a call, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TextIO

from crmctl.output import table
from crmctl.output.console import Console, open_console, print_wrapped
from crmctl.output.escape import one_line
from crmctl.output.style import Style
from crmctl.output.timeline import write_timeline
from crmctl.output.view import Column, View

_TASKS = View(
    columns=[
        Column("due_date", "Due", "time"),
        Column("title", "Title"),
        Column("priority", "Priority", "enum"),
        Column("type", "Type", "enum"),
        Column("assignee_name", "Assignee"),
        Column("id", "ID", "id"),
    ],
    fields=[],
    name="task",
)


def write_brief(told: Mapping[str, Any], *, stream: TextIO, style: Style) -> None:
    """Write who or what it is, its open tasks with how many are overdue, its last activities.

    ``told`` has ``type``, ``id``, ``name``, ``email``, ``overdue``, ``open_tasks`` and
    ``activities``.
    """
    tasks, activities = told["open_tasks"], told["activities"]
    known = " · ".join(one_line(told[part]) for part in ("type", "id", "email") if told[part])
    with open_console(stream, style) as console:
        if told["name"]:
            title = [(one_line(told["name"]), "bold"), (f"  {known}", "dim")]
        else:
            title = [(known, "bold")]
        print_wrapped(console, title, indent=2, width=style.width)
        late = f", {told['overdue']} overdue" if told["overdue"] else ""
        _head(console, f"Open tasks ({len(tasks)}{late})" if tasks else "No open tasks", style)
    table.write_list(tasks, _TASKS, stream=stream, style=style)
    with open_console(stream, style) as console:
        _head(console, "Last activities" if activities else "No activities yet", style)
    # Each is of whom the title names.
    own = {f"{told['type']}_id", f"{told['type']}_name"}
    shown = [{name: item[name] for name in item if name not in own} for item in activities]
    write_timeline(shown, stream=stream, style=style)


def _head(console: Console, heading: str, style: Style) -> None:
    console.line()
    print_wrapped(console, [(heading, "bold")], indent=0, width=style.width)
