"""The README's blocks run as they stand, one after the other, in one shell and an empty home."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import COMMAND, KEY, PATIENCE, Crmctl, FarEnd

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

if sys.platform == "win32":
    pytest.skip("The blocks are for POSIX shells", allow_module_level=True)

# Sections whose blocks are not for this shell: a job's own, which test_ci_templates runs, and one
# that installs the tools of development.
ELSEWHERE = ("CI", "How it is built")
INSTALL = "python3 -m venv .venv && .venv/bin/pip install . && "
# Where a block asks a person for a key, or names a server that is not there.
STAND_INS = {
    INSTALL: "",
    "crmctl auth login\n": "crmctl auth login --key-stdin --store file --base-url URL < key.txt\n",
    "--base-url https://crm.example.com/api\n": (
        "--base-url URL --key-stdin --store file < key.txt\n"
    ),
}


def blocks() -> dict[str, str]:
    """Each section of the README that has shell blocks, with the lines of them all."""
    found = {}
    for section in re.split(r"^## ", README, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        lines = "".join(re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE))
        if lines and title not in ELSEWHERE:
            found[title] = lines
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git repository with crmctl installed in its .venv, and a key in a file."""
    programs = tmp_path / "checkout" / ".venv" / "bin"
    programs.mkdir(parents=True)
    program = programs / "crmctl"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o700)
    checkout = tmp_path / "checkout"
    (checkout / "key.txt").write_text(KEY + "\n")
    return checkout


def run_in(shell: str, lines: str, checkout: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run the lines until one fails; what is run is on stderr too."""
    for program in (shell, "git", "jq"):
        if shutil.which(program, path=os.defpath) is None:
            pytest.skip(f"{program} is not installed")
    environ = Crmctl(home, SHELL="/bin/bash", PYTHONPATH=os.environ.get("PYTHONPATH", "")).environ
    script = checkout / "lines"
    script.write_text(lines)
    return subprocess.run(
        [shell, "-ev", str(script)],
        cwd=checkout,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=4 * PATIENCE,
        check=False,
    )


def make_repository(checkout: Path) -> None:
    """Commit something, whose message the README logs."""
    ann = ("-c", "user.name=Ann", "-c", "user.email=ann@crm.example")
    subprocess.run(["git", "init", "-q", checkout], check=True)
    commit = ("commit", "-q", "--allow-empty", "-m", "Ship it")
    subprocess.run(["git", "-C", checkout, *ann, *commit], check=True)


def check_all_done(done: subprocess.CompletedProcess[str]) -> None:
    """No line failed, in the middle of a pipeline either."""
    assert done.returncode == 0, done.stderr
    failed = [line for line in done.stderr.splitlines() if line.startswith("crmctl: ")]
    assert [line for line in failed if not line.startswith("crmctl: note: ")] == []


def test_every_block_works_after_the_ones_before_it(
    checkout: Path, home: Path, far_end: FarEnd
) -> None:
    lines = "".join(blocks().values())
    for written, stand_in in STAND_INS.items():
        assert lines.count(written) == 1
        lines = lines.replace(written, stand_in.replace("URL", far_end.url))
    make_repository(checkout)
    done = run_in("sh", lines, checkout, home)
    check_all_done(done)
    # The first blocks work on the demo, the next at the server, and the last in the workspace.
    assert "Send proposal revision based on feedback" in done.stdout
    completed = Crmctl(home).json("--profile", "demo", "task", "get", "task_001")
    assert completed["completion_note"] == "Contract sent via DocuSign"
    assert "GET /tasks" in far_end.calls
    assert (checkout / "crm-backup.db").exists()
    local = Crmctl(home)
    assert [row["title"] for row in local.json("task", "list")] == ["Call back"]
    assert [row["description"] for row in local.json("activity", "list")] == ["Ship it"]
    assert local.json("record", "list")[0]["name"] == "Jane Smith"


@pytest.mark.parametrize("shell", ["bash", "dash", "zsh"])
def test_the_recipes_work_in_each_shell_on_the_sample_data(
    checkout: Path, home: Path, shell: str
) -> None:
    make_repository(checkout)
    prepared = 'PATH="$PWD/.venv/bin:$PATH"; export CRMCTL_PROFILE=demo; crmctl demo > demo.txt\n'
    done = run_in(shell, prepared + blocks()["Scripts"], checkout, home)
    check_all_done(done)
    # The task that was overdue is due later, and a cell that was empty has not moved the others.
    assert "task_003 is pending: Prepare the pricing sheet\n" in done.stdout
    assert "task_005 is pending: Clean up old leads\n" in done.stdout
    demo = Crmctl(home, CRMCTL_PROFILE="demo")
    assert demo.ids("task", "list", "--overdue") == []
    assert demo.json("activity", "list", "--count") == {"count": 6}


def test_an_interactive_zsh_can_be_given_each_line() -> None:
    # It takes no `# …` for a comment, but hands it to the command.
    for lines in blocks().values():
        assert not re.search(r"(^|\s)#", lines), lines
