"""`activity log --ref`: what is run again is logged once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crmctl.api.message import Request
from tests.e2e.running import Crmctl, FarEnd
from tests.in_process import InProcess

STEP = ("activity", "log", "note", "Deployed v1.4.2", "--deal", "deal_acme", "--ref", "github/7/1")


def notes_of(crmctl: Crmctl) -> list[dict[str, object]]:
    logged: list[dict[str, object]] = crmctl.json(
        "activity", "list", "--type", "note", "--deal", "deal_acme"
    )
    return logged


def test_a_step_that_runs_twice_is_logged_once(remote: Crmctl, forgetful: FarEnd) -> None:
    first = remote.done(*STEP, "--description", "All green", "-o", "json")
    again = remote.done(*STEP, "--description", "Said in other words", "-o", "json")
    assert first.data == again.data
    assert first.data["description"] == "All green\n\ncrmctl-ref:github/7/1"
    assert first.stderr == ""
    note = json.loads(again.stderr)["note"]
    assert note["code"] == "replayed"
    assert first.data["id"] in note["message"]
    assert forgetful.calls.count("POST /activities") == 1
    assert notes_of(remote) == [first.data]


def test_it_holds_in_the_workspace_too(stocked: Crmctl) -> None:
    ids = [stocked.ids(*STEP) for _ in range(3)]
    assert ids[0] == ids[1] == ids[2]
    assert len(notes_of(stocked)) == 1


@pytest.mark.parametrize(
    "other",
    [
        ("activity", "log", "call", "Deployed", "--deal", "deal_acme", "--ref", "github/7/1"),
        ("activity", "log", "note", "Deployed", "--deal", "deal_other", "--ref", "github/7/1"),
        ("activity", "log", "note", "Deployed", "--contact", "con_jane", "--ref", "github/7/1"),
        ("activity", "log", "note", "Deployed", "--ref", "github/7/1"),
        ("activity", "log", "note", "Deployed", "--deal", "deal_acme", "--ref", "github/7/10"),
        ("activity", "log", "note", "Deployed", "--deal", "deal_acme"),
    ],
)
def test_another_type_deal_contact_or_reference_is_another_activity(
    remote: Crmctl, forgetful: FarEnd, other: tuple[str, ...]
) -> None:
    assert remote.ids(*STEP) != remote.ids(*other)
    assert forgetful.calls.count("POST /activities") == 2


def test_one_that_is_found_on_a_later_page_is_found(remote: Crmctl, forgetful: FarEnd) -> None:
    first = remote.ids(*STEP, "--at", "-2d")
    for number in range(130):
        body = {"type": "note", "deal_id": "deal_acme", "subject": f"Later {number}"}
        forgetful.client.log_activity(body)
    assert remote.ids(*STEP) == first


def test_one_that_is_older_than_can_be_looked_for_is_logged_anew(
    remote: Crmctl, forgetful: FarEnd
) -> None:
    old = remote.ids(*STEP, "--at", "-36d")
    assert remote.ids(*STEP, "--at", "-36d") == old
    assert remote.ids(*STEP) != old


def test_a_look_that_fails_sends_nothing(home: Path) -> None:
    nowhere = InProcess(home, CRMCTL_BASE_URL="http://127.0.0.1:1", CRMCTL_API_KEY="key_0123456789")
    result = nowhere.run(*STEP, "--timeout", "1")
    assert result.status == 8


def test_an_answer_that_is_lost_is_looked_for(remote: Crmctl, forgetful: FarEnd) -> None:
    def fail(request: Request) -> None:
        if request.method == "POST":
            raise ConnectionError

    forgetful.answering = fail
    result = remote.done(*STEP, "-o", "json")
    assert result.data["subject"] == "Deployed v1.4.2"
    assert forgetful.calls.count("POST /activities") == 1


@pytest.mark.parametrize("ref", ["", "two words", "x" * 201, "a\tb", "a\u202eb"])
def test_a_reference_that_cannot_be_found_again_is_refused(stocked: Crmctl, ref: str) -> None:
    result = stocked.run("activity", "log", "note", "--ref", ref)
    assert result.status == 2
    assert "--ref" in result.stderr


def test_a_dry_run_looks_for_nothing(home: Path) -> None:
    job = InProcess(home, CI="true")
    shown = job.done(*STEP, "--at", "2026-01-02T03:04:05Z", "-n").data
    assert shown["body"]["description"] == "crmctl-ref:github/7/1"


def test_when_it_happened_is_always_said(remote: Crmctl, far_end: FarEnd) -> None:
    remote.done("activity", "log", "note", "Now")
    assert far_end.requests[-1].body["occurred_at"].endswith("Z")
