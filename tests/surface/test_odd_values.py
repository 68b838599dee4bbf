"""Values at the end of what there is, or beyond it: each works, or is told in a line."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.e2e.running import Crmctl, FarEnd
from tests.scripted_server import ScriptedServer, answer

DEEP = "[" * 2000


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles", "EST5EDT,M3,M11"])
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_first_and_the_last_day_there_are_can_be_asked_for(
    stocked: Crmctl, zone: str, day: str
) -> None:
    there = stocked.having(TZ=zone)
    for option in ("--due-before", "--due-after", "--due-by"):
        there.done("task", "list", option, day, "-v")
    there.done("task", "create", "Never", "--due", day, "-v")
    there.done("activity", "log", "note", "Long ago", "--at", day)
    for format in ("table", "plain", "json"):
        there.done("task", "list", "-o", format)
        there.done("activity", "feed", "--since", day, "-o", format)


def test_what_is_due_on_the_last_day_there_is_is_due_by_it(crmctl: Crmctl) -> None:
    crmctl.done("task", "create", "Never", "--due", "9999-12-31")
    assert len(crmctl.ids("task", "list", "--due-by", "9999-12-31")) == 1


@pytest.mark.parametrize("when", ["+9999y", "-9999y", "+1000000mo", "+99999999999bd", "-1e9h"])
def test_a_time_beyond_the_calendar_is_refused(crmctl: Crmctl, when: str) -> None:
    assert crmctl.run("task", "list", f"--due-by={when}").status == 2


@pytest.mark.parametrize("path", ["//[", "http://[", "//[::1", "/\udcff", "/tasks?\udcff=1"])
def test_what_is_no_path_is_refused_before_anything_is_sent(
    remote: Crmctl, far_end: FarEnd, path: str
) -> None:
    result = remote.run("api", "GET", path)
    assert result.status == 2
    assert "path of the API" in result.stderr or "is a URL" in result.stderr
    assert far_end.requests == []


def test_json_that_could_not_be_sent_is_text_or_refused(remote: Crmctl, far_end: FarEnd) -> None:
    for number in ("NaN", "-Infinity", "1e999", "9" * 5000):
        remote.run("api", "POST", "/tasks", "-F", f"title={number}")
        assert far_end.requests[-1].body == {"title": number}
        assert remote.run("api", "POST", "/tasks", "--input", "-", stdin=number).status == 2
    sent = len(far_end.requests)
    for deep in (DEEP, DEEP + "]" * 2000, "[" * 300 + "]" * 300, '{"a":' * 300 + "1" + "}" * 300):
        # What is not closed is no JSON, and a text; where it is read at all.
        refused = remote.run("api", "POST", "/tasks", "--input", "-", "--json", stdin=deep)
        assert (refused.status, refused.error["code"]) == (2, "invalid_input")
        if deep != DEEP:
            assert remote.run("api", "POST", "/tasks", "-F", f"title={deep}").status == 2
    assert len(far_end.requests) == sent


def test_items_without_usable_ids_are_each_an_item(remote: Crmctl) -> None:
    items = [{"id": ["a"]}, {"id": {"a": 1}}, {}, {"title": None}, {"id": None, "assignee_id": [1]}]
    for format in ("table", "plain", "json", "jsonl", "csv", "ids", "md"):
        with ScriptedServer(answer(200, {"data": items})) as server:
            there = remote.having(CRMCTL_BASE_URL=server.url)
            result = there.done("task", "list", "-o", format)
        if format == "json":
            assert result.data == items
    for item in items:
        with ScriptedServer(*[answer(200, {"data": item})] * 2) as server:
            there = remote.having(CRMCTL_BASE_URL=server.url)
            there.done("task", "get", "x", "-o", "table")
            assert there.json("task", "get", "x") == item


def test_a_limit_beyond_every_list_is_none(stocked: Crmctl) -> None:
    for limit in ("9223372036854775808", "9" * 5000, "0000000000007"):
        assert len(stocked.ids("task", "list", "--limit", limit)) == 6
        stocked.done("activity", "feed", "--since", "2020-01-01", "--limit", limit)


@pytest.mark.parametrize(
    ("column", "kept"),
    [("reminder", "{"), ("reminder", "[" * 5000), ("priority", 99), ("due_date", b"\xff")],
)
def test_a_list_over_a_damaged_row_says_what_finds_it(
    stocked: Crmctl, column: str, kept: object
) -> None:
    file = stocked.home / "data" / "local.db"
    with closing(sqlite3.connect(file)) as connection:
        query = f"UPDATE task SET {column} = ? WHERE id = 'task_far'"  # noqa: S608
        connection.execute(query, (kept,))
        connection.commit()
    for args in (("task", "list"), ("task", "list", "--sort", column), ("task", "get", "task_far")):
        if args[-1] == "reminder":
            continue
        result = stocked.run(*args, "--json")
        assert (result.status, result.error["code"]) == (12, "store")
        assert "damaged" in result.error["message"]
        assert "crmctl workspace check" in result.error["hint"]
    found = stocked.run("workspace", "check")
    assert found.status == 12
    assert f"{column} of task 'task_far'" in found.stderr


def test_a_config_file_of_odd_bytes_is_named(crmctl: Crmctl) -> None:
    there = crmctl.having(CRMCTL_CONFIG_DIR=str(crmctl.home))
    for content in (b"\xff\xfea\0", b"\0" * 50, b"a = " + b"[" * 5000, b"a = " + b"9" * 5000):
        (crmctl.home / "config.toml").write_bytes(content)
        result = there.run("config", "list")
        assert (result.status, "config.toml" in result.stderr) == (2, True)
