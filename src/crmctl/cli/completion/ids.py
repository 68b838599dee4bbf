"""IDs and names for completion: from this machine, never from the network."""

from __future__ import annotations

import re
from itertools import chain
from operator import itemgetter

from crmctl.cli.context import Context
from crmctl.cli.known import OfWorkspace
from crmctl.errors import CrmctlError
from crmctl.names import fold
from crmctl.resources import CLOSED_STATUSES, TASK
from crmctl.store.values import Condition

# An ID stands on the command line unquoted: nothing that a shell would interpret, or crmctl take
# for an option. A name is quoted by the shell's script, which knows no more than these.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
# No longer than a line either: nobody would have typed it.
_PLAIN_NAME = re.compile(r"\w[\w .&()@/+-]{0,99}")


def known_ids(crm: Context, kind: str, prefix: str) -> list[tuple[str, str]]:
    """IDs of that kind that begin with ``prefix``, and names in place of those that do not.

    None where settings or files are unusable.
    """
    try:
        if crm.profile.kind == "workspace":
            found = OfWorkspace(crm.open_store(busy_seconds=1)).beginning(kind, prefix)
        else:
            found = crm.known_of_server.beginning(kind, prefix)
    except (CrmctlError, UnicodeEncodeError):  # an argument may be any bytes
        return []
    offered = []
    for item_id, name in found:
        if item_id.startswith(prefix):
            if _PLAIN_ID.fullmatch(item_id):
                offered.append((item_id, name))
        elif kind != TASK.name and fold(name[: len(prefix)]) == fold(prefix):
            # What was typed stays as it was typed: no shell completes it otherwise.
            word = prefix + name[len(prefix) :]
            if _PLAIN_NAME.fullmatch(word):
                offered.append((word, item_id))
    return offered


def closed_ids(crm: Context, prefix: str) -> list[tuple[str, str]]:
    """Of a workspace, the closed tasks that changed last; of a server, what `known_ids` gives."""
    try:
        if crm.profile.kind != "workspace":
            return known_ids(crm, TASK.name, prefix)
        with crm.open_store(busy_seconds=1).reading() as kept:
            closed = [
                kept.page(TASK, [condition], sort="-updated_at", after=None, limit=100)[0]
                for condition in (Condition("status", "=", each) for each in CLOSED_STATUSES)
            ]
    except CrmctlError:
        return []
    return [
        (str(task["id"]), str(task["title"]))
        for task in sorted(chain(*closed), key=itemgetter("updated_at"), reverse=True)
        if task["id"].startswith(prefix) and _PLAIN_ID.fullmatch(task["id"])
    ]
