"""The outbox: what becomes of a row; and nothing that may have been applied is sent blindly."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.message import Request, Response
from crmctl.delivery import refs
from crmctl.delivery.entries import DAMAGED, export_entry, new_entry, read_entry, show_entry
from crmctl.delivery.flush import Flushed, flush
from crmctl.delivery.outbox import Outbox
from crmctl.delivery.reconcile import HELD, INCOMPLETE, UNPROVEN, Waits
from crmctl.delivery.sending import deliver, send
from crmctl.workspace.app import Workspace
from tests.contract.world import open_workspace

START = datetime(2026, 3, 24, 9, tzinfo=UTC)
Outcome = Callable[[Request], Response | None]


def failing(error: errors.CrmctlError) -> Outcome:
    """The request is not applied."""

    def outcome(_request: Request) -> Response:
        raise error

    return outcome


def answering(status: int, content: Any = None) -> Outcome:
    """The request is not applied, and that is the answer."""
    return lambda _request: Response(status, content or {"success": False, "message": "No."})


UNSENT = failing(errors.Unreachable("Refused."))
LOST = failing(errors.OutcomeUnknown("The answer was lost."))


def applied(_request: Request) -> None:
    """The request is applied."""


class World:
    """An outbox, a server that honours no keys, and a clock that sleeping moves.

    What is in ``script`` happens to the requests, one after the other, and then ``after``.
    """

    def __init__(self, home: Path, workspace: Workspace) -> None:
        self.now = START
        self.path = home / "outbox" / "work.db"
        self.outbox = Outbox(self.path, clock=lambda: self.now)
        self.workspace = workspace
        self.script: list[Outcome] = []
        self.after: Outcome = applied
        self.sent: list[Request] = []
        self.told: list[str] = []
        self.client = Client(self.answer, remote=True)

    def answer(self, request: Request) -> Response:
        self.sent.append(request)
        outcome = self.script.pop(0) if self.script else self.after
        answer = outcome(request)
        if answer is not None:
            return answer
        anew = Request(request.method, request.path, query=request.query, body=request.body)
        response = self.workspace(anew)
        response.headers = {}
        return response

    def entry(
        self, subject: str, ref: str | None = None, **fields: Any
    ) -> tuple[str, dict[str, Any]]:
        body = {"type": "note", "subject": subject, "occurred_at": "2026-03-24T09:00:00Z", **fields}
        made = ref is None
        ref = ref or f"made-{subject}"
        body = refs.mark(body, ref)
        return refs.key_of(body, ref), new_entry(body, ref, made=made)

    def log(self, subject: str, ref: str | None = None, **fields: Any) -> str:
        """Log it, and give the state that it has come to."""
        entry = self.entry(subject, ref, **fields)
        if ref is None:
            claim = self.outbox.enter_claimed(*entry)
            return send(self.outbox, claim, lambda: self.client, 30.0).state
        row = self.outbox.enter(*entry)
        return deliver(self.outbox, row, lambda: self.client, timeout=30.0).state

    def flush(self, wait: float = 0.0, client: Client | None = None) -> Flushed:
        return flush(
            self.outbox,
            lambda: client or self.client,
            waits=Waits(settle=120.0, recheck=30.0),
            timeout=30.0,
            wait=wait,
            sleep=self.sleep,
            tell=self.told.append,
        )

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def row(self, subject: str) -> dict[str, Any]:
        [row] = [row for row in self.outbox.rows(everyone=True) if subject.encode() in row["body"]]
        return row

    def state(self, subject: str) -> str:
        return str(self.row(subject)["state"])

    @property
    def there(self) -> list[str]:
        """The subjects at the server."""
        return sorted(item["subject"] for item in Client(self.workspace).list_activities({}))

    @property
    def calls(self) -> list[str]:
        return [request.method for request in self.sent]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_workspace(tmp_path / "far.db") as workspace:
        world = World(tmp_path, workspace)
        with closing(world.outbox):
            yield world


def test_what_is_delivered_is_kept_with_its_id_and_asked_for_once(world: World) -> None:
    assert world.log("One") == "delivered"
    assert world.calls == ["POST"]
    [there] = Client(world.workspace).list_activities({})
    row = world.row("One")
    assert (row["remote_id"], row["attempts"], row["token"]) == (there["id"], 1, None)
    assert row["body"] == (
        b'{"type": "note", "subject": "One", "occurred_at": "2026-03-24T09:00:00Z",'
        b' "description": "crmctl-ref:made-One"}'
    )


def test_a_row_is_claimed_on_the_disk_before_a_byte_goes_out(world: World) -> None:
    seen: list[tuple[str, int]] = []

    def look(_request: Request) -> None:
        with closing(Outbox(world.path, clock=lambda: world.now)) as other:
            seen.extend((row["state"], row["attempts"]) for row in other.rows())

    world.script = [look]
    world.log("One")
    assert seen == [("sending", 1)]


def test_what_was_not_sent_waits_and_a_flush_does_not_wait_for_its_backoff(world: World) -> None:
    world.script = [UNSENT]
    assert world.log("One") == "pending"
    row = world.row("One")
    assert (row["sent_at"], row["last_error"]) == (None, "Refused.")
    assert row["not_before"] > "2026-03-24T09:00:00"
    assert world.flush().delivered == 1
    assert world.calls == ["POST", "GET", "POST"]
    assert world.there == ["One"]


def test_what_the_server_asks_to_wait_for_is_waited_for(world: World) -> None:
    limited = errors.RateLimited("Slow down.")
    limited.retry_after = 60.0
    world.script = [failing(limited)]
    assert world.log("One") == "pending"
    before = world.row("One")
    done = world.flush()
    assert isinstance(done.error, errors.RateLimited)
    assert (world.calls, world.row("One")) == (["POST"], before)
    assert world.flush(wait=90.0).delivered == 1
    assert world.now >= START + timedelta(seconds=60)


def test_what_is_there_is_delivered_at_once(world: World) -> None:
    def lose(request: Request) -> None:
        world.workspace(Request("POST", request.path, body=request.body))
        raise errors.OutcomeUnknown("The answer was lost.")

    world.script = [lose, failing(errors.Unreachable("Gone."))]
    assert world.log("One") == "unknown"
    assert world.flush().delivered == 1
    assert (world.there, world.calls.count("POST")) == (["One"], 1)


def test_what_is_not_there_twice_is_sent_again_with_the_same_bytes(world: World) -> None:
    world.log("Proof")
    world.script = [LOST]
    assert world.log("One") == "unknown"
    first = world.sent[-2]
    for seconds, state in ((0, "unknown"), (119, "unknown"), (2, "unknown"), (29, "unknown")):
        world.sleep(seconds)
        world.flush()
        assert world.state("One") == state
    assert world.there == ["Proof"]
    world.sleep(2)
    assert world.flush(wait=5).delivered == 1
    assert world.there == ["One", "Proof"]
    again = [request for request in world.sent if request.method == "POST"][-1]
    assert (again.body, again.headers) == (first.body, first.headers)
    assert world.row("One")["resends"] == 1


def test_a_flush_that_waits_does_all_that_by_itself(world: World) -> None:
    world.log("Proof")
    world.script = [LOST]
    world.log("One")
    assert world.flush(wait=300.0).delivered == 1
    assert world.now < START + timedelta(seconds=200)
    assert world.there == ["One", "Proof"]


def test_without_proof_that_reading_back_works_nothing_is_sent_again(world: World) -> None:
    world.script = [LOST]
    world.log("One")
    assert world.flush(wait=600.0).delivered == 0
    assert world.row("One")["last_error"] == UNPROVEN
    assert (world.state("One"), world.calls.count("POST")) == ("unknown", 1)


def test_what_only_others_have_logged_is_no_proof(world: World) -> None:
    Client(world.workspace).log_activity({"type": "note", "subject": "Not ours"})
    world.script = [LOST]
    world.log("One")
    world.flush(wait=600.0)
    assert (world.state("One"), world.calls.count("POST")) == ("unknown", 1)


def test_a_proof_may_be_of_another_kind(world: World) -> None:
    world.log("Proof", contact_id="con_1")
    world.script = [LOST]
    world.log("One", deal_id="deal_1")
    assert world.flush(wait=300.0).delivered == 1


def test_after_three_resends_a_person_is_asked(world: World) -> None:
    world.log("Proof")
    world.after = lambda request: LOST(request) if request.method == "POST" else None
    world.log("One")
    world.flush(wait=3600.0)
    row = world.row("One")
    assert (row["state"], row["resends"], row["last_error"]) == ("held", 3, HELD)
    assert world.calls.count("POST") == 5
    world.after = applied
    assert world.flush(wait=3600.0).delivered == 0
    world.outbox.change(row, state="pending", resends=0)
    assert world.flush().delivered == 1


def test_a_walk_that_fails_or_is_not_whole_decides_nothing(world: World) -> None:
    world.log("Proof")
    world.script = [LOST]
    world.log("One")
    world.sleep(200)
    before = world.row("One")
    world.script = [failing(errors.IncompleteList("There is more."))]
    world.flush()
    assert world.row("One") == before
    short = {"success": True, "data": [], "meta": {"total": 7, "has_more": False}}
    world.after = lambda request: Response(200, short) if request.method == "GET" else None
    world.flush(wait=600.0)
    row = world.row("One")
    assert (row["state"], row["missed_at"], row["last_error"]) == ("unknown", None, INCOMPLETE)


def test_twins_are_reported_and_none_is_deleted(world: World) -> None:
    def twice(request: Request) -> None:
        for _ in range(2):
            world.workspace(Request("POST", request.path, body=request.body))
        raise errors.OutcomeUnknown("The answer was lost.")

    world.script = [twice, failing(errors.Unreachable("Gone."))]
    world.log("One")
    [ids] = world.flush().duplicates
    assert len(set(ids)) == 2
    assert (world.state("One"), world.there) == ("delivered", ["One", "One"])


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422])
def test_a_flush_goes_on_past_what_is_refused(world: World, status: int) -> None:
    world.script = [UNSENT, UNSENT]
    world.log("One")
    world.log("Two")
    no = answering(status, {"success": False, "message": "Not so."})
    world.script = [applied, no, applied] if status in (409, 422) else [applied, no]
    done = world.flush()
    assert (done.died, done.delivered, world.there) == (1, 1, ["Two"])
    row = world.row("One")
    assert (row["state"], row["last_error"]) == ("dead", f"Not so (HTTP {status}).")


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (answering(401), errors.Unauthorized),
        (answering(403), errors.Forbidden),
        (failing(errors.Unreachable("Certificate.", retryable=False)), errors.Unreachable),
        (answering(301), errors.BadAnswer),
    ],
)
@pytest.mark.parametrize("place", [0, 1])
def test_what_every_row_would_meet_ends_a_flush_with_the_rows_as_they_were(
    world: World, outcome: Outcome, kind: type[errors.CrmctlError], place: int
) -> None:
    world.script = [UNSENT, UNSENT]
    world.log("One")
    world.log("Two")
    before = [world.row("One"), world.row("Two")]
    world.sent.clear()
    world.script = [*[applied] * place, outcome]
    done = world.flush(wait=600.0)
    assert isinstance(done.error, kind)
    assert len(world.sent) == place + 1
    assert [world.row("One"), world.row("Two")] == before


def test_a_look_that_fails_for_one_row_alone_does_not_end_a_flush(world: World) -> None:
    world.script = [UNSENT, UNSENT]
    world.log("One")
    world.log("Two")
    world.script = [failing(errors.IncompleteList("There is more."))]
    assert world.flush().delivered == 1
    row = world.row("One")
    assert (row["state"], row["last_error"]) == ("pending", "There is more.")
    assert world.told[0] == "Not delivered 1 (made-One): There is more."


def test_a_flush_ends_when_the_server_is_not_to_be_had(world: World) -> None:
    world.after = UNSENT
    for number in range(5):
        world.log(f"N{number}")
    world.sent.clear()
    assert isinstance(world.flush().error, errors.Unreachable)
    assert len(world.sent) == 1


def test_three_in_doubt_and_no_more_is_sent(world: World) -> None:
    world.script = [UNSENT] * 6
    for number in range(6):
        world.log(f"N{number}")
    world.sent.clear()
    world.after = lambda request: LOST(request) if request.method == "POST" else None
    assert isinstance(world.flush().error, errors.OutcomeUnknown)
    assert world.calls.count("POST") == 3


DIES = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from crmctl.delivery import refs
from crmctl.delivery.entries import new_entry
from crmctl.delivery.outbox import Outbox
body = refs.mark(
    {"type": "note", "subject": "Died", "occurred_at": "2026-03-24T09:00:00Z"}, "made-Died"
)
outbox = Outbox(Path(sys.argv[1]), clock=lambda: datetime(2026, 3, 24, 9, tzinfo=UTC))
entry = new_entry(body, "made-Died", made=True)
claim = outbox.enter_claimed(refs.key_of(body, "made-Died"), entry)
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX")
def test_what_a_process_died_over_is_unknown_and_never_pending(world: World) -> None:
    command = [sys.executable, "-c", DIES, str(world.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "claimed\n"
        assert world.state("Died") == "sending"
        row = world.outbox.enter(*world.entry("Died", "made-Died"))
        assert row["state"] == "sending"  # while it lives
        assert world.outbox.claim({**row, "state": "pending"}) is None
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert world.state("Died") == "unknown"
    assert [file.name for file in world.path.parent.iterdir()] == ["work.db"]
    assert world.flush().delivered == 0
    assert world.log("Died", "made-Died") == "delivered"  # the same log again looks, and sends
    assert world.there == ["Died"]


def test_a_row_is_claimed_by_one(world: World) -> None:
    world.script = [UNSENT]
    world.log("One")
    row = world.row("One")
    first, second = world.outbox.claim(row), world.outbox.claim(row)
    assert first is not None
    assert second is None


def test_one_flushes_at_a_time(world: World) -> None:
    world.script = [UNSENT]
    world.log("One")
    with world.outbox.flushing():
        done = world.flush(wait=1.0)
    assert (done.busy, done.delivered, world.calls) == (True, 0, ["POST"])
    assert world.flush().delivered == 1


def test_delivered_rows_are_kept_for_30_days_and_all_others_for_ever(world: World) -> None:
    world.log("Done")
    world.script = [answering(400)]
    world.log("Dead")
    world.sleep(29 * 86_400)
    world.flush()
    assert world.state("Done") == "delivered"
    world.sleep(2 * 86_400)
    world.flush()
    assert [row["state"] for row in world.outbox.rows()] == ["dead"]
    world.log("Next")
    world.sleep(31 * 86_400)
    world.log("Last")  # where nobody ever flushes
    assert [row["state"] for row in world.outbox.rows()] == ["dead", "delivered"]


def test_the_same_ref_takes_its_row_over_with_the_words_of_the_first(world: World) -> None:
    world.script = [UNSENT]
    assert world.log("One", "build-1") == "pending"
    assert world.log("In other words", "build-1") == "delivered"
    assert world.there == ["One"]
    assert world.log("Once more", "build-1") == "delivered"
    assert (world.there, len(world.outbox.rows())) == (["One"], 1)
    assert world.log("Another", "build-1", deal_id="deal_1") == "delivered"
    assert world.there == ["Another", "One"]


def test_a_row_that_is_taken_over_and_cannot_be_looked_for_stays_unknown(world: World) -> None:
    world.script = [applied, LOST]
    assert world.log("One", "build-1") == "unknown"
    world.script = [UNSENT]
    assert world.log("One", "build-1") == "unknown"
    world.script = [applied, UNSENT]
    assert world.log("One", "build-1") == "unknown"


def test_what_was_refused_may_be_said_anew(world: World) -> None:
    world.script = [applied, answering(400)]
    assert world.log("Wrong", "build-1") == "dead"
    assert world.log("Right", "build-1") == "delivered"
    assert world.there == ["Right"]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE entry SET body = CAST(replace(body, '{', '[') AS BLOB)",
        "UPDATE entry SET body = x'ff00'",
        "UPDATE entry SET body = CAST('5' AS BLOB)",
        "UPDATE entry SET body = CAST('{}' AS BLOB)",
        "UPDATE entry SET body = CAST(replace(body, 'call', 'note') AS BLOB)",
        "UPDATE entry SET body = CAST(replace(hex(zeroblob(5000)), '0', '[') AS BLOB)",
        "UPDATE entry SET not_before = '2026-99-24'",
    ],
)
def test_a_damaged_row_is_held_and_stops_no_other(world: World, damage: str) -> None:
    world.script = [UNSENT, UNSENT]
    world.log("Damaged", "build-1", type="call")
    damage_row(world.path, damage)
    world.log("Next")
    world.flush()
    held, delivered = world.outbox.rows()
    assert (held["state"], held["last_error"]) == ("held", DAMAGED)
    assert (delivered["state"], world.there) == ("delivered", ["Next"])
    assert "body" in show_entry(held)
    assert world.log("Anew", "build-1", type="call") == "delivered"
    assert world.there == ["Anew", "Next"]


def test_a_damaged_row_that_was_delivered_proves_nothing(world: World) -> None:
    world.log("Old", "build-1", type="call")
    damage_row(world.path, "UPDATE entry SET body = x'ff00'")
    world.script = [LOST]
    world.log("Lost")
    world.flush(wait=600.0)
    assert world.row("Lost")["last_error"] == UNPROVEN
    assert world.outbox.drop(world.outbox.row(1))


def damage_row(path: Path, change: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(change)
        connection.commit()


def test_what_another_run_has_logged_is_not_sent(world: World) -> None:
    world.script = [failing(errors.Unreachable("No look."))]
    assert world.log("One", "build-1") == "pending"
    body = refs.mark({"type": "note", "subject": "Elsewhere"}, "build-1")
    Client(world.workspace).log_activity(body)
    assert world.flush().delivered == 1
    assert world.there == ["Elsewhere"]


def test_what_another_account_has_queued_is_not_sent(world: World) -> None:
    world.script = [UNSENT]
    world.log("One")
    other = Outbox(world.path, account="other", clock=lambda: world.now)
    with closing(other):
        world.outbox, ours = other, world.outbox
        assert world.flush().delivered == 0
        assert (other.counts()["pending"], other.counts()["other_keys"]) == (0, 1)
        world.outbox = ours


def test_a_row_that_cannot_be_settled_is_unknown_and_found(world: World) -> None:
    world.log("Proof")
    claim = world.outbox.enter_claimed(*world.entry("One"))

    def lock(request: Request) -> None:
        locked.enter_context(blocker._database.writing())

    blocker = Outbox(world.path, clock=lambda: world.now)
    world.outbox._database.busy_seconds = 0.1
    with closing(blocker), ExitStack() as locked:
        world.script = [lock]
        done = send(world.outbox, claim, lambda: world.client, 30.0)
    assert (done.state, done.activity is not None) == ("delivered", True)
    assert world.state("One") == "unknown"
    assert world.flush().delivered == 1
    assert world.there == ["One", "Proof"]


def test_an_interrupted_look_has_sent_nothing_and_an_interrupted_send_is_unknown(
    world: World,
) -> None:
    def stop(_request: Request) -> None:
        raise KeyboardInterrupt

    for script, state in (([stop], "pending"), ([applied, stop], "unknown")):
        world.script = list(script)
        with pytest.raises(KeyboardInterrupt):
            world.log(state, f"ref-{state}")
        assert world.state(state) == state


def test_an_entry_goes_to_another_outbox_and_is_there_once(world: World, tmp_path: Path) -> None:
    world.script = [UNSENT]
    world.log("One")
    url = "https://crm.example.com"
    entry = export_entry(world.row("One"), url)
    other = Outbox(tmp_path / "other.db", clock=lambda: world.now)
    with closing(other):
        assert other.put(*read_entry(entry, url))
        assert not other.put(*read_entry(entry, url))
        ours, world.outbox = world.outbox, other
        assert world.flush().delivered == 1
        world.outbox = ours
    assert world.flush().delivered == 1
    assert world.there == ["One"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base_url": "https://other.example.com"}, "for 'https://other.example.com', not for"),
        ({"path": "/tasks"}, "no entry"),
        ({"state": "delivered"}, "state, ref or body"),
        ({"ref": "two words"}, "--ref"),
        ({"ref": "other"}, "does not end with the reference"),
        ({"body": {"type": "fax"}}, "type"),
        ({"body": {"type": "note", "description": "crmctl-ref:made-One"}}, "occurred_at"),
    ],
)
def test_an_entry_that_does_not_fit_is_refused(
    world: World, change: dict[str, Any], said: str
) -> None:
    world.script = [UNSENT]
    world.log("One")
    url = "https://crm.example.com"
    with pytest.raises(errors.InvalidInput, match=said):
        read_entry({**export_entry(world.row("One"), url), **change}, url)


def test_what_may_have_been_sent_elsewhere_is_unknown_here(world: World) -> None:
    world.script = [LOST, UNSENT]
    assert world.log("One") == "unknown"
    url = "https://crm.example.com"
    _, row = read_entry(export_entry(world.row("One"), url), url)
    assert (row["state"], row["sent_at"]) == ("unknown", "2026-03-24T09:00:00Z")


def test_the_file_is_its_owner_s_alone_and_has_no_key(world: World) -> None:
    masked = Outbox(world.path, clock=lambda: world.now, mask=lambda text: text.replace("k3y", ""))
    with closing(masked):
        world.outbox = masked
        world.script = [failing(errors.Unreachable("k3y was refused."))]
        world.log("One")
    assert b"k3y" not in world.path.read_bytes()
    assert world.path.stat().st_mode & 0o777 == 0o600
    assert world.path.parent.stat().st_mode & 0o777 == 0o700
