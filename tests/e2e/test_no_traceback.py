"""What used to end in a traceback, or acted on the terminal: each is told in a line, or works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.running import COMMAND, PATIENCE, Crmctl
from tests.scripted_server import ScriptedServer, answer

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")


@pytest.mark.parametrize("key", ["kéy_0123456789".encode("utf-16"), b"\xff\xfe", b"", b"\0" * 9])
def test_a_key_of_any_bytes_is_refused_without_being_shown(crmctl: Crmctl, key: bytes) -> None:
    login = ("auth", "login", "--profile", "work", "--key-stdin", "--store", "file")
    result = crmctl.run(*login, "--json", stdin=key)
    assert (result.status, result.error["code"]) == (2, "invalid_input")
    assert "0xff" not in result.stderr


@on_posix
@pytest.mark.parametrize("typed", ["\x04", "\xff\x00k"])
def test_ctrl_d_at_the_prompt_for_a_key_is_no_key(crmctl: Crmctl, typed: str) -> None:
    pexpect = pytest.importorskip("pexpect")
    words = [*COMMAND[1:], "auth", "login", "--profile", "work", "--store", "file"]
    environ = {**crmctl.environ, "NO_COLOR": "1"}
    child = pexpect.spawn(COMMAND[0], words, env=environ, cwd=str(crmctl.home), timeout=30)
    child.expect("API key for ")
    child.send(typed.encode("latin-1") + (b"" if typed == "\x04" else b"\r"))
    child.expect(pexpect.EOF)
    child.close()
    assert b"Traceback" not in child.before
    assert b"crmctl: " in child.before
    assert child.exitstatus == 2


@on_posix
@pytest.mark.parametrize(
    "line",
    [
        "record remove contact {}",
        "record add contact {} x",
        "record add contact x {}",
        "record list {}",
        "task get {}",
        "task create {}",
        "task create x --contact {}",
        "task list --assignee {}",
        "task list --fields {}",
        "task list -o {}",
        "task list --profile {}",
        "config set user_id {} --profile local",
        "config set profiles.{}.base_url https://crm.example",
        "config get {}",
        "auth switch {}",
        "api GET /{}",
        "api POST /tasks --input {}",
        "activity log note {}",
        "completion install {}",
        "{}",
        "task {}",
    ],
)
def test_an_argument_of_any_bytes_is_refused(crmctl: Crmctl, line: str) -> None:
    result = crmctl.run(*(word.replace("{}", "\udcff") for word in line.split()))
    assert result.status == 2, result.stderr
    assert result.stderr.startswith("crmctl: ")


@on_posix
@pytest.mark.skipif(sys.platform == "darwin", reason="its files have names in UTF-8")
def test_a_file_may_have_any_bytes_for_a_name(stocked: Crmctl) -> None:
    stocked.done("workspace", "backup", "\udcff.db")
    assert (stocked.home / "\udcff.db").stat().st_size > 0
    there = stocked.having(CRMCTL_DATA_DIR=str(stocked.home / "\udcff"))
    there.done("task", "create", "x")
    assert len(there.ids("task", "list")) == 1


@on_posix
def test_an_interrupt_while_it_starts_ends_it_in_silence(stocked: Crmctl) -> None:
    for pause in (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12):
        # Before that, nothing of ours is there to hear it.
        code = "from crmctl.__main__ import main; print('on', flush=True); main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, "task", "list", "-o", "table"],
            env=stocked.environ,
            cwd=stocked.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"on\n"
        time.sleep(pause + 0.001)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE)
        assert process.returncode in (130, 0)
        assert stderr.strip() == b""


@on_posix
@pytest.mark.parametrize("redirected", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- 2>&-", ">&- 2>&-"])
def test_streams_may_be_closed_in_every_way(stocked: Crmctl, redirected: str) -> None:
    for args in ("task list", "task list -o table", "task get no", "nope", "--version", "--help"):
        result = subprocess.run(
            ["/bin/sh", "-c", f'exec "{COMMAND[0]}" -m crmctl {args} {redirected}'],
            env=stocked.environ,
            cwd=stocked.home,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert result.returncode in (0, 2, 4, 12)
        assert b"Traceback" not in result.stderr


@on_posix
def test_a_directory_that_is_gone_is_told_where_it_is_needed(stocked: Crmctl) -> None:
    def in_a_gone_directory(args: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
        line = f'mkdir x && cd x && rmdir ../x && exec "{COMMAND[0]}" -P -m crmctl {args}'
        return subprocess.run(
            ["/bin/sh", "-c", line],
            env={**stocked.environ, **environ},
            cwd=stocked.home,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )

    assert in_a_gone_directory("task list").returncode == 0
    for args in ("workspace backup copy.db", "completion install bash"):
        result = in_a_gone_directory(args, HOME="here")
        assert (result.returncode, result.stderr[:8]) == (12, b"crmctl: ")


@pytest.mark.parametrize(
    "environ",
    [
        {"TZ": "\udcff"},
        {"TZ": ":/etc/passwd"},
        {"TZ": "A" * 5000},
        {"COLUMNS": "9" * 5000},
        {"COLUMNS": "\udcff"},
        {"LC_ALL": "C", "PYTHONIOENCODING": "utf-16"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
)
def test_an_odd_environment_changes_nothing(stocked: Crmctl, environ: dict[str, str]) -> None:
    there = stocked.having(**environ)
    assert "Send the proposal" in there.done("task", "list", "-o", "table").stdout


@pytest.mark.parametrize("line", ["crmctl \udcff '", 'crmctl task "', "\\", "", "crmctl \x1b "])
def test_completion_of_an_odd_line_is_quiet(crmctl: Crmctl, line: str) -> None:
    assert crmctl.having(COMP_LINE=line).done("__complete").stderr == ""


@pytest.mark.parametrize("name", ["", ":memory:", "file:copy.db", ".", "data"])
def test_a_backup_refuses_what_is_no_name_of_a_new_file(stocked: Crmctl, name: str) -> None:
    before = sorted(stocked.home.iterdir())
    assert stocked.run("workspace", "backup", name).status == 2
    assert sorted(stocked.home.iterdir()) == before


@on_posix
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_startup_file_that_is_a_link_stays_one_and_is_named(crmctl: Crmctl, shell: str) -> None:
    dotfiles = crmctl.home / "dotfiles"
    dotfiles.mkdir()
    own = dotfiles / f"{shell}rc"
    own.write_bytes(b"# mine \xff\n")
    own.chmod(0o644)
    link = crmctl.home / f".{shell}rc"
    link.symlink_to(Path("dotfiles", own.name))
    result = crmctl.done("completion", "install", shell)
    assert f"to {link}." in result.stderr
    assert link.is_symlink()
    assert own.read_bytes().startswith(b"# mine \xff\n# completion for crmctl\n")
    assert own.stat().st_mode & 0o777 == 0o644
    assert list(dotfiles.iterdir()) == [own]
    content = own.read_bytes()
    crmctl.done("completion", "install", shell)
    assert own.read_bytes() == content


@on_posix
def test_a_startup_file_that_is_a_pipe_is_refused(crmctl: Crmctl) -> None:
    os.mkfifo(crmctl.home / ".bashrc")
    result = crmctl.run("completion", "install", "bash")
    assert result.status == 12
    assert ".bashrc is not a regular file" in result.stderr


def test_what_was_piped_in_is_given_back_as_it_was(remote: Crmctl) -> None:
    typed = b"a\r\nb\x1b[2Jc\r\n\td\n"
    with ScriptedServer(answer(422, {"message": "No."})) as server:
        there = remote.having(CRMCTL_BASE_URL=server.url)
        process = there.start(
            *("task", "create", "x", "-d", "-"), stdin=subprocess.PIPE, stderr=subprocess.PIPE
        )
        _, stderr = process.communicate(typed, timeout=PATIENCE)
        assert (
            server.received[0].body == b'{"title": "x", "description": "a\\nb\\u001b[2Jc\\n\\td"}'
        )
    assert stderr.endswith(b"here it is:\n" + typed)


@on_posix
def test_nothing_that_is_echoed_acts_on_the_terminal(remote: Crmctl, stocked: Crmctl) -> None:
    clear = "\x1b[2J"
    title = f"x{clear}\n[y/N] yes\ncrmctl: forged"
    with ScriptedServer(answer(200, {"data": {"id": "t", "title": title}})) as server:
        there = remote.having(CRMCTL_BASE_URL=server.url)
        shown = there.on_terminal("task", "delete", "t", answers={"[y/N] ": "n"}).stdout
    assert clear not in shown
    assert "Delete t “x\\x1b[2J [y/N] yes crmctl: forged”? [y/N] " in shown
    warned = {"data": {"id": "t"}, "meta": {"warnings": [{"field": "a\nb", "message": "c\nd"}]}}
    with ScriptedServer(answer(201, warned)) as server:
        there = remote.having(CRMCTL_BASE_URL=server.url)
        assert "crmctl: note: a b c d\n" in there.run("task", "create", "x").stderr
    stocked.done("task", "update", "task_far", "--title", f"={clear}")
    raw = ("task", "list", "-o", "csv", "--raw", "--fields", "title")
    assert f"={clear}" in stocked.done(*raw).stdout
    on_terminal = stocked.on_terminal(*raw).stdout
    assert (clear in on_terminal, "=\\x1b[2J" in on_terminal) == (False, True)
