"""What the demo tells a newcomer to type."""

from __future__ import annotations

from pathlib import Path

from crmctl.cli.commands.demo import program_name


def test_a_program_that_no_shell_would_find_is_called_by_its_path(tmp_path: Path) -> None:
    assert program_name({"PATH": str(tmp_path)}, ".venv/bin/crmctl") == ".venv/bin/crmctl"


def test_a_program_on_the_path_is_called_by_its_name(tmp_path: Path) -> None:
    program = tmp_path / "crmctl"
    program.touch(mode=0o755)
    assert program_name({"PATH": str(tmp_path)}, str(program)) == "crmctl"


def test_a_module_is_called_by_the_name_of_the_program(tmp_path: Path) -> None:
    assert program_name({"PATH": str(tmp_path)}, "/lib/crmctl/__main__.py") == "crmctl"
