"""IDs for completion, with their titles: from this machine, never from the network."""

from __future__ import annotations

import json
import re
from itertools import chain
from operator import itemgetter
from typing import Any
from zlib import crc32

from crmctl.cli.context import Context
from crmctl.errors import CrmctlError
from crmctl.fields import Resource
from crmctl.files import OwnFile
from crmctl.resources import OPEN_STATUSES, TASK, TASK_STATUSES
from crmctl.store.interface import Condition, Item, Transaction

Names = dict[str, dict[str, str]]
"""For each kind (task, user, contact, deal, project): ID to title or name."""

_KEPT = 200
# A completed word stands on the command line unquoted: nothing that a shell would interpret, or
# crmctl take for an option.
_PLAIN_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


def known_ids(crm: Context, kind: str, prefix: str) -> list[tuple[str, str]]:
    """IDs of that kind that begin with ``prefix``; none where settings or files are unusable."""
    try:
        profile = crm.settings.profile
        if profile.kind == "workspace":
            found = _in_workspace(crm, kind, prefix)
        else:
            names = _read(_file(crm)).get(kind, {})
            found = [(known, name) for known, name in names.items() if known.startswith(prefix)]
    except (CrmctlError, UnicodeEncodeError):  # an argument may be any bytes
        return []
    return [(known, name) for known, name in found if _PLAIN_ID.fullmatch(known)]


class Recent:
    """Collects what a list over the network shows, and keeps it in the cache directory."""

    def __init__(self, crm: Context, resource: Resource) -> None:
        self._crm = crm
        self._resource = resource
        self._found: Names = {}

    def add(self, item: dict[str, Any]) -> None:
        """Remember an item's ID and title, and those of what it relates to."""
        if self._resource is TASK:
            self._note("task", item.get("id"), item.get("title"))
            self._note("user", item.get("assignee_id"), item.get("assignee_name"))
            related = item.get("related_to")
            if isinstance(related, dict):
                self._note(related.get("type"), related.get("id"), related.get("name"))
        else:
            for kind in ("contact", "deal", "user"):
                self._note(kind, item.get(f"{kind}_id"), item.get(f"{kind}_name"))

    def save(self) -> None:
        """Put what was found before what is kept. A cache that cannot be written is no failure."""
        if not self._found:
            return
        try:
            file = _file(self._crm)
            with file.locked(seconds=1):
                kept = _read(file)
                for kind, names in self._found.items():
                    merged = {**names, **kept.get(kind, {}), **names}
                    kept[kind] = dict(list(merged.items())[:_KEPT])
                file.replace(json.dumps(kept).encode(), sync=False)
        except CrmctlError as error:
            said = f"crmctl: note: nothing kept for completion: {error.message}"
            self._crm.terminal.log(1, said)

    def _note(self, kind: Any, known: Any, name: Any) -> None:
        if isinstance(kind, str) and isinstance(known, str):
            names = self._found.setdefault(kind, {})
            if len(names) < _KEPT:
                names[known] = str(name or "")


def _file(crm: Context) -> OwnFile:
    # A profile's name may come to mean another server, whose IDs are others.
    profile = crm.settings.profile
    server = crc32(str(profile.base_url.value).encode())
    return OwnFile(crm.directories.cache / f"known-{profile.name}-{server:08x}.json")


def _read(file: OwnFile) -> Names:
    try:
        kinds = json.loads(file.read() or b"{}")
        return {
            kind: {known: name for known, name in names.items() if isinstance(name, str)}
            for kind, names in kinds.items()
        }
    except (ValueError, AttributeError, RecursionError):
        return {}  # the cache is of no use: completion offers nothing


def _in_workspace(crm: Context, kind: str, prefix: str) -> list[tuple[str, str]]:
    with crm.open_store(crm.settings.profile, busy_seconds=1).reading() as kept:
        return kept.find_ids(kind, prefix, limit=100)


def closed_ids(crm: Context, prefix: str) -> list[tuple[str, str]]:
    """Of a workspace, the closed tasks that changed last; of a server, what `known_ids` gives."""
    try:
        profile = crm.settings.profile
        if profile.kind != "workspace":
            return known_ids(crm, TASK.name, prefix)
        with crm.open_store(profile, busy_seconds=1).reading() as kept:
            closed = [
                _last_changed(kept, status)
                for status in TASK_STATUSES
                if status not in OPEN_STATUSES
            ]
    except CrmctlError:
        return []
    return [
        (str(task["id"]), str(task["title"]))
        for task in sorted(chain(*closed), key=itemgetter("updated_at"), reverse=True)
        if task["id"].startswith(prefix) and _PLAIN_ID.fullmatch(task["id"])
    ]


def _last_changed(kept: Transaction, status: str) -> list[Item]:
    condition = Condition("status", "=", status)
    return kept.page(TASK, [condition], sort="-updated_at", after=None, limit=100)[0]
