"""Where files of ours live, and reading and replacing one."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Kind = Literal["config", "data", "state", "cache", "home"]

LOCK_SECONDS = 10.0

# A FIFO blocks whoever opens it without O_NONBLOCK. Windows has none, and no such flags.
_CAREFULLY = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_IRREGULAR = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFLNK: "a link",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


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


class OwnFile:
    """A regular file of ours: read whole, and replaced whole, by one process at a time.

    It is refused, never read and never replaced, where it is anything else than a regular file, or
    belongs to another user (root excepted), or where others may write it; a ``secret`` one, where
    they may read it either. A link is refused too, unless ``may_link``: then it stays a link, and
    the file it leads to is the one that is meant.
    """

    __slots__ = ("_may_link", "_secret", "path")

    def __init__(self, path: Path, *, may_link: bool = False, secret: bool = False) -> None:
        self.path = path
        self._may_link = may_link
        self._secret = secret

    def read(self) -> bytes | None:
        """All that is in it; None if there is no such file. Raises SettingsError."""
        found = self._open()
        if found is None:
            return None
        try:
            with os.fdopen(found, "rb") as file:
                return file.read()
        except OSError as error:
            raise self._unreadable(error) from None

    @contextmanager
    def locked(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Nobody else changes files of ours in this directory meanwhile.

        Waits that long for another process; the kernel frees the lock of one that died. Raises
        StoreError.
        """
        lock = self.path.with_name(".lock")
        try:
            make_directory(lock.parent)
            descriptor = open_regular(lock, os.O_RDWR | os.O_CREAT)
            lock.chmod(0o600)  # which a umask may have kept it from being
        except OSError as error:
            raise self._unwritable(lock, error) from None
        try:
            try:
                _wait_for_lock(descriptor, seconds)
            except TimeoutError:
                raise errors.StoreError(
                    f"{self.path} was not changed: for {seconds:g} seconds another process has held"
                    f" {lock}.",
                    retryable=True,
                ) from None
            except OSError as error:
                raise self._unwritable(lock, error) from None
            yield
        finally:
            os.close(descriptor)

    def replace(self, content: bytes, *, sync: bool = True) -> None:
        """Give it new content: all of it or, with a StoreError, none of it.

        A new one is its owner's alone (0600), an existing one keeps its mode. What a change is made
        from is read inside the same `locked`. ``sync`` waits until it is on the disk. Raises
        SettingsError, as `read` does, for a file that is not fit to be replaced.
        """
        found = self._open()
        mode = 0o600
        if found is not None:
            mode = stat.S_IMODE(os.fstat(found).st_mode)
            os.close(found)
        target = Path(os.path.realpath(self.path)) if self._may_link else self.path
        draft = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    if sync:
                        os.fsync(file.fileno())
                draft.chmod(mode)
                draft.replace(target)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._unwritable(target, error) from None

    def _open(self) -> int | None:
        try:
            descriptor = open_regular(self.path, follow=self._may_link)
        except FileNotFoundError:
            if not self.path.is_symlink():
                return None
            raise errors.SettingsError(
                f"{self.path} is a link to a file that does not exist.",
                hint="Make that file, or remove the link.",
            ) from None
        except OSError as error:
            raise self._unreadable(error) from None
        try:
            self._check(os.fstat(descriptor))
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _check(self, found: os.stat_result) -> None:
        if sys.platform == "win32":
            return
        if found.st_uid not in (os.geteuid(), 0):
            raise errors.SettingsError(
                f"{self.path} belongs to another user (uid {found.st_uid}).",
                hint="crmctl uses its user's own files. Change the owner, or remove it.",
            )
        others = stat.S_IMODE(found.st_mode) & (0o077 if self._secret else 0o022)
        if others:
            use = "use" if self._secret else "change"
            mode = "600" if self._secret else "go-w"
            raise errors.SettingsError(
                f"Other users may {use} {self.path}.", hint=f"Run `chmod {mode} '{self.path}'`."
            )

    def _unreadable(self, error: OSError) -> errors.SettingsError:
        return errors.SettingsError(f"{self.path} cannot be read: {error.strerror or error}.")

    def _unwritable(self, path: Path, error: OSError) -> errors.StoreError:
        message = f"{path} could not be written: {error.strerror or error}."
        hint = f"{self.path} is as it was. Is there space, and a right to write?"
        return errors.StoreError(message, hint=hint)


def open_regular(path: Path, flags: int = os.O_RDONLY, *, follow: bool = False) -> int:
    """A descriptor of a regular file, or an OSError that says what it is instead. Never blocks.

    With ``follow``, the file that a link leads to is taken too.
    """
    links = 0 if follow else _NO_LINK
    try:
        # Opening a device may act on it already.
        require_regular(path.stat(follow_symlinks=follow))
    except FileNotFoundError:
        if not flags & os.O_CREAT:
            raise
    descriptor = os.open(path, flags | links | _CAREFULLY | _BINARY, 0o600)
    try:
        require_regular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def require_regular(found: os.stat_result, name: str = "it") -> None:
    """Raise an OSError that says what is there, if that is no regular file."""
    if not stat.S_ISREG(found.st_mode):
        kind = _IRREGULAR.get(stat.S_IFMT(found.st_mode), "something else")
        raise OSError(errno.EINVAL, f"{name} is {kind}, not a regular file")


def make_directory(path: Path) -> None:
    """Make a directory and its missing parents, each its owner's alone (0700) under any umask."""
    if path.is_dir() or path == path.parent:
        return
    make_directory(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        if not path.is_dir():
            raise
    else:
        path.chmod(0o700)


def _wait_for_lock(descriptor: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not _lock(descriptor):
        if time.monotonic() >= end:
            raise TimeoutError
        time.sleep(0.01)


def _lock(descriptor: int) -> bool:
    """Take the lock of an open file, if it is free; it is freed when the file is closed."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
