"""Many writes: the journal, batches of one transaction, threads that share a rate limit."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from crmctl.api.client import Client
from crmctl.api.message import Request, Response
from crmctl.delivery.batches import BATCH, recall_last, send_in_batches
from crmctl.delivery.journal import Journal, open_journal
from crmctl.delivery.lines import Entry, Halt, Result
from crmctl.delivery.threads import Gate, send_in_threads
from crmctl.errors import StoreError
from crmctl.workspace.app import Workspace
from tests.contract.world import open_workspace

NOW = "2026-03-24T09:00:00Z"


def create(client: Client, body: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    return client.create_task(body, key)


def entries(number: int) -> list[Entry]:
    return [Entry(line, b"", body={"title": f"Task {line}"}) for line in range(1, number + 1)]


def in_batches(workspace: Workspace, journal: Journal, some: list[Entry]) -> Iterator[Result]:
    return send_in_batches(
        some,
        create,
        workspace=workspace,
        caller=None,
        warn=lambda _: None,
        journal=journal,
        halt=Halt(),
        fail_fast=False,
    )


def test_a_batch_that_the_journal_lacks_is_taken_over_by_the_next_run(tmp_path: Path) -> None:
    kept = tmp_path / "imports" / "job" / "journal.db"
    with open_workspace(tmp_path / "local.db") as workspace:
        with open_journal(tmp_path, "job", now=NOW, again=False) as journal:
            before = kept.read_bytes()
            made = [result.entry.item_id for result in in_batches(workspace, journal, entries(3))]
        kept.write_bytes(before)  # as if the process had died between the two commits
        with open_journal(tmp_path, "job", now=NOW, again=False) as journal:
            assert journal.states(1, 3) == {}
            recall_last(workspace, journal)
            assert journal.resumed
            states = journal.states(1, 3)
        assert [states[line] for line in (1, 2, 3)] == [("done", item_id) for item_id in made]


def test_what_is_said_of_a_journal_s_failure_can_be_done(tmp_path: Path) -> None:
    kept = tmp_path / "imports" / "job" / "journal.db"
    with open_journal(tmp_path, "job", now=NOW, again=False):
        content = kept.read_bytes()
    kept.write_bytes(content[:4096])
    with pytest.raises(StoreError) as damaged, open_journal(tmp_path, "job", now=NOW, again=False):
        pass
    assert "move it away" in str(damaged.value.hint)
    kept.unlink()
    kept.mkdir()
    with pytest.raises(StoreError) as blocked, open_journal(tmp_path, "job", now=NOW, again=False):
        pass
    assert "CRMCTL_STATE_DIR" in str(blocked.value.hint)


def test_a_journal_that_cannot_be_written_stops_the_run_and_the_next_one_takes_over(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "imports" / "job" / "journal.db"
    with open_workspace(tmp_path / "local.db") as workspace:
        with (
            open_journal(tmp_path, "job", now=NOW, again=False) as journal,
            closing(sqlite3.connect(kept, isolation_level=None)) as other,
        ):
            journal._database.busy_seconds = 0.1
            other.execute("BEGIN EXCLUSIVE")
            statuses = [
                result.status for result in in_batches(workspace, journal, entries(BATCH + 9))
            ]
        assert statuses == ["done"] * BATCH + ["left"] * 9
        with open_journal(tmp_path, "job", now=NOW, again=False) as journal:
            recall_last(workspace, journal)
            assert len(journal.states(1, BATCH + 9)) == BATCH


def test_what_a_batch_remembers_goes_with_its_transaction(tmp_path: Path) -> None:
    with open_workspace(tmp_path / "local.db") as workspace:
        with workspace.batch() as batch:
            batch.remember("job", {"1": "a"})
        with suppress(ZeroDivisionError), workspace.batch() as batch:
            batch.remember("job", {"2": 1 / 0})
        assert workspace.recall("job") == {"1": "a"}
        assert workspace.recall("other") is None
        workspace.forget("job")
        assert workspace.recall("job") is None


def test_a_journal_is_of_one_process_at_a_time_and_begins_anew_when_told(tmp_path: Path) -> None:
    with open_journal(tmp_path, "job", now=NOW, again=False) as journal:
        name = journal.name
        journal.claim(entries(2), NOW)
        with (
            pytest.raises(StoreError, match="Another crmctl is importing"),
            open_journal(tmp_path, "job", now=NOW, again=False),
        ):
            pass
    with open_journal(tmp_path, "job", now="2027-01-01T00:00:00Z", again=False) as journal:
        assert (journal.name, journal.started, journal.resumed) == (name, NOW, True)
        assert journal.states(1, 9) == {1: ("sent", None), 2: ("sent", None)}
        journal.take_over({1: ("done", "task_1"), 2: ("", None)})
        assert journal.states(1, 9) == {1: ("done", "task_1")}
    with open_journal(tmp_path, "job", now="2027-01-01T00:00:00Z", again=True) as journal:
        assert journal.name != name
        assert journal.states(1, 9) == {}
        assert journal.knows("task_1")
        assert not journal.knows("task_2")
    assert (tmp_path / "imports" / "job" / "journal.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.name != "posix", reason="Windows has no FIFOs")
def test_a_journal_that_is_no_regular_file_is_refused_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "imports" / "job" / "journal.db"
    path.parent.mkdir(parents=True, mode=0o700)
    os.mkfifo(path)
    with (
        pytest.raises(StoreError, match=f"The journal {path} cannot be used: it is a FIFO"),
        open_journal(tmp_path, "job", now=NOW, again=False),
    ):
        raise AssertionError("opened")


class Server:
    """Answers POSTs; the first few of them with 429, if it is told to."""

    def __init__(self, turned_away: int, asked: str) -> None:
        self.now = 0.0
        self.sent: list[tuple[float, str]] = []
        self._turned_away = turned_away
        self._asked = asked
        self._lock = threading.Lock()

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.now += seconds

    def __call__(self, request: Request) -> Response:
        with self._lock:
            title = request.body["title"]
            if self._turned_away:
                self._turned_away -= 1
                return Response(429, headers={"retry-after": self._asked})
            self.sent.append((self.now, title))
            return Response(201, {"success": True, "data": {"id": f"id {title}"}})


def in_threads(server: Server, some: list[Entry], concurrency: int, halt: Halt) -> list[Result]:
    gate = Gate(clock=lambda: server.now, sleep=server.sleep)
    return list(
        send_in_threads(
            some,
            create,
            connect=lambda: Client(gate.watch(server), remote=True),
            concurrency=concurrency,
            gate=gate,
            journal=None,
            now=lambda: NOW,
            halt=halt,
            fail_fast=False,
        )
    )


@pytest.mark.parametrize("concurrency", [1, 4])
def test_nobody_sends_while_the_server_asks_to_wait(concurrency: int) -> None:
    server = Server(1, "30")
    results = in_threads(server, entries(40), concurrency, Halt())
    assert [result.status for result in results] == ["done"] * 40
    assert [result.entry.item_id for result in results] == [f"id Task {n}" for n in range(1, 41)]
    # Others were on their way when the first was turned away.
    early = [sent for sent, _ in server.sent if sent < 30]
    assert len(early) < concurrency
    assert len({title for _, title in server.sent}) == len(server.sent) == 40


def test_who_asks_for_too_long_a_wait_stops_the_run() -> None:
    server, halt = Server(100, "3600"), Halt()
    results = in_threads(server, entries(300), 1, halt)
    assert server.sent == []
    assert halt.error is not None
    assert halt.error.code == "rate_limited"
    assert [result.status for result in results] == ["failed", *["left"] * 299]


@pytest.mark.parametrize("asked", ["soon", "20"])
def test_who_turns_all_away_for_two_minutes_stops_the_run(asked: str) -> None:
    server, halt = Server(1000, asked), Halt()
    results = in_threads(server, entries(3), 1, halt)
    assert 120 < server.now < 160
    assert [result.status for result in results] == ["failed", "left", "left"]


def test_who_waits_at_the_gate_hears_that_the_run_is_stopped() -> None:
    gate, halt = Gate(), Halt()
    gate.watch(lambda _: Response(429, headers={"retry-after": "99999999999999999999"}))(
        Request("POST", "/tasks")
    )
    waiting = threading.Thread(target=gate.wait, args=[halt], daemon=True)
    waiting.start()
    halt.by(StoreError("stopped"))
    waiting.join(10)
    assert not waiting.is_alive()
