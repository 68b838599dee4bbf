"""What is refused is refused before anything is sent, by name, and nothing typed is lost."""

from __future__ import annotations

import pytest

from tests.e2e.running import Crmctl, FarEnd
from tests.scripted_server import ScriptedServer, answer


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("task", "create", ""), "title"),
        (("task", "create", "   "), "title must not be blank"),
        (
            ("task", "create", "x", "--priority", "hihg"),
            "--priority: 'hihg' is not one of low, medium, high, urgent.",
        ),
        (("task", "create", "x", "--type", "fax"), "--type: 'fax' is not one of todo, call, email"),
        (("task", "create", "x", "--due", "someday"), "someday"),
        (("task", "create", "x", "--due", "2026-02-30"), "2026-02-30"),
        (("task", "create", "x", "--remind", "sms:5"), "email, push"),
        (("task", "create", "x", "--remind", "60"), "email:60"),
        (("task", "create", "x", "--remind", "push:soon"), "soon"),
        (("task", "create", "x", "--assignee", ""), "--assignee must not be blank"),
        (("task", "create", "x", "--related-to-type", "deal"), "--related-to-id"),
        (("task", "create", "x", "--deal", "d_1", "--contact", "c_1"), "--project"),
        (("task", "update", "t_1", "--status", "done"), "--status: 'done' is not one of pending"),
        (("task", "update", "t_1", "--title", " "), "title must not be blank"),
        (("task", "update", "..", "--title", "x"), "'..' is not an ID"),
        (("task", "get", ""), "is not an ID"),
        (("task", "complete", "t_1", "--due", "fri"), "--due"),
        (("task", "list", "--status", "done"), "--status: 'done' is not one of pending"),
        (
            ("task", "list", "--priority", "low,hihg"),
            "--priority: 'hihg' is not one of low, medium, high, urgent.",
        ),
        (("task", "list", "--assignee", "usr_ann,"), "--assignee must not be blank"),
        (("task", "list", "--deal", ""), "--deal must not be blank"),
        (("activity", "list", "--contact", " "), "--contact must not be blank"),
        (
            ("task", "list", "--sort", "-title"),
            "--sort: 'title' is not one of due_date, priority, created_at, updated_at.",
        ),
        (("task", "list", "--due-before", "soonish"), "soonish"),
        (("task", "list", "--due-by", "soonish"), "soonish"),
        (("task", "list", "--limit", "many"), "--limit: 'many' is not a whole number above 0"),
        (("task", "list", "--limit", "0"), "--limit: '0' is not a whole number above 0"),
        (("task", "list", "-o", "xml"), "--output: 'xml' is not one of table, plain, json"),
        (("task", "list", "-o"), "Run `crmctl task list --help`."),
        (("task", "list", "--sort"), "Run `crmctl task list --help`."),
        (("record", "add", "company", "c_1", "x"), "TYPE: 'company' is not one of user, contact"),
        (("api", "FETCH", "/tasks"), "METHOD: 'FETCH' is not one of GET, POST"),
        (("activity", "log", "fax", "x"), "TYPE: 'fax' is not one of call, email, meeting, note"),
        (
            ("activity", "log", "call", "--outcome", "gone"),
            "--outcome: 'gone' is not one of connected",
        ),
        (("activity", "log", "call", "--duration", "long"), "1h15m"),
        (("activity", "log", "call", "--duration", "-5"), "-5"),
        (("activity", "log", "call", "--at", "once"), "once"),
        (("activity", "log", "call", "--attendee", " "), "--attendee must not be blank"),
        (("activity", "list", "--type", "fax"), "--type: 'fax' is not one of call, email"),
        (("activity", "list", "--sort", "type"), "--sort: 'type' is not one of occurred_at"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_before_anything_is_sent(
    remote: Crmctl, far_end: FarEnd, args: tuple[str, ...], said: str
) -> None:
    result = remote.run(*args)
    assert result.status == 2
    assert said in result.stderr
    assert result.stdout == ""
    assert far_end.requests == []


def test_a_wrong_choice_is_told_once_with_the_one_that_is_close(remote: Crmctl) -> None:
    said = (
        "crmctl: --priority: 'hihg' is not one of low, medium, high, urgent.\nDid you mean high?\n"
    )
    for command in ("task create x", "task update t_1", "task list"):
        assert remote.run(*command.split(), "--priority", "hihg").stderr == said
    detail = {
        "field": "priority",
        "code": "choice",
        "message": "'hihg' is not one of low, medium, high, urgent",
    }
    assert remote.run("task", "create", "x", "-p", "hihg", "--json").error["details"] == [detail]


def test_several_bad_values_are_all_named(remote: Crmctl, far_end: FarEnd) -> None:
    bad = ("task", "create", " ", "--priority", "hihg", "--type", "fax")
    result = remote.run(*bad, "-o", "json")
    assert {detail["field"] for detail in result.error["details"]} == {"title", "priority", "type"}
    assert all(detail["message"] for detail in result.error["details"])
    text = remote.run(*bad).stderr
    assert all(field in text for field in ("title", "priority", "type"))
    assert far_end.requests == []


@pytest.mark.parametrize("command", ["task create x", "activity log note x"])
@pytest.mark.parametrize("status", [401, 422, 500])
def test_a_description_that_was_piped_in_is_given_back_when_the_write_fails(
    remote: Crmctl, command: str, status: int
) -> None:
    typed = "Long notes,\ntyped once: 日本\n"
    with ScriptedServer(*[answer(status, {"message": "No."})] * 2) as server:
        there = remote.having(CRMCTL_BASE_URL=server.url)
        text = there.run(*command.split(), "-d", "-", stdin=typed)
        as_json = there.run(*command.split(), "-d", "-", "-o", "json", stdin=typed)
    assert text.status != 0
    assert text.stderr.endswith(
        f"What came in for --description was not saved; here it is:\n{typed}"
    )
    assert as_json.error["typed"] == {"--description": typed}


def test_what_was_piped_in_is_given_back_once_when_several_fail(stocked: Crmctl) -> None:
    complete = ("task", "complete", "task_no", "task_never", "--note", "-")
    assert stocked.run(*complete, stdin="My note\n").stderr.count("My note") == 1


def test_an_id_with_strange_characters_stays_one_segment(remote: Crmctl, far_end: FarEnd) -> None:
    result = remote.run("task", "get", "a/../b?c#d é%2F")
    assert result.status == 4
    assert far_end.requests[0].path == "/tasks/a%2F..%2Fb%3Fc%23d%20%C3%A9%252F"


@pytest.mark.parametrize(
    "command",
    [
        ("api", "GET", "//["),
        ("api", "POST", "/tasks", "--input", "\udcff"),
        ("api", "POST", "/tasks", "-F", "title=" + "[" * 2000),
        ("api", "POST", "/activities", "-f", "type=call", "-F", "duration=NaN"),
        ("api", "POST", "/activities", "-f", "type=call", "-F", "duration=1e999"),
        ("record", "remove", "contact", "\udcff"),
        ("record", "add", "contact", "\udcff", "Jane"),
        ("task", "get", "\udcff"),
        ("task", "create", "\udcff"),
        ("activity", "log", "note", "--ref", "\udcff"),
        ("task", "list", "--limit", "9223372036854775808"),
        ("task", "list", "--due-by", "9999-12-31"),
        ("activity", "list", "--from", "0001-01-01", "--to", "9999-12-31"),
    ],
)
def test_nothing_that_is_typed_is_a_bug(stocked: Crmctl, command: tuple[str, ...]) -> None:
    result = stocked.having(TZ="Pacific/Kiritimati").run(*command)
    assert result.status in (0, 2, 4, 6)
    assert "Traceback" not in result.stderr
    assert "bug" not in result.stderr
