"""Files of ours: which are read, which are refused, and that replacing one loses nothing."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crmctl import errors
from crmctl.files import OwnFile, make_directory, take_lock, writing_file

posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files and modes")
as_root = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root gives files away"
)
PATIENCE = 20.0  # seconds, the longest that any one thing here waits


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own" / "file"


def make_fifo(path: Path) -> str:
    os.mkfifo(path, 0o600)
    return "a FIFO"


def make_directory_there(path: Path) -> str:
    path.mkdir()
    return "a directory"


def make_socket(path: Path) -> str:
    here = Path.cwd()
    os.chdir(path.parent)  # the longest name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)
    return "a socket"


def make_link(path: Path) -> str:
    other = path.with_name("other")
    other.write_text("other")
    other.chmod(0o600)
    path.symlink_to(other)
    return "a link"


def make_link_to_fifo(path: Path) -> str:
    make_fifo(path.with_name("fifo"))
    path.symlink_to("fifo")
    return "a FIFO"


def make_link_to_directory(path: Path) -> str:
    path.symlink_to(".")
    return "a directory"


def make_link_to_nothing(path: Path) -> str:
    path.symlink_to("nothing")
    return "a link to a file that does not exist"


def make_link_to_itself(path: Path) -> str:
    path.symlink_to(path.name)
    return ""


IRREGULAR = (make_fifo, make_directory_there, make_socket)
LINKS = (make_link_to_fifo, make_link_to_directory, make_link_to_nothing, make_link_to_itself)


def snapshot(directory: Path) -> dict[str, tuple[int, int]]:
    """What is in a directory, by name: its inode and its mode."""
    return {
        entry.name: (entry.lstat().st_ino, entry.lstat().st_mode)
        for entry in directory.iterdir()
        if entry.name != ".lock"
    }


def refused(file: OwnFile) -> str:
    """What is said by both reading and replacing it, which leave all as it is."""
    before = snapshot(file.path.parent)
    with pytest.raises(errors.SettingsError) as on_read:
        file.read()
    with pytest.raises(errors.SettingsError) as on_write, file.locked():
        file.replace(b"new")
    assert snapshot(file.path.parent) == before
    assert on_read.value.message == on_write.value.message
    assert str(file.path) in on_read.value.message
    return on_read.value.message


# What is refused


@posix
@pytest.mark.parametrize("may_link", [False, True])
@pytest.mark.parametrize("make", IRREGULAR)
def test_what_is_no_regular_file_is_refused(
    path: Path, make: Callable[[Path], str], may_link: bool
) -> None:
    path.parent.mkdir()
    kind = make(path)
    assert f"it is {kind}, not a regular file" in refused(OwnFile(path, may_link=may_link))


@posix
@pytest.mark.parametrize("make", [make_link, *LINKS])
def test_a_link_is_refused_whatever_it_leads_to(path: Path, make: Callable[[Path], str]) -> None:
    path.parent.mkdir()
    make(path)
    assert "it is a link, not a regular file" in refused(OwnFile(path))


@posix
@pytest.mark.parametrize("make", LINKS)
def test_a_link_that_is_allowed_has_to_lead_to_a_regular_file(
    path: Path, make: Callable[[Path], str]
) -> None:
    path.parent.mkdir()
    kind = make(path)
    assert kind in refused(OwnFile(path, may_link=True))


@posix
def test_a_link_to_a_device_never_replaces_the_device(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(os.devnull)
    before = Path(os.devnull).stat()
    # It is only read: a mistake here must not cost this machine its null device.
    with pytest.raises(errors.SettingsError, match="it is a device, not a regular file"):
        OwnFile(path, may_link=True).read()
    assert Path(os.devnull).stat().st_ino == before.st_ino


@posix
@pytest.mark.parametrize("secret", [False, True])
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_what_others_may_write_is_refused(path: Path, mode: int, secret: bool) -> None:
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(mode)
    assert "Other users may" in refused(OwnFile(path, secret=secret))


@posix
def test_what_others_may_read_is_refused_only_where_it_is_secret(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o644)
    assert OwnFile(path).read() == b"old"
    assert "Other users may use" in refused(OwnFile(path, secret=True))


@as_root
@pytest.mark.parametrize("secret", [False, True])
def test_what_another_user_owns_is_refused(path: Path, secret: bool) -> None:
    path.parent.mkdir()
    path.write_text("old")
    path.chmod(0o600)
    os.chown(path, 54321, 54321)
    assert "belongs to another user (uid 54321)" in refused(OwnFile(path, secret=secret))


@as_root
def test_a_link_to_what_another_user_owns_is_refused(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    os.chown(theirs, 54321, 54321)
    path.symlink_to(theirs)
    assert "belongs to another user" in refused(OwnFile(path, may_link=True))
    assert theirs.read_text() == "theirs"


@posix
def test_a_lock_that_is_a_fifo_or_a_link_is_refused(path: Path) -> None:
    path.parent.mkdir()
    lock = path.with_name(".lock")
    for make in (make_fifo, make_link):
        make(lock)
        with pytest.raises(errors.StoreError, match="not a regular file"), OwnFile(path).locked():
            raise AssertionError("locked")
        lock.unlink()


# Replacing


def test_a_file_that_does_not_exist_is_none_and_reading_makes_nothing(
    path: Path, tmp_path: Path
) -> None:
    assert OwnFile(path).read() is None
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o177, 0o777])
def test_what_is_made_is_its_owner_s_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "a" / "b" / "file"
    with masked(umask):
        file = OwnFile(path)
        for content in (b"old", b"new"):
            with file.locked():
                file.replace(content)
    assert path.read_bytes() == b"new"
    assert sorted(path.parent.iterdir()) == [path.with_name(".lock"), path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for directory in (path.parent, path.parent.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@posix
def test_parents_that_exist_keep_their_modes_and_may_be_links(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to("real")
    make_directory(tmp_path / "link" / "new")
    assert stat.S_IMODE((tmp_path / "real").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "real" / "new").stat().st_mode) == 0o700
    file = OwnFile(tmp_path / "link" / "new" / "file")
    with file.locked():
        file.replace(b"new")
    assert file.read() == b"new"


@posix
def test_an_allowed_link_stays_a_link_and_its_file_is_replaced(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    target = tmp_path / "dotfiles" / "file"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o640)
    (tmp_path / "between").symlink_to(target)
    path.symlink_to("../between")
    file = OwnFile(path, may_link=True)
    with file.locked():
        file.replace(b"new")
    assert path.is_symlink()
    assert target.read_bytes() == file.read() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(target.parent.iterdir()) == [target]


# One process at a time


def test_whoever_waits_too_long_for_the_lock_says_so_and_may_try_again(path: Path) -> None:
    file = OwnFile(path)
    with (
        file.locked(),
        pytest.raises(errors.StoreError, match="another process") as caught,
        OwnFile(path).locked(seconds=0.05),
    ):
        raise AssertionError("locked twice")
    assert caught.value.retryable
    with file.locked():
        pass


def test_a_lock_ends_with_the_process_that_held_it(path: Path) -> None:
    program = (
        "import sys, time, pathlib; from crmctl.files import OwnFile\n"
        "with OwnFile(pathlib.Path(sys.argv[1])).locked():\n"
        "    print('locked', flush=True); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == b"locked"
        with pytest.raises(errors.StoreError), OwnFile(path).locked(seconds=0.05):
            pass
        holder.kill()
        holder.wait(PATIENCE)
        with OwnFile(path).locked(seconds=PATIENCE):
            pass


def test_what_many_add_at_once_is_all_there(path: Path) -> None:
    def add(number: int) -> None:
        file = OwnFile(path)
        with file.locked(seconds=PATIENCE):
            file.replace((file.read() or b"") + b"%d\n" % number)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(int, path.read_text().split())) == list(range(20))


@contextmanager
def masked(umask: int) -> Iterator[None]:
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_lock_is_held_by_one_until_it_is_closed(tmp_path: Path) -> None:
    lock = take_lock(tmp_path / "lock")
    assert lock is not None
    assert take_lock(tmp_path / "lock") is None
    os.close(lock)
    again = take_lock(tmp_path / "lock")
    assert again is not None
    os.close(again)


@posix
def test_a_file_that_a_person_names_is_replaced_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("before")
    (tmp_path / "named").symlink_to("kept")
    with writing_file(tmp_path / "named") as file:
        file.write(b"after")
        assert (tmp_path / "kept").read_text() == "before"
    assert (tmp_path / "kept").read_text() == "after"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "named"]
    assert (tmp_path / "named").is_symlink()


def test_a_directory_that_a_person_names_is_not_made(tmp_path: Path) -> None:
    with (
        pytest.raises(errors.StoreError, match="No such file or directory"),
        writing_file(tmp_path / "exprots" / "tasks.jsonl"),
    ):
        raise AssertionError("opened")
    assert list(tmp_path.iterdir()) == []


@posix
def test_what_is_no_regular_file_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    with writing_file(fifo) as file:
        file.write(b"line\n")
    reader.join(10)
    assert read == [b"line\n"]
    assert fifo.is_fifo()
    with pytest.raises(IsADirectoryError), writing_file(tmp_path):
        raise AssertionError("opened")
