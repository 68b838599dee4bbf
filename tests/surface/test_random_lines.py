"""Command lines that nobody would type: never a traceback, only documented statuses."""

from __future__ import annotations

import gc
import json
import random
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crmctl.errors import exit_statuses
from tests.in_process import run_at
from tests.scripted_server import ScriptedServer, Step, answer, close, raw

# What stands for {} in a line below.
VALUES = [
    "-",
    "--",
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "+9999y",
    "-9999y",
    "+99999999999d",
    "+3bd",
    "+999999999bd",
    "now",
    "eod",
    "yesterday",
    "-0",
    "-1",
    "0",
    "1",
    "9223372036854775808",
    "NaN",
    "1e999",
    "//[",
    "/tasks",
    "/v1/tasks/../x",
    "task_1",
    "con_1",
    "high",
    "hihg",
    "me",
    "1:99",
    "99h",
    "PT1H",
    "email:60",
    "email:",
    "a=b",
    "x=NaN",
    "json",
    "ids",
    "table",
    "csv",
    "md",
    "[/x]",
    "\u202e",
    "漢字",
    ",,,,",
    "id,title",
    "related_to.name",
    "-due_date",
    "due_date",
    "auto",
    "�",
]
VALUES += ["\udcff", "a\udcff=1", "/\udcff", "x=1e999", "file:x", ":memory:", "no/such", "-1e9h"]
VALUES += ["+1w", "tonight", "1 Dec", "last fri", "in 3 days", "12/1"]
VALUES += ["", "two words", "a\nb", "yesterday 25:00", "fri 17:30", "x" * 5000, "x=" + "[" * 2000]

LINES = """
agenda --days {} --assignee {}
task list --search {}
task list --due-by {}
task list --due-before {} --due-after {}
task list --limit {}
task list --sort {} --open
task list --fields {}
task list -o {}
task list --status {} --priority {}
task list --assignee {} --contact {}
task list --profile {}
task list --timeout {} --color {}
task create {} --due {}
task create X -d {} --contact {}
task create X --remind {} --assignee {}
task create X --related-to-type deal --related-to-id {}
task get {}
task edit {}
task update task_1 --title {} --status {}
task complete {} --note {}
task postpone {} {}
task postpone t1 t2 {}
task delete {} --yes
activity log {} {}
activity log call x --complete {} --then {} --then-due {}
activity log call x --at {} --duration {}
activity log call x --attendee {} --ref {}
activity list --from {} --to {}
activity list --user {} --type {}
activity feed --since {} --limit {}
activity feed --since-last {}
activity feed --since-last x --interval {}
report tasks --assignee {} --deal {}
report tasks --fields {} -o {}
report activities --since {} --to {}
report activities --type {} --user {} -o {}
doctor --profile {} -o {}
record add {} {} {}
record list {}
record remove contact {}
config get {}
config set {} {}
config set timezone {}
config set profiles.x.base_url {}
config unset {}
config list
auth switch {}
auth status
auth login --base-url {} --key-stdin --store file
api {} {}
api GET {} -f {}
api POST /tasks -F {} -f title={}
api PUT /tasks/{} -F title={}
api POST /tasks --input {}
api GET /tasks --paginate -f {}
workspace info
workspace check
workspace backup {}
completion {}
schema {}
guide -o {}
commands --fields {}
demo
demo --reset
__complete task get {}
__complete {} {}
help {}
task {} {}
{} {}
""".strip().splitlines()

ENDS = [[], [], [], ["--json"], ["-o", "table"], ["-o", "csv"], ["-n"], ["-vvv"]]
# Where a clock is wrong, and so is what is counted from it.
CLOCKS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
]
ZONES = ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "CET-1CEST,M3.5.0,M10.5.0/3", "?"]


# Items, and what is said beside them, as no server ought to send them.
ITEMS: tuple[Any, ...] = (
    {},
    {"id": ["a"], "title": "x", "attendees": {"a": 1}},
    {"id": {"a": 1}, "x": 1e308, "description": "<b>\x1b[2J", "subject": {"a": []}},
    {"id": 5, "title": ["x"], "status": [1], "priority": {}, "due_date": 5, "occurred_at": 7},
    {"id": True, "related_to": "x", "reminder": [[]], "assignee_id": ["u"], "assignee_name": {}},
    {"id": "t1", "due_date": "9999-12-31T23:59:59Z", "occurred_at": "0001-01-01"},
    {"id": "t2", "related_to": {"type": ["x"], "id": {}, "name": []}, "created_at": "0001-01-01"},
    {"id": "t3", "title": "\ud800\x1b[31m", "\ud800": 1, "duration": 10**4000},
    {"id": "t4", "reminder": {"before_minutes": 10**4000, "type": []}},
)
METAS: tuple[Any, ...] = (
    *(None, [], {"total": 3}, {"total": 10**4000}, {"total": -1, "has_more": "x"}),
    *({"has_more": True}, {"next_cursor": "\ud800"}, {"next_cursor": 5, "has_more": True}),
    {"warnings": [{"field": ["x"], "message": {}}, 5]},
)
ODD_ANSWERS: tuple[Any, ...] = (
    *({}, {"data": None}, {"data": 5}, {"data": [1]}, {"data": [[]]}, {"errors": {"a": "b"}}),
    *({"success": False, "error": {"code": [], "message": {}}}, {"message": "\x1b[2J\n\nx"}),
    {"error": {"details": [1, {"field": [], "message": [[]]}]}},
)
ODD_BODIES = (
    *(b"", b"null", b"[" * 100_000, b"\xff\xfe", b"<title>x</title>", b'{"data":NaN}'),
    b'{"data":' + b"9" * 5000 + b"}",
    b'{"data":[{"id":' + b"[" * 900 + b"]" * 900 + b"}]}",
    b'{"data":{"id":"x","y":' + b"[" * 900 + b"]" * 900 + b"}}",
)
ODD_HEADERS = (
    *({"retry-after": "9" * 30}, {"retry-after": "\xff"}, {"link": '<x?cursor=%ff>; rel="next"'}),
    *({"link": "<http://[>; rel=next"}, {"content-encoding": "gzip"}, {"location": "http://["}),
)
STATUSES = (*[200] * 14, 201, 204, 301, 302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503, 999)


@pytest.mark.parametrize("seed", range(2))
def test_no_line_ends_in_a_traceback_or_an_undocumented_status(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    choose = random.Random(seed)  # noqa: S311 - to be the same each time
    for _ in range(1000):
        check_line(choose, tmp_path, CRMCTL_PROFILE=choose.choice(["local", "demo"]))


# What fails does not wait for the lists that are asked for beside it; a process would end there.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_nor_does_one_over_a_server_that_answers_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    choose = random.Random(7)  # noqa: S311 - to be the same each time
    before = set(threading.enumerate())
    with ScriptedServer(*(odd_answer(choose) for _ in range(5000))) as server:
        for _ in range(1000):
            key = {"CRMCTL_API_KEY": "key_0123456789", "CRMCTL_TIMEOUT": "2"}
            check_line(choose, tmp_path, CRMCTL_BASE_URL=server.url, **key)
    for thread in set(threading.enumerate()) - before:
        thread.join(5)
    gc.collect()


def check_line(choose: random.Random, home: Path, **environ: str) -> None:
    """Run a random line, of which only what is documented may come."""
    words = [fill(word, choose) for word in choose.choice(LINES).split()]
    args = [*words, *choose.choice(ENDS)]
    now = choose.choice([datetime.now(UTC), *CLOCKS])
    zone, piped = choose.choice(ZONES), choose.choice([None, "", "key_0123456789\n{}"])
    given = {"CRMCTL_DEBUG": "1", **environ, "TZ": zone}
    result = run_at(lambda: now, home, *args, piped=piped, **given)
    assert result.status in exit_statuses(), (args, result.status)
    assert result.status != 1, (args, result.stderr)


def odd_answer(choose: random.Random) -> Step:
    """What a server does that wants to be a nuisance."""
    kind = choose.random()
    content: Any = {"data": choose.choice(ITEMS), "meta": choose.choice(METAS)}
    if kind < 0.4:
        content["data"] = choose.choices(ITEMS, k=choose.choice([0, 1, 3]))
    elif kind < 0.5:
        content = choose.choice(ODD_ANSWERS)
    elif kind > 0.97:
        return choose.choice([close(), raw(b"HTTP/1.1 \xff\r\n\r\n", stay=False)])
    body = choose.choice(ODD_BODIES) if kind > 0.85 else json.dumps(content).encode()
    odd = choose.choice(ODD_HEADERS) if choose.random() < 0.1 else {}
    return answer(choose.choice(STATUSES), body, {"content-type": "application/json", **odd})


def fill(word: str, choose: random.Random) -> str:
    while "{}" in word:
        word = word.replace("{}", choose.choice(VALUES), 1)
    return word
