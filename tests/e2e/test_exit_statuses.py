"""Each exit status, from a real situation; and errors as a program reads them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import KEY, PATIENCE, Crmctl, FarEnd, wait_until
from tests.scripted_server import (
    ScriptedServer,
    answer,
    close,
    delayed,
    encode,
    truncated,
    unused_port,
)

ERROR = {"error": {"code": "x", "message": "Not today."}}


@pytest.fixture
def job(home: Path) -> Crmctl:
    """crmctl with a key, for a server that is yet to be named."""
    return Crmctl(home, CRMCTL_API_KEY=KEY)


def at(job: Crmctl, server: ScriptedServer) -> Crmctl:
    return job.having(CRMCTL_BASE_URL=server.url)


def test_0_an_empty_list_is_no_failure(crmctl: Crmctl) -> None:
    assert crmctl.run("task", "list").status == 0


@pytest.mark.parametrize(
    "args",
    [
        ("tsk", "list"),
        ("task",),
        ("task", "lst"),
        ("task", "list", "--nope"),
        ("task", "create"),
        ("task", "list", "--limit", "0"),
        ("task", "list", "--limit", "many"),
        ("task", "list", "extra"),
        ("--timeout", "soon", "task", "list"),
        ("--color", "mauve", "task", "list"),
    ],
)
def test_2_a_command_line_that_makes_no_sense(crmctl: Crmctl, args: tuple[str, ...]) -> None:
    result = crmctl.run(*args)
    assert result.status == 2
    assert result.stdout == ""
    assert result.stderr.startswith("crmctl: ")
    as_json = crmctl.run("-o", "json", *args)
    assert (as_json.status, as_json.error["code"]) in ((2, "usage"), (2, "settings"))


def test_3_a_job_without_its_key_logs_nothing_to_a_disk_that_is_thrown_away(home: Path) -> None:
    result = Crmctl(home, CI="true").run("activity", "log", "note", "Deployed")
    assert result.status == 3
    assert "CRMCTL_API_KEY" in result.stderr
    assert list(home.iterdir()) == []


def test_3_a_key_that_the_server_refuses(job: Crmctl, far_end: FarEnd) -> None:
    result = job.having(CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY="key_old").run("task", "list")
    assert result.status == 3
    assert "The key is not known" in result.stderr
    assert "key_old" not in result.stderr


@pytest.mark.parametrize(
    ("status", "exit_status", "code"),
    [
        (400, 6, "rejected"),
        (401, 3, "unauthorized"),
        (403, 5, "forbidden"),
        (404, 4, "not_found"),
        (409, 6, "rejected"),
        (422, 6, "rejected"),
        (500, 10, "outcome_unknown"),
        (501, 10, "outcome_unknown"),
    ],
)
def test_a_refused_write_is_sent_once_and_its_answer_told(
    job: Crmctl, status: int, exit_status: int, code: str
) -> None:
    refusal = answer(status, ERROR, {"x-request-id": "req_7", "retry-after": "1"})
    with ScriptedServer(refusal) as server:
        result = at(job, server).run("task", "create", "x", "-o", "json")
        assert len(server.received) == 1
    assert result.status == exit_status
    assert result.stdout == ""
    assert set(result.error) == {
        *("code", "message", "hint", "status", "request_id", "retryable", "details"),
    }
    assert (result.error["code"], result.error["status"]) == (code, status)
    assert result.error["request_id"] == "req_7"
    assert "Not today" in result.error["message"]


@pytest.mark.parametrize("command", ["task list", "task create x", "task delete --yes t1"])
def test_7_what_is_to_wait_longer_than_it_may_gives_up_at_once(job: Crmctl, command: str) -> None:
    with ScriptedServer(answer(429, ERROR, {"retry-after": "3600"})) as server:
        result = at(job, server).run(*command.split())
        assert len(server.received) == 1
    assert result.status == 7
    assert "3600 s" in result.stderr


def test_8_nobody_listens(job: Crmctl) -> None:
    nobody = job.having(CRMCTL_BASE_URL=f"http://127.0.0.1:{unused_port()}")
    result = nobody.run("task", "create", "x", "-o", "json")
    assert result.status == 8
    assert result.error["retryable"] is True
    assert KEY not in result.stderr


def test_9_a_server_that_keeps_failing_is_asked_three_times(job: Crmctl) -> None:
    with ScriptedServer(*[answer(500, ERROR)] * 3) as server:
        result = at(job, server).run("task", "list")
        assert len(server.received) == 3
    assert result.status == 9
    assert "Not today" in result.stderr


def test_0_a_read_that_works_the_second_time_works(job: Crmctl) -> None:
    with ScriptedServer(answer(503, ERROR), answer(200, {"data": [{"id": "t1"}]})) as server:
        result = at(job, server).run("task", "list", "-o", "ids", "-v")
    assert (result.status, result.lines) == (0, ["t1"])
    assert "trying again" in result.stderr


@pytest.mark.parametrize(
    "answered",
    [
        answer(200, b"<html><title>Sign in</title></html>"),
        answer(200, {"data": "none"}),
        answer(302, {}, {"location": "https://elsewhere.example/"}),
    ],
)
def test_9_an_answer_that_is_not_the_api_s(job: Crmctl, answered: object) -> None:
    with ScriptedServer(answered) as server:  # type: ignore[arg-type] # a step, of any kind
        result = at(job, server).run("task", "list")
    assert result.status == 9
    assert result.stdout == ""


def test_9_a_list_whose_rest_cannot_be_had_is_not_passed_off_as_whole(job: Crmctl) -> None:
    page = {"data": [{"id": "t1"}], "meta": {"has_more": True}}
    with ScriptedServer(answer(200, page)) as server:
        result = at(job, server).run("task", "list", "-o", "json")
    assert result.status == 9
    assert result.error["code"] == "incomplete_list"
    with pytest.raises(ValueError, match="Expecting"):
        assert result.data


@pytest.mark.parametrize("lost", [close(), truncated(encode(201, {"data": {"id": "t1"}}))])
def test_10_a_write_whose_answer_is_lost_is_sent_exactly_once(job: Crmctl, lost: object) -> None:
    with ScriptedServer(lost) as server:  # type: ignore[arg-type] # a step, of any kind
        result = at(job, server).run("activity", "log", "note", "x", "-o", "json")
        assert len(server.received) == 1
    assert result.status == 10
    assert result.error["code"] == "outcome_unknown"
    assert result.error["retryable"] is False


def test_10_a_write_that_is_not_answered_in_time(job: Crmctl) -> None:
    with ScriptedServer(delayed(3, encode(201, {"data": {}}))) as server:
        result = at(job, server).run("--timeout", "0.3", "task", "create", "x")
    assert result.status == 10
    assert "may have been applied" in result.stderr


def test_12_a_workspace_is_damaged(stocked: Crmctl) -> None:
    (stocked.home / "data" / "local.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    result = stocked.run("task", "list")
    assert result.status == 12


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="root writes where nobody else may"
)
def test_12_a_directory_that_cannot_be_written(crmctl: Crmctl) -> None:
    crmctl.home.chmod(0o500)
    result = crmctl.run("task", "create", "x")
    crmctl.home.chmod(0o700)
    assert result.status == 12


def test_12_a_data_directory_that_is_a_file(crmctl: Crmctl) -> None:
    (crmctl.home / "file").write_text("mine")
    result = crmctl.having(CRMCTL_DATA_DIR=str(crmctl.home / "file")).run("task", "create", "x")
    assert result.status == 12
    assert "CRMCTL_DATA_DIR" in result.stderr


def test_13_some_of_several_are_missing_and_the_others_are_done(stocked: Crmctl) -> None:
    result = stocked.run("task", "complete", "task_late", "task_no", "task_far")
    assert result.status == 13
    assert [row[0] for row in result.rows] == ["task_late", "task_far"]
    assert "task_no: There is no task task_no" in result.stderr
    assert "Completed 2 of 3; 1 failed." in result.stderr
    assert stocked.json("task", "get", "task_far")["status"] == "completed"


def test_13_is_one_error_object_that_names_each_failure(stocked: Crmctl) -> None:
    result = stocked.run("task", "start", "task_no", "task_late", "task_never", "-o", "json")
    assert result.status == 13
    assert [task["id"] for task in result.data] == ["task_late"]
    assert result.error["code"] == "partial"
    assert [(each["id"], each["code"], each["status"]) for each in result.error["details"]] == [
        ("task_no", "not_found", 404),
        ("task_never", "not_found", 404),
    ]


@pytest.mark.parametrize("ids", [("task_no",), ("task_no", "task_never"), ("task_no", "task_no")])
def test_4_all_of_them_are_missing(stocked: Crmctl, ids: tuple[str, ...]) -> None:
    result = stocked.run("task", "delete", "--yes", *ids)
    assert result.status == 4
    assert "There is no task task_no" in result.stderr
    as_json = stocked.run("task", "delete", "--yes", *ids, "-o", "json")
    assert (as_json.status, as_json.error["code"]) == (4, "not_found")


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(
    ("command", "said"), [("list", ""), ("list --open", ""), ("create x", "may have been applied")]
)
def test_130_an_interrupt_ends_it_without_a_traceback(job: Crmctl, command: str, said: str) -> None:
    with ScriptedServer(after=delayed(5, encode(200, {"data": []}))) as server:
        process = at(job, server).start(
            "task", *command.split(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        wait_until(lambda: server.received)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stdout) == (130, b"")
    told = stderr.decode().strip()
    assert said in told
    assert len(told.splitlines()) == bool(said)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_143_what_is_terminated_ends_at_once_and_says_nothing(job: Crmctl) -> None:
    with ScriptedServer(delayed(5, encode(200, {"data": []}))) as server:
        process = at(job, server).start(
            "task", "list", stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        wait_until(lambda: server.received)
        process.terminate()
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert process.returncode == 143


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in their own way there")
@pytest.mark.parametrize("format", ["json", "jsonl", "csv"])
def test_141_a_reader_that_goes_away_ends_it_quietly(long: Crmctl, format: str) -> None:
    # Each is several times as long as what a pipe holds.
    process = long.start(
        "task", "list", "-o", format, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        assert process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(PATIENCE) == 141


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break in their own way there")
@pytest.mark.parametrize(
    "command",
    [
        *("task list", "task list -o table", "task list -o json", "task list -o ids"),
        *("activity feed -o table", "--help", "config path", "task create x"),
    ],
)
def test_141_a_reader_that_was_never_there(stocked: Crmctl, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    process = stocked.start(*command.split(), stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert (process.returncode, stderr) == (141, b"")


def test_an_error_is_one_json_object_wherever_the_format_is_json(stocked: Crmctl) -> None:
    get = ("task", "get", "task_no")
    for result in (
        stocked.run(*get, "--json"),
        stocked.run(*get, "-o", "jsonl"),
        stocked.run(*get, "--output=json"),
        stocked.run("-ojson", *get),
        stocked.having(CRMCTL_OUTPUT="json").run(*get),
    ):
        assert result.status == 4
        assert result.error == {
            "code": "not_found",
            "message": "There is no task task_no (HTTP 404).",
            "hint": None,
            "status": 404,
            "request_id": None,
            "retryable": False,
            "details": [],
        }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--json task list --nope", "No such option: --nope"),
        ("task list --nope -o json", "No such option: --nope"),
        ("task list -o jsonl --nope", "No such option: --nope"),
        ("--nope task list --json", "No such option: --nope"),
        ("task --nope list --json", "No such option: --nope"),
        ("-o json task list --nope x --limit", "No such option: --nope"),
        ("task bogus -ojson", "No such command 'bogus'."),
        ("task bogus --nope --json", "No such command 'bogus'."),
        ("bogus task list -o json", "No such command 'bogus'."),
        ("task lsit --json", "No such command 'lsit'."),
        ("task list --limit x --output=json", "--limit: 'x' is not a whole number above 0."),
        ("task get --json", "Missing argument 'ID'."),
        ("task --json", "crmctl task needs a command"),
        ("task list extra --json", "crmctl task list does not take 'extra'."),
        ("task list --timeout soon --json", "timeout from --timeout is 'soon'"),
        ("task list --profile nope --json", "There is no profile 'nope'"),
    ],
)
def test_a_line_that_asks_for_json_gets_its_error_as_json(
    crmctl: Crmctl, line: str, said: str
) -> None:
    result = crmctl.run(*line.split())
    assert (result.status, result.stdout) == (2, "")
    assert said in result.error["message"]


@pytest.mark.parametrize("line", ["task create x -n -d --json --nope", "task lst -- --json"])
def test_a_value_that_looks_like_an_option_is_none(crmctl: Crmctl, line: str) -> None:
    result = crmctl.run(*line.split())
    assert result.status == 2
    assert result.stderr.startswith("crmctl: ")


def test_a_description_may_be_called_json(crmctl: Crmctl) -> None:
    result = crmctl.done("task", "create", "x", "--description", "--json", "-n")
    assert result.data["body"]["description"] == "--json"
