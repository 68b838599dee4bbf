"""`activity feed --since-last` and `--follow`, in this process: what is shown, and what is kept."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import KEY, Result
from tests.in_process import NOW, InProcess
from tests.scripted_server import ScriptedServer, Step, answer, raw


@pytest.fixture
def crmctl(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path, CRMCTL_PROFILE="local")


def log(crmctl: InProcess, *subjects: str, **more: Any) -> None:
    crmctl.log([{"type": "note", "subject": subject, **more} for subject in subjects])


def subjects(result: Result) -> list[str]:
    assert (result.status, result.stderr) == (0, "")
    return [json.loads(line)["subject"] for line in result.lines]


def new(crmctl: InProcess, name: str = "mail", *more: str) -> list[str]:
    return subjects(crmctl.run("activity", "feed", "--since-last", name, "-o", "jsonl", *more))


class Followed:
    """A run of --follow. Each wait takes the next of ``steps``; after the last it is interrupted.

    The clock goes on by what was waited.
    """

    def __init__(
        self,
        crmctl: InProcess,
        line: str,
        *steps: Callable[[], object],
        **run: Any,
    ) -> None:
        self.waits: list[float] = []
        self._crmctl = crmctl
        self._steps = list(steps)
        words = ("activity", "feed", "--follow", *line.split())
        self.result = crmctl.run(*words, sleep=self._sleep, **run)

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self._crmctl.now += timedelta(seconds=seconds)
        if not self._steps:
            raise KeyboardInterrupt
        self._steps.pop(0)()


def nothing() -> None:
    """What happens in most waits."""


def test_a_job_sees_each_activity_once_the_oldest_first(crmctl: InProcess) -> None:
    assert new(crmctl) == []
    log(crmctl, "b", occurred_at="2026-03-24T08:00:00Z")
    log(crmctl, "a", occurred_at="2026-01-24T08:00:00Z")
    assert new(crmctl) == ["a", "b"]
    assert new(crmctl) == []
    log(crmctl, "late", occurred_at="2026-03-01T08:00:00Z")
    log(crmctl, "to come", occurred_at="2026-05-01T08:00:00Z")
    assert new(crmctl) == ["late", "to come"]
    crmctl.now += timedelta(days=3)
    log(crmctl, "c")
    assert new(crmctl) == ["c"]
    assert new(crmctl) == []


def test_each_name_and_each_workspace_has_a_mark_of_its_own(crmctl: InProcess) -> None:
    log(crmctl, "a")
    assert new(crmctl, "Mail") == ["a"]
    assert new(crmctl, "mail") == []
    assert new(crmctl, "chat-2") == ["a"]
    elsewhere = {"CRMCTL_DATA_DIR": str(crmctl.file.parent / "other")}
    line = ("activity", "feed", "--since-last", "mail", "--json")
    assert crmctl.run(*line, environ=elsewhere).stdout == "[]\n"


def test_more_than_a_page_is_shown_and_the_limit_of_25_is_not_its(crmctl: InProcess) -> None:
    log(crmctl, *map(str, range(130)))
    assert len(new(crmctl)) == 130
    log(crmctl, *map(str, range(110)))
    assert sorted(new(crmctl), key=int) == [str(number) for number in range(110)]


@pytest.mark.parametrize("format", ["table", "plain", "json", "jsonl", "csv", "ids", "md"])
def test_it_has_every_format_and_nothing_new_is_silent(crmctl: InProcess, format: str) -> None:
    log(crmctl, "Signed")
    line = ("activity", "feed", "--since-last", "x", "-o", format)
    shown = crmctl.run(*line)
    assert ("Signed" in shown.stdout or "act_" in shown.stdout) is True
    again = crmctl.run(*line)
    assert (again.status, again.stderr) == (0, "")
    assert "Signed" not in again.stdout


def test_a_person_is_told_that_there_is_nothing_new(crmctl: InProcess) -> None:
    shown = crmctl.run("activity", "feed", "--since-last", "x", typed="")
    assert shown == Result(0, "", "Nothing new since the last time.\n")


def test_a_rehearsal_shows_what_is_new_and_moves_no_mark(crmctl: InProcess) -> None:
    log(crmctl, "a")
    assert new(crmctl, "x", "-n") == new(crmctl, "x", "-n") == ["a"]
    assert not (crmctl.file.parents[1] / "state").exists()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--since-last ../x", "is not a name of letters, digits and dashes"),
        ("--since-last -x", "is not a name"),
        ("--since-last a_b", "is not a name"),
        (f"--since-last {'x' * 65}", "is not a name"),
        ("--since-last x --limit 3", "--since-last and --limit exclude each other"),
        ("--since-last x --since monday", "--since-last and --since exclude each other"),
        ("--follow --since monday", "--follow and --since exclude each other"),
        ("--follow --since-last x --limit 3", "--follow and --limit exclude each other"),
        ("--since-last x --interval 5s", "--interval goes with --follow"),
        ("--follow --interval 0s", "is not an interval of 1 second to 24 hours"),
        ("--follow --interval 10", "with their letter: 10s"),
        ("--follow --json", "`-o jsonl` has a line for each"),
        ("--follow -o nonsense", "not one of table, plain"),
    ],
)
def test_what_makes_no_sense_is_refused(crmctl: InProcess, line: str, told: str) -> None:
    result = crmctl.run("activity", "feed", *line.split())
    assert (result.status, result.stdout) == (2, "")
    assert told in result.stderr


def test_a_damaged_mark_is_told_and_nothing_is_shown(crmctl: InProcess) -> None:
    log(crmctl, "a")
    new(crmctl)
    [mark] = (crmctl.file.parents[1] / "state").rglob("mark.json")
    mark.write_text("x")
    result = crmctl.run("activity", "feed", "--since-last", "mail")
    assert (result.status, result.stdout) == (12, "")
    assert f"{mark} is damaged." in result.stderr


def test_following_starts_now_and_shows_what_is_logged_each_time(crmctl: InProcess) -> None:
    log(crmctl, "before")
    followed = Followed(
        crmctl,
        "-o jsonl",
        lambda: log(crmctl, "a"),
        nothing,
        lambda: log(crmctl, "late", occurred_at="2026-03-01T08:00:00Z"),
        lambda: log(crmctl, "c", "d"),
    )
    shown = [json.loads(line)["subject"] for line in followed.result.lines]
    assert (shown[:2], sorted(shown[2:])) == (["a", "late"], ["c", "d"])
    assert (followed.result.status, followed.result.stderr) == (130, "")
    assert followed.waits == [10.0] * 5


def test_following_an_empty_workspace_sees_the_first_activity(crmctl: InProcess) -> None:
    followed = Followed(crmctl, "-o jsonl", nothing, lambda: log(crmctl, "first"))
    assert [json.loads(line)["subject"] for line in followed.result.lines] == ["first"]


def test_a_workspace_that_is_made_anew_is_followed_on(crmctl: InProcess) -> None:
    def make_anew() -> None:
        crmctl.file.unlink()
        log(crmctl, "anew")

    log(crmctl, "old")
    followed = Followed(crmctl, "-o jsonl", make_anew)
    assert [json.loads(line)["subject"] for line in followed.result.lines] == ["anew"]


def test_following_from_a_mark_begins_there_and_moves_it(crmctl: InProcess) -> None:
    log(crmctl, "a")
    assert new(crmctl) == ["a"]
    log(crmctl, "b")
    line = "--since-last mail -o ids --interval 2m"
    followed = Followed(crmctl, line, lambda: log(crmctl, "c"), *[nothing] * 11)
    assert len(followed.result.lines) == 2
    assert new(crmctl) == []
    log(crmctl, "d")
    assert new(crmctl) == ["d"]


@pytest.mark.parametrize("format", ["csv", "md"])
def test_a_header_comes_once(crmctl: InProcess, format: str) -> None:
    steps = [lambda: log(crmctl, "a"), lambda: log(crmctl, "b")]
    followed = Followed(crmctl, f"-o {format} --fields subject", *steps)
    if format == "csv":
        assert list(csv.reader(followed.result.lines)) == [["subject"], ["a"], ["b"]]
    else:
        assert followed.result.lines == ["| Subject |", "| --- |", "| a |", "| b |"]


def test_on_a_terminal_there_is_a_heading_when_the_day_changes(crmctl: InProcess) -> None:
    def go_to(hour: int) -> None:
        crmctl.now = NOW.replace(hour=hour % 24, minute=1) + timedelta(days=hour // 24)

    def undated(hour: int, *names: str) -> None:
        go_to(hour)
        log(crmctl, *names)

    followed = Followed(
        crmctl,
        "--color never",
        lambda: undated(10, "a"),
        lambda: undated(23, "b"),
        lambda: undated(24, "c"),
        lambda: log(crmctl, "late", occurred_at="2026-03-20T08:00:00Z"),
        typed="",
    )
    assert followed.result.stdout == (
        "Today\n  10:01  note     a\n  23:01  note     b\n"
        "\nToday\n  00:01  note     c\n"
        "\nFriday 20 March 2026\n  08:00  note     late\n"
    )
    assert followed.result.stderr == "Waiting for what is logged. Ctrl-C ends it.\n\n"


def test_columns_of_ones_own_are_lines_on_a_terminal_too(crmctl: InProcess) -> None:
    step = lambda: log(crmctl, "a")  # noqa: E731 - a step is a call
    line = "--fields type,subject"
    assert Followed(crmctl, line, step, typed="").result.stdout == "note\ta\n"


def listed(*names: str) -> Step:
    """A server's answer: activities, newest first."""
    data = [{"id": name, "created_at": f"2026-03-24T09:{name[-2:]}:00Z"} for name in names]
    return answer(200, {"success": True, "data": data})


def over(crmctl: InProcess, *script: Step, line: str = "") -> tuple[Followed, ScriptedServer]:
    """A run over a server that plays a script."""
    with ScriptedServer(*script) as server:
        there = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": KEY, "CRMCTL_PROFILE": ""}
        words = f"-o ids {line}"
        return Followed(crmctl, words, *[nothing] * 1000, environ=there), server


def test_an_outage_is_told_when_it_begins_and_ends_and_leaves_nothing_out(
    crmctl: InProcess,
) -> None:
    down = [answer(503)] * 3
    html = raw(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>")
    back = listed("act_03", "act_02", "act_01")
    followed, _ = over(crmctl, listed("act_01"), *down * 3, html, back, back, answer(401))
    assert followed.result.lines == ["act_02", "act_03"]
    assert followed.result.status == 3
    told = followed.result.stderr.splitlines()
    assert told[0].startswith("crmctl: note: ")
    assert told[0].endswith(": trying again until it works")
    assert told[1] == "crmctl: note: it works again; what was logged meanwhile follows"
    assert told[2].startswith("crmctl: ")
    assert "401" in told[2]
    # Longer each time, two minutes in all at least: 10, 20, 30, 30 are the shortest.
    assert sum(followed.waits) > 10 + 10 + 20 + 30 + 30


@pytest.mark.parametrize(("status", "exit_status"), [(401, 3), (403, 5), (404, 4), (422, 6)])
def test_what_waiting_does_not_mend_ends_it(
    crmctl: InProcess, status: int, exit_status: int
) -> None:
    followed, server = over(crmctl, listed("act_01"), answer(status))
    assert (followed.result.status, len(server.received)) == (exit_status, 2)


def test_a_server_that_fails_from_the_start_is_no_outage(crmctl: InProcess) -> None:
    followed, _ = over(crmctl, *[answer(503)] * 3)
    assert followed.result.status == 9


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_asks_to_wait_is_left_alone_as_long(crmctl: InProcess, status: int) -> None:
    later = answer(status, headers={"retry-after": "3600"})
    followed, server = over(crmctl, listed("act_01"), later, listed("act_02"), answer(401))
    assert followed.result.lines == ["act_02"]
    assert len(server.received) == 4
    assert sum(followed.waits) == 10 + 3600 + 10


def test_who_asks_for_more_than_a_day_ends_it(crmctl: InProcess) -> None:
    later = answer(429, headers={"retry-after": "999999"})
    followed, _ = over(crmctl, listed("act_01"), later)
    assert followed.result.status == 7


def test_the_start_is_what_the_server_shows_whatever_the_clock_here_says(crmctl: InProcess) -> None:
    crmctl.now = datetime(2031, 1, 1, tzinfo=UTC)
    followed, _ = over(crmctl, listed("act_01"), listed("act_02", "act_01"), answer(401))
    assert followed.result.lines == ["act_02"]


def test_names_that_were_shown_are_kept_and_notes_are_json_in_jsonl(
    crmctl: InProcess, tmp_path: Path
) -> None:
    data = [{"id": "act_1", "contact_id": "con_1", "contact_name": "Jane Smith"}]
    shown = answer(200, {"success": True, "data": data})
    empty = answer(200, {"success": True, "data": []})
    script = (empty, *[answer(503)] * 3, shown, answer(401))
    followed, _ = over(crmctl, *script, line="-o jsonl")
    told = [json.loads(line) for line in followed.result.stderr.splitlines()]
    assert [entry["note"]["code"] for entry in told[:2]] == ["server_error", "resumed"]
    assert told[2]["error"]["code"] == "unauthorized"
    [seen] = (tmp_path / "cache").glob("seen-*")
    assert "Jane Smith" in seen.read_text()
