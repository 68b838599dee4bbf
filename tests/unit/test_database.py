"""A file of ours: what is made, what is refused and left alone, what survives."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Literal

import pytest

from crmctl import errors
from crmctl.database import Database, Schema

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX")

# Whoever keeps something in such a file says what; here it is notes.
FIRST = ["CREATE TABLE note (text TEXT NOT NULL)", "CREATE INDEX note_text ON note (text)"]
SECOND = ["ALTER TABLE note ADD COLUMN author TEXT"]


def notebook(*steps: list[str]) -> Schema:
    """A schema of that many versions."""
    return Schema("notebook", application_id=0x4E4F5445, version=len(steps), steps=lambda: steps)


NOTEBOOK = notebook(FIRST)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a notebook would be; nothing is there."""
    return tmp_path / "data" / "local.db"


def add_note(path: Path, text: str = "Call", *, busy_seconds: float = 30.0) -> None:
    with closing(Database(path, NOTEBOOK, busy_seconds=busy_seconds)) as database:
        write(database, text)


def write(database: Database, text: str) -> None:
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES (?)", (text,))


@pytest.mark.parametrize(("synchronous", "number"), [("FULL", 2), ("EXTRA", 3)])
def test_a_commit_is_on_the_disk_as_surely_as_its_schema_says(
    path: Path, synchronous: Literal["FULL", "EXTRA"], number: int
) -> None:
    schema = Schema(
        "notebook",
        application_id=NOTEBOOK.application_id,
        version=1,
        steps=lambda: [FIRST],
        synchronous=synchronous,
    )
    with closing(Database(path, schema)) as database:
        for opening in (database.writing, database.reading):
            with opening() as connection:
                assert connection.execute("PRAGMA synchronous").fetchone() == (number,)
                assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def read(database: Database) -> list[str]:
    with database.reading() as connection:
        return [text for (text,) in connection.execute("SELECT text FROM note ORDER BY text")]


def notes(path: Path) -> list[str]:
    with closing(Database(path, NOTEBOOK)) as database:
        return read(database)


def problems(path: Path) -> list[str]:
    with closing(Database(path, NOTEBOOK)) as database:
        return database.check()


PRELUDE = f"""
import os, signal, sys
from pathlib import Path
from crmctl import errors
from crmctl.database import Database, Schema
schema = Schema("notebook", application_id=0x4E4F5445, version=1, steps=lambda: [{FIRST!r}])
database = Database(Path(sys.argv[1]), schema)
"""


def run(code: str, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """A Python of its own that runs ``code`` on the ``database`` of the first argument."""
    root = Path(errors.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
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
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_a_new_file_is_0600_in_a_0700_directory(path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        add_note(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(snapshot(path.parent)) == ["local.db"]


def test_reading_a_file_that_is_not_there_makes_nothing(path: Path, tmp_path: Path) -> None:
    assert (notes(path), problems(path)) == ([], [])
    assert list(tmp_path.iterdir()) == []


def test_reading_writes_nothing(path: Path) -> None:
    add_note(path)
    before = snapshot(path.parent), path.stat().st_mtime_ns
    assert (notes(path), problems(path)) == (["Call"], [])
    assert (snapshot(path.parent), path.stat().st_mtime_ns) == before


def test_the_file_says_what_it_is(path: Path) -> None:
    add_note(path)
    with closing(sqlite3.connect(path)) as connection:
        found = [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version", "journal_mode", "integrity_check")
        ]
    assert found == [NOTEBOOK.application_id, 1, "delete", "ok"]


def test_every_connection_syncs_and_checks(path: Path) -> None:
    add_note(path)
    with closing(Database(path, NOTEBOOK)) as database, database.reading() as connection:
        found = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("synchronous", "foreign_keys")
        }
    assert found == {"synchronous": 2, "foreign_keys": 1}


def test_an_error_in_the_middle_undoes_the_whole_transaction(path: Path) -> None:
    with closing(Database(path, NOTEBOOK)) as database:
        with suppress(KeyError), database.writing() as connection:
            connection.execute("INSERT INTO note VALUES ('Half')")
            raise KeyError
        assert read(database) == []


def test_all_that_is_read_at_once_is_of_one_moment(path: Path) -> None:
    add_note(path, "First")
    with (
        closing(Database(path, NOTEBOOK)) as reader,
        closing(Database(path, NOTEBOOK, busy_seconds=0)) as writer,
    ):
        with reader.reading() as connection:
            count = "SELECT count(*) FROM note"
            before = connection.execute(count).fetchone()
            with pytest.raises(errors.StoreError):
                write(writer, "Second")
            assert connection.execute(count).fetchone() == before
        write(writer, "Third")
    assert notes(path) == ["First", "Third"]


def test_threads_each_have_a_transaction_of_their_own(path: Path) -> None:
    add_note(path, "First")
    inside = threading.Barrier(4, timeout=30)
    seen: list[list[str]] = []

    with closing(Database(path, NOTEBOOK)) as database:

        def look() -> None:
            with database.reading() as connection:
                inside.wait()  # all four are in their transactions at once
                rows = connection.execute("SELECT text FROM note").fetchall()
            seen.append([text for (text,) in rows])

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert seen == [["First"]] * 4


# Versions


@POSIX
def test_a_look_at_the_file_takes_no_lock_from_a_transaction(path: Path) -> None:
    add_note(path, "first")
    try_to_write = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
    )
    command = [sys.executable, "-c", try_to_write, str(path)]
    with closing(Database(path, NOTEBOOK)) as database:
        with database.writing() as connection:
            connection.execute("INSERT INTO note VALUES ('second')")
            # What another thread's transaction begins with.
            assert database.version() == 1
            told = subprocess.run(command, check=False, capture_output=True, text=True)
            assert "database is locked" in told.stderr
        assert subprocess.run(command, check=False).returncode == 0
    assert notes(path) == ["first", "second"]


def test_a_file_of_an_earlier_version_is_brought_to_this_one(path: Path) -> None:
    add_note(path, "Old")
    with (
        closing(Database(path, notebook(FIRST, SECOND))) as database,
        database.writing() as connection,
    ):
        connection.execute("INSERT INTO note VALUES ('New', 'Ann')")
        rows = connection.execute("SELECT text, author FROM note ORDER BY text").fetchall()
    assert rows == [("New", "Ann"), ("Old", None)]
    with closing(Database(path, NOTEBOOK)) as database, pytest.raises(errors.StoreError):
        read(database)


def test_a_step_that_fails_leaves_the_version_before_it(path: Path) -> None:
    add_note(path, "Old")
    broken = notebook(FIRST, [*SECOND, "CREATE TABLE note (text)"])
    with closing(Database(path, broken)) as database, pytest.raises(errors.StoreError):
        read(database)
    assert notes(path) == ["Old"]


# What is refused and left alone


def whole(path: Path) -> bytes:
    add_note(path, "x" * 20_000)
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


def make_schema_no_text(path: Path) -> None:
    path.write_bytes(whole(path).replace(b"CREATE TABLE", b"CRE\xbeTE TABLE"))


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
    add_note(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def make_future(path: Path) -> None:
    add_note(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {2}")


REFUSED: dict[Callable[[Path], None], str] = {
    make_garbage: "damaged, or not a crmctl notebook",
    make_text: "damaged, or not a crmctl notebook",
    make_empty: "damaged, or not a crmctl notebook",
    make_half: "is damaged",
    make_header_alone: "is damaged",
    make_scrambled: "is damaged",
    make_schema_no_text: "is damaged",
    make_foreign: "a database of another program",
    make_foreign_wal: "a database of another program",
    make_our_own_wal: "a database of another program",
    make_future: "written by a later crmctl (schema 2; this one knows 1)",
}


@pytest.mark.parametrize("make", REFUSED, ids=lambda make: make.__name__.removeprefix("make_"))
@pytest.mark.parametrize("use", [read, lambda database: write(database, "New")], ids=["r", "w"])
def test_what_is_no_usable_file_is_refused_and_left_as_it_is(
    path: Path, make: Callable[[Path], None], use: Callable[[Database], object]
) -> None:
    path.parent.mkdir()
    make(path)
    before = snapshot(path.parent), path.stat().st_mtime_ns
    with (
        closing(Database(path, NOTEBOOK)) as database,
        pytest.raises(errors.StoreError) as raised,
    ):
        use(database)
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
        with pytest.raises(errors.StoreError):
            notes(path)
        assert snapshot(path.parent) == before


@pytest.mark.skipif(os.name != "posix", reason="Windows has no FIFOs")
@pytest.mark.parametrize("name", ["local.db", "local.db-journal", "local.db-wal", "link"])
def test_a_fifo_is_refused_and_not_waited_for(path: Path, name: str) -> None:
    path.parent.mkdir()
    if name == "link":
        path.symlink_to("fifo")
        os.mkfifo(path.with_name("fifo"))
    else:
        if name != path.name:
            add_note(path)
        os.mkfifo(path.with_name(name))
    for use in (notes, add_note):
        with pytest.raises(errors.StoreError, match="is a FIFO, not a regular file"):
            use(path)


@POSIX
def test_a_link_that_leads_nowhere_yet_gets_its_file_there(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(tmp_path / "other disk" / "tasks.db")
    assert notes(path) == []
    add_note(path)
    assert path.is_symlink()
    assert notes(tmp_path / "other disk" / "tasks.db") == ["Call"]


@pytest.mark.parametrize("what", ["a directory", "below a file"])
def test_a_path_that_can_be_no_file_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "local.db"
    path.mkdir() if what == "a directory" else path.touch()
    target = path if what == "a directory" else path / "local.db"
    for use in (notes, add_note):
        with pytest.raises(errors.StoreError) as raised:
            use(target)
        assert raised.value.hint == "CRMCTL_DATA_DIR names another directory."


# What others do meanwhile


@pytest.mark.parametrize("use", [read, lambda database: write(database, "Late")], ids=["r", "w"])
def test_a_locked_file_is_a_failure_that_may_pass(
    path: Path, use: Callable[[Database], object]
) -> None:
    add_note(path)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        closing(Database(path, NOTEBOOK, busy_seconds=0.05)) as database,
    ):
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(errors.StoreError, match="locked by another process") as raised:
            use(database)
        assert (raised.value.retryable, raised.value.exit_status) == (True, 12)
        other.execute("ROLLBACK")
        use(database)


def test_a_lock_that_is_given_up_in_time_is_waited_for(path: Path) -> None:
    add_note(path, "First")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        timer = threading.Timer(0.1, other.execute, ["COMMIT"])
        timer.start()
        add_note(path, "Second")
        timer.join()
    assert notes(path) == ["First", "Second"]


def test_a_write_waits_for_who_reads(path: Path) -> None:
    add_note(path, "First")
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM note").fetchall()
        timer = threading.Timer(0.3, other.execute, ["COMMIT"])
        timer.start()
        add_note(path, "Second")
        timer.join()
    assert notes(path) == ["First", "Second"]


def test_all_waiting_of_a_transaction_ends_in_time(path: Path) -> None:
    add_note(path)
    with (
        closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other,
        closing(Database(path, NOTEBOOK, busy_seconds=1)) as database,
    ):
        other.execute("BEGIN EXCLUSIVE")
        # From then on a reader, whom the start of a write does not mind, and its end does.
        timer = threading.Timer(
            0.8, lambda: [other.execute(each) for each in ("COMMIT", "BEGIN", "SELECT * FROM note")]
        )
        timer.start()
        begun = time.monotonic()
        with pytest.raises(errors.StoreError, match="locked by another process"):
            write(database, "Late")
        assert time.monotonic() - begun < 1.7
        timer.join()
        other.execute("COMMIT")
    assert notes(path) == ["Call"]


@POSIX
@pytest.mark.parametrize("begin", ["reading", "writing"])
def test_who_waits_for_a_lock_hears_signals(path: Path, begin: str) -> None:
    add_note(path)
    code = f"""
signal.signal(signal.SIGINT, signal.default_int_handler)
print("ready", flush=True)
try:
    with database.{begin}():
        pass
except KeyboardInterrupt:
    print("heard")
"""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        process = run(code, path)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=10)[0] == "heard\n"


WRITE_ONE = """
sys.stdin.readline()
with database.writing() as connection:
    connection.execute("INSERT INTO note VALUES (?)", (sys.argv[2],))
"""


def test_processes_that_make_the_file_at_once_lose_none(path: Path) -> None:
    names = [f"Note {number:02}" for number in range(32)]
    processes = [run(WRITE_ONE, path, name, stdin=subprocess.PIPE) for name in names]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outcomes = [(process.communicate(timeout=50)[1], process.returncode) for process in processes]
    assert outcomes == [("", 0)] * 32
    assert notes(path) == names
    assert list(snapshot(path.parent)) == ["local.db"]
    assert problems(path) == []


def test_threads_that_make_the_file_at_once_lose_none(path: Path) -> None:
    names = [f"Note {number}" for number in range(8)]
    start = threading.Barrier(len(names))
    failures: list[Exception] = []

    def add(name: str) -> None:
        start.wait()
        try:
            add_note(path, name)
        except errors.CrmctlError as error:
            failures.append(error)

    threads = [threading.Thread(target=add, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert notes(path) == names
    assert list(snapshot(path.parent)) == ["local.db"]


# What goes wrong in the middle

# A small cache makes SQLite write pages to the file before the commit: the worst moment to die.
DIE_WRITING = """
with database.writing() as connection:
    connection.execute("PRAGMA cache_size = 5")
    for number in range(2000):
        connection.execute("INSERT INTO note VALUES (?)", (f"{number} " + "x" * 200,))
    connection.execute("UPDATE note SET text = 'Half'")
    print("in the middle", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@POSIX
def test_a_process_killed_while_it_writes_leaves_it_as_it_was(path: Path) -> None:
    add_note(path, "Whole")
    size = path.stat().st_size
    process = run(DIE_WRITING, path)
    assert process.communicate(timeout=30) == ("in the middle\n", "")
    assert process.returncode == -signal.SIGKILL
    assert path.stat().st_size > size
    assert (path.parent / "local.db-journal").stat().st_size > 0
    assert notes(path) == ["Whole"]
    assert problems(path) == []
    add_note(path, "After")
    assert notes(path) == ["After", "Whole"]


DIE_CREATING = """
sys.addaudithook(
    lambda event, _: os.kill(os.getpid(), signal.SIGKILL) if event == "os.link" else None
)
with database.writing():
    pass
"""


@POSIX
def test_a_process_killed_while_it_makes_the_file_leaves_none(path: Path) -> None:
    process = run(DIE_CREATING, path)
    assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -signal.SIGKILL
    assert not path.exists()
    assert notes(path) == []
    add_note(path, "After")
    assert notes(path) == ["After"]


def test_a_full_disk_is_said_and_what_was_there_stays(path: Path) -> None:
    add_note(path, "Before")
    with closing(Database(path, NOTEBOOK)) as database:
        with database.reading() as connection:
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(errors.StoreError) as raised:
            write(database, "x" * 100_000)
        assert raised.value.message == f"No space left for the notebook {path}: nothing was saved."
        assert raised.value.hint == "Free some space and run it again."
        assert read(database) == ["Before"]
        assert database.check() == []
    assert notes(path) == ["Before"]
    add_note(path, "After")
    assert notes(path) == ["After", "Before"]


# RLIMIT_FSIZE makes the kernel refuse what would grow a file beyond it.
NO_ROOM = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    with database.writing() as connection:
        connection.execute("INSERT INTO note VALUES (?)", ("x" * 1_000_000,))
except errors.StoreError as error:
    print(error.exit_status)
database.close()
"""


@POSIX
def test_a_file_that_may_not_grow_keeps_what_was_there(path: Path) -> None:
    add_note(path, "Before")
    process = run(NO_ROOM, path, str(path.stat().st_size + 20_000))
    assert process.communicate(timeout=30) == ("12\n", "")
    assert notes(path) == ["Before"]
    assert problems(path) == []
    assert list(snapshot(path.parent)) == ["local.db"]


@POSIX
def test_without_room_for_a_new_file_there_is_none(path: Path) -> None:
    process = run(NO_ROOM, path, "6000")
    assert process.communicate(timeout=30) == ("12\n", "")
    assert list(path.parent.iterdir()) == []


# Backup and check


def test_a_backup_is_a_whole_notebook_of_its_own(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    add_note(path, "Before")
    with closing(Database(path, NOTEBOOK)) as database:
        database.back_up(target)
    add_note(path, "After")
    assert notes(target) == ["Before"]
    assert notes(path) == ["After", "Before"]
    assert problems(target) == []
    if os.name == "posix":
        assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_a_backup_replaces_nothing(path: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("precious")
    add_note(path)
    with closing(Database(path, NOTEBOOK)) as database:
        with pytest.raises(errors.UsageError, match=r"exists; it was not replaced"):
            database.back_up(target)
        with pytest.raises(errors.UsageError, match=r"exists; it was not replaced"):
            database.back_up(path)
    assert target.read_text() == "precious"
    assert notes(path) == ["Call"]


def test_a_backup_of_nothing_is_refused_and_makes_nothing(path: Path, tmp_path: Path) -> None:
    with closing(Database(path, NOTEBOOK)) as database, pytest.raises(errors.StoreError) as raised:
        database.back_up(tmp_path / "copy.db")
    assert raised.value.message == f"There is no notebook at {path} to copy yet."
    assert list(tmp_path.iterdir()) == []


def test_a_backup_that_cannot_be_made_is_said(path: Path, tmp_path: Path) -> None:
    add_note(path)
    target = tmp_path / "nowhere" / "copy.db"
    with closing(Database(path, NOTEBOOK)) as database, pytest.raises(errors.StoreError) as raised:
        database.back_up(target)
    assert raised.value.message == f"{target} could not be written: No such file or directory."


@POSIX
def test_a_backup_that_is_killed_leaves_nothing_under_its_name(path: Path, tmp_path: Path) -> None:
    with closing(Database(path, NOTEBOOK)) as database, database.writing() as connection:
        for _ in range(100):
            connection.execute("INSERT INTO note VALUES (?)", ("x" * 1_000_000,))
    target = tmp_path / "copy.db"
    process = run(
        "print('ready', flush=True)\ndatabase.back_up(Path(sys.argv[2]))", path, str(target)
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    end = time.monotonic() + 30
    while not list(tmp_path.glob(".crmctl-*")):
        assert time.monotonic() < end
    process.kill()
    process.communicate(timeout=30)
    assert not target.exists()


def test_a_check_finds_a_damaged_index(path: Path) -> None:
    add_note(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX note_text ON note (text || 1)'"
            " WHERE name = 'note_text'"
        )
        connection.commit()
    found = problems(path)
    assert found
    assert all("note_text" in problem for problem in found)


@pytest.mark.parametrize(
    "name", [":memory:", "file:copy.db", "file:copy.db?mode=memory", "a b#c?d", "x" * 250]
)
def test_a_backup_has_the_name_that_was_asked_for(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    add_note(path)
    monkeypatch.chdir(tmp_path)
    with closing(Database(path, NOTEBOOK)) as database:
        database.back_up(Path(name))
    assert notes(tmp_path / name) == ["Call"]


BACK_UP = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    database.back_up(Path(sys.argv[2]))
except errors.StoreError as error:
    print(error.message)
"""


@POSIX
def test_a_backup_that_has_no_room_blames_the_copy_and_leaves_none(
    path: Path, tmp_path: Path
) -> None:
    add_note(path, "x" * 100_000)
    target = tmp_path / "copy.db"
    said, failed = run(BACK_UP, path, target).communicate(timeout=30)
    assert said.startswith(f"{target} could not be written: ")
    assert failed == ""
    assert [file.name for file in tmp_path.iterdir()] == ["data"]
