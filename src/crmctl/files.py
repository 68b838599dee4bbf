"""Where files of ours live, and replacing one whole."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

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


def read_file(path: Path, *, may_be_link: bool = False) -> tuple[bytes, os.stat_result] | None:
    """What a file of ours holds, and its status; None if there is none.

    Raises SettingsError for what is no regular file, without reading it (a FIFO would wait for
    whoever writes, a device for ever), for one that another user owns or others may write to, and
    for one that cannot be read. Of a link, what it leads to counts where it ``may_be_link``.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not may_be_link:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise errors.SettingsError(f"{path} is a link, and has to be a file.") from None
        raise errors.SettingsError(f"{path} cannot be read: {error.strerror or error}.") from None
    try:
        status = os.fstat(descriptor)
        _check_ours(path, status)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(), status
    except OSError as error:
        raise errors.SettingsError(f"{path} cannot be read: {error.strerror or error}.") from None
    finally:
        os.close(descriptor)


def _check_ours(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise errors.SettingsError(f"{path} is not a regular file.")
    if os.name != "posix":
        return
    if status.st_uid not in (os.geteuid(), 0):
        raise errors.SettingsError(f"{path} belongs to another user.")
    if status.st_mode & 0o022:
        raise errors.SettingsError(
            f"Others than its owner may change {path}.", hint=f"Run `chmod 600 '{path}'`."
        )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep others from changing a file while it is read, changed and replaced.

    What is locked is its directory; where that cannot be, a file beside it. The kernel frees the
    lock when its process dies.
    """
    try:
        _make_parents(path)
        if sys.platform == "win32":
            import msvcrt

            lock = path.with_name(f".{path.name}.lock")
            descriptor = os.open(lock, os.O_CREAT | os.O_RDWR)
            msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            descriptor = os.open(path.parent, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        message = f"{path.parent} cannot be locked: {error.strerror or error}."
        raise errors.StoreError(message) from None
    try:
        yield
    finally:
        os.close(descriptor)


def _make_parents(path: Path) -> None:
    """Make the directories that a file lacks, each its owner's alone under any umask."""
    missing = [parent for parent in path.parents if not parent.exists()]
    for parent in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            parent.mkdir(mode=0o700)


def replace_file(path: Path, content: bytes, *, may_be_link: bool = False) -> None:
    """Give a file new content, all of it or, with a StoreError, none of it.

    What it creates is its owner's alone: the file 0600, its directories 0700. An existing file
    keeps its mode. A link to one is replaced where it leads where it ``may_be_link``, else refused;
    so is what is no regular file.
    """
    import tempfile

    target = Path(os.path.realpath(path)) if may_be_link else path
    try:
        if target.is_symlink() or (target.exists() and not target.is_file()):
            raise errors.StoreError(f"{target} is not a regular file. It was left as it is.")
        _make_parents(target)
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
