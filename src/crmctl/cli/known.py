"""The records that are known by name: a workspace's own, or of a server what this machine has seen.

Never from the network: of a server it is what lists have shown, and what `record pull` fetched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from crmctl.errors import CrmctlError, SettingsError, StoreError
from crmctl.files import OwnFile
from crmctl.names import fold
from crmctl.resources import RECORD_TYPES, TASK
from crmctl.timestamps import parse_timestamp

if TYPE_CHECKING:
    from crmctl.directories import Directories
    from crmctl.fields import Resource
    from crmctl.store.interface import Store

Record = dict[str, Any]

OFFERED = 100  # more than that no shell shows on a screen
_KEPT = 200
_KINDS = (TASK.name, *RECORD_TYPES)
_LONGEST = 1000  # characters; what is longer is no name that anybody types


class OfWorkspace:
    """What a workspace knows."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def records(self, type: str | None = None) -> list[Record]:
        """All of them, or those of one type, by type and ID."""
        with self._store.reading() as kept:
            return kept.records(type)

    def named(self, type: str, name: str) -> list[Record]:
        """Those of a type that have that name or e-mail address, but for case."""
        with self._store.reading() as kept:
            return kept.find_records(type, name)

    def record(self, type: str, record_id: str) -> Record | None:
        """The one of that type and ID, or None."""
        with self._store.reading() as kept:
            return kept.record(type, record_id)

    def beginning(self, type: str, prefix: str) -> list[tuple[str, str]]:
        """IDs and names, or titles of tasks, of which one or the other begins so."""
        with self._store.reading() as kept:
            return kept.find_ids(type, prefix, limit=OFFERED)


class Snapshot:
    """What was known at one moment, in memory: for thousands of names that are asked for in a row.

    Each look into a workspace is a transaction of 0.1 ms, and keeping one open would hold up
    whoever writes.
    """

    def __init__(self, known: OfWorkspace | OfServer) -> None:
        self._records: dict[tuple[str, str], Record] = {}
        self._named: dict[tuple[str, str], list[Record]] = {}
        for record in known.records():
            self._records[record["type"], record["id"]] = record
            for called in {fold(record["name"]), fold(record["email"] or "")} - {""}:
                self._named.setdefault((record["type"], called), []).append(record)

    def named(self, type: str, name: str) -> list[Record]:
        """Those of a type that have that name or e-mail address, but for case."""
        return self._named.get((type, fold(name)), [])

    def record(self, type: str, record_id: str) -> Record | None:
        """The one of that type and ID, or None."""
        return self._records.get((type, record_id))


class OfServer:
    """What is known of a server, in two files of the cache directory.

    One has what lists showed last, and is small; the other what was pulled, with when that was.
    """

    def __init__(self, directories: Directories, account: str) -> None:
        self._name = f"{account}.json"
        self._directories = directories
        self._names: dict[str, dict[str, tuple[str, str | None]]] = {}  # by type
        self._ids: dict[str, dict[str, set[str]]] = {}  # by type and folded name

    def records(self, type: str | None = None) -> list[Record]:
        """All of them, or those of one type, by type and ID."""
        return [
            _record(kind, record_id, name, email)
            for kind in sorted(RECORD_TYPES if type is None else (type,))
            for record_id, (name, email) in sorted(self._all(kind).items())
        ]

    def named(self, type: str, name: str) -> list[Record]:
        """Those of a type that have that name or e-mail address, but for case."""
        if type not in self._ids:
            # Built once: a command may ask for several names of 100,000.
            ids = self._ids[type] = {}
            for record_id, told in self._all(type).items():
                for each in filter(None, told):
                    ids.setdefault(fold(each), set()).add(record_id)
        known = self._all(type)
        found = sorted(self._ids[type].get(fold(name), ()))
        return [_record(type, record_id, *known[record_id]) for record_id in found]

    def record(self, type: str, record_id: str) -> Record | None:
        """The one of that type and ID, or None."""
        found = self._all(type).get(record_id)
        return None if found is None else _record(type, record_id, *found)

    def beginning(self, type: str, prefix: str) -> list[tuple[str, str]]:
        """IDs and names, or titles of tasks, of which one or the other begins so."""
        folded = fold(prefix)
        found = (
            (known, name)
            for known, (name, _) in self._all(type).items()
            if known.startswith(prefix) or (type != TASK.name and fold(name).startswith(folded))
        )
        return list(islice(found, OFFERED))

    def pulled_at(self, type: str) -> datetime | None:
        """When the records of a type were pulled; None if they never were."""
        with suppress(ValueError):  # a cache may hold anything
            return parse_timestamp(str(_part(self._pulled, type).get("at")))
        return None

    def keep_pulled(
        self, type: str, records: Mapping[str, tuple[str, str | None]], at: str
    ) -> None:
        """Keep all records of a type, by ID with name and e-mail address, in place of the last.

        A name that a list showed of one of them before is older, and goes.
        """
        file, shown = self._file("pulled"), self._file("seen")
        with file.locked():
            pulled = {**_read(file), type: {"at": at, "records": records}}
            file.replace(json.dumps(pulled).encode(), sync=False)
            with suppress(CrmctlError):  # what was pulled is kept
                seen = _read(shown)
                names = _part(seen, type)
                seen[type] = {key: name for key, name in names.items() if key not in records}
                if names:
                    shown.replace(json.dumps(seen).encode(), sync=False)

    def keep_seen(self, found: Mapping[str, Mapping[str, str]]) -> None:
        """Put what a list showed, by type the IDs with names, before what it showed before."""
        file = self._file("seen")
        with file.locked(seconds=1):
            seen = _read(file)
            for kind, names in found.items():
                before = _part(seen, kind)
                # A list that shows an ID alone takes no name away.
                merged = {key: name or before.get(key, "") for key, name in names.items()}
                seen[kind] = dict(islice({**merged, **before, **merged}.items(), _KEPT))
            file.replace(json.dumps(seen).encode(), sync=False)

    def forget(self) -> None:
        """Keep nothing more of it: the next key may be of another account.

        Raises StoreError where that cannot be done.
        """
        for kind in ("seen", "pulled"):
            try:
                path = self._file(kind).path
                path.unlink(missing_ok=True)
            except (SettingsError, NotADirectoryError):
                return  # where there is no directory, nothing was kept
            except OSError as error:
                raise StoreError(f"{path} cannot be removed: {error.strerror}.") from None

    @cached_property
    def _seen(self) -> Mapping[str, Any]:
        return self._kept("seen")

    @cached_property
    def _pulled(self) -> Mapping[str, Any]:
        return self._kept("pulled")

    def _kept(self, kind: str) -> Mapping[str, Any]:
        """What a file has; nothing where there is no place for files, or it is of no use."""
        try:
            return _read(self._file(kind))
        except CrmctlError:
            return {}

    def _file(self, kind: str) -> OwnFile:
        return OwnFile(self._directories.cache / f"{kind}-{self._name}")

    def _all(self, type: str) -> dict[str, tuple[str, str | None]]:
        """Names and e-mail addresses by ID: what was seen last, then what was pulled."""
        if type in self._names:
            return self._names[type]
        found: dict[str, tuple[str, str | None]] = {
            record_id: (name, None)
            for record_id, name in _part(self._seen, type).items()
            if isinstance(name, str)
        }
        for record_id, kept in _part(_part(self._pulled, type), "records").items():
            match kept:
                case [str(name), str() | None as email]:
                    found[record_id] = (found.get(record_id, ("", None))[0] or name, email)
        self._names[type] = found
        return found


class Seen:
    """Collects the IDs and names that a list over the network shows, and keeps them."""

    __slots__ = ("_found", "_known", "_resource")

    def __init__(self, known: OfServer, resource: Resource) -> None:
        self._known = known
        self._resource = resource
        self._found: dict[str, dict[str, str]] = {}

    def save(self) -> None:
        """Keep what was found. Raises CrmctlError where that cannot be done."""
        if self._found:
            self._known.keep_seen(self._found)

    def add(self, item: Mapping[str, Any]) -> None:
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

    def _note(self, kind: Any, known: Any, name: Any) -> None:
        if isinstance(known, str) and isinstance(kind, str) and kind in _KINDS:
            names = self._found.setdefault(kind, {})
            if known in names or len(names) < _KEPT:
                told = name if isinstance(name, str) and len(name) <= _LONGEST else ""
                names[known] = told or names.get(known, "")


def _record(type: str, record_id: str, name: str, email: str | None) -> Record:
    known = {"type": type, "id": record_id, "name": name, "email": email}
    return {**known, "active": None, "notifications": None}  # which no list tells


def _read(file: OwnFile) -> dict[str, Any]:
    """What a file of the cache has; nothing where that makes no sense. Raises SettingsError."""
    try:
        content = json.loads(file.read() or b"{}")
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = content.get(name)
    return part if isinstance(part, dict) else {}
