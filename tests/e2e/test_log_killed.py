"""`activity log --ref` of jobs that are killed, or run at once: logged once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from crmctl.api.message import Request
from tests.e2e.running import Crmctl, FarEnd, wait_until

STEP = ("activity", "log", "note", "Deployed v1.4.2", "--deal", "deal_acme", "--ref", "github/7/1")
LOGGED = ("activity", "list", "--type", "note", "--deal", "deal_acme")


def test_killed_between_the_request_and_its_answer_and_run_again_it_is_logged_once(
    remote: Crmctl, forgetful: FarEnd
) -> None:
    applied, killed = threading.Event(), threading.Event()

    def hold(request: Request) -> None:
        if request.method == "POST" and not applied.is_set():
            applied.set()
            killed.wait(20)

    forgetful.answering = hold
    process = remote.start(*STEP)
    wait_until(applied.is_set)
    process.kill()
    process.wait()
    killed.set()
    assert remote.done(*STEP, "-o", "json").data["subject"] == "Deployed v1.4.2"
    assert len(remote.ids(*LOGGED)) == 1


def test_two_jobs_at_once_are_one_activity_where_keys_are_honoured(
    remote: Crmctl, far_end: FarEnd
) -> None:
    with ThreadPoolExecutor(6) as threads:
        ids = list(threads.map(lambda n: remote.ids(*STEP, "-d", f"Job {n}"), range(6)))
    assert len({task_id for [task_id] in ids}) == 1
    assert len(remote.ids(*LOGGED)) == 1
    assert far_end.calls.count("POST /activities") >= 1
