"""Completion in bash, zsh and fish as a person gets it: installed, on a terminal, with TAB."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from crmctl.store.sqlite import SqliteStore
from tests.contract.world import insert_tasks
from tests.e2e.running import KEY, Crmctl, open_far_end, stock
from tests.e2e.shells import Shell, open_shell, prepare, visible

HOSTILE = (
    "[/x] $(touch pwned) `id` \"quotes' ; rm -rf ~ \x1b]0;pwned\x07 日本語 a:b (c)"
    " %F{red}%n \\n ${HOME}"
)
HOSTILE_SHOWN = HOSTILE.replace("\x1b", "\\x1b").replace("\x07", "\\x07")
HOSTILE_IDS = (
    "task_$(touch pwned)",
    "task_`touch pwned`",
    "task_;touch pwned",
    "--yes",
    "-y",
    "a b",
)

COMPLETED = {
    "a noun": ("crmctl ta", "crmctl task"),
    "a verb": ("crmctl task cre", "crmctl task create"),
    "an option": ("crmctl task list --stat", "crmctl task list --status"),
    "a value after a comma": (
        "crmctl task list --status pending,in",
        "crmctl task list --status pending,in_progress",
    ),
    "a value after =": ("crmctl task list --status=pen", "crmctl task list --status=pending"),
    "a value with a dash": ("crmctl task list --sort -cre", "crmctl task list --sort -created_at"),
    "a profile": ("crmctl --profile de", "crmctl --profile demo"),
    "a field": ("crmctl task list --fields id,ti", "crmctl task list --fields id,title"),
    "a format": ("crmctl task list -o c", "crmctl task list -o csv"),
    "an ID": ("crmctl task get task_l", "crmctl task get task_late"),
    "an ID in quotes": ('crmctl task get "task_l', 'crmctl task get "task_late"'),
    "an ID with a hostile title": ("crmctl task get task_h", "crmctl task get task_hostile"),
    "a name": ("crmctl task list --contact Jan", "crmctl task list --contact Jane\\ Smith"),
    "the rest of a name": (
        "crmctl task list --contact Jane\\ S",
        "crmctl task list --contact Jane\\ Smith",
    ),
    "a name in quotes": (
        'crmctl task list --contact "Jane S',
        'crmctl task list --contact "Jane Smith"',
    ),
    "a name in lower case": (
        "crmctl task list --assignee ann\\ ",
        "crmctl task list --assignee ann\\ Archer",
    ),
    "another profile's ID": (
        "crmctl --profile demo task get o",
        "crmctl --profile demo task get only",
    ),
    "quoted words before": (
        'crmctl --profile "demo" task create "it\'s = $(touch pwned) a:b" --assignee usr_x',
        'crmctl --profile "demo" task create "it\'s = $(touch pwned) a:b" --assignee usr_xena',
    ),
    "a time before": ("crmctl activity log --at 12:30 ca", "crmctl activity log --at 12:30 call"),
    "a variable before": ("X=1 crmctl task list --coun", "X=1 crmctl task list --count"),
    "an ID from a server that is gone": (
        "crmctl --profile team task get task_b",
        "crmctl --profile team task get task_begun",
    ),
    "a hostile ID from a server": (
        "crmctl --profile team task get --y",
        "crmctl --profile team task get --y",
    ),
    "a file": ("crmctl api POST /tasks --input pl", "crmctl api POST /tasks --input plain.json"),
    "a file with a blank": (
        "crmctl api POST /tasks --input wi",
        "crmctl api POST /tasks --input with\\ blank.json",
    ),
    "a file after =": ("crmctl --ca-file=pl", "crmctl --ca-file=plain.json"),
    "a file to back up to": ("crmctl workspace backup pl", "crmctl workspace backup plain.json"),
    "a file to write to": ("crmctl task list > pl", "crmctl task list > plain.json"),
    "no file for a title": ("crmctl task create pl", "crmctl task create pl"),
    "no file for an ID": ("crmctl task delete pl", "crmctl task delete pl"),
    "nothing after a noun that there is not": ("crmctl nosuch ta", "crmctl nosuch ta"),
}


class Desk:
    """A shell where somebody has worked: a workspace, the demo, and a server that is gone now."""

    def __init__(self, shell: Shell, directory: Path) -> None:
        self.shell = shell
        self.directory = directory

    def is_unharmed(self) -> bool:
        """Whether no title or ID has been run as a command, and the shell still works."""
        return self.shell.run("ls") != "" and not list(self.directory.parent.rglob("pwned"))


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """The shell in a directory with files, completion installed twice."""
    name = request.param
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    home = tmp_path_factory.mktemp(name)
    data, directory = home / "data", home / "here"
    data.mkdir(mode=0o700)
    directory.mkdir()
    for file in ("plain.json", "with blank.json"):
        (directory / file).touch()
    stock(data / "local.db")
    add_tasks(data / "local.db", {"task_hostile": HOSTILE})
    add_tasks(data / "demo.db", {"only": "The demo's"})
    crmctl = prepare(
        name, Crmctl(home, CRMCTL_DATA_DIR=str(data), CRMCTL_CONFIG_DIR=str(home / "config"))
    )
    crmctl.done("--profile", "demo", "record", "add", "user", "usr_xena", "Xena")
    stock(home / "far.db")
    add_tasks(home / "far.db", dict.fromkeys(HOSTILE_IDS, HOSTILE))
    with open_far_end(home / "far.db") as far_end:
        login = ("auth", "login", "--base-url", far_end.url, "--key-stdin", "--store", "file")
        crmctl.done("--profile", "team", *login, stdin=KEY)
        crmctl.done("--profile", "team", "task", "list")
    crmctl.done("auth", "switch", "local")
    for _ in range(2):
        crmctl.done("completion", "install", name)
    with open_shell(name, crmctl, directory) as shell:
        yield Desk(shell, directory)


def add_tasks(file: Path, titles: dict[str, str]) -> None:
    with closing(SqliteStore(file)) as store:
        insert_tasks(store, [{"id": task_id, "title": title} for task_id, title in titles.items()])


def test_tab_completes(desk: Desk) -> None:
    wrong = {
        what: (typed, line)
        for what, (typed, expected) in COMPLETED.items()
        if (line := desk.shell.complete(typed)) != expected
    }
    assert wrong == {}
    assert desk.is_unharmed()


def test_possibilities_are_listed_with_what_they_are(desk: Desk) -> None:
    nouns = visible(desk.shell.list_completions("crmctl "))
    assert "task" in nouns
    assert "Log activities, list them, read the feed" in nouns
    statuses = visible(desk.shell.list_completions("crmctl task list --status "))
    for status in ("pending", "in_progress", "completed", "cancelled"):
        assert status in statuses
    assert "plain.json" not in nouns + statuses


def test_a_hostile_title_is_shown_beside_its_id_and_does_nothing(desk: Desk) -> None:
    seen = desk.shell.list_completions("crmctl task get task_")
    assert HOSTILE_SHOWN in visible(seen)
    assert "]0;pwned\x07" not in seen
    assert "Send the proposal" in visible(seen)
    assert desk.is_unharmed()


def test_hostile_ids_from_a_server_are_not_offered(desk: Desk) -> None:
    seen = visible(desk.shell.list_completions("crmctl --profile team task get "))
    assert "task_late" in seen
    assert "Send the proposal" in seen
    assert HOSTILE_SHOWN not in seen
    assert desk.is_unharmed()
