"""The store of a workspace in one file: its schema, its rows, its plans."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.database import Database, Schema
from crmctl.fields import Field, Resource
from crmctl.resources import ACTIVITY, PRIORITIES, TASK
from crmctl.store import pages
from crmctl.store.interface import Store
from crmctl.store.rows import Rows
from crmctl.store.schema import workspace_schema
from crmctl.store.sqlite import SqliteStore
from crmctl.store.values import Condition, Place
from tests.kept import DUE, NOW, activity, api_key, task, with_field


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a workspace would be; nothing is there."""
    return tmp_path / "local.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(path)) as store:
        yield store


# A new field costs its line


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        (Field("effort", "integer", since=4), None, 3),
        (Field("wanted_by", "time", since=4), None, "2026-04-01T00:00:00.5Z"),
        (Field("place", "object", since=4), None, {"city": "Köln"}),
        (Field("mood", "enum", choices=("bad", "good"), default="good", since=4), "good", "bad"),
    ],
    ids=lambda value: value.name if isinstance(value, Field) else "",
)
def test_a_new_field_is_added_to_the_files_that_are_there(
    path: Path, store: SqliteStore, field: Field, old: Any, new: Any
) -> None:
    with store.writing() as transaction:
        transaction.insert(TASK, task(1))
    store.close()
    later = with_field(TASK, field)
    with closing(SqliteStore(path, resources=(later, ACTIVITY))) as upgraded:
        with upgraded.writing() as transaction:
            before = transaction.get(later, "task_1")
            inserted = transaction.insert(later, task(2, **{field.name: new}))
            updated = transaction.update(later, "task_1", {field.name: new})
            read = transaction.get(later, "task_2")
        assert upgraded.info()["schema"] == 4
    assert before is not None
    assert (before[field.name], updated[field.name]) == (old, new)
    assert inserted == read
    assert inserted[field.name] == new


def test_a_new_file_has_the_new_field_too(path: Path) -> None:
    later = with_field(TASK, Field("effort", "integer", since=4))
    with closing(SqliteStore(path, resources=(later, ACTIVITY))) as store, store.writing() as kept:
        assert kept.insert(later, task(effort=3))["effort"] == 3


def test_a_file_of_the_first_edition_is_refused_as_a_foreign_one(path: Path) -> None:
    first = Schema(
        "workspace",
        application_id=0x43524D43,
        version=1,
        steps=lambda: [["CREATE TABLE task (seq INTEGER PRIMARY KEY, id TEXT)"]],
    )
    with closing(Database(path, first)) as database, database.writing():
        pass
    with closing(SqliteStore(path)) as store, pytest.raises(errors.StoreError) as raised:
        store.info()
    assert "is a database of another program. It was left as it is." in raised.value.message


# Records


def test_a_file_of_version_1_learns_to_find_its_records_by_name(path: Path) -> None:
    now = workspace_schema()
    first = Schema(
        "workspace",
        application_id=now.application_id,
        version=1,
        steps=lambda: [now.steps()[0]],
    )
    with closing(Database(path, first)) as database, database.writing() as connection:
        connection.execute("INSERT INTO record VALUES ('contact', 'con_1', 'Jane Äh', 1, 1)")
    with closing(SqliteStore(path)) as store, store.reading() as kept:
        found = kept.find_records("contact", "JANE äH")
    assert found == [
        {
            "type": "contact",
            "id": "con_1",
            "name": "Jane Äh",
            "email": None,
            "active": True,
            "notifications": True,
        }
    ]


def test_a_file_of_version_2_learns_to_keep_keys(path: Path) -> None:
    now = workspace_schema()
    second = Schema(
        "workspace",
        application_id=now.application_id,
        version=2,
        steps=lambda: now.steps()[:2],
        functions=now.functions,
    )
    with closing(Database(path, second)) as database, database.writing() as connection:
        connection.execute("INSERT INTO answer VALUES ('', '/tasks', 'k', '', 201, '{}', '2026')")
    with closing(SqliteStore(path)) as store, store.writing() as kept:
        kept.add_key("d1", api_key("ci"))
        assert kept.list_keys() == [api_key("ci")]
        assert kept.claim("", "/tasks", "k", "", now="2027", oldest="2025") is not None


def test_the_store_in_a_file_is_a_store(store: SqliteStore) -> None:
    typed: Store = store
    assert typed.info()["exists"] is False


# Plans


LIMIT = {"limit": 26}


def plans(
    store: SqliteStore, call: Callable[[sqlite3.Connection], object]
) -> list[tuple[str, list[str]]]:
    """Each statement that ``call`` runs, with the lines of its plan.

    A trace shows values in place of what was bound. A limit that the planner knew would count.
    """
    statements: list[str] = []
    with store.database.reading() as connection:
        connection.set_trace_callback(statements.append)
        try:
            call(connection)
        finally:
            connection.set_trace_callback(None)
        texts = [re.sub("LIMIT [0-9]+$", "LIMIT :limit", text) for text in statements]
        return [
            (text, [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", LIMIT)])
            for text in texts
        ]


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """A file with a few rows: the plans are those of a file with many, or with none."""
    with closing(SqliteStore(tmp_path_factory.mktemp("plans") / "local.db")) as store:
        with store.writing() as kept:
            for number in range(20):
                kept.insert(TASK, task(number, priority=PRIORITIES[number % 4], due_date=DUE))
                kept.insert(ACTIVITY, activity(number))
        yield store


def conditions_of(resource: Resource) -> list[list[Condition]]:
    """Each filter alone, and each two together."""
    single = []
    for filter in resource.filters:
        field = resource.field(filter.field)
        value = DUE if field.type == "time" else field.choices[1] if field.choices else "some"
        single.append(Condition(filter.field, filter.operator, value))
    return [[], *[[one] for one in single], *[list(pair) for pair in combinations(single, 2)]]


def page_plans(
    store: SqliteStore, resource: Resource, conditions: list[Condition], place: Place | None
) -> Iterator[tuple[str, list[str]]]:
    for sort in [sign + name for name in resource.sorts for sign in ("", "-")]:
        key = None if place is None or place.key is None else DUE
        if sort.endswith("priority"):
            key = "high"
        after = None if place is None else Place(key, place.seq)
        yield from plans(
            store,
            partial(
                pages.fetch_page,
                rows=Rows(resource),
                conditions=conditions,
                sort=sort,
                after=after,
                limit=26,
            ),
        )


# What leaves few rows, so few that they are found and then put in order.
SELECTIVE = {"assignee_id", "related_to_id", "contact_id", "deal_id", "user_id"}


def is_span(conditions: list[Condition]) -> bool:
    """Whether they are both ends of one range: from that day to that day."""
    return len({each.field for each in conditions}) < len(conditions)


@pytest.mark.parametrize("resource", [TASK, ACTIVITY], ids=["task", "activity"])
@pytest.mark.parametrize("place", [None, Place(DUE, 5)], ids=["first", "next"])
def test_a_page_walks_an_index_in_order_or_finds_few_rows(
    planned: SqliteStore, resource: Resource, place: Place | None
) -> None:
    seen = 0
    for conditions in conditions_of(resource):
        asked = {condition.field for condition in conditions}
        for text, plan in page_plans(planned, resource, conditions, place):
            seen += 1
            assert not [line for line in plan if line.startswith("SCAN") and "INDEX" not in line]
            if any("TEMP B-TREE" in line and "RIGHT PART" not in line for line in plan):
                assert asked & SELECTIVE or is_span(conditions), (text, plan)
                assert plan[0].startswith("SEARCH"), (text, plan)
    assert seen >= len(conditions_of(resource)) * len(resource.sorts) * 2


def test_a_place_among_tasks_without_a_due_date_is_found_by_its_index(
    planned: SqliteStore,
) -> None:
    found = plans(
        planned,
        partial(
            pages.fetch_page,
            rows=Rows(TASK),
            conditions=[],
            sort="due_date",
            after=Place(None, 7),
            limit=26,
        ),
    )
    [(_, plan)] = found
    assert plan == ["SEARCH task USING INDEX task_due_date (due_date=? AND rowid>?)"]


def test_a_place_among_tasks_of_one_second_is_found_by_its_index(planned: SqliteStore) -> None:
    found = plans(
        planned,
        partial(
            pages.fetch_page,
            rows=Rows(TASK),
            conditions=[Condition("status", "=", "pending")],
            sort="-created_at",
            after=Place(NOW, 7),
            limit=26,
        ),
    )
    assert [plan for _, plan in found] == [
        ["SEARCH task USING INDEX task_created_at (created_at=? AND rowid<?)"],
        ["SEARCH task USING INDEX task_created_at (created_at<?)"],
    ]


@pytest.mark.parametrize(
    ("fields", "plan"),
    [
        ([], "SCAN task USING COVERING INDEX"),
        (["status"], "SEARCH task USING COVERING INDEX task_status_due_date (status=?)"),
        (["status", "due_date"], "SEARCH task USING COVERING INDEX task_status_due_date"),
        (["due_date"], "SEARCH task USING COVERING INDEX task_due_date"),
        (["assignee_id"], "SEARCH task USING COVERING INDEX task_assignee_id_due_date"),
        (["assignee_id", "status"], "SEARCH task USING INDEX task_assignee_id_due_date"),
        (["related_to_id", "due_date"], "SEARCH task USING INDEX task_related_to_id"),
        (["type", "due_date"], "SCAN task"),
        (["status", "type"], "SCAN task"),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_a_count_reads_an_index_alone_few_rows_or_all_in_order(
    planned: SqliteStore, fields: list[str], plan: str
) -> None:
    conditions = [
        Condition(name, "<", DUE) if name == "due_date" else Condition(name, "=", "some")
        for name in fields
    ]
    [(_, lines)] = plans(planned, partial(pages.count, rows=Rows(TASK), conditions=conditions))
    assert lines[0].startswith(plan)


def test_one_task_is_found_by_its_index(planned: SqliteStore) -> None:
    with planned.database.reading() as connection:
        row = connection.execute("EXPLAIN QUERY PLAN SELECT * FROM task WHERE id = 'x'").fetchone()
    assert row[3] == "SEARCH task USING INDEX sqlite_autoindex_task_1 (id=?)"


def test_an_empty_file_plans_as_a_full_one(path: Path, planned: SqliteStore) -> None:
    with closing(SqliteStore(path)) as empty:
        with empty.writing():
            pass
        empty.close()
        for conditions in conditions_of(TASK):
            expected = dict(page_plans(planned, TASK, conditions, None))
            found = dict(page_plans(empty, TASK, conditions, None))
            assert expected == {text: found[text] for text in expected}


def test_the_schema_has_no_triggers_and_seven_indexes_on_tasks() -> None:
    statements = [text for step in workspace_schema().steps() for text in step]
    assert not [text for text in statements if "TRIGGER" in text]
    assert len([text for text in statements if "ON task (" in text]) == 7


@pytest.mark.parametrize(
    ("column", "kept"),
    [("reminder", "{"), ("reminder", "[" * 5000), ("priority", 99), ("priority", "high")],
)
def test_a_row_that_cannot_be_read_is_named(
    path: Path, store: SqliteStore, column: str, kept: object
) -> None:
    with store.writing() as transaction:
        transaction.insert(TASK, task(1))
        transaction.insert(TASK, task(2))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE task SET {column} = ? WHERE id = ?", (kept, "task_2"))  # noqa: S608
        connection.commit()
    with store.reading() as transaction:
        assert transaction.get(TASK, "task_1") is not None
        with pytest.raises(errors.StoreError, match="The task task_2 of this workspace is damaged"):
            transaction.page(TASK, [], sort="created_at", after=None, limit=9)
    assert store.check() == [f"{column} of task 'task_2' cannot be read"]


@pytest.mark.parametrize(
    ("column", "kept", "fault"),
    [
        ("due_date", "someday", "must be an ISO 8601 date or time"),
        ("title", b"\xff", "must be text"),
        ("title", " ", "must not be blank"),
        ("reminder", "5", "must be an object with type and before_minutes"),
        ("type", "fax", "must be one of todo"),
    ],
)
def test_a_check_finds_what_crmctl_would_not_have_kept(
    path: Path, store: SqliteStore, column: str, kept: object, fault: str
) -> None:
    with store.writing() as transaction:
        transaction.insert(TASK, task(1))
    assert store.check() == []
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"UPDATE task SET {column} = ?", (kept,))  # noqa: S608
        connection.commit()
    [problem] = store.check()
    assert problem.startswith(f"{column} of task 'task_1' {fault}")


def test_text_that_is_not_utf_8_is_damage_and_found(path: Path, store: SqliteStore) -> None:
    with store.writing() as transaction:
        transaction.insert(TASK, task(1))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE task SET title = CAST(? AS TEXT)", (b"a\xff",))
        connection.commit()
    with pytest.raises(errors.StoreError, match="is damaged"), store.reading() as transaction:
        transaction.get(TASK, "task_1")
    assert store.check() == ["title of task 'task_1' is not valid Unicode text"]
    with pytest.raises(errors.StoreError, match="is damaged"), store.reading() as transaction:
        transaction.get(TASK, "task_1")
