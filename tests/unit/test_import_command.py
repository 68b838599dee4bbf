"""`import` and `export`, on a workspace of this machine."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from crmctl.api.client import Client
from tests.e2e.running import Result
from tests.in_process import InProcess

# What a server makes itself.
OWN = ("id", "created_at", "updated_at", "completed_at", "created_by", "user_id", "user_name")


RECORDS = (
    ("user", "usr_ann", "Ann Archer"),
    ("contact", "con_jane", "Jane Smith"),
    ("deal", "deal_acme", "Enterprise - Acme"),
)


@pytest.fixture
def crmctl(tmp_path: Path) -> InProcess:
    crmctl = InProcess(tmp_path, CRMCTL_PROFILE="local")
    crmctl.put_records(*RECORDS)
    return crmctl


def put(home: Path, name: str, text: str) -> str:
    (home / name).write_text(text, encoding="utf-8")
    return str(home / name)


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def less_own(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: value for name, value in item.items() if name not in OWN}
        for item in sorted(items, key=lambda item: str(item.get("title") or item.get("subject")))
    ]


ODD = (
    {"title": "A", "description": '=SUM(A1)\n\'=x, "quoted"\n', "priority": "urgent"},
    {"title": "'=B", "due_date": "2026-04-01T10:00:00.5Z", "assignee_id": "usr_ann"},
    {"title": "''+C", "related_to_type": "deal", "related_to_id": "deal_acme", "type": "call"},
    {"title": "D", "related_to_type": "project", "related_to_id": "without-digits"},
    {"title": "E é 日本", "reminder": {"type": "email", "before_minutes": 60}},
    {"title": "  F  ", "assignee_id": "Ann Archer"},
)


@pytest.mark.parametrize("format", ["jsonl", "csv"])
def test_what_is_exported_comes_back_but_for_ids_and_the_servers_times(
    crmctl: InProcess, tmp_path: Path, format: str
) -> None:
    with crmctl.workspace() as workspace:
        client = Client(workspace)
        for body in ODD:
            client.create_task(body)
        client.complete_task(client.create_task({"title": "G"})["id"], completion_note="-done")
        for status in ("in_progress", "cancelled"):
            client.update_task(client.create_task({"title": status})["id"], {"status": status})
        client.log_activity({"type": "meeting", "attendees": ["con_jane", "con_9"]})
        client.log_activity(
            {"type": "call", "subject": "@", "contact_id": "con_jane", "duration": 5}
        )
    there = tmp_path / "there"
    there.mkdir()
    other = InProcess(there, CRMCTL_PROFILE="local")
    other.put_records(*RECORDS)
    for noun in ("task", "activity"):
        file = str(tmp_path / f"{noun}.out")
        exported = crmctl.run(noun, "export", file, "-o", format)
        assert (exported.status, exported.stdout) == (0, "")
        imported = other.run(noun, "import", file)
        assert imported.status == 0, imported.stderr
    assert less_own(other.tasks()) == less_own(crmctl.tasks())
    assert less_own(other.activities()) == less_own(crmctl.activities())


def test_an_export_is_json_lines_to_stdout_with_the_filters_of_list(crmctl: InProcess) -> None:
    crmctl.put_tasks({"title": "A"}, {"title": "B", "status": "completed"})
    assert [task["title"] for task in lines(crmctl.run("task", "export", "--open"))] == ["A"]
    assert crmctl.run("task", "export", "--fields", "title", "-o", "csv").stdout == "title\nB\nA\n"
    assert json.loads(crmctl.run("task", "export", "--limit", "1", "--json").stdout)[0]["id"]
    refused = crmctl.run("task", "export", "-o", "table")
    assert (refused.status, refused.stderr) == (
        2,
        "crmctl: An export is jsonl, csv or json, not table.\n",
    )


def test_an_export_that_fails_leaves_the_file_as_it_was(crmctl: InProcess, tmp_path: Path) -> None:
    file = put(tmp_path, "tasks.jsonl", "before\n")
    result = crmctl.run(
        "task",
        "export",
        file,
        environ={"CRMCTL_BASE_URL": "http://127.0.0.1:9", "CRMCTL_API_KEY": "k"}
        | {"CRMCTL_PROFILE": ""},
    )
    assert result.status == 8
    assert Path(file).read_text() == "before\n"
    assert [path.name for path in tmp_path.iterdir() if "tasks" in path.name] == ["tasks.jsonl"]


def test_lines_are_read_as_people_type_them(crmctl: InProcess, tmp_path: Path) -> None:
    file = put(
        tmp_path,
        "tasks.csv",
        "\ufeffTitle;Due date;assignee;contact;Priority;remind;status\r\n"
        "Call;fri 9am;ann archer;Jane Smith;HIGH;email:1h;in-progress\r\n"
        '"two\nlines";;me;;;;\r\n',
    )
    result = crmctl.run("task", "import", file, environ={"CRMCTL_USER_ID": "usr_ann"})
    assert result.status == 0, result.stderr
    for told in ("ann archer is usr_ann", "Jane Smith is con_jane", "me is usr_ann"):
        assert f"crmctl: note: {told}\n" in result.stderr
    assert [(line["line"], line["status"], line["error"]) for line in lines(result)] == [
        (2, "done", None),
        (3, "done", None),
    ]
    call = crmctl.task(lines(result)[0]["id"])
    assert call["due_date"] == "2026-03-27T09:00:00Z"
    assert call["assignee_name"] == "Ann Archer"
    assert call["related_to"] == {"type": "contact", "id": "con_jane", "name": "Jane Smith"}
    assert (call["priority"], call["status"]) == ("high", "in_progress")
    assert call["reminder"] == {"type": "email", "before_minutes": 60}
    assert crmctl.task(lines(result)[1]["id"])["title"] == "two\nlines"


def test_with_an_invalid_line_nothing_is_sent_and_each_is_told(
    crmctl: InProcess, tmp_path: Path
) -> None:
    text = (
        '{"title": "A"}\n{"title": "", "mood": 1}\n\nnonsense\n["x"]\n'
        '{"title": "B", "due": "someday"}\n{"title": "C", "assignee": "Nobody Known"}\n'
    )
    file = put(tmp_path, "tasks.jsonl", text)
    failed = tmp_path / "failed.jsonl"
    result = crmctl.run("task", "import", file, "--failed-to", str(failed))
    assert result.status == 2
    assert [(line["line"], line["status"]) for line in lines(result)] == [
        (1, "left"),
        *[(number, "invalid") for number in (2, 4, 5, 6, 7)],
    ]
    assert "5 of 6 lines cannot be sent: nothing was sent." in result.stderr
    for told in (
        "line 2: mood is not a field; there are: title",
        "line 4: line is not JSON",
        "line 5: line is not a JSON object",
        "line 6: due 'someday' is not a date",
        "line 7: assignee no user is known as 'Nobody Known'",
    ):
        assert told in result.stderr
    assert crmctl.tasks() == []
    assert failed.read_text() == text.replace("\n\n", "\n")
    result = crmctl.run("task", "import", file, "--skip-invalid", "--failed-to", str(failed))
    assert result.status == 13
    assert [task["title"] for task in crmctl.tasks()] == ["A"]
    assert failed.read_text() == text.replace("\n\n", "\n").removeprefix('{"title": "A"}\n')


def test_a_finished_file_sends_nothing_and_again_sends_it_anew(
    crmctl: InProcess, tmp_path: Path
) -> None:
    file = put(tmp_path, "tasks.jsonl", '{"title": "A"}\n{"title": "A"}\n')
    first = lines(crmctl.run("task", "import", file))
    again = crmctl.run("task", "import", file)
    assert again.status == 0
    assert again.stderr == (
        "All 2 tasks of this file were done by an earlier run: nothing was sent. --again sends"
        " them anew.\n"
    )
    assert lines(again) == [{**line, "status": "earlier"} for line in first]
    assert len(crmctl.tasks()) == 2
    assert crmctl.run("task", "import", file, "--again").status == 0
    assert len(crmctl.tasks()) == 4


def test_a_rehearsal_prints_the_requests_and_sends_none(crmctl: InProcess, tmp_path: Path) -> None:
    file = put(
        tmp_path,
        "tasks.jsonl",
        '{"title": "A", "status": "completed", "completion_note": "ok"}\n{"title": "B"}\n',
    )
    result = crmctl.run("task", "import", file, "-n")
    assert lines(result) == [
        {"method": "POST", "path": "/tasks", "body": {"title": "A"}},
        {"method": "PUT", "path": "/tasks/ID/complete", "body": {"completion_note": "ok"}},
        {"method": "POST", "path": "/tasks", "body": {"title": "B"}},
    ]
    assert len(json.loads(crmctl.run("task", "import", file, "-n", "--json").stdout)) == 3
    assert crmctl.tasks() == []
    assert not (tmp_path / "state").exists()


HUBSPOT = """\
"Record ID","Task Title","Task Status","Priority","Task Type","Due date","Assigned to","Notes"\
,"Associated Contact"
"48817237190","Send revised quote","Not started","High","Email","2026-03-27 17:00","Ann Archer"\
,"They asked for two options","Jane Smith"
"48817237191","Check in","Completed","None","To-do","2026-03-20 08:00","","",""
"48817237192","Prepare demo","In progress","Low","Call","","Ann Archer","",""
"""

PIPEDRIVE = """\
Done;Subject;Due date;Due time;Duration;Type;Assigned to user;Deal;Contact person;Note
Done;Discovery call;2026-03-20;14:30;00:45;Call;Ann Archer;Enterprise - Acme;Jane Smith;Wants SSO
Done;Lunch;2026-03-21;;;Lunch;Ann Archer;;Jane Smith;
"""


def test_an_export_of_hubspot_is_read(crmctl: InProcess, tmp_path: Path) -> None:
    file = put(tmp_path, "hubspot-crm-exports-all-tasks.csv", "\ufeff" + HUBSPOT)
    refused = crmctl.run("task", "import", file)
    assert refused.status == 2
    assert "--map FIELD=COLUMN reads a column as a field" in refused.stderr
    options = (
        *("--map", "title=Task Title", "--map", "status=Task Status", "--map", "type=Task Type"),
        *("--map", "assignee=Assigned to", "--map", "description=Notes"),
        *("--map", "contact=Associated Contact", "--map", "status:Not started=pending"),
        *("--map", "priority:None=", "--map", "type:To-do=todo"),
    )
    result = crmctl.run("task", "import", file, *options)
    assert result.status == 0, result.stderr
    assert "not read: Record ID" in result.stderr
    tasks = {task["title"]: task for task in crmctl.tasks()}
    quote = tasks["Send revised quote"]
    assert (quote["status"], quote["priority"], quote["type"]) == ("pending", "high", "email")
    assert (quote["due_date"], quote["assignee_name"]) == ("2026-03-27T17:00:00Z", "Ann Archer")
    assert quote["related_to"]["id"] == "con_jane"
    assert quote["description"] == "They asked for two options"
    done = tasks["Check in"]
    assert (done["status"], done["priority"], done["type"]) == ("completed", "medium", "todo")
    assert tasks["Prepare demo"]["status"] == "in_progress"


def test_an_export_of_pipedrive_is_read(crmctl: InProcess, tmp_path: Path) -> None:
    file = put(tmp_path, "activities-1234567-1.csv", PIPEDRIVE)
    options = (
        *("--map", "at=Due date", "--map", "at=Due time", "--map", "contact=Contact person"),
        *("--map", "description=Note", "--map", "type:Lunch=meeting"),
    )
    result = crmctl.run("activity", "import", file, *options)
    assert result.status == 0, result.stderr
    lunch, call = sorted(crmctl.activities(), key=lambda each: -len(each["type"]))
    assert (call["type"], call["subject"], call["duration"]) == ("call", "Discovery call", 45)
    assert (call["occurred_at"], call["deal_id"]) == ("2026-03-20T14:30:00Z", "deal_acme")
    assert (call["contact_id"], call["description"]) == ("con_jane", "Wants SSO")
    assert (lunch["type"], lunch["occurred_at"]) == ("meeting", "2026-03-21T00:00:00Z")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", '[{"title": "A"}]', "one JSON array"),
        ("a.jsonl", "title\nA\n", "line 1: line is not JSON"),
        ("a.csv", "title,title\nA,B\n", "line 1 has the column 'title' twice"),
        ("a.csv", "title,due\nA\n", "line 2: line has 1 cells, and the first line 2"),
        ("a.csv", 'title\n"A\n', "is not CSV"),
        ("a.csv", "title,mood\nA,good\n", "no field is called 'mood'"),
        ("a.jsonl", '{"title": "A", "completion_note": "x"}', "goes with the status completed"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(
    crmctl: InProcess, tmp_path: Path, name: str, text: str, said: str
) -> None:
    result = crmctl.run("task", "import", put(tmp_path, name, text))
    assert (result.status, crmctl.tasks()) == (2, [])
    assert said in result.stderr


@pytest.mark.parametrize("given", ["due", "due=", "=Deadline", "moood=Mood", "due=Nowhere"])
def test_a_map_that_makes_no_sense_is_refused(
    crmctl: InProcess, tmp_path: Path, given: str
) -> None:
    file = put(tmp_path, "a.csv", "title,Deadline\nA,fri\n")
    result = crmctl.run("task", "import", file, "--map", given)
    assert (result.status, result.stdout) == (2, "")
    assert "--map" in result.stderr


def test_ids_on_stdin_are_completed_one_a_line(crmctl: InProcess) -> None:
    crmctl.put_tasks({"title": "A"}, {"title": "B"}, {"title": "C"})
    done = crmctl.run(
        *("task", "complete", "-", "--note", "ok"), stdin="task_00000\n\n task_00001 \n"
    )
    assert done.status == 0, done.stderr
    assert lines(done) == [
        {"line": 1, "status": "done", "id": "task_00000", "error": None},
        {"line": 3, "status": "done", "id": "task_00001", "error": None},
    ]
    assert crmctl.task("task_00001")["completion_note"] == "ok"
    some = crmctl.run("task", "delete", "-", "--yes", "--json", stdin="task_00002\nnone\n")
    assert some.status == 13
    shown = json.loads(some.stdout)
    assert [(each["status"], each["id"]) for each in shown] == [
        ("done", "task_00002"),
        ("failed", "none"),
    ]
    assert shown[1]["error"]["code"] == "not_found"
    assert json.loads(some.stderr)["error"]["details"][0]["line"] == 2


@pytest.mark.parametrize("verb", ["start", "cancel", "reopen"])
def test_the_other_changes_take_ids_from_stdin_too(crmctl: InProcess, verb: str) -> None:
    crmctl.put_tasks({"title": "A", "status": "completed"})
    assert crmctl.run("task", verb, "-", stdin="task_00000\n").status == 0
    status = {"start": "in_progress", "cancel": "cancelled", "reopen": "pending"}[verb]
    assert crmctl.task("task_00000")["status"] == status


def test_fail_fast_sends_no_more_and_says_what_was_left(crmctl: InProcess, tmp_path: Path) -> None:
    crmctl.put_tasks({"title": "A"}, {"title": "B"})
    failed = tmp_path / "failed"
    ids = "task_00000\nnone\ntask_00001\n"
    flags = ("--fail-fast", "--failed-to", str(failed))
    result = crmctl.run("task", "complete", "-", *flags, stdin=ids)
    assert result.status == 13
    assert [line["status"] for line in lines(result)] == ["done", "failed", "left"]
    assert failed.read_text() == "none\ntask_00001\n"
    assert crmctl.task("task_00001")["status"] == "pending"


def test_a_read_only_profile_takes_neither_a_file_nor_ids(
    crmctl: InProcess, tmp_path: Path
) -> None:
    crmctl.put_tasks({"title": "A"})
    file = put(tmp_path, "tasks.jsonl", '{"title": "B"}\n')
    reader = crmctl.having(CRMCTL_READ_ONLY="1")
    for args in (("import", file), ("complete", "-")):
        result = reader.run("task", *args, stdin="task_00000\n")
        assert (result.status, result.stdout) == (5, "")
    assert [(task["title"], task["status"]) for task in crmctl.tasks()] == [("A", "pending")]


def test_an_import_from_stdin_has_no_journal(crmctl: InProcess, tmp_path: Path) -> None:
    for _ in range(2):
        assert crmctl.run("task", "import", "-", stdin='{"title": "A"}\n').status == 0
    assert len(crmctl.tasks()) == 2
    assert not (tmp_path / "state").exists()


def test_nothing_to_import_is_no_failure(crmctl: InProcess) -> None:
    result = crmctl.run("task", "import", "-", "--json", stdin="")
    assert (result.status, result.stdout) == (0, "[]\n")
    assert io.StringIO(result.stderr).readline() == (
        '{"note":{"code":"summary","message":"There are no lines: nothing was sent."}}\n'
    )
