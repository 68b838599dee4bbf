"""The feed without gaps: `--follow` and `--since-last` as processes, which are killed."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest

from crmctl.api.client import Client
from crmctl.timestamps import format_timestamp
from tests.contract.world import open_workspace
from tests.e2e.running import KEY, PATIENCE, Crmctl, wait_until
from tests.scripted_server import unused_port

if sys.platform == "win32":
    pytest.skip("Signals and /dev/full are not of Windows", allow_module_level=True)

ROOT = Path(__file__).parents[2]
SERVER = """
import sys, time
from pathlib import Path
from tests.contract.world import open_workspace, serve
with open_workspace(Path(sys.argv[1])) as workspace, serve(workspace, int(sys.argv[2])):
    time.sleep(60)
"""
FOLLOW = ("activity", "feed", "--follow", "--interval", "1s", "-o", "jsonl", "--fields", "subject")
PIPES = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


class Logging:
    """Logs activities in a workspace's file, beside whatever reads it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.logged: list[str] = []

    def log(self, count: int = 1, **more: Any) -> None:
        """So many more, numbered."""
        with open_workspace(self.file) as workspace:
            for _ in range(count):
                self.logged.append(f"{len(self.logged)}")
                client = Client(workspace)
                client.log_activity({"type": "note", "subject": self.logged[-1], **more})


class Reader:
    """Reads what a process writes to a pipe, as it comes."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self._stream = stream
        self.text = ""

    def wait_for(self, text: str) -> None:
        """Read until it has been written."""
        end = time.monotonic() + PATIENCE
        while text not in self.text:
            ready, _, _ = select.select([self._stream], [], [], end - time.monotonic())
            assert ready, self.text
            chunk = os.read(self._stream.fileno(), 65536)
            assert chunk, self.text
            self.text += chunk.decode()

    @property
    def subjects(self) -> list[str]:
        """The subjects, of jsonl with no other field."""
        return [line.split('"')[3] for line in self.text.splitlines()]


@pytest.fixture
def logging(home: Path) -> Logging:
    return Logging(home / "data" / "local.db")


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which does not outlive the test."""
    with process:
        try:
            yield process
        finally:
            process.kill()


def start_server(file: Path, port: int) -> subprocess.Popen[bytes]:
    """A server of its own process; its requests need no key."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(file), str(port)], env=environ)
    wait_until(lambda: _listens(port) or process.poll() is not None)
    assert process.poll() is None
    return process


def _listens(port: int) -> bool:
    import socket

    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_server_that_is_killed_and_comes_back_makes_no_gap_and_no_repetition(
    stocked: Crmctl, logging: Logging
) -> None:
    late = format_timestamp(datetime.now(UTC) - timedelta(days=20))
    port = unused_port()
    there = stocked.having(
        CRMCTL_PROFILE="", CRMCTL_BASE_URL=f"http://127.0.0.1:{port}", CRMCTL_API_KEY=KEY
    )
    server = start_server(logging.file, port)
    # Behind a mark, so that what is logged before the first look is awaited too.
    there.done("activity", "feed", "--since-last", "x")
    with ended(there.start(*FOLLOW, "--since-last", "x", "-q", **PIPES)) as process:
        shown = Reader(process.stdout)
        try:
            logging.log(3)
            shown.wait_for('"2"')
            server.kill()
            server.wait()
            logging.log(150)
            logging.log(occurred_at=late)
            time.sleep(1.5)  # so that it looks in vain
            logging.log(2)
            server = start_server(logging.file, port)
            shown.wait_for('"155"')
            logging.log(occurred_at=late)
            logging.log()
            shown.wait_for('"157"')
        finally:
            server.kill()
            server.wait()
        process.send_signal(signal.SIGTERM)
        assert (process.wait(PATIENCE), process.stderr.read()) == (143, b"")  # type: ignore[union-attr]
    assert sorted(shown.subjects, key=int) == logging.logged


def test_a_job_that_is_killed_anywhere_shows_everything_at_least_once(
    stocked: Crmctl, logging: Logging, home: Path
) -> None:
    choose = random.Random(1)  # noqa: S311 - to be the same each time
    line = ("activity", "feed", "--since-last", "job", "-o", "jsonl", "--fields", "subject")
    logging.log(60)
    killed = 0
    with (home / "shown").open("ab") as shown:
        for _ in range(12):
            logging.log(3)
            with stocked.start(*line, stdout=shown) as process:
                try:
                    process.wait(choose.uniform(0.05, 0.35))
                except subprocess.TimeoutExpired:
                    process.kill()
                    killed += 1
        assert stocked.start(*line, stdout=shown).wait(PATIENCE) == 0
    assert killed
    subjects = [text.split('"')[3] for text in (home / "shown").read_text().splitlines()]
    assert set(subjects) >= set(logging.logged)
    assert stocked.done(*line).stdout == ""


def test_jobs_at_once_show_each_activity_once(stocked: Crmctl, logging: Logging) -> None:
    logging.log(40)
    line = ("activity", "feed", "--since-last", "job", "-o", "ids")
    processes = [stocked.start(*line, **PIPES) for _ in range(6)]
    shown = []
    for process in processes:
        stdout, stderr = process.communicate(timeout=PATIENCE)
        assert (process.returncode, stderr) == (0, b"")
        shown += stdout.decode().split()
    assert len(shown) == len(set(shown)) == 43


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize("format", ["plain", "json", "csv", "ids"])
def test_what_could_not_be_written_is_shown_the_next_time(stocked: Crmctl, format: str) -> None:
    line = ("activity", "feed", "--since-last", "job", "-o", format)
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        assert stocked.start(*line, stdout=full).wait(PATIENCE) == 12
    ours, its = os.pipe()
    os.close(ours)
    assert stocked.start(*line, stdout=its).wait(PATIENCE) == 141
    os.close(its)
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "crmctl", *line],
        env=stocked.environ,
        cwd=stocked.home,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert closed.returncode == 12
    assert "act_" in stocked.done(*line).stdout
    assert "2026-03-02" not in stocked.done(*line).stdout


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_silently(
    stocked: Crmctl, logging: Logging, number: int, status: int
) -> None:
    with ended(stocked.start(*FOLLOW, "--since-last", "x", **PIPES)) as process:
        shown = Reader(process.stdout)
        shown.wait_for("Draft sent")
        process.send_signal(number)
        assert process.wait(PATIENCE) == status
        assert process.stderr is not None
        assert process.stderr.read() == b""
    logging.log()
    assert stocked.ids("activity", "feed", "--since-last", "x") != []


def test_a_reader_that_goes_ends_it_though_nothing_happens(stocked: Crmctl) -> None:
    with ended(stocked.start(*FOLLOW, "--since-last", "x", **PIPES)) as process:
        Reader(process.stdout).wait_for("Draft sent")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(PATIENCE) == 141
        assert process.stderr is not None
        assert process.stderr.read() == b""
