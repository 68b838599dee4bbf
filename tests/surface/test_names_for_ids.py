"""Names in place of IDs, in every option and argument that takes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import KEY, RECORDS, Result, open_far_end, stock
from tests.in_process import NOW, run_at, run_in
from tests.scripted_server import Connection, ScriptedServer, answer

Call = Callable[..., tuple[int, Any, str]]


def call(home: Path, *args: str, **environ: str) -> tuple[int, Any, str]:
    """The status of a command, the JSON on its stdout, and its stderr."""
    result = run_in(home, *args, "-o", "json", **environ)
    return result.status, json.loads(result.stdout or "null"), result.stderr


@pytest.fixture
def here(tmp_path: Path) -> Call:
    """Commands on a workspace that knows RECORDS."""
    (tmp_path / "data").mkdir(mode=0o700)
    stock(tmp_path / "data" / "local.db")
    return partial(call, tmp_path, CRMCTL_PROFILE="local")


def body_of(outcome: tuple[int, Any, str]) -> dict[str, Any]:
    """What a dry run would send."""
    status, request, stderr = outcome
    assert status == 0, stderr
    body: dict[str, Any] = (request[0] if isinstance(request, list) else request)["body"]
    return body


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        (("task", "create", "x", "--assignee", "ann archer"), {"assignee_id": "usr_ann"}),
        (
            ("task", "create", "x", "--contact", "Jane Smith"),
            {"related_to_type": "contact", "related_to_id": "con_jane"},
        ),
        (
            ("task", "update", "task_1", "--deal", "ENTERPRISE - ACME"),
            {"related_to_type": "deal", "related_to_id": "deal_acme"},
        ),
        (
            ("task", "update", "task_1", "--project", "onboarding"),
            {"related_to_type": "project", "related_to_id": "proj_onb"},
        ),
        (
            (
                "task",
                "create",
                "x",
                "--related-to-type",
                "deal",
                "--related-to-id",
                "enterprise - acme",
            ),
            {"related_to_type": "deal", "related_to_id": "deal_acme"},
        ),
        (
            ("activity", "log", "call", "--contact", "jane smith", "--deal", "Enterprise - Acme"),
            {"contact_id": "con_jane", "deal_id": "deal_acme"},
        ),
        (("activity", "log", "meeting", "--attendee", "Jane Smith"), {"attendees": ["con_jane"]}),
        (
            ("activity", "log", "call", "--attendee", "Jane Smith", "--attendee", "con_jane"),
            {"attendees": ["con_jane"]},
        ),
        (("activity", "log", "note", "--contact", "con_9"), {"contact_id": "con_9"}),
        (("activity", "log", "note", "--contact", "id:Jane"), {"contact_id": "Jane"}),
    ],
    ids=lambda value: " ".join(value[2:]) if isinstance(value, tuple) else "",
)
def test_a_write_takes_a_name_for_an_id(
    here: Call, line: tuple[str, ...], sent: dict[str, Any]
) -> None:
    assert body_of(here(*line, "-n")).items() >= sent.items()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("task list --assignee|Bob Brown", ["task_begun"]),
        ("task list --assignee|bob brown,usr_ann|--open", ["task_late", "task_begun", "task_far"]),
        ("task list --contact|jane smith", ["task_begun"]),
        ("task list --related-to-id|Enterprise - Acme", ["task_late"]),
        ("activity list --contact|Jane Smith", ["Draft sent", "Discovery call"]),
        ("activity list --user|ann archer|--deal|enterprise - acme", ["Discovery call"]),
    ],
)
def test_a_list_takes_a_name_for_an_id(here: Call, line: str, found: list[str]) -> None:
    words, *rest = line.split("|")
    status, items, _ = here(*words.split(), *rest)
    assert (status, [item.get("subject") or item["id"] for item in items]) == (0, found)


def test_a_write_says_which_id_a_name_became_and_a_list_does_under_v(here: Call) -> None:
    _, _, said = here("activity", "log", "call", "--contact", "Jane Smith", "--deal", "deal_acme")
    assert json.loads(said) == {"note": {"code": "name", "message": "Jane Smith is con_jane"}}
    assert here("activity", "list", "--contact", "Jane Smith")[2] == ""
    assert (
        here("activity", "list", "--contact", "Jane Smith", "-v")[2] == "Jane Smith is con_jane\n"
    )


@pytest.mark.parametrize(
    "line",
    [
        "task list --assignee|Jan",
        "task list --contact|Jane",
        "task create x --deal|Jane Smith",
        "activity log call --contact|Jane Smyth",
        "activity log call --attendee|nobody@acme.example",
        "activity list --user|Jane Smith",
        "record remove contact|Jane",
    ],
)
def test_what_is_neither_a_name_nor_an_id_is_refused(here: Call, line: str) -> None:
    words, text = line.split("|")
    status, shown, said = here(*words.split(), text)
    error = json.loads(said)["error"]
    assert (status, shown, error["code"]) == (2, None, "invalid_input")
    assert "is known as" in error["message"]
    # Whose name has that in it, if anybody's; else how to make a name known.
    assert ("Jane Smith (con_jane)" if text == "Jane" else "crmctl record add") in error["hint"]


def test_a_part_of_a_name_is_not_a_name_and_nothing_is_kept(here: Call) -> None:
    before = here("activity", "list")[1]
    assert here("activity", "log", "call", "--contact", "Jane")[0] == 2
    assert here("activity", "list")[1] == before


def test_a_name_of_several_is_refused_with_the_candidates(here: Call) -> None:
    here("record", "add", "contact", "con_2", "JANE SMITH", "--email", "jane@acme.example")
    status, _, said = here("task", "list", "--contact", "jane smith")
    error = json.loads(said)["error"]
    assert status == 2
    assert error["message"] == (
        "--contact: jane smith is the name of 2: con_2 (contact JANE SMITH, jane@acme.example),"
        " con_jane (contact Jane Smith)."
    )
    assert here("task", "list", "--contact", "JANE@acme.EXAMPLE")[:2] == (0, [])
    assert [task["id"] for task in here("task", "list", "--contact", "con_jane")[1]] == [
        "task_begun"
    ]


def test_a_known_name_wins_over_what_looks_like_an_id(here: Call) -> None:
    here("record", "add", "deal", "deal_9", "Q4_2026")
    assert (
        body_of(here("task", "create", "x", "--deal", "q4_2026", "-n"))["related_to_id"] == "deal_9"
    )
    assert body_of(here("task", "create", "x", "--deal", "id:q4_2026", "-n"))["related_to_id"] == (
        "q4_2026"
    )


def test_an_id_without_a_digit_is_one_where_it_is_known(here: Call) -> None:
    here("record", "add", "user", "sarah", "Sarah Johnson")
    here("record", "add", "user", "smith", "Smith, John")
    assert here("task", "list", "--assignee", "sarah")[:2] == (0, [])
    assert here("task", "list", "--assignee", "smith, john")[:2] == (0, [])
    assert here("task", "list", "--assignee", "sara")[0] == 2


def test_a_record_is_removed_by_its_name(here: Call) -> None:
    status, removed, _ = here("record", "remove", "contact", "jane SMITH")
    assert (status, removed) == (0, {"type": "contact", "id": "con_jane", "deleted": True})


def test_a_setting_takes_a_name_for_an_id(here: Call) -> None:
    assert here("config", "set", "user_id", "BOB brown")[1]["value"] == "usr_bob"
    assert [task["id"] for task in here("task", "list", "--mine")[1]] == ["task_begun"]
    assert here("config", "set", "user_id", "Bob")[0] == 2


def test_a_workspace_has_nothing_to_pull(here: Call) -> None:
    status, _, said = here("record", "pull")
    assert status == 2
    assert "is a workspace on this machine" in json.loads(said)["error"]["message"]


# A server


CONTACTS = [
    {"id": "con_1", "first_name": "Jane", "last_name": "Smith", "email": "jane@acme.example"},
    {"id": "con_2", "name": "Tom Becker", "email": None},
    {"id": "con_3", "company": "Acme"},
    {"first_name": "Nobody"},
]
DEALS = [{"id": "deal_1", "title": "Enterprise License", "contact_id": "con_1"}]


def lists(connection: Connection) -> bool:
    """Answers `GET /contacts` two at a time, and `GET /deals`."""
    request = connection.request
    if request.path == "/tasks":
        return answer(body={"success": True, "data": []})(connection)
    if request.path == "/deals":
        return answer(body={"success": True, "data": DEALS})(connection)
    if request.path != "/contacts":
        return answer(404, {"success": False, "error": {"code": "not_found"}})(connection)
    start = int(request.query.get("cursor", "0"))
    meta: dict[str, Any] = {"total": 4, "has_more": start + 2 < 4}
    if meta["has_more"]:
        meta["next_cursor"] = str(start + 2)
    page = CONTACTS[start : start + 2]
    return answer(body={"success": True, "data": page, "meta": meta})(connection)


@pytest.fixture
def there(tmp_path: Path) -> Call:
    """Commands on a server, with files of their own."""
    return partial(call, tmp_path, CRMCTL_API_KEY=KEY)


def test_names_of_a_server_are_pulled_and_used_without_it(there: Call, tmp_path: Path) -> None:
    with ScriptedServer(after=lists) as server:
        url = {"CRMCTL_BASE_URL": server.url}
        status, pulled, said = there("record", "pull", **url)
        assert (status, said) == (0, "")
        assert [(each["type"], each["count"]) for each in pulled] == [("contact", 3), ("deal", 1)]
        assert {request.path for request in server.received} == {"/contacts", "/deals"}
    line = ("activity", "log", "call", "-n", "--contact")
    for name in ("jane smith", "JANE@acme.example", "con_1"):
        assert body_of(there(*line, name, **url))["contact_id"] == "con_1"
    assert (
        body_of(there(*line, "acme", "--deal", "enterprise license", **url)).items()
        >= {
            "contact_id": "con_3",
            "deal_id": "deal_1",
        }.items()
    )
    assert [record["name"] for record in there("record", "list", "contact", **url)[1]] == [
        "Jane Smith",
        "Tom Becker",
        "Acme",
    ]
    later = run_in(tmp_path, "record", "list", CRMCTL_API_KEY=KEY, **url)
    assert later.stderr == (
        "`crmctl record pull` fetches the server's contacts and deals anew; it did so now.\n"
    )
    other_account = {**url, "CRMCTL_API_KEY": "key_of_another"}
    status, _, said = there(*line, "jane smith", **other_account)
    assert status == 2
    assert "crmctl record pull" in json.loads(said)["error"]["hint"]


def test_a_server_without_such_lists_is_no_error(there: Call) -> None:
    with ScriptedServer(after=answer(404, {"success": False})) as server:
        status, pulled, said = there("record", "pull", CRMCTL_BASE_URL=server.url)
    assert (status, pulled) == (0, [])
    assert [json.loads(line)["note"]["message"] for line in said.splitlines()] == [
        "This server has no /contacts.",
        "This server has no /deals.",
    ]


def test_one_list_that_fails_leaves_the_other_and_does_not_hide_it(there: Call) -> None:
    def step(connection: Connection) -> bool:
        if connection.request.path == "/contacts":
            return answer(403, {"success": False})(connection)
        return lists(connection)

    with ScriptedServer(after=step) as server:
        url = {"CRMCTL_BASE_URL": server.url}
        status, pulled, said = there("record", "pull", **url)
        assert status == 13
        assert [(each["type"], each["count"]) for each in pulled] == [("deal", 1)]
        assert json.loads(said)["error"]["message"] == (
            "The deals were kept. GET /contacts: the key may not do this (HTTP 403)."
        )
        assert [record["id"] for record in there("record", "list", **url)[1]] == ["deal_1"]


def test_a_list_teaches_the_names_that_it_shows_but_not_in_a_ci_job(
    there: Call, tmp_path: Path
) -> None:
    stock(tmp_path / "far.db")
    line = ("task", "create", "x", "-n", "--assignee", "bob brown")
    with open_far_end(tmp_path / "far.db") as far_end:
        url = {"CRMCTL_BASE_URL": far_end.url}
        there("task", "list", CI="true", **url)
        assert there(*line, **url)[0] == 2
        assert list(tmp_path.rglob("*.json")) == []
        there("task", "list", **url)
        there("activity", "feed", **url)
    assert body_of(there(*line, **url))["assignee_id"] == "usr_bob"
    known = {record["id"] for record in there("record", "list", **url)[1]}
    assert known == {record_id for _, record_id, _ in RECORDS}


def test_a_login_and_a_logout_forget_the_names_of_the_account_before(
    there: Call, tmp_path: Path
) -> None:
    def log_in(url: str) -> None:
        options = ("--profile", "work", "--key-stdin", "--store", "file")
        told = run_at(
            lambda: NOW, tmp_path, "auth", "login", *options, "--base-url", url, piped="key_1\n"
        )
        assert told.status == 0, told.stderr

    def known() -> int:
        return len(run_in(tmp_path, "record", "list", "--profile", "work", "--json").data)

    with ScriptedServer(after=lists) as server:
        for forget in ("login", "logout"):
            log_in(server.url)
            run_in(tmp_path, "record", "pull", "--profile", "work")
            assert known() == 4
            if forget == "login":
                log_in(server.url)
            else:
                run_in(tmp_path, "auth", "logout", "--profile", "work")
            assert known() == 0


def test_completion_offers_no_more_names_than_a_screen_takes(there: Call, tmp_path: Path) -> None:
    many = [{"id": f"con_{number}", "name": f"Person {number}"} for number in range(300)]
    with ScriptedServer(after=answer(body={"success": True, "data": many})) as server:
        url = {"CRMCTL_BASE_URL": server.url}
        assert there("record", "pull", **url)[0] == 0
    for begun in ("", "con_", "person"):
        told = run_in(tmp_path, "__complete", "brief", begun, CRMCTL_API_KEY=KEY, **url)
        assert 0 < len(told.lines) <= 200  # of contacts, and of deals


def test_a_name_of_any_length_and_lines_takes_one_line_of_what_is_said(
    there: Call, tmp_path: Path
) -> None:
    name = "Bob\ncrmctl: error" + "b" * 9999
    long = [{"id": f"con\n{number}" + "_" * 999, "name": name} for number in "12"]
    with ScriptedServer(after=answer(body={"success": True, "data": long})) as server:
        url = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": KEY}
        run_in(tmp_path, "record", "pull", **url)
    said = run_in(tmp_path, "task", "list", "--contact", "bob", **url)
    assert "There is: Bob crmctl: errorbbb" in said.stderr
    assert said.status == 2
    assert (len(said.stderr.splitlines()), len(said.stderr) < 999) == (2, True)
    assert len(run_in(tmp_path, "task", "list", "--contact", long[0]["name"], **url).stderr) < 999
    assert run_in(tmp_path, "__complete", "brief", "bo", **url).stdout == ""


def test_many_of_one_name_are_not_all_told(there: Call, tmp_path: Path) -> None:
    many = [{"id": f"con_{number:03}", "name": "Bob"} for number in range(300)]
    with ScriptedServer(after=answer(body={"success": True, "data": many})) as server:
        url = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": KEY}
        run_in(tmp_path, "record", "pull", **url)
    said = run_in(tmp_path, "task", "list", "--contact", "bob", **url).stderr
    assert "bob is the name of 300: con_000 (contact Bob), con_001" in said
    assert "con_004 (contact Bob), …" in said
    assert "con_005" not in said


def test_what_is_pulled_is_newer_than_what_a_list_showed_before(
    there: Call, tmp_path: Path
) -> None:
    shown = {"id": "task_1", "related_to": {"type": "contact", "id": "con_1", "name": "Jane Old"}}
    tasks = answer(body={"success": True, "data": [shown]})
    with ScriptedServer(tasks, after=lists) as server:
        url = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": KEY}
        run_in(tmp_path, "task", "list", **url)
        line = ("task", "create", "x", "-n", "--contact")
        assert body_of(there(*line, "jane old", **url))["related_to_id"] == "con_1"
        assert run_in(tmp_path, "record", "pull", **url).status == 0
    assert body_of(there(*line, "jane smith", **url))["related_to_id"] == "con_1"
    assert there(*line, "jane old", **url)[0] == 2


def test_a_list_that_shows_an_id_alone_takes_no_name_away(there: Call, tmp_path: Path) -> None:
    named = {"id": "task_1", "assignee_id": "usr_1", "assignee_name": "Ann"}
    bare = {"id": "task_2", "assignee_id": "usr_1", "assignee_name": None}
    strange = {"id": "task_3", "assignee_id": "usr_1", "assignee_name": ["Ann"]}
    foreign = {"id": "task_4", "related_to": {"type": "x" * 999, "id": "x", "name": "X"}}
    first = answer(body={"success": True, "data": [named, bare, strange, foreign]})
    second = answer(body={"success": True, "data": [bare]})
    with ScriptedServer(first, second) as server:
        url = {"CRMCTL_BASE_URL": server.url, "CRMCTL_API_KEY": KEY}
        for _ in range(2):
            assert run_in(tmp_path, "task", "list", **url).status == 0
            line = ("task", "create", "x", "-n", "--assignee", "ann")
            assert body_of(there(*line, **url))["assignee_id"] == "usr_1"
    [kept] = tmp_path.glob("cache/seen-*.json")
    assert set(json.loads(kept.read_text())) == {"task", "user"}


def test_a_table_of_records_gives_its_room_to_names(here: Call, tmp_path: Path) -> None:
    def heading(*options: str) -> list[str]:
        line = ("record", "list", "-o", "table", *options)
        return run_in(tmp_path, *line, CRMCTL_PROFILE="local", COLUMNS="80").lines[0].split()

    here("record", "add", "contact", "con_jane", "Jane Smith", "--email", "jane@acme.example")
    assert heading() == ["Type", "ID", "Name", "Email"]
    assert heading("--fields", "id,active") == ["ID", "Active"]
    here("record", "add", "user", "usr_bob", "Bob Brown", "--inactive")
    assert heading()[:5] == ["Type", "ID", "Name", "Email", "Active"]


def test_a_table_has_25_records_and_says_how_many_more_there_are(
    here: Call, tmp_path: Path
) -> None:
    for number in range(30):
        here("record", "add", "deal", f"deal_{number:02}", f"Deal {number}")

    def listed(*options: str) -> Result:
        return run_in(tmp_path, "record", "list", "deal", *options, CRMCTL_PROFILE="local")

    total = len(listed("-o", "ids").lines)
    table = listed("-o", "table")
    assert len(table.lines) == 1 + 25
    assert table.stderr == f"Showing 25 of {total} records. --limit N shows more.\n"
    assert len(listed("-o", "table", "--limit", "99").lines) == 1 + total
    two = listed("--limit", "2")
    assert (len(two.lines), two.stderr) == (2, f"Showing 2 of {total} records.\n")


def test_names_that_cannot_be_forgotten_keep_no_key_and_no_login(tmp_path: Path) -> None:
    def log(verb: str, *options: str) -> Result:
        line = ("auth", verb, "--profile", "work", *options)
        return run_at(lambda: NOW, tmp_path, *line, piped="key_1\n")

    with ScriptedServer(after=lists) as server:
        login = ("--key-stdin", "--store", "file", "--base-url", server.url)
        log("login", *login)
        run_in(tmp_path, "record", "pull", "--profile", "work")
        for file in tmp_path.glob("cache/pulled-*.json"):
            file.unlink()
            file.mkdir()
        again = log("login", *login)
    assert again.status == 0
    assert "warning: names of the account before are still known: " in again.stderr
    assert log("logout").status == 0
    assert "key_1" not in (tmp_path / "config" / "credentials.json").read_text()
