"""`crmctl brief`: a contact or a deal before a call."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.e2e.running import KEY
from tests.in_process import InProcess, run_in
from tests.scripted_server import Connection, ScriptedServer, answer


@pytest.mark.parametrize(
    "who", [["Jane", "Smith"], ["jane smith"], ["con_jane"], ["id:con_jane"]], ids=" ".join
)
def test_a_contact_is_shown_whole_by_name_or_id(stocked: InProcess, who: list[str]) -> None:
    shown = stocked.having(COLUMNS="80").run("brief", *who, "-o", "table").stdout
    assert shown == (
        "Jane Smith  contact · con_jane\n"
        "\n"
        "Open tasks (1, 1 overdue)\n"
        "Due           Title      Priority  Type  Assignee   ID\n"
        "! 1 Feb 2020  Call Jane  urgent    call  Bob Brown  task_begun\n"
        "\n"
        "Last activities\n"
        "Monday 2 March 2026\n"
        "  15:30  email    Draft sent\n"
        "\n"
        "Sunday 1 March 2026\n"
        "  09:00  call     Discovery call — Enterprise - Acme · 1 h 15 min · connected\n"
    )


def test_in_json_it_is_one_object(stocked: InProcess) -> None:
    stocked.run("record", "add", "deal", "deal_acme", "Acme")
    told = stocked.run("brief", "ACME", "--json").data
    tasks, activities = told.pop("open_tasks"), told.pop("activities")
    assert told == {"type": "deal", "id": "deal_acme", "name": "Acme", "email": None, "overdue": 1}
    assert [task["id"] for task in tasks] == ["task_late"]
    assert [activity["subject"] for activity in activities] == ["Discovery call"]


def test_elsewhere_it_is_a_line_for_each_and_fields_are_chosen(stocked: InProcess) -> None:
    rows = stocked.run("brief", "Jane Smith", "--limit", "1").rows
    assert [[row[0], *row[2:]] for row in rows] == [
        ["task", "call", "Call Jane", "2020-02-01T10:00:00Z", "in_progress"],
        ["activity", "email", "Draft sent", "2026-03-02T15:30:00Z", "-"],
    ]
    chosen = stocked.run("brief", "Jane Smith", "--fields", "kind,title", "--json").data
    assert chosen[0] == {"kind": "task", "title": "Call Jane"}


def test_who_is_not_known_is_refused_and_of_whom_nothing_is_known_is_told(
    stocked: InProcess,
) -> None:
    nobody = stocked.run("brief", "Nobody")
    assert (nobody.status, nobody.stdout) == (2, "")
    assert "no contact or deal is known as 'Nobody'" in nobody.stderr
    nothing = stocked.run("brief", "con_9", "--json")
    assert (nothing.status, nothing.data["type"], nothing.data["open_tasks"]) == (0, "contact", [])
    assert "no open task and no activity of con_9" in nothing.stderr


def test_over_the_network_all_is_asked_for_at_once(tmp_path: Path) -> None:
    all_there = threading.Barrier(3, timeout=5)

    def step(connection: Connection) -> bool:
        all_there.wait()
        item = {"id": "x", "contact_name": "Jane"}
        data = [item] if connection.request.path == "/activities" else []
        return answer(body={"success": True, "data": data})(connection)

    with ScriptedServer(after=step) as server:
        far = {"CRMCTL_API_KEY": KEY, "CRMCTL_BASE_URL": server.url}
        told = run_in(tmp_path, "brief", "con_1", "--json", **far)
        asked = [request.query for request in server.received]
    assert (told.status, told.data["name"]) == (0, "Jane")
    assert sorted(query.get("status", "-") for query in asked) == ["-", "in_progress", "pending"]
    assert {query.get("related_to_id", query.get("contact_id")) for query in asked} == {"con_1"}


def test_an_id_whose_type_nobody_knows_is_looked_for_as_both(stocked: InProcess) -> None:
    for kind in ("contact", "deal"):
        stocked.run("activity", "log", "note", kind, f"--{kind}", "id:7")
    told = stocked.run("brief", "7", "--json").data
    assert (told["type"], sorted(each["subject"] for each in told["activities"])) == (
        None,
        ["contact", "deal"],
    )


def test_times_are_those_of_people_where_people_read(stocked: InProcess) -> None:
    tokyo = stocked.having(TZ="Asia/Tokyo")
    brief = ("brief", "Jane Smith", "--fields", "when")
    cells = tokyo.run(*brief, "-o", "md").lines[2:]
    assert cells == ["| 2020-02-01 19:00 |", "| 2026-03-03 00:30 |", "| 2026-03-01 18:00 |"]
    assert tokyo.run(*brief, "-o", "table").lines[1] == "1 Feb 2020"
    assert tokyo.run(*brief).lines[0] == "2020-02-01T10:00:00Z"


@pytest.mark.parametrize("line", ["report tasks", "config list", "commands"])
def test_what_has_no_ids_says_so(stocked: InProcess, line: str) -> None:
    result = stocked.run(*line.split(), "-o", "ids")
    assert (result.status, result.stdout) == (0, "")
    assert result.stderr.endswith(" has no ID: -o ids shows nothing.\n")
