"""`activity log --queue` and `crmctl outbox`: what a job was told is safe is there, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crmctl.api.message import Request, Response
from tests.e2e.running import KEY, PATIENCE, Crmctl, FarEnd, Result, wait_until
from tests.in_process import InProcess

LOG = ("activity", "log", "note", "Deployed", "--queue")
NOWHERE = {"CRMCTL_BASE_URL": "http://127.0.0.1:1", "CRMCTL_TIMEOUT": "1"}
QUICK = {"CRMCTL_OUTBOX_SETTLE": "1.5", "CRMCTL_OUTBOX_RECHECK": "0.5"}

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


@pytest.fixture
def laptop(far_end: FarEnd, home: Path) -> InProcess:
    """crmctl with a profile and a key in a file; nothing is in the environment."""
    far_end.honours_keys = False
    laptop = InProcess(home)
    login(laptop, far_end, KEY)
    return laptop


def login(laptop: InProcess, far_end: FarEnd, key: str) -> None:
    laptop.done(
        *("auth", "login", "--base-url", far_end.url, "--profile", "work"),
        *("--key-stdin", "--store", "file"),
        stdin=key,
    )


def queue(crmctl: Crmctl, far_end: FarEnd, *more: str) -> Result:
    """Log while the server takes no requests."""
    far_end.refusal = Response(429, {"success": False})
    result = crmctl.run(*LOG, "--timeout", "1", *more)
    far_end.refusal = None
    return result


def subjects(far_end: FarEnd) -> list[str]:
    return sorted(
        item["subject"]
        for item in far_end.client.list_activities({"type": "note"})
        if item["subject"] != "Wants SSO"
    )


def test_what_is_delivered_is_shown_as_ever(laptop: InProcess, far_end: FarEnd) -> None:
    result = laptop.done(*LOG, "-o", "json")
    assert result.stderr == ""
    assert result.data["subject"] == "Deployed"
    assert result.data["description"].startswith("crmctl-ref:")
    assert far_end.calls.count("GET /activities") == 0
    assert laptop.json("outbox", "list") == []
    [entry] = laptop.json("outbox", "list", "--all")
    assert (entry["state"], entry["remote_id"]) == ("delivered", result.data["id"])
    assert laptop.done("outbox", "status").status == 0


def test_what_is_not_is_queued_and_says_so_in_json(home: Path) -> None:
    job = InProcess(home, **NOWHERE, CRMCTL_API_KEY=KEY, CI="true")
    result = job.run(*LOG, "--ref", "build-1", "-o", "json")
    assert (result.status, result.stdout) == (75, "")
    error = result.error
    assert (error["code"], error["retryable"]) == ("queued", True)
    assert error["details"] == [{"id": 1, "ref": "build-1", "state": "pending"}]
    assert error["hint"] == "Run `crmctl outbox flush` to deliver it."
    status = job.run("outbox", "status", "-o", "json")
    assert (status.status, status.data["pending"], status.error["code"]) == (75, 1, "queued")
    flushed = job.run("outbox", "flush", "-o", "json")
    assert (flushed.status, flushed.data["pending"]) == (75, 1)
    assert KEY.encode() not in b"".join(
        file.read_bytes() for file in home.rglob("*") if file.is_file()
    )


def test_it_is_queued_by_the_variable_and_in_a_ci_job(home: Path) -> None:
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_JOB": "deploy"}
    job = InProcess(home, **NOWHERE, **variables, CRMCTL_API_KEY=KEY, CRMCTL_QUEUE="1", CI="true")
    result = job.run("activity", "log", "note", "--ci")
    assert result.status == 75
    assert "in the outbox as github/" in result.stderr
    passed = job.run("activity", "log", "note", "--ci", "--on-failure", "warn")
    assert (passed.status, passed.stdout) == (0, "")
    assert "::warning title=crmctl::Not delivered yet" in passed.stderr
    assert len(job.json("outbox", "list")) == 1


def test_a_workspace_takes_it_at_once_and_has_no_outbox(stocked: Crmctl) -> None:
    logged = stocked.done(*LOG, "-o", "json").data
    assert "description" not in logged or not logged["description"]
    assert stocked.json("outbox", "list") == []
    assert stocked.run("outbox", "import", "-", stdin="{}").status == 2
    assert not (stocked.home / ".local" / "state").exists()


def test_a_job_without_a_key_queues_nothing(home: Path) -> None:
    job = Crmctl(home, CI="true")
    assert job.run(*LOG).status == 3
    assert list(home.rglob("*.db")) == []


def test_a_key_that_is_refused_sends_one_request_and_leaves_the_rows(
    laptop: InProcess, far_end: FarEnd
) -> None:
    for subject in ("--ref=one", "--ref=two"):
        assert queue(laptop, far_end, subject).status == 75
    before = laptop.json("outbox", "list")
    keys = laptop.home / "config" / "credentials.json"
    keys.write_text(keys.read_text().replace(KEY, "key_revoked_123"))
    far_end.requests.clear()
    result = laptop.run("outbox", "flush")
    assert (result.status, len(far_end.requests)) == (3, 1)
    assert laptop.json("outbox", "list") == before
    queued = laptop.run(*LOG, "--on-failure", "warn")
    assert queued.status == 75  # safe, and still for a person to mend
    assert "auth login" in queued.stderr
    assert queued.stderr.endswith("Then run `crmctl outbox flush`.\n")
    login(laptop, far_end, KEY)
    assert laptop.done("outbox", "flush", "-o", "json").data["delivered"] == 3
    assert len(subjects(far_end)) == 3


def test_a_read_only_profile_neither_queues_nor_delivers(
    laptop: InProcess, far_end: FarEnd
) -> None:
    queue(laptop, far_end)
    far_end.requests.clear()
    reader = laptop.having(CRMCTL_READ_ONLY="1")
    assert reader.run(*LOG).status == 5
    assert reader.run("outbox", "flush").status == 5
    assert far_end.requests == []
    assert len(laptop.json("outbox", "list")) == 1


def test_what_is_refused_is_the_status_of_the_log_and_is_kept(
    laptop: InProcess, far_end: FarEnd
) -> None:
    far_end.refusal = Response(400, {"message": "No such deal."})
    result = laptop.run(*LOG)
    assert result.status == 6
    assert "No such deal" in result.stderr
    assert "crmctl outbox show 1" in result.stderr
    assert laptop.run("outbox", "status").status == 13
    assert laptop.run("outbox", "flush").status == 0
    far_end.refusal = None
    assert laptop.json("outbox", "retry", "1")["state"] == "pending"
    laptop.done("outbox", "flush")
    assert subjects(far_end) == ["Deployed"]
    assert laptop.run("outbox", "retry", "1").status == 2


def test_dropping_asks_on_a_terminal_and_needs_a_yes_elsewhere(
    laptop: InProcess, far_end: FarEnd
) -> None:
    queue(laptop, far_end)
    assert laptop.run("outbox", "drop", "1").status == 2
    asked = laptop.run("outbox", "drop", "1", typed="n\n")
    assert "Delete 1 (pending): Deployed?" in asked.stderr
    assert len(laptop.json("outbox", "list")) == 1
    assert laptop.json("outbox", "drop", "1", "--yes") == {"id": "1", "deleted": True}
    assert laptop.run("outbox", "show", "1").status == 4


def test_what_is_exported_is_imported_elsewhere_and_there_once(
    laptop: InProcess, far_end: FarEnd, tmp_path: Path
) -> None:
    queue(laptop, far_end)
    laptop.done("outbox", "export", str(laptop.home / "outbox.jsonl"))
    text = laptop.done("outbox", "export", "-").stdout
    assert (laptop.home / "outbox.jsonl").read_text() == text
    other = InProcess(tmp_path / "other", CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
    assert other.json("outbox", "import", "-", stdin=text) == {"imported": 1, "known": 0}
    assert other.json("outbox", "import", "-", stdin=text) == {"imported": 0, "known": 1}
    whole = json.dumps(laptop.json("outbox", "export", "-"))
    assert other.json("outbox", "import", "-", stdin=whole) == {"imported": 0, "known": 1}
    other.done("outbox", "flush")
    laptop.done("outbox", "flush")
    assert subjects(far_end) == ["Deployed"]
    bad = other.run("outbox", "import", "-", "--json", stdin=f"{text}nonsense\n")
    assert (bad.status, bad.error["details"][0]["field"]) == (2, "line 2")


def test_where_there_is_no_room_it_is_sent_at_once_or_printed(far_end: FarEnd, home: Path) -> None:
    remote = InProcess(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
    (home / "file").write_text("")
    full = remote.having(CRMCTL_STATE_DIR=str(home / "file"))
    sent = full.done(*LOG, "-o", "json")
    assert (subjects(far_end), sent.data["subject"]) == (["Deployed"], "Deployed")
    assert json.loads(sent.stderr)["note"]["code"] == "not_queued"
    lost = full.having(**NOWHERE).run(*LOG)
    assert (lost.status, lost.stdout) == (12, "")
    entry = json.loads(lost.stderr.splitlines()[0])
    assert (entry["state"], entry["body"]["subject"]) == ("pending", "Deployed")
    shown = full.having(**NOWHERE).run(*LOG, "-o", "json")
    assert shown.error["details"][0]["body"]["subject"] == "Deployed"
    entry["base_url"] = far_end.url
    remote.done("outbox", "import", "-", stdin=json.dumps(entry))
    remote.done("outbox", "flush")
    assert subjects(far_end) == ["Deployed", "Deployed"]


def test_on_a_full_disk_the_entry_is_printed(remote: Crmctl, home: Path) -> None:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    offline = remote.having(**NOWHERE)
    with offline.start(*LOG, preexec_fn=leave_no_room, **pipes) as process:
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (12, b"")
    assert json.loads(stderr.splitlines()[0])["body"]["subject"] == "Deployed"
    assert list(home.rglob("*.db")) == []


def leave_no_room() -> None:
    """Let no file of this process grow."""
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_an_interrupted_log_says_that_it_is_in_the_outbox(remote: Crmctl, far_end: FarEnd) -> None:
    held, free = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.method == "POST":
            held.set()
            free.wait(20)

    far_end.answering = hold
    with remote.start(*LOG, stderr=subprocess.PIPE) as process:
        wait_until(held.is_set)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
        free.set()
    assert process.returncode == 130
    assert b"It is in the outbox (" in said
    far_end.answering = lambda _: None
    remote.done("outbox", "flush")
    assert subjects(far_end) == ["Deployed"]


def test_killed_at_random_moments_each_is_there_once(remote: Crmctl, far_end: FarEnd) -> None:
    far_end.honours_keys = False

    def fail(request: Request) -> None:
        if len(far_end.requests) % 3 == 0:
            raise ConnectionError

    far_end.answering = fail
    quick = remote.having(**QUICK, CRMCTL_TIMEOUT="4")

    def log(number: int) -> int:
        arguments = ("activity", "log", "note", f"N{number}", "--queue")
        with quick.start(*arguments) as process:
            try:
                return process.wait(0.15 + 0.05 * number)
            except subprocess.TimeoutExpired:
                process.kill()
                return process.wait()

    with ThreadPoolExecutor(3) as threads:
        told = dict(zip(range(14), threads.map(log, range(14)), strict=True))
    far_end.answering = lambda _: None
    quick.done(*LOG)  # by which reading back is proven
    quick.done("outbox", "flush", "--wait", "20s")
    there = Counter(subjects(far_end))
    kept = {entry["body"]["subject"] for entry in quick.json("outbox", "list", "--all")}
    assert set(there.values()) == {1}
    assert kept == set(there)
    assert {f"N{number}" for number, status in told.items() if status != -9} <= kept


def test_many_loggers_and_flushers_at_once(remote: Crmctl, far_end: FarEnd) -> None:
    far_end.honours_keys = False

    def run(number: int) -> Result:
        if number % 2:
            return remote.run("outbox", "flush")
        return remote.run(
            "activity", "log", "note", f"N{number // 4}", f"--ref={number // 4}", "--queue"
        )

    with ThreadPoolExecutor(12) as threads:
        results = list(threads.map(run, range(12)))
    assert {result.status for result in results} <= {0, 75}
    assert "locked" not in "".join(result.stderr for result in results)
    assert subjects(far_end) == ["N0", "N1", "N2"]
