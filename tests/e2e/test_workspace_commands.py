"""`crmctl workspace` and `crmctl demo`."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from crmctl.store.sqlite import SqliteStore
from tests.contract.world import insert_tasks
from tests.e2e.running import RECORDS, Crmctl
from tests.postgres_server import PostgresServer


def workspace_of(crmctl: Crmctl) -> Path:
    return crmctl.home / "data" / "local.db"


def test_info_says_where_it_is_and_what_it_holds(stocked: Crmctl) -> None:
    info = stocked.json("workspace", "info")
    assert info["path"] == str(workspace_of(stocked))
    assert (info["profile"], info["exists"]) == ("local", True)
    assert (info["tasks"], info["activities"], info["records"]) == (6, 3, len(RECORDS))
    assert info["bytes"] == workspace_of(stocked).stat().st_size


def test_reading_creates_nothing(crmctl: Crmctl) -> None:
    assert crmctl.json("workspace", "info")["exists"] is False
    assert crmctl.json("task", "list") == []
    assert crmctl.json("config", "list")
    assert Path(crmctl.done("workspace", "path").stdout.strip()).is_relative_to(crmctl.home)
    assert list(crmctl.home.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_what_a_write_creates_is_its_owner_s_alone(crmctl: Crmctl) -> None:
    crmctl.done("task", "create", "x")
    file = Path(crmctl.json("workspace", "path")["path"])
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_backup_is_a_workspace(stocked: Crmctl) -> None:
    backup = stocked.home / "other" / "local.db"
    backup.parent.mkdir()
    assert stocked.json("workspace", "backup", str(backup)) == {"path": str(backup)}
    other = stocked.having(CRMCTL_DATA_DIR=str(backup.parent))
    assert other.json("task", "list") == stocked.json("task", "list")


def test_a_backup_replaces_nothing(stocked: Crmctl) -> None:
    there = stocked.home / "there"
    there.write_text("mine")
    result = stocked.run("workspace", "backup", str(there))
    assert result.status == 2
    assert there.read_text() == "mine"


def test_a_workspace_is_copied_to_postgresql_and_back(
    stocked: Crmctl, postgres_server: PostgresServer
) -> None:
    url = postgres_server.create("copied")
    plan = stocked.done("workspace", "copy", "--to", url, "-n").stderr
    there = stocked.json("workspace", "copy", "--to", url)
    again = stocked.json("workspace", "copy", "--to", url)
    (back := stocked.home / "back" / "local.db").parent.mkdir()
    stocked.done("workspace", "copy", "--from", url, "--to", str(back))
    records = len(RECORDS)
    assert plan == f"Would copy {9 + records} of {9 + records} to postgresql://crm@/copied.\n"
    assert there == {
        "from": str(workspace_of(stocked)),
        "to": "postgresql://crm@/copied",
        "tasks": 6,
        "activities": 3,
        "records": records,
        "keys": 0,
        "answers": 0,
        "copied": 9 + records,
    }
    assert again == {**there, "copied": 0}
    other = stocked.having(CRMCTL_DATA_DIR=str(back.parent))
    assert other.json("task", "list") == stocked.json("task", "list")
    assert other.json("activity", "feed") == stocked.json("activity", "feed")


def test_a_copy_replaces_nothing(stocked: Crmctl) -> None:
    stocked.done("demo", "-q")
    before = (stocked.home / "data" / "demo.db").read_bytes()
    result = stocked.run("workspace", "copy", "--to", "demo")
    assert result.status == 12
    assert "The target holds something else: " in result.stderr
    assert (stocked.home / "data" / "demo.db").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--to", "local"), 2, "--from and --to are the same place."),
        (("--to", "nowhere"), 2, "Write ./nowhere if a file is meant."),
        (("--to", "work"), 2, "the profile work is a server, not a workspace."),
        (("--to", "mysql://h/x"), 2, "knows no databases of the kind mysql"),
        (("--from", "./nowhere.db", "--to", "demo"), 2, "There is no workspace at nowhere.db."),
        ((), 2, "Missing option '--to'."),
    ],
)
def test_a_copy_from_or_to_what_is_no_workspace_is_refused(
    stocked: Crmctl, words: tuple[str, ...], status: int, said: str
) -> None:
    config = stocked.home / "config.toml"
    config.write_text('[profiles.work]\nbase_url = "http://127.0.0.1:9"\n')
    configured = stocked.having(CRMCTL_CONFIG_DIR=str(stocked.home))
    result = configured.run("workspace", "copy", *words)
    assert (result.status, said in result.stderr) == (status, True), result.stderr


def test_a_read_only_profile_is_copied_to_nowhere_and_rehearses_it(stocked: Crmctl) -> None:
    reader = stocked.having(CRMCTL_READ_ONLY="1")
    assert reader.run("workspace", "copy", "--to", "demo").status == 5
    assert reader.done("workspace", "copy", "--to", "demo", "-n").stdout == ""
    assert not (stocked.home / "data" / "demo.db").exists()


def test_a_copy_that_is_killed_goes_on(stocked: Crmctl) -> None:
    with closing(SqliteStore(workspace_of(stocked))) as store:
        insert_tasks(store, [{"title": f"Task {number}"} for number in range(4000)])
    target = stocked.home / "target.db"
    copying = stocked.start("workspace", "copy", "--to", str(target))
    with closing(SqliteStore(target)) as store:
        there = 0
        while not there and copying.poll() is None:
            with store.reading() as kept:
                there = kept.totals()["tasks"]
    copying.kill()
    copying.wait()
    told = stocked.json("workspace", "copy", "--to", str(target))
    assert told["tasks"] == 4006
    assert stocked.json("workspace", "copy", "--to", str(target))["copied"] == 0


def test_check_finds_a_whole_workspace_whole(stocked: Crmctl) -> None:
    assert stocked.json("workspace", "check")["ok"] is True


def test_check_finds_damage(stocked: Crmctl) -> None:
    with workspace_of(stocked).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 8192)
    result = stocked.run("workspace", "check", "-o", "json")
    assert result.status == 12
    assert result.error["code"] == "store"
    assert "damaged" in result.error["message"]


def foreign(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (x)")


def future(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")


def no_database(file: Path) -> None:
    file.write_text("These are my notes.\n" * 20)


@pytest.mark.parametrize("spoil", [foreign, future, no_database])
@pytest.mark.parametrize(
    "command",
    ["task list", "task create x", "workspace info", "workspace check", "record list"],
)
def test_what_is_not_a_workspace_of_ours_is_refused_untouched(
    stocked: Crmctl, spoil: object, command: str
) -> None:
    file = workspace_of(stocked)
    assert callable(spoil)
    spoil(file)
    before = file.read_bytes()
    result = stocked.run(*command.split())
    assert result.status == 12
    assert str(file) in result.stderr
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_record_is_added_listed_changed_and_removed(crmctl: Crmctl) -> None:
    crmctl.done("record", "add", "user", "usr_1", "Ann", "--inactive")
    crmctl.done("record", "add", "contact", "con_1", "Jane")
    assert [row[:3] for row in crmctl.done("record", "list").rows] == [
        ["contact", "con_1", "Jane"],
        ["user", "usr_1", "Ann"],
    ]
    crmctl.done("record", "add", "user", "usr_1", "Anna")
    assert crmctl.json("record", "list", "user") == [
        {
            "type": "user",
            "id": "usr_1",
            "name": "Anna",
            "email": None,
            "active": True,
            "notifications": True,
        }
    ]
    assert crmctl.json("record", "remove", "user", "usr_1") == {
        "type": "user",
        "id": "usr_1",
        "deleted": True,
    }
    assert crmctl.run("record", "remove", "user", "usr_1").status == 4
    assert crmctl.json("record", "list", "user") == []


def test_a_name_is_of_any_script(crmctl: Crmctl) -> None:
    name = "क्\u200dष 👩\u200d👩\u200d👧"
    assert crmctl.json("record", "add", "contact", "con_1", name)["name"] == name


def test_a_record_gives_its_name_to_what_refers_to_it(crmctl: Crmctl) -> None:
    task_id = crmctl.json("task", "create", "x", "--assignee", "usr_1")["id"]
    crmctl.done("record", "add", "user", "usr_1", "Ann")
    assert crmctl.json("task", "get", task_id)["assignee_name"] == "Ann"


@pytest.mark.parametrize(
    "args",
    [
        ("company", "con_1", "Acme"),
        ("contact", "con_1", " "),
        ("contact", "", "Jane"),
        ("contact", "con_1", "J\x07"),
        ("contact", "con_1", "Jane\nSmith"),
    ],
)
def test_a_record_that_cannot_be_is_refused(crmctl: Crmctl, args: tuple[str, str, str]) -> None:
    assert crmctl.run("record", "add", *args).status == 2
    assert list(crmctl.home.iterdir()) == []


def test_a_server_is_not_a_workspace(remote: Crmctl) -> None:
    result = remote.run("workspace", "info")
    assert result.status == 2
    assert "--profile local" in result.stderr


def test_the_demo_is_made_once_and_made_anew_only_when_asked(stocked: Crmctl) -> None:
    first = stocked.done("demo")
    assert "Follow up with Acme Corp" in first.stdout
    assert "crmctl --profile demo brief Jane Smith" in first.stderr
    assert "--reset" not in first.stderr
    stocked.done("--profile", "demo", "task", "delete", "task_001", "--yes")
    plan = stocked.done("demo", "-n").stderr
    assert plan == f"Would show what is in {stocked.home / 'data' / 'demo.db'}.\n"
    again = stocked.done("demo")
    assert "task_001" not in again.stdout
    assert "This is the demo as it was left; `crmctl demo --reset` makes it anew." in again.stderr
    plan = stocked.done("demo", "--reset", "-n").stderr
    assert plan == (
        f"Would make {stocked.home / 'data' / 'demo.db'} anew: all that is in it would go.\n"
    )
    assert stocked.json("--profile", "demo", "task", "list", "--count") == {"count": 5}
    assert stocked.done("demo", "--reset").stdout == first.stdout
    assert stocked.json("task", "list", "--count") == {"count": 6}


def test_a_read_only_demo_is_shown_and_not_made_anew(crmctl: Crmctl) -> None:
    made = crmctl.done("demo", "-o", "ids").stdout
    reader = crmctl.having(CRMCTL_READ_ONLY="1")
    assert reader.done("demo", "-o", "ids").stdout == made
    assert reader.run("demo", "--reset").status == 5


def test_what_the_demo_says_to_try_next_works(crmctl: Crmctl) -> None:
    import shlex

    shown = crmctl.having(CI="true").done("demo").stderr
    commands = [shlex.split(line)[1:] for line in shown.splitlines() if "crmctl --profile" in line]
    assert len(commands) == 5
    for command in commands:
        crmctl.done(*command)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_the_demo_on_a_terminal_shows_tasks_and_the_feed(crmctl: Crmctl) -> None:
    shown = crmctl.on_terminal("demo").stdout
    assert shown.index("Clean up old leads") < shown.index("Discovery call with Jane Smith")
    assert "Try next:" in shown
