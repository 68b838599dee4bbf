"""Every command with what it takes, what it prints and whether it writes: `crmctl commands`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crmctl.cli.describe import describe, describe_option

# What a command prints as JSON, by the names of `crmctl schema`: [task] is an array of them.
# These change nothing that lasts.
READS = {
    "agenda": "[task]",
    "brief": "brief",
    "task list": "[task] | count",
    "task export": "[task]",
    "task get": "task",
    "activity list": "[activity] | count",
    "activity export": "[activity]",
    "activity feed": "[activity]",
    "report tasks": "task_report",
    "report activities": "activity_report",
    "outbox list": "[queued]",
    "outbox show": "queued",
    "outbox status": "outbox",
    "record list": "[record]",
    "record pull": "[pulled]",
    "auth status": "auth_status",
    "auth token": "token",
    "config list": "[setting]",
    "config get": "setting",
    "config path": "path",
    "workspace info": "workspace",
    "workspace path": "path",
    "workspace check": "check",
    "workspace key list": "[key]",
    "doctor": "[finding]",
    "guide": "guide",
    "commands": "[command]",
    "schema": "[schema] | json_schema",
    "completion bash": "script",
    "completion zsh": "script",
    "completion fish": "script",
    "completion powershell": "script",
}
# These change tasks, activities, records or keys: a read-only profile refuses them.
WRITES = {
    "task create": "task",
    "task update": "[task]",
    "task edit": "task",
    "task start": "[task] | [result]",
    "task cancel": "[task] | [result]",
    "task reopen": "[task] | [result]",
    "task postpone": "[task]",
    "task complete": "[task] | [result]",
    "task delete": "[deleted] | [result]",
    "task import": "[result]",
    "activity log": "activity | log",
    "activity import": "[result]",
    "outbox flush": "flushed",
    "record add": "record",
    "record remove": "deleted",
    "workspace copy": "copied",
    "workspace key create": "new_key",
    "workspace key revoke": "key",
    "demo": "[task]",
    "api": "answer | [item]",  # by its method
}
# These change files of this machine: settings, keys, copies; and `serve` a workspace, for others. A
# read-only profile's is served to be read.
WRITES_FILES = {
    "auth login": "auth_status",
    "auth logout": "auth_status",
    "auth switch": "setting",
    "config set": "setting",
    "config unset": "setting",
    "outbox retry": "queued",
    "outbox drop": "deleted",
    "outbox export": "exported | [queued]",
    "outbox import": "imported",
    "workspace backup": "path",
    "serve": "serving",
    "completion install": "installed",
}


def catalogue(root: Any) -> Iterator[dict[str, Any]]:
    """crmctl itself with the options that every command has, then each command."""
    options = [describe_option(param) for param in root.params]
    yield _entry("crmctl", {**describe(root, "crmctl"), "options": options})
    for noun, command in root.commands.items():
        yield from _entries(noun, command)


def _entries(path: str, command: Any) -> Iterator[dict[str, Any]]:
    commands = getattr(command, "commands", None)
    if commands is None:
        yield _entry(path, describe(command, f"crmctl {path}"))
        return
    for verb, called in commands.items():
        yield from _entries(f"{path} {verb}", called)


def _entry(path: str, described: dict[str, Any]) -> dict[str, Any]:
    outputs = {**READS, **WRITES, **WRITES_FILES}
    writes = path in WRITES or path in WRITES_FILES
    return {**described, "writes": writes, "output": outputs.get(path)}
