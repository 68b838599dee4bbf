"""Where files of ours live."""

from __future__ import annotations

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
    """The system's own place for crmctl's files of that kind; or the person's home.

    Raises SettingsError where the system knows no home: without HOME, for a user without an
    account, as containers have them.
    """
    try:
        if kind == "home":
            return Path.home()
        import platformdirs

        places = platformdirs.PlatformDirs("crmctl", appauthor=False)
        place = Path(getattr(places, f"user_{kind}_dir"))
    except RuntimeError:
        place = Path("~")
    if place.parts[0] == "~":  # as platformdirs leaves it
        variable = "HOME" if kind == "home" else f"HOME or CRMCTL_{kind.upper()}_DIR"
        raise errors.SettingsError(
            "This user has no home directory.",
            hint=f"Set {variable}. CRMCTL_CONFIG_DIR, CRMCTL_DATA_DIR, CRMCTL_STATE_DIR and"
            " CRMCTL_CACHE_DIR name the directories for settings, workspaces, state and cache.",
        )
    return place
