"""The store in PostgreSQL: its schema, those who share it, and what is said when it fails."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.fields import Field
from crmctl.resources import ACTIVITY, TASK
from crmctl.store.interface import Store, Transaction
from crmctl.store.urls import open_database
from tests.kept import activity, task, with_field
from tests.postgres_server import PostgresServer

ROOT = Path(__file__).parent.parent.parent
_NUMBERS = count()


@pytest.fixture
def name(postgres_server: PostgresServer) -> Iterator[str]:
    """A database with nothing in it, gone at the end."""
    name = f"fresh_{next(_NUMBERS)}"
    postgres_server.create(name)
    yield name
    postgres_server.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def url(postgres_server: PostgresServer, name: str) -> str:
    return postgres_server.url(name)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(open_database(url, busy_seconds=30)) as store:
        yield store


# The schema


def test_reading_makes_nothing_and_the_first_write_makes_all(
    postgres_server: PostgresServer, name: str, store: Store
) -> None:
    schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 'crmctl'"
    with store.reading() as kept:
        assert kept.totals() == {"tasks": 0, "activities": 0, "records": 0}
        assert kept.page(TASK, [], sort="due_date", after=None, limit=5) == ([], None)
    absent = store.info()
    assert postgres_server.execute(name, schemas) == [(0,)]
    with store.writing() as kept:
        kept.insert(TASK, task())
    made = store.info()
    assert (absent["exists"], absent["bytes"], absent["schema"]) == (False, 0, None)
    assert (made["exists"], made["bytes"] > 0, made["schema"]) == (True, True, 3)
    assert made["path"] == f"postgresql://crm@/{name}"
    assert store.check() == []


def test_processes_that_make_it_at_once_make_it_once(url: str) -> None:
    def write(number: int) -> None:
        with closing(open_database(url, busy_seconds=30)) as store, store.writing() as kept:
            kept.insert(TASK, task(number))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    with closing(open_database(url, busy_seconds=30)) as store, store.reading() as kept:
        assert kept.totals()["tasks"] == 8


def test_an_empty_schema_that_an_owner_has_made_is_used(
    postgres_server: PostgresServer, name: str
) -> None:
    postgres_server.execute(
        name,
        "CREATE ROLE writer LOGIN",
        "CREATE SCHEMA crmctl AUTHORIZATION writer",
        f"REVOKE CREATE ON DATABASE {name} FROM PUBLIC",
    )
    url = postgres_server.url(name).replace("crm@", "writer@")
    with closing(open_database(url, busy_seconds=30)) as store:
        with store.reading() as kept:
            assert kept.totals()["tasks"] == 0
        with store.writing() as kept:
            assert kept.insert(TASK, task())["id"] == "task_1"


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["UPDATE crmctl.schema_version SET number = 99"], "was written by a later crmctl"),
        (
            ["DROP SCHEMA crmctl CASCADE", "CREATE SCHEMA crmctl", "CREATE TABLE crmctl.theirs ()"],
            "is of another program. It was left as it is.",
        ),
    ],
    ids=["later", "foreign"],
)
def test_what_is_not_ours_is_refused_untouched(
    postgres_server: PostgresServer,
    name: str,
    url: str,
    store: Store,
    statements: list[str],
    said: str,
) -> None:
    with store.writing() as kept:
        kept.insert(TASK, task())
    postgres_server.execute(name, *statements)
    everything = "SELECT array_agg(oid::text || relname ORDER BY oid) FROM pg_class"
    before = postgres_server.execute(name, everything)
    with closing(open_database(url, busy_seconds=30)) as later:
        for use in (later.reading, later.writing):
            with pytest.raises(errors.StoreError, match="schema") as raised, use():
                pass
            assert said in raised.value.message
            assert not raised.value.retryable
    assert postgres_server.execute(name, everything) == before


def test_a_new_field_is_added_to_the_tables_that_are_there(url: str, store: Store) -> None:
    from crmctl.store.postgres import PostgresStore

    with store.writing() as kept:
        kept.insert(TASK, task(1))
    fields = (
        Field("effort", "integer", since=4),
        Field("wanted_by", "time", since=4),
        Field("place", "object", since=5),
        Field("mood", "enum", choices=("bad", "good"), default="good", since=5),
    )
    later = TASK
    for field in fields:
        later = with_field(later, field)
    new = {
        "effort": 3,
        "wanted_by": "2026-04-01T00:00:00.5Z",
        "place": {"city": "Köln"},
        "mood": "bad",
    }
    with closing(PostgresStore(url, resources=(later, ACTIVITY))) as upgraded:
        with upgraded.writing() as kept:
            before = kept.get(later, "task_1")
            inserted = kept.insert(later, task(2, **new))
            assert kept.get(later, "task_2") == inserted
        assert upgraded.info()["schema"] == 5
    assert before is not None
    assert [before[name] for name in new] == [None, None, None, "good"]
    assert inserted.items() >= new.items()
    # Who was there before goes on, without it.
    with store.writing() as kept:
        assert kept.insert(TASK, task(3))["id"] == "task_3"


def test_its_types_are_postgresql_s_own_and_texts_are_compared_bytewise(
    postgres_server: PostgresServer, name: str, store: Store
) -> None:
    with store.writing():
        pass
    columns = postgres_server.execute(
        name,
        "SELECT data_type, collation_name, array_agg(column_name::text)"
        " FROM information_schema.columns WHERE table_schema = 'crmctl' GROUP BY 1, 2",
    )
    named = {(kind, collation): names for kind, collation, names in columns}
    assert ("text", None) not in named
    assert set(named) == {
        ("text", "C"),
        ("timestamp with time zone", None),
        ("jsonb", None),
        ("json", None),
        ("bigint", None),
        ("smallint", None),
        ("integer", None),
        ("boolean", None),
    }


def test_a_database_of_another_language_sorts_and_finds_the_same(
    postgres_server: PostgresServer,
) -> None:
    options = "LOCALE_PROVIDER icu ICU_LOCALE 'de' TEMPLATE template0"
    try:
        url = postgres_server.create("german", options)
    except Exception as error:  # noqa: BLE001 - before 15, or built without ICU
        pytest.skip(f"no ICU here: {error}")
    with closing(open_database(url, busy_seconds=30)) as store, store.writing() as kept:
        for record_id in ("a", "B", "ä", "Z", "b", "A"):
            kept.put_record("deal", record_id, f"Über {record_id}")
        assert [each["id"] for each in kept.records()] == ["A", "B", "Z", "a", "b", "ä"]
        assert len(kept.find_ids("deal", "ÜBER", limit=9)) == 6


def test_a_database_that_cannot_keep_every_name_is_refused(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.create("latin", "ENCODING 'LATIN1' TEMPLATE template0")
    with (
        closing(open_database(url, busy_seconds=30)) as store,
        pytest.raises(errors.StoreError, match="keeps text as LATIN1"),
        store.writing(),
    ):
        pass


# Those who share it


def load(url: str, what: str, threads: int, times: int) -> subprocess.Popen[str]:
    """A process that uses the workspace; see `tests.postgres_load`."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.postgres_load", url, what, str(threads), str(times)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def told(process: subprocess.Popen[str]) -> dict[str, list[Any]]:
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    found: dict[str, list[Any]] = json.loads(stdout)
    return found


def ids_of(store: Store, status: str) -> set[str]:
    found: set[str] = set()
    after = ()
    with store.reading() as kept:
        while True:
            rows, after = kept.portion("task", after=after, limit=1000)  # type: ignore[assignment]
            if not rows:
                return found
            found |= {row["id"] for row in rows if row["status"] == status}


def test_two_processes_of_many_threads_do_everything_once(url: str, store: Store) -> None:
    both = [load(url, "tasks", 16, 3) for _ in range(2)]
    answers = [told(process) for process in both]
    created = [task_id for answer in answers for task_id in answer["created"]]
    assert [answer["failed"] for answer in answers] == [[], []]
    assert len(created) == len(set(created)) == 96
    assert ids_of(store, "completed") == set(created)


def test_one_key_of_two_processes_at_once_is_one_record(url: str, store: Store) -> None:
    both = [load(url, "keys", 20, 1) for _ in range(2)]
    created = [task_id for process in both for task_id in told(process)["created"]]
    assert len(created) == 40
    assert set(created) == ids_of(store, "pending")
    assert len(set(created)) == 1


def test_a_task_that_someone_changes_is_waited_for_and_not_for_long(url: str, store: Store) -> None:
    with store.writing() as kept:
        kept.insert(TASK, task(1))
        kept.insert(TASK, task(2))
    with closing(open_database(url, busy_seconds=0.1)) as hasty, store.writing() as kept:
        assert kept.get(TASK, "task_1", lock=True) is not None
        # Neither reading, nor another task, nor a new one waits for it.
        with hasty.writing() as other:
            assert other.get(TASK, "task_1") is not None
            assert other.get(TASK, "task_2", lock=True) is not None
            other.insert(TASK, task(3))
            other.insert(ACTIVITY, activity())
        with (
            pytest.raises(errors.StoreError, match="is locked by others") as raised,
            hasty.writing() as other,
        ):
            other.get(TASK, "task_1", lock=True)
    assert raised.value.retryable


def claim(kept: Transaction, key: str, now: str = "2026-03-20T10:00:00Z") -> bool:
    """Whether the key was free."""
    oldest = "2026-03-01T00:00:00Z"
    return kept.claim("usr_1", "/tasks", key, "{}", now=now, oldest=oldest) is None


def test_a_key_waits_for_itself_alone(url: str, store: Store) -> None:
    with store.writing() as kept:
        for key in ("old", "older"):
            assert claim(kept, key, "2026-02-01T00:00:00Z")
    with closing(open_database(url, busy_seconds=0.1)) as hasty, store.writing() as kept:
        assert claim(kept, "old")  # and both are being forgotten
        with hasty.writing() as other:
            assert claim(other, "new")
        with (
            pytest.raises(errors.StoreError, match="is locked by others"),
            hasty.writing() as other,
        ):
            claim(other, "old")
    with store.writing() as kept:
        assert claim(kept, "older")


def test_two_who_wait_for_each_other_are_told_and_one_goes_on(store: Store) -> None:
    with store.writing() as kept:
        for number in (1, 2):
            kept.insert(TASK, task(number))
    met = threading.Barrier(2, timeout=10)

    def change(first: str, second: str) -> str:
        try:
            with store.writing() as kept:
                kept.update(TASK, first, {"title": "x"})
                met.wait()
                kept.update(TASK, second, {"title": "x"})
        except errors.StoreError as error:
            return "may pass" if error.retryable else error.message
        return "changed"

    with ThreadPoolExecutor(2) as threads:
        changed = list(threads.map(change, ("task_1", "task_2"), ("task_2", "task_1")))
    assert sorted(changed) == ["changed", "may pass"]


# What fails


def test_a_restart_that_nobody_was_asking_through_is_not_noticed(
    postgres_server: PostgresServer, store: Store
) -> None:
    def write(number: int) -> None:
        with store.writing() as kept:
            kept.insert(TASK, task(number))
            time.sleep(0.05)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    postgres_server.stop()
    postgres_server.start()
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4, 12)))
    with store.reading() as kept:
        assert kept.totals()["tasks"] == 12


def test_what_a_crash_cuts_off_is_told_as_what_may_pass_and_the_rest_is_there(
    postgres_server: PostgresServer, url: str, store: Store
) -> None:
    with store.writing():
        pass
    process = load(url, "tasks", 8, 40)
    before = 0
    while before < 50 and process.poll() is None:
        with store.reading() as kept:
            before = kept.totals()["tasks"]
    postgres_server.stop("immediate")
    postgres_server.start()
    answer = told(process)
    completed = ids_of(store, "completed")
    assert completed >= set(answer["completed"])
    there = completed | ids_of(store, "pending")
    assert there >= set(answer["created"])
    # What was said not to be saved is not there.
    unknown = [kind for kind, _, _ in answer["failed"] if kind == "OutcomeUnknown"]
    assert len(there - set(answer["created"])) <= len(unknown)
    kinds = {(kind, retryable) for kind, retryable, _ in answer["failed"]}
    assert kinds <= {("StoreError", True), ("OutcomeUnknown", False)}


def test_a_server_that_is_gone_is_told_at_once_and_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    url = f"postgresql://crm:s3cret@/there?host={tmp_path}"
    with (
        closing(open_database(url, busy_seconds=30)) as store,
        pytest.raises(errors.StoreError, match="cannot be reached") as raised,
        store.reading(),
    ):
        pass
    assert raised.value.retryable
    assert "postgresql://crm@/there" in raised.value.message
    assert "s3cret" not in raised.value.message


def test_a_backup_is_left_to_postgresql(store: Store, tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="is a PostgreSQL database") as raised:
        store.back_up(tmp_path / "copy.db")
    assert raised.value.hint == "`pg_dump --schema crmctl` backs it up."


def test_u_0000_finds_nothing_and_is_not_kept(store: Store) -> None:
    with store.writing() as kept:
        assert kept.get(TASK, "task_\0", lock=True) is None
        assert kept.record("user", "\0") is None
        assert kept.find_records("user", "\0") == []
        assert kept.find_ids("task", "\0", limit=5) == []
    with pytest.raises(errors.InvalidInput, match=r"U\+0000"), store.writing() as kept:
        kept.insert(TASK, task(title="\0"))


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://crm:s3cret@h/x?nonsense=1",
        "postgresql://[::1/s3cret",
        "postgresql://crm:s3c@ret@h/x?s3cret",
    ],
)
def test_what_is_no_url_is_refused_without_showing_it(url: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(errors.UsageError) as raised:
        open_database(url, busy_seconds=30)
    assert "s3cret" not in f"{raised.value.message} {raised.value.hint}"


def test_a_url_of_several_servers_is_shown_without_its_password() -> None:
    pytest.importorskip("psycopg")
    url = "postgresql://crm:s3cret@one:5432,two:5433/crm?target_session_attrs=read-write"
    store = open_database(url, busy_seconds=30)
    assert getattr(store, "database").place == "postgresql://crm@one:5432,two:5433/crm"  # noqa: B009


@pytest.mark.parametrize("url", ["mysql://x/y", "http://x"])
def test_a_url_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(errors.UsageError, match="knows no databases of the kind"):
        open_database(url, busy_seconds=30)


def test_without_psycopg_it_says_what_to_install() -> None:
    code = """
import sys
sys.modules["psycopg"] = None
from crmctl.errors import UsageError
from crmctl.store.urls import open_database
try:
    open_database("postgresql://x/y", busy_seconds=1)
except UsageError as error:
    print(error.hint)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "pip install 'crmctl[postgres]'\n"
