"""Where files of ours are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from crmctl.directories import Directories, system_directory

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
