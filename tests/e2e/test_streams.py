"""Streams that are full, closed or not text."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from crmctl.api.message import Request
from tests.e2e.running import COMMAND, KEY, PATIENCE, Crmctl, FarEnd, wait_until

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="closes streams in a POSIX shell")
has_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def in_shell(crmctl: Crmctl, args: str, redirections: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command line of crmctl in a shell, which can close a stream."""
    line = f'"{COMMAND[0]}" -m crmctl {args} {redirections}'
    return subprocess.run(
        ["/bin/sh", "-c", line],
        env=crmctl.environ,
        cwd=crmctl.home,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=PATIENCE,
        check=False,
    )


@has_full
@pytest.mark.parametrize("command", ["task list", "task list -o json", "--help", "workspace path"])
def test_output_that_cannot_be_written_is_told(stocked: Crmctl, command: str) -> None:
    result = in_shell(stocked, command, "> /dev/full")
    assert result.returncode == 12
    assert result.stderr.count(b"\n") == 1
    assert b"The output cannot be written: No space left on device." in result.stderr


@has_full
def test_notes_that_cannot_be_written_stop_nothing(long: Crmctl) -> None:
    result = in_shell(long, "-v task list --limit 3", "2> /dev/full")
    assert (result.returncode, result.stdout.count(b"\n")) == (0, 3)
    assert in_shell(long, "task get nope", "2> /dev/full").returncode == 4


@on_posix
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_closed_stream_that_is_not_needed_is_not_missed(stocked: Crmctl, closed: str) -> None:
    result = in_shell(stocked, "task list -o ids", closed)
    assert (result.returncode, result.stdout.count(b"\n")) == (0, 6)


@on_posix
def test_without_stdout_the_work_is_done(stocked: Crmctl) -> None:
    started = in_shell(stocked, "task start task_far", ">&-")
    assert started.returncode == 12
    assert b"This was done: Started task_far" in started.stderr
    assert stocked.json("task", "get", "task_far")["status"] == "in_progress"
    assert in_shell(stocked, "task get nope", "<&- >&- 2>&-").returncode == 4
    assert in_shell(stocked, "task get task_far", "<&- >&- 2>&-").returncode == 12


@on_posix
def test_a_dash_with_stdin_closed_is_an_error(stocked: Crmctl) -> None:
    result = in_shell(stocked, "task create x -d -", "<&-")
    assert result.returncode == 2
    assert b"stdin" in result.stderr


def test_stdin_that_is_not_text_is_refused(crmctl: Crmctl) -> None:
    result = crmctl.run("task", "create", "x", "-d", "-", stdin=b"ok \xff\xfe")
    assert result.status == 2
    assert "UTF-8" in result.stderr
    assert list(crmctl.home.iterdir()) == []


@on_posix
def test_an_argument_that_is_not_text_is_refused(crmctl: Crmctl) -> None:
    result = in_shell(crmctl, "task create \"$(printf 'a\\377b')\"", "")
    assert result.returncode == 2
    assert b"title" in result.stderr


@pytest.mark.parametrize("environ", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "latin-1"}])
def test_text_is_utf_8_whatever_the_locale(crmctl: Crmctl, environ: dict[str, str]) -> None:
    there = crmctl.having(**environ)
    there.done("task", "create", "Füße 日本", "-d", "-", stdin="Ö")
    assert there.done("task", "list", "--fields", "title,description").stdout == "Füße 日本\tÖ\n"


@on_posix
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_between_two_tasks_says_what_was_done(
    home: Path, far_end: FarEnd, name: str, status: int
) -> None:
    held = threading.Event()

    def hold(request: Request) -> None:
        if request.path == "/tasks/task_far/complete":
            held.wait(20)

    far_end.answering = hold
    job = Crmctl(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
    process = job.start(
        "task", "complete", "task_late", "task_far", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    wait_until(lambda: "PUT /tasks/task_far/complete" in far_end.calls)
    process.send_signal(getattr(signal, name))
    _, stderr = process.communicate(timeout=PATIENCE)
    held.set()
    assert process.returncode == status
    assert b"Before that: Completed task_late" in stderr
    assert b"PUT /tasks/task_far/complete may have been applied." in stderr
    assert b"Traceback" not in stderr


@has_full
@pytest.mark.parametrize(
    ("line", "done"),
    [
        ("record add contact con_9 Zoe", "Added contact con_9: Zoe"),
        ("record remove contact con_jane", "Removed contact con_jane"),
        ("api DELETE /tasks/task_far", "DELETE /tasks/task_far, with HTTP 200"),
        ("demo", "Put sample data into "),
    ],
)
def test_so_is_what_no_verb_of_tasks_did(stocked: Crmctl, line: str, done: str) -> None:
    with Path("/dev/full").open("wb") as full:
        process = stocked.start(*line.split(), stdout=full, stderr=subprocess.PIPE)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 12
    assert f"This was done: {done}" in stderr.decode()


@has_full
def test_what_was_done_is_named_where_it_cannot_be_written(stocked: Crmctl) -> None:
    with Path("/dev/full").open("wb") as full:
        process = stocked.start("task", "create", "Call", stdout=full, stderr=subprocess.PIPE)
        _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 12
    [created] = [task_id for task_id in stocked.ids("task", "list") if task_id in stderr.decode()]
    assert f"This was done: Created {created}: Call" in stderr.decode()


@has_full
@pytest.mark.parametrize("args", ["--version", "--version -v", "--help", "task --help"])
def test_what_cannot_be_written_is_told_also_of_the_version(crmctl: Crmctl, args: str) -> None:
    result = in_shell(crmctl, args, "> /dev/full")
    assert result.returncode == 12
    assert b"The output cannot be written" in result.stderr
    assert b"Traceback" not in result.stderr
    closed = in_shell(crmctl, args, ">&-")
    assert (closed.returncode, closed.stderr.count(b"\n")) == (12, 1)
