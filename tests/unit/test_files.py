"""Where files of ours are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Literal

import pytest

from crmctl import errors
from crmctl.files import Directories, locked, read_file, replace_file, system_directory

Kind = Literal["config", "data", "state", "cache"]
KINDS: tuple[Kind, ...] = ("config", "data", "state", "cache")


def nobody_asked(kind: str) -> Path:
    raise AssertionError(f"the system was asked for {kind}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_directory_is_where_its_variable_says(kind: Kind) -> None:
    moved = Directories({f"CRMCTL_{kind.upper()}_DIR": "/some/where"}, nobody_asked)
    assert getattr(moved, kind) == Path("/some/where")


@pytest.mark.parametrize("kind", KINDS)
def test_a_directory_is_the_systems_own_where_nothing_moves_it(kind: Kind) -> None:
    variables = {f"CRMCTL_{kind.upper()}_DIR": "", "CRMCTL_OTHER_DIR": "/x"}
    assert getattr(Directories(variables, lambda kind: Path("/sys") / kind), kind) == (
        Path("/sys") / kind
    )


def test_home_is_what_the_environment_says_else_the_system() -> None:
    assert Directories({"HOME": "/home/jane"}, nobody_asked).home == Path("/home/jane")
    assert Directories({}, lambda kind: Path("/sys") / kind).home == Path("/sys/home")


@pytest.mark.parametrize("kind", KINDS)
def test_the_system_has_a_place_for_crmctl(kind: Kind) -> None:
    place = system_directory(kind)
    assert place.is_absolute()
    assert "crmctl" in place.parts


def test_the_system_knows_a_home() -> None:
    assert system_directory("home").is_absolute()


# Reading and replacing

on_posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


@on_posix
@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_what_is_made_is_its_owners_alone_under_any_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "one" / "two" / "file.json"
    before = os.umask(umask)
    try:
        with locked(path):
            replace_file(path, b"{}")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent, path.parent.parent)]
    assert modes == [0o600, 0o700, 0o700]


@on_posix
def test_a_link_is_refused_or_replaced_where_it_leads(tmp_path: Path) -> None:
    target, link = tmp_path / "dotfile", tmp_path / "config.toml"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with pytest.raises(errors.SettingsError, match="is a link"):
        read_file(link)
    with pytest.raises(errors.StoreError, match="not a regular file"):
        replace_file(link, b"new")
    assert target.read_bytes() == b"old"
    replace_file(link, b"new", may_be_link=True)
    found = read_file(link, may_be_link=True)
    assert found is not None
    assert found[0] == target.read_bytes() == b"new"
    assert link.is_symlink()


@on_posix
@pytest.mark.parametrize("may_be_link", [True, False])
def test_what_is_no_regular_file_is_refused_and_not_read(
    tmp_path: Path, *, may_be_link: bool
) -> None:
    fifo, directory = tmp_path / "fifo", tmp_path / "directory"
    os.mkfifo(fifo)
    directory.mkdir()
    for path in (fifo, directory):
        with pytest.raises(errors.SettingsError, match="not a regular file"):
            read_file(path, may_be_link=may_be_link)
        with pytest.raises(errors.StoreError, match="not a regular file"):
            replace_file(path, b"", may_be_link=may_be_link)


@on_posix
def test_what_others_may_write_to_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    for mode in (0o620, 0o602, 0o666):
        path.chmod(mode)
        with pytest.raises(errors.SettingsError, match="may change"):
            read_file(path)


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to give away"
)
def test_what_another_user_owns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    os.chown(path, 54321, 54321)
    with pytest.raises(errors.SettingsError, match="belongs to another user"):
        read_file(path)


def test_nothing_is_read_where_there_is_nothing(tmp_path: Path) -> None:
    assert read_file(tmp_path / "none") is None
    assert list(tmp_path.iterdir()) == []
