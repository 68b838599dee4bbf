"""Reading a file that is ours, and replacing it whole; and making directories."""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

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
            raise _unwritable(lock, error) from None
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
                raise _unwritable(lock, error) from None
            yield
        finally:
            os.close(descriptor)

    def replace(self, content: bytes, *, sync: bool = True) -> None:
        """Give it new content: all of it or, with a StoreError, none of it.

        As `replace_file` does. What a change is made from is read inside the same `locked`. Raises
        SettingsError, as `read` does, for a file that is not fit to be replaced.
        """
        found = self._open()
        if found is not None:
            os.close(found)
        target = Path(os.path.realpath(self.path)) if self._may_link else self.path
        replace_file(target, content, sync=sync)

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


def replace_file(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Give a file new content: all of it or, with a StoreError, none of it.

    A new one, with its directories, is its owner's alone; an existing one keeps its mode. ``sync``
    waits until it is on the disk.
    """
    try:
        make_directory(path.parent)
    except OSError as error:
        raise _unwritable(path, error) from None
    with replacing_file(path, sync=sync) as file:
        file.write(content)


@contextmanager
def replacing_file(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """The same in a directory that is there, for content that is written as it comes.

    An error leaves the file as it was.
    """
    draft = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            draft.chmod(mode)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from None


@contextmanager
def writing_file(path: Path) -> Iterator[BinaryIO]:
    """The same for a file that a person names: a link stays one, and leads to what is replaced.

    A device or a FIFO is written to: in place of one, whoever may would put a file.
    """
    target = Path(os.path.realpath(path))
    special = target.exists() and not target.is_file()
    with target.open("wb") if special else replacing_file(target) as file:
        yield file


def spool(chunks: Iterable[bytes]) -> BinaryIO:
    """A file without a name, its owner's alone, that holds what came; closing it removes it.

    Raises StoreError where there is no room for it.
    """
    import tempfile

    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    try:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
    except OSError as error:
        file.close()
        message = f"A file in {tempfile.gettempdir()} could not be written: {error.strerror}."
        raise errors.StoreError(message, hint="TMPDIR names another directory.") from None
    except BaseException:
        file.close()
        raise
    return file


@contextmanager
def making_file(path: Path) -> Iterator[Path]:
    """Make a file in one step, 0600: whole under another name, which is given, then its own.

    So no process ever sees half of one, and what fails leaves none. Raises FileExistsError if
    there is one by then.
    """
    if os.path.lexists(path):
        raise FileExistsError(path)
    # What a program makes beside the draft, as SQLite does, goes with its directory.
    directory = path.with_name(f".crmctl-{os.urandom(8).hex()}")
    draft = directory / "draft"
    directory.mkdir()
    try:
        directory.chmod(0o700)
        draft.touch(mode=0o600)
        draft.chmod(0o600)  # which a umask may have kept it from being
        yield draft
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:  # there are no links on this file system
            draft.rename(path)
    finally:
        import shutil

        shutil.rmtree(directory)


def take_lock(path: Path) -> int | None:
    """A descriptor that holds the lock of a file of ours, made if need be; None if another does.

    Closing it frees the lock, and so does the kernel for a process that died. Raises OSError.
    """
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        if _lock(descriptor):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


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


def _unwritable(path: Path, error: OSError) -> errors.StoreError:
    message = f"{path} could not be written: {error.strerror or error}."
    return errors.StoreError(message, hint="It is as it was. Is there space, and a right to write?")


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
