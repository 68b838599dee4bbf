"""Command lines that nobody would type: never a traceback, only documented statuses."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from crmctl.cli.app import run
from crmctl.cli.context import Context
from crmctl.errors import exit_statuses

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
VALUES += ["", "two words", "a\nb", "yesterday 25:00", "fri 17:30", "x" * 5000, "x=" + "[" * 2000]

LINES = """
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
task update task_1 --title {} --status {}
task complete {} --note {}
task delete {} --yes
activity log {} {}
activity log call x --at {} --duration {}
activity log call x --attendee {} --ref {}
activity list --from {} --to {}
activity list --user {} --type {}
activity feed --since {} --limit {}
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
demo
__complete task get {}
__complete {} {}
help {}
{} {}
""".strip().splitlines()

ENDS = [[], [], [], ["--json"], ["-o", "table"], ["-o", "csv"], ["-n"], ["-vvv"]]
ZONES = ["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "CET-1CEST,M3.5.0,M10.5.0/3", "?"]


@pytest.mark.parametrize("seed", range(4))
def test_no_line_ends_in_a_traceback_or_an_undocumented_status(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    choose = random.Random(seed)  # noqa: S311 - to be the same each time

    def place(kind: str) -> Path:
        return tmp_path / kind

    for _ in range(1000):
        words = [fill(word, choose) for word in choose.choice(LINES).split()]
        args = [*words, *choose.choice(ENDS)]
        stderr = io.StringIO()
        crm = Context(
            environ={
                "HOME": str(tmp_path),
                "TZ": choose.choice(ZONES),
                "CRMCTL_PROFILE": choose.choice(["local", "demo"]),
                "CRMCTL_DEBUG": "1",
            },
            system=place,
            stdin=choose.choice([None, io.StringIO(""), io.StringIO("key_0123456789\n{}")]),
            stdout=io.StringIO(),
            stderr=stderr,
        )
        status = run(args, crm)
        assert status in exit_statuses(), (args, status)
        assert status != 1, (args, stderr.getvalue())


def fill(word: str, choose: random.Random) -> str:
    while "{}" in word:
        word = word.replace("{}", choose.choice(VALUES), 1)
    return word
