"""Where files of ours live, and replacing one whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Kind = Literal["config", "data", "state", "cache", "home"]


class Directories:
    """Where files of ours live: CRMCTL_CONFIG_DIR and its like, else the system's places.

    ``system`` gives the system's place for a kind; it is asked only where no variable decides.
    Creates nothing.
    """

    __slots__ = ("_environ", "_system")

    def __init__(self, environ: Mapping[str, str], system: Callable[[Kind], Path]) -> None:
        self._environ = environ
        self._system = system

    @property
    def config(self) -> Path:
        """Settings, and keys where a file keeps them."""
        return self._find("config")

    @property
    def data(self) -> Path:
        """Workspaces."""
        return self._find("data")

    @property
    def state(self) -> Path:
        """What has to outlive a process, and is nobody's data."""
        return self._find("state")

    @property
    def cache(self) -> Path:
        """What may be lost."""
        return self._find("cache")

    @property
    def home(self) -> Path:
        """The person's own: HOME, else where the system says."""
        home = self._environ.get("HOME")
        return Path(home) if home else self._system("home")

    def _find(self, kind: Kind) -> Path:
        moved = self._environ.get(f"CRMCTL_{kind.upper()}_DIR")
        return Path(moved) if moved else self._system(kind)


def system_directory(kind: Kind) -> Path:
    """The system's own place for crmctl's files of that kind; or the person's home."""
    if kind == "home":
        return Path.home()
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
