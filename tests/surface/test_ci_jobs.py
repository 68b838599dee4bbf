"""`activity log --ci`: what a job of each provider logs, and what a failed log means for it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.running import KEY, Crmctl, FarEnd
from tests.in_process import InProcess
from tests.jobs import JOBS, OTHERS, RUN_AGAIN
from tests.scripted_server import ScriptedServer, answer

STEP = ("activity", "log", "note", "--ci", "--deal", "deal_acme")
NOWHERE = {"CRMCTL_BASE_URL": "http://127.0.0.1:1", "CRMCTL_API_KEY": KEY}
EACH = pytest.mark.parametrize("provider", JOBS)


@pytest.fixture(autouse=True)
def _in_its_checkout(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job's commit is the one of the directory that it runs in."""
    monkeypatch.chdir(home)


@EACH
def test_a_job_that_is_run_again_is_logged_once(
    remote: Crmctl, forgetful: FarEnd, provider: str
) -> None:
    job = remote.having(**JOBS[provider])
    first = job.json(*STEP)
    again = job.having(**RUN_AGAIN[provider]).json(*STEP)
    assert first == again
    assert first["subject"] == "Deployed v1.4.2 of acme/shop"
    assert first["description"].startswith("- Repository: `acme/shop`\n- Tag: `v1.4.2`\n")
    assert first["description"].splitlines()[-1].startswith(f"crmctl-ref:{provider}/acme/shop/")
    assert forgetful.calls.count("POST /activities") == 1


@EACH
def test_two_steps_or_legs_of_a_matrix_are_logged_twice(
    remote: Crmctl, forgetful: FarEnd, provider: str
) -> None:
    job = remote.having(**JOBS[provider])
    others = OTHERS[provider]
    ids = [job.ids(*STEP), *(job.having(**other).ids(*STEP) for other in others)]
    ids.append(job.ids(*STEP, "--ref-add", "eu"))
    assert ids[-1] == job.having(**RUN_AGAIN[provider]).ids(*STEP, "--ref-add", "eu")
    assert len({activity_id for [activity_id] in ids}) == len(others) + 2
    assert forgetful.calls.count("POST /activities") == len(others) + 2


def test_what_is_given_is_not_filled_in(remote: Crmctl) -> None:
    job = remote.having(**JOBS["github"])
    given = ("Shipped", "--description", "By hand", "--ref", "mine")
    logged = job.json(*STEP[:4], *given, "--contact", "con_jane")
    assert logged["subject"] == "Shipped"
    assert logged["description"] == "By hand\n\ncrmctl-ref:mine"
    assert (logged["contact_id"], logged["deal_id"]) == ("con_jane", None)


def test_the_deal_and_the_contact_come_from_the_environment(remote: Crmctl) -> None:
    job = remote.having(**JOBS["github"], CRMCTL_DEAL="deal_acme", CRMCTL_CONTACT="con_jane")
    logged = job.json("activity", "log", "note", "--ci")
    assert (logged["deal_id"], logged["contact_id"]) == ("deal_acme", "con_jane")
    other = job.json("activity", "log", "note", "--ci", "--deal", "deal_other")
    assert (other["deal_id"], other["contact_id"]) == ("deal_other", "con_jane")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_they_come_from_the_trailers_of_the_commit(remote: Crmctl, home: Path) -> None:
    who = ("-c", "user.name=Sarah", "-c", "user.email=sarah@example.com")
    message = "Ship it\n\nCRM-Deal: deal_acme\nCRM-Contact: con_jane"
    for command in (["init", "-q"], [*who, "commit", "-q", "--allow-empty", "-m", message]):
        subprocess.run(["git", *command], check=True, cwd=home, env=remote.environ)
    logged = remote.having(**JOBS["github"]).json("activity", "log", "note", "--ci")
    assert (logged["deal_id"], logged["contact_id"]) == ("deal_acme", "con_jane")


def test_verbose_says_the_reference(remote: Crmctl) -> None:
    said = remote.having(**JOBS["github"]).done(*STEP, "-v").stderr
    assert "--ref github/acme/shop/6543210987/deploy/__run\n" in said


@pytest.mark.parametrize(
    "args",
    [
        "--ref-add x --on-failure warn",
        "--ci --ref x --ref-add y --on-failure warn",
        "--ci --on-failure ignore",
    ],
)
def test_what_makes_no_sense_is_refused(remote: Crmctl, far_end: FarEnd, args: str) -> None:
    job = remote.having(**JOBS["github"])
    assert job.run("activity", "log", "note", *args.split()).status == 2
    assert far_end.calls == []


def test_outside_a_job_it_is_refused(remote: Crmctl, far_end: FarEnd) -> None:
    result = remote.having(CI="true").run(*STEP, "--on-failure", "warn")
    assert result.status == 2
    assert "--ci" in result.stderr
    assert far_end.calls == []


@pytest.mark.parametrize("format", ["plain", "json"])
def test_a_job_may_go_on_where_the_server_is_not_reached(home: Path, format: str) -> None:
    job = InProcess(home, **JOBS["gitlab"], **NOWHERE)
    step = (*STEP, "--timeout", "1", "-o", format)
    failed = job.run(*step)
    passed = job.run(*step, "--on-failure", "warn", "-q")
    assert (failed.status, passed.status, passed.stdout) == (8, 0, "")
    assert passed.stderr.count("\n") == 1
    if format == "json":
        assert json.loads(passed.stderr)["note"]["code"] == "unreachable"
    else:
        assert passed.stderr.startswith("crmctl: warning: ")


def test_on_github_the_run_shows_it(home: Path) -> None:
    job = InProcess(home, **JOBS["github"], **NOWHERE)
    line, shown = job.done(*STEP, "--timeout", "1", "--on-failure", "warn").stderr.splitlines()
    assert line.startswith("crmctl: warning: ")
    assert shown == f"::warning title=crmctl::{line.removeprefix('crmctl: warning: ')}"


@pytest.mark.parametrize(
    ("look", "post", "status"),
    [
        (429, None, 7),
        (503, None, 9),
        (200, 429, 7),
        (200, 500, 10),
        (200, 401, 3),
        (401, None, 3),
        (403, None, 5),
        (404, None, 4),
        (200, 422, 6),
    ],
)
def test_only_what_failed_on_the_way_may_pass(
    home: Path, look: int, post: int | None, status: int
) -> None:
    nothing = {"success": True, "data": [], "meta": {"total": 0, "has_more": False}}
    refusal = {"success": False, "error": {"code": "x", "message": "No."}}
    statuses = []
    for extra in ((), ("--on-failure", "warn")):
        looked = answer(200, nothing) if look == 200 else answer(look, refusal)
        script = [looked] if post is None else [looked, *[answer(post, refusal)] * 3]
        after = looked if post is None or look != 200 else None
        with ScriptedServer(*script, after=after) as server:
            job = InProcess(home, **JOBS["gitlab"], CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
            statuses.append(job.run(*STEP, "--timeout", "5", *extra).status)
    assert statuses == [status, 0 if status in (7, 8, 9, 10) else status]


def test_a_missing_key_is_never_passed_over(home: Path) -> None:
    job = InProcess(home, **JOBS["github"], CRMCTL_API_KEY="")
    assert job.run(*STEP, "--on-failure", "warn").status == 3


def test_it_can_be_rehearsed_without_a_key(home: Path) -> None:
    shown = InProcess(home, **JOBS["circleci"]).done(*STEP, "-n").data
    assert shown["body"]["subject"] == "Deployed v1.4.2 of acme/shop"
