"""Where files of ours live, and replacing one whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Mapping


def directory(
    kind: Literal["config", "data", "state", "cache"], environ: Mapping[str, str]
) -> Path:
    """Where files of that kind are: CRMCTL_CONFIG_DIR and its like, else the system's place.

    Creates nothing.
    """
    if moved := environ.get(f"CRMCTL_{kind.upper()}_DIR"):
        return Path(moved)
    import platformdirs

    places = platformdirs.PlatformDirs("crmctl", appauthor=False)
    return Path(getattr(places, f"user_{kind}_dir"))


def replace_file(path: Path, content: bytes) -> None:
    """Give a file new content, all of it or, with a StoreError, none of it.

    What it creates is its owner's alone: the file 0600, its directory 0700. An existing file keeps
    its mode, and a link to one stays a link.
    """
    import tempfile

    target = Path(os.path.realpath(path))
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o600
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        message = f"{target} could not be written: {error.strerror or error}."
        raise errors.StoreError(
            message, hint="It is as it was. Is there space, and a right to write?"
        ) from None
