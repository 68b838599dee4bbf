"""The workspace's file: what is made, what is refused and left alone, what survives."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.message import Request
from crmctl.resources import ACTIVITY, PRIORITIES, TASK, Resource
from crmctl.store import pages as listing
from crmctl.store.header import APPLICATION_ID, SCHEMA_VERSION
from crmctl.store.records import add_record, find_names, list_records, remove_record
from crmctl.store.sqlite import Store
from crmctl.workspace.app import Workspace

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a workspace would be; nothing is there."""
    return tmp_path / "data" / "local.db"


def create_task(path: Path, title: str = "Call", **fields: Any) -> dict[str, Any]:
    with closing(Workspace(path)) as workspace:
        response = workspace(Request("POST", "/tasks", body={"title": title, **fields}))
    task: dict[str, Any] = response.content["data"]
    return task


def titles(path: Path) -> list[str]:
    with closing(Workspace(path)) as workspace:
        response = workspace(Request("GET", "/tasks", query={"sort": "created_at", "limit": "100"}))
    return sorted(task["title"] for task in response.content["data"])


def run(code: str, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """A Python of its own that runs ``code`` with crmctl importable."""
    root = Path(errors.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(root)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def snapshot(directory: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in directory.iterdir()}


# What is made


@POSIX
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_a_new_workspace_is_0600_in_a_0700_directory(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        create_task(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(snapshot(path.parent)) == ["local.db"]


def test_reading_a_workspace_that_is_not_there_makes_nothing(path: Path, tmp_path: Path) -> None:
    with closing(Workspace(path)) as workspace:
        listed = workspace(Request("GET", "/tasks")).content
        gotten = workspace(Request("GET", "/tasks/task_1")).status
        feed = workspace(Request("GET", "/activities/feed")).content["data"]
        checked = workspace.store.check()
    assert listed == {
        "success": True,
        "data": [],
        "meta": {"total": 0, "limit": 25, "has_more": False},
    }
    assert (gotten, feed, checked) == (404, [], [])
    assert list(tmp_path.iterdir()) == []


def test_reading_writes_nothing(path: Path) -> None:
    create_task(path)
    before = snapshot(path.parent), path.stat().st_mtime_ns
    assert titles(path) == ["Call"]
    with closing(Store(path)) as store:
        assert store.check() == []
    assert (snapshot(path.parent), path.stat().st_mtime_ns) == before


def test_the_file_says_what_it_is(path: Path) -> None:
    create_task(path)
    with closing(sqlite3.connect(path)) as connection:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version", "journal_mode", "integrity_check")
        ]
    assert found == [APPLICATION_ID, SCHEMA_VERSION, "delete", "ok"]


def test_every_connection_waits_syncs_and_checks(path: Path) -> None:
    create_task(path)
    with closing(Store(path, busy_seconds=2.5)) as store, store.reading() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("busy_timeout", "synchronous", "foreign_keys")
        }
    assert found == {"busy_timeout": 2500, "synchronous": 2, "foreign_keys": 1}


def test_an_error_in_the_middle_undoes_the_whole_transaction(path: Path) -> None:
    with closing(Store(path)) as store:
        with suppress(KeyError), store.writing() as connection:
            add_record(connection, "user", "usr_1", "Sarah")
            raise KeyError
        with store.reading() as connection:
            assert list_records(connection) == []


def test_all_that_is_read_at_once_is_of_one_moment(path: Path) -> None:
    create_task(path, "First")
    with closing(Store(path)) as reader, closing(Store(path, busy_seconds=0)) as writer:
        with reader.reading() as connection:
            count = "SELECT count(*) FROM task"
            before = connection.execute(count).fetchone()
            with pytest.raises(errors.StoreError), writer.writing() as other:
                other.execute("UPDATE task SET title = 'x', version = 1")
            assert connection.execute(count).fetchone() == before
        with writer.writing() as other:
            other.execute("UPDATE task SET title = 'Second', version = 1")
    assert titles(path) == ["Second"]


# What is refused and left alone


def whole(path: Path) -> bytes:
    create_task(path, description="x" * 20_000)
    return path.read_bytes()


def make_garbage(path: Path) -> None:
    path.write_bytes(b"\x89garbage\n" * 500)


def make_text(path: Path) -> None:
    path.write_text("SQLite")


def make_half(path: Path) -> None:
    data = whole(path)
    path.write_bytes(data[: len(data) // 2])


def make_header_alone(path: Path) -> None:
    path.write_bytes(whole(path)[:100])


def make_empty(path: Path) -> None:
    path.write_bytes(b"")


def make_scrambled(path: Path) -> None:
    data = whole(path)
    path.write_bytes(data[:100] + b"\xff" * (len(data) - 100))


def make_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE task (id)")
        connection.commit()


def make_foreign_wal(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE bookmarks (url)")
        connection.commit()


def make_our_own_wal(path: Path) -> None:
    create_task(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def make_future(path: Path) -> None:
    create_task(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")


REFUSED: dict[Callable[[Path], None], str] = {
    make_garbage: "damaged, or not a crmctl workspace",
    make_text: "damaged, or not a crmctl workspace",
    make_empty: "damaged, or not a crmctl workspace",
    make_half: "is damaged",
    make_header_alone: "is damaged",
    make_scrambled: "is damaged",
    make_foreign: "a database of another program",
    make_foreign_wal: "a database of another program",
    make_our_own_wal: "a database of another program",
    make_future: "written by a later crmctl (schema 2; this one knows 1)",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__.removeprefix("make_"))
@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/tasks"),
        Request("POST", "/tasks", body={"title": "Call"}),
        Request("DELETE", "/tasks/task_1"),
    ],
    ids=["list", "create", "delete"],
)
def test_what_is_no_usable_workspace_is_refused_and_left_as_it_is(
    path: Path, make: Callable[[Path], None], request_: Request
) -> None:
    path.parent.mkdir()
    make(path)
    before = snapshot(path.parent), path.stat().st_mtime_ns
    with (
        closing(Workspace(path)) as workspace,
        pytest.raises(errors.StoreError) as raised,
    ):
        workspace(request_)
    assert REFUSED[make] in raised.value.message
    assert str(path) in raised.value.message
    assert raised.value.hint is not None
    assert (raised.value.exit_status, raised.value.retryable) == (12, False)
    assert (snapshot(path.parent), path.stat().st_mtime_ns) == before


def test_a_foreign_database_in_use_keeps_its_write_ahead_log(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE bookmarks (url)")
        other.commit()
        before = snapshot(path.parent)
        assert sorted(before) == ["local.db", "local.db-shm", "local.db-wal"]
        with closing(Store(path)) as store, pytest.raises(errors.StoreError), store.reading():
            pass
        assert snapshot(path.parent) == before


@pytest.mark.parametrize("what", ["a directory", "below a file"])
def test_a_path_that_can_be_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "local.db"
    path.mkdir() if what == "a directory" else path.touch()
    target = path if what == "a directory" else path / "local.db"
    for body in (None, {"title": "Call"}):
        with closing(Workspace(target)) as workspace, pytest.raises(errors.StoreError) as raised:
            workspace(Request("POST" if body else "GET", "/tasks", body=body))
        assert raised.value.hint == "CRMCTL_DATA_DIR names another directory."


# What others do meanwhile


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_locked_workspace_is_a_failure_that_may_pass(path: Path, method: str) -> None:
    create_task(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with closing(Workspace(path)) as workspace:
            workspace.store.busy_seconds = 0.05
            with pytest.raises(errors.StoreError, match="locked by another process") as raised:
                workspace(Request(method, "/tasks", body={"title": "Late"}))
            assert (raised.value.retryable, raised.value.exit_status) == (True, 12)
            other.execute("ROLLBACK")
            assert workspace(Request(method, "/tasks", body={"title": "Late"})).status < 300


def test_a_lock_that_is_given_up_in_time_is_waited_for(path: Path) -> None:
    create_task(path, "First")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(0.1, other.execute, ["COMMIT"])
        timer.start()
        create_task(path, "Second")
        timer.join()
    assert titles(path) == ["First", "Second"]


WRITE_ONE = """
import sys
from pathlib import Path
from crmctl.api.message import Request
from crmctl.workspace.app import Workspace
sys.stdin.readline()
workspace = Workspace(Path(sys.argv[1]))
response = workspace(Request("POST", "/tasks", body={"title": sys.argv[2]}))
workspace.close()
sys.exit(response.status != 201)
"""


def test_processes_that_create_the_first_task_at_once_lose_none(path: Path) -> None:
    names = [f"Task {number:02}" for number in range(32)]
    processes = [run(WRITE_ONE, path, name, stdin=subprocess.PIPE) for name in names]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outcomes = [(process.communicate(timeout=50)[1], process.returncode) for process in processes]
    assert outcomes == [("", 0)] * 32
    assert titles(path) == names
    assert list(snapshot(path.parent)) == ["local.db"]
    with closing(Store(path)) as store:
        assert store.check() == []


def test_threads_that_create_the_first_task_at_once_lose_none(path: Path) -> None:
    names = [f"Task {number}" for number in range(8)]
    start = threading.Barrier(len(names))
    failures: list[Exception] = []

    def write(name: str) -> None:
        start.wait()
        try:
            create_task(path, name)
        except errors.CrmctlError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert titles(path) == names
    assert list(snapshot(path.parent)) == ["local.db"]


# What goes wrong in the middle

# A small cache makes SQLite write pages to the file before the commit: the worst moment to die.
DIE_WRITING = """
import os, signal, sys
from pathlib import Path
from crmctl.store.sqlite import Store
store = Store(Path(sys.argv[1]))
with store.writing() as connection:
    connection.execute("PRAGMA cache_size = 5")
    for number in range(2000):
        connection.execute(
            "INSERT INTO record VALUES ('user', ?, ?, 1, 1)", (f"usr_{number}", "x" * 200)
        )
    connection.execute("UPDATE task SET title = 'Half', version = 99")
    print("in the middle", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
def test_a_process_killed_while_it_writes_leaves_the_workspace_as_it_was(path: Path) -> None:
    task = create_task(path, "Whole")
    size = path.stat().st_size
    process = run(DIE_WRITING, path)
    assert process.communicate(timeout=30) == ("in the middle\n", "")
    assert process.returncode == -signal.SIGKILL
    assert path.stat().st_size > size
    assert (path.parent / "local.db-journal").stat().st_size > 0
    assert titles(path) == ["Whole"]
    with closing(Workspace(path)) as workspace:
        assert workspace(Request("GET", f"/tasks/{task['id']}")).content["data"] == task
        assert workspace.store.check() == []
        with workspace.store.reading() as connection:
            assert list_records(connection) == []
    create_task(path, "After")
    assert titles(path) == ["After", "Whole"]


DIE_CREATING = """
import os, signal, sys
from pathlib import Path
from crmctl.store.sqlite import Store
link = os.link
sys.addaudithook(
    lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == "os.link" else None
)
with Store(Path(sys.argv[1])).writing():
    pass
"""


@POSIX
def test_a_process_killed_while_it_creates_the_workspace_leaves_none(path: Path) -> None:
    process = run(DIE_CREATING, path)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -signal.SIGKILL
    assert not path.exists()
    assert titles(path) == []
    create_task(path, "After")
    assert titles(path) == ["After"]


def test_a_full_disk_is_said_and_what_was_there_stays(path: Path) -> None:
    create_task(path, "Before")
    with closing(Workspace(path)) as workspace:
        with workspace.store.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        body = {"title": "Too much", "description": "x" * 100_000}
        with pytest.raises(errors.StoreError) as raised:
            workspace(Request("POST", "/tasks", body=body))
        assert raised.value.message == f"No space left for the workspace {path}: nothing was saved."
        assert raised.value.hint == "Free some space and run it again."
        assert workspace(Request("GET", "/tasks")).content["meta"]["total"] == 1
        assert workspace.store.check() == []
    assert titles(path) == ["Before"]
    create_task(path, "After")
    assert titles(path) == ["After", "Before"]


# RLIMIT_FSIZE makes the kernel refuse what would grow a file beyond it.
NO_ROOM = """
import resource, sys
from pathlib import Path
from crmctl import errors
from crmctl.api.message import Request
from crmctl.workspace.app import Workspace
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
workspace = Workspace(Path(sys.argv[1]))
try:
    body = {"title": "Too much", "description": "x" * 1_000_000}
    workspace(Request("POST", "/tasks", body=body))
except errors.StoreError as error:
    print(error.exit_status)
workspace.close()
"""


@POSIX
def test_a_file_that_may_not_grow_keeps_what_was_there(path: Path) -> None:
    create_task(path, "Before")
    process = run(NO_ROOM, path, str(path.stat().st_size + 20_000))
    assert process.communicate(timeout=30) == ("12\n", "")
    assert titles(path) == ["Before"]
    with closing(Store(path)) as store:
        assert store.check() == []
    assert list(snapshot(path.parent)) == ["local.db"]


@POSIX
def test_without_room_for_a_new_workspace_there_is_none(path: Path) -> None:
    process = run(NO_ROOM, path, "20000")
    assert process.communicate(timeout=30) == ("12\n", "")
    assert list(path.parent.iterdir()) == []


# Backup, check, remove


def test_a_backup_is_a_whole_workspace_of_its_own(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    create_task(path, "Before")
    with closing(Store(path)) as store:
        store.back_up(target)
    create_task(path, "After")
    assert titles(target) == ["Before"]
    assert titles(path) == ["After", "Before"]
    with closing(Store(target)) as copy:
        assert copy.check() == []
    if os.name == "posix":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_backup_replaces_nothing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    create_task(path)
    with closing(Store(path)) as store:
        with pytest.raises(errors.UsageError, match=r"exists; it was not replaced"):
            store.back_up(target)
        with pytest.raises(errors.UsageError, match=r"exists; it was not replaced"):
            store.back_up(path)
    assert target.read_text() == "precious"
    assert titles(path) == ["Call"]


def test_a_backup_of_nothing_is_refused_and_makes_nothing(path: Path, tmp_path: Path) -> None:
    with closing(Store(path)) as store, pytest.raises(errors.StoreError) as raised:
        store.back_up(tmp_path / "copy.db")
    assert raised.value.message == f"There is no workspace at {path} to copy yet."
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_made_is_said(path: Path, tmp_path: Path) -> None:
    create_task(path)
    target = tmp_path / "nowhere" / "copy.db"
    with closing(Store(path)) as store, pytest.raises(errors.StoreError) as raised:
        store.back_up(target)
    assert raised.value.message == f"{target} cannot be made: No such file or directory."


def test_a_check_finds_what_does_not_add_up(path: Path) -> None:
    create_task(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE task_tally SET number = 5")
        connection.commit()
    with closing(Store(path)) as store:
        assert store.check() == ["there are 1 tasks, and 5 were tallied"]


def test_a_check_finds_a_damaged_index(path: Path) -> None:
    create_task(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX task_priority ON task (title)'"
            " WHERE name = 'task_priority'"
        )
        connection.commit()
    with closing(Store(path)) as store:
        problems = store.check()
    assert problems
    assert all("task_priority" in problem for problem in problems)


# Records


def test_records_are_added_changed_listed_and_removed(path: Path) -> None:
    with closing(Store(path)) as store, store.writing() as connection:
        add_record(connection, "user", "usr_1", "Sarah")
        add_record(connection, "contact", "con_1", "Jane")
        changed = add_record(connection, "user", "usr_1", "Sara", active=False, notifications=False)
        users, everyone = list_records(connection, "user"), list_records(connection)
        removed = [remove_record(connection, "user", name) for name in ("usr_1", "usr_1", "con_1")]
        left = list_records(connection)
    sara = {
        "type": "user",
        "id": "usr_1",
        "name": "Sara",
        "active": False,
        "notifications": False,
    }
    jane = {
        "type": "contact",
        "id": "con_1",
        "name": "Jane",
        "active": True,
        "notifications": True,
    }
    assert (changed, users, everyone) == (sara, [sara], [jane, sara])
    assert (removed, left) == ([True, False, False], [jane])


def test_names_are_found_by_the_beginning_of_their_id(path: Path) -> None:
    tasks = [create_task(path, title)["id"] for title in ("First", "Second", "Third")]
    with closing(Store(path)) as store, store.writing() as connection:
        for number in range(3):
            add_record(connection, "deal", f"deal_{number}0", f"Deal {number}")
        add_record(connection, "contact", "deal_00", "Not a deal")
        found = {
            "deal": find_names(connection, "deal", "deal_", limit=2),
            "deal_1": find_names(connection, "deal", "deal_1", limit=9),
            "nothing": find_names(connection, "deal", "x", limit=9),
            "task": find_names(connection, "task", "task_", limit=2),
            "one task": find_names(connection, "task", tasks[0], limit=9),
        }
    assert found == {
        "deal": [("deal_00", "Deal 0"), ("deal_10", "Deal 1")],
        "deal_1": [("deal_10", "Deal 1")],
        "nothing": [],
        "task": [(tasks[2], "Third"), (tasks[1], "Second")],
        "one task": [(tasks[0], "First")],
    }


# Plans: a page costs the same however much there is


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("plans") / "workspace.db"
    with closing(Workspace(path)) as workspace:
        for number in range(20):
            body = {"title": "Call", "priority": PRIORITIES[number % 4], "due_date": "2026-03-25"}
            workspace(Request("POST", "/tasks", body=body))
            workspace(Request("POST", "/activities", body={"type": "call"}))
        yield workspace.store


def plans(
    connection: sqlite3.Connection, call: Callable[[], object]
) -> list[tuple[str, list[str]]]:
    """Each statement that ``call`` runs, with the lines of its plan."""
    statements: list[str] = []
    connection.set_trace_callback(statements.append)
    try:
        call()
    finally:
        connection.set_trace_callback(None)
    return [
        (text, [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")])
        for text in statements
        if text.startswith("SELECT")
    ]


def conditions_of(resource: Resource) -> list[list[listing.Condition]]:
    """Each filter alone, and each two together."""
    single: list[listing.Condition] = [
        (
            filter.field,
            filter.operator,
            "2026-03-25T00:00:00"
            if resource.field(filter.field).type == "time"
            else 1
            if filter.field == "priority"
            else "some",
        )
        for filter in resource.filters
    ]
    return [[], *[[one] for one in single], *[list(pair) for pair in combinations(single, 2)]]


@pytest.mark.parametrize(
    ("resource", "sort"),
    [
        (resource, sign + name)
        for resource in (TASK, ACTIVITY)
        for name in resource.sorts
        for sign in ("", "-")
    ],
    ids=lambda value: value.name if isinstance(value, Resource) else value,
)
def test_a_page_of_a_wide_list_walks_an_index_in_order(
    store: Store, resource: Resource, sort: str
) -> None:
    key: Any = 1 if sort.endswith("priority") else "2026-03-25T00:00:00"
    places = [None, listing.Place(100, 0, key, 5)]
    if sort.endswith("due_date"):
        places.append(listing.Place(100, 1, 5, 5))
    seen = 0
    for conditions in conditions_of(resource):
        for place in places:
            with store.reading() as connection:
                page = partial(
                    listing.fetch_page,
                    connection,
                    resource,
                    conditions,
                    sort=sort,
                    after=place,
                    limit=26,
                    total=1_000_000,
                )
                found = plans(connection, page)
            for text, plan in found:
                if "FROM task_past" in text:
                    continue  # as small as a day's changes
                seen += 1
                assert not [line for line in plan if "TEMP B-TREE" in line], (text, plan)
                assert not [
                    line
                    for line in plan
                    if line.startswith("SCAN") and "USING" not in line and "item" in line
                ], (text, plan)
    assert seen >= len(conditions_of(resource))


@pytest.mark.parametrize("resource", [TASK, ACTIVITY], ids=["task", "activity"])
def test_few_matches_are_searched_for_by_an_index(store: Store, resource: Resource) -> None:
    seen = 0
    for conditions in conditions_of(resource)[1:]:
        for sort in resource.sorts:
            with store.reading() as connection:
                page = partial(
                    listing.fetch_page,
                    connection,
                    resource,
                    conditions,
                    sort=sort,
                    after=None,
                    limit=26,
                    total=5,
                )
                found = plans(connection, page)
            for text, plan in found:
                seen += 1
                assert plan[0].startswith("SEARCH item USING"), (text, plan)
    assert seen >= len(conditions_of(resource)[1:]) * len(resource.sorts)


@pytest.mark.parametrize("resource", [TASK, ACTIVITY], ids=["task", "activity"])
def test_a_count_reads_an_index_or_the_tally(store: Store, resource: Resource) -> None:
    for conditions in conditions_of(resource):
        with store.reading() as connection:
            count = partial(listing.count, connection, resource, conditions)
            [(text, plan)] = plans(connection, count)
        assert "task_tally" in text or all("INDEX" in line for line in plan), (text, plan)


def test_one_task_is_found_by_its_index(store: Store) -> None:
    with store.reading() as connection:
        [(_, plan)] = plans(connection, lambda: listing.fetch_one(connection, TASK, "task_1"))
    assert plan[0] == "SEARCH item USING INDEX sqlite_autoindex_task_1 (id=?)"
