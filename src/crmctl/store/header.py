"""What a workspace file says of itself in its first bytes."""

from __future__ import annotations

from pathlib import Path

from crmctl import errors

SCHEMA_VERSION = 1
APPLICATION_ID = 0x43524D43  # "CRMC" tells a workspace from other databases

_MAGIC = b"SQLite format 3\0"
_WRITE_AHEAD_LOG = 2


def inspect_header(path: Path) -> int | None:
    """The schema version of a workspace file, or None if there is no file.

    Reads the header without SQLite, which may write to a database merely by opening it. Raises
    `StoreError` for a file that is damaged, not a workspace, or of a later crmctl.
    """
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return None
    if len(header) < 100 or not header.startswith(_MAGIC):
        raise errors.StoreError(
            f"{path} is damaged, or not a crmctl workspace. It was left as it is.",
            hint="Restore a backup, or move the file away to start a new workspace.",
        )
    version = int.from_bytes(header[60:64], "big")
    application_id = int.from_bytes(header[68:72], "big")
    if application_id != APPLICATION_ID or header[18] == _WRITE_AHEAD_LOG:
        raise errors.StoreError(
            f"{path} is a database of another program. It was left as it is.",
            hint="Move the file away to start a new workspace.",
        )
    if version > SCHEMA_VERSION:
        raise errors.StoreError(
            f"{path} was written by a later crmctl (schema {version}; this one knows"
            f" {SCHEMA_VERSION}). It was left as it is.",
            hint="Upgrade crmctl.",
        )
    return version
