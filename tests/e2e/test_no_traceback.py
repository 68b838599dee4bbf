"""What used to end in a traceback, or acted on the terminal: each is told in a line, or works."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.running import COMMAND, PATIENCE, Crmctl, FarEnd
from tests.scripted_server import ScriptedServer, answer

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX")
DEEP = "[" * 2000


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "EST5EDT,M3,M11"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_are_can_be_asked_for(
    stocked: Crmctl, zone: str, day: str
) -> None:
    there = stocked.having(TZ=zone)
    for option in ("--due-before", "--due-after", "--due-by"):
        there.done("task", "list", option, day, "-v")
    there.done("task", "create", "Never", "--due", day, "-v")
    there.done("activity", "log", "note", "Long ago", "--at", day)
    for format in ("table", "plain", "json"):
        there.done("task", "list", "-o", format)
        there.done("activity", "feed", "--since", day, "-o", format)


def test_what_is_due_on_the_last_day_there_is_is_due_by_it(crmctl: Crmctl) -> None:
    crmctl.done("task", "create", "Never", "--due", "9999-12-31")
    assert len(crmctl.ids("task", "list", "--due-by", "9999-12-31")) == 1


@pytest.mark.parametrize("when", ["+9999y", "-9999y", "+1000000mo", "+99999999999bd", "-1e9h"])
def test_a_time_beyond_the_calendar_is_refused(crmctl: Crmctl, when: str) -> None:
    assert crmctl.run("task", "list", f"--due-by={when}").status == 2


@pytest.mark.parametrize("path", ["//[", "http://[", "//[::1", "/\udcff", "/tasks?\udcff=1"])
def test_what_is_no_path_is_refused_before_anything_is_sent(
    remote: Crmctl, far_end: FarEnd, path: str
) -> None:
    result = remote.run("api", "GET", path)
    assert result.status == 2
    assert "path of the API" in result.stderr or "is a URL" in result.stderr
    assert far_end.requests == []


def test_json_that_could_not_be_sent_is_text_or_refused(remote: Crmctl, far_end: FarEnd) -> None:
    for number in ("NaN", "-Infinity", "1e999", "9" * 5000):
        remote.run("api", "POST", "/tasks", "-F", f"title={number}")
        assert far_end.requests[-1].body == {"title": number}
        assert remote.run("api", "POST", "/tasks", "--input", "-", stdin=number).status == 2
    sent = len(far_end.requests)
    for deep in (DEEP, DEEP + "]" * 2000, "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300):
        # What is not closed is no JSON, and a text; where it is read at all.
        refused = remote.run("api", "POST", "/tasks", "--input", "-", "--json", stdin=deep)
        assert (refused.status, refused.error["code"]) == (2, "invalid_input")
        if deep != DEEP:
            assert remote.run("api", "POST", "/tasks", "-F", f"title={deep}").status == 2
    assert len(far_end.requests) == sent


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


def test_items_without_usable_ids_are_each_an_item(remote: Crmctl) -> None:
    items = [{"id": ["a"]}, {"id": {"a": 1}}, {}, {"title": None}, {"id": None, "assignee_id": [1]}]
    for format in ("table", "plain", "json", "jsonl", "csv", "ids", "md"):
        with ScriptedServer(answer(200, {"data": items})) as server:
            there = remote.having(CRMCTL_BASE_URL=server.url)
            result = there.done("task", "list", "-o", format)
        if format == "json":
            assert result.data == items
    for item in items:
        with ScriptedServer(*[answer(200, {"data": item})] * 2) as server:
            there = remote.having(CRMCTL_BASE_URL=server.url)
            there.done("task", "get", "x", "-o", "table")
            assert there.json("task", "get", "x") == item


def test_a_limit_beyond_every_list_is_none(stocked: Crmctl) -> None:
    for limit in ("9223372036854775808", "9" * 5000, "0000000000007"):
        assert len(stocked.ids("task", "list", "--limit", limit)) == 6
        stocked.done("activity", "feed", "--since", "2020-01-01", "--limit", limit)


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
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
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
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("column", "kept"),
    [("reminder", "{"), ("reminder", "[" * 5000), ("priority", 99), ("due_date", b"\xff")],
)
def test_a_list_over_a_damaged_row_says_what_finds_it(
    stocked: Crmctl, column: str, kept: object
) -> None:
    file = stocked.home / "data" / "local.db"
    with closing(sqlite3.connect(file)) as connection:
        query = f"UPDATE task SET {column} = ? WHERE id = 'task_far'"  # noqa: S608
        connection.execute(query, (kept,))
        connection.commit()
    for args in (("task", "list"), ("task", "list", "--sort", column), ("task", "get", "task_far")):
        if args[-1] == "reminder":
            continue
        result = stocked.run(*args, "--json")
        assert (result.status, result.error["code"]) == (12, "store")
        assert "damaged" in result.error["message"]
        assert "crmctl workspace check" in result.error["hint"]
    found = stocked.run("workspace", "check")
    assert found.status == 12
    assert f"{column} of task 'task_far'" in found.stderr


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


def test_a_config_file_of_odd_bytes_is_named(crmctl: Crmctl) -> None:
    there = crmctl.having(CRMCTL_CONFIG_DIR=str(crmctl.home))
    for content in (b"\xff\xfea\0", b"\0" * 50, b"a = " + b"[" * 5000, b"a = " + b"9" * 5000):
        (crmctl.home / "config.toml").write_bytes(content)
        result = there.run("config", "list")
        assert (result.status, "config.toml" in result.stderr) == (2, True)


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
