"""A workspace copied from one store to another, and what a copy refuses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from crmctl import errors
from crmctl.api.message import Request
from crmctl.resources import ACTIVITY, PRIORITIES, TASK
from crmctl.store.copying import copy_workspace
from crmctl.store.interface import Store
from crmctl.store.sqlite import SqliteStore
from crmctl.store.values import KINDS, Item, Kind
from crmctl.workspace.app import Workspace
from tests.kept import DUE, activity, api_key, task


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """More than two portions of tasks, in an order that no field of theirs has."""
    with closing(SqliteStore(tmp_path / "source.db")) as store:
        with store.writing() as kept:
            for number in [n * 7 % 230 for n in range(230)]:
                kept.insert(
                    TASK,
                    task(
                        number,
                        title=f"Grüße {number} \U0001f600",
                        priority=PRIORITIES[number % 4],
                        due_date=DUE if number % 3 else None,
                        reminder={"type": "email", "before_minutes": number},
                        completed_at="0001-01-01T00:00:00.000001Z" if number % 5 else None,
                    ),
                )
            kept.insert(ACTIVITY, activity(attendees=["con_1", "con_2"], duration=2**53 - 1))
            kept.put_record("contact", "con_1", "Jürgen Groß", email="JG@Acme.example")
            kept.add_key("d1", api_key("ci", expires_at="2026-06-20T10:00:00Z"))
            kept.put_record("user", "usr_1", "Sarah", active=False, notifications=False)
        send(store, "the key")
        yield store


@pytest.fixture
def target(store: Store) -> Store:
    """With nothing in it."""
    return store


def send(store: Store, key: str) -> Item:
    """Create a task under an idempotency key; give the answer."""
    request = Request("POST", "/tasks", body={"title": "Once"}, headers={"idempotency-key": key})
    response = Workspace(store)(request.having(caller="usr_1"))
    assert response.status == 201
    content: Item = response.content
    return content


def content(store: Store) -> dict[Kind, list[Item]]:
    """All that is in a store."""
    found: dict[Kind, list[Item]] = {}
    with store.reading() as kept:
        for kind in KINDS:
            found[kind] = []
            after: Sequence[Any] = ()
            while True:
                portion, after = kept.portion(kind, after=after, limit=70)
                found[kind] += portion
                if not portion:
                    break
    return found


def copy(source: Store, target: Store, *, write: bool = True) -> tuple[dict[Kind, int], int]:
    return copy_workspace(
        source, target, write=write, tell=lambda _kind, _number: None, portion=100
    )


COUNTS = {"record": 2, "api_key": 1, "task": 231, "activity": 1, "answer": 1}


def test_all_is_there_and_back_again(source: Store, target: Store, tmp_path: Path) -> None:
    assert copy(source, target, write=False) == (COUNTS, 236)
    assert content(target) == {kind: [] for kind in KINDS}
    assert copy(source, target) == (COUNTS, 236)
    assert content(target) == content(source)
    with closing(SqliteStore(tmp_path / "back.db")) as back:
        assert copy(target, back) == (COUNTS, 236)
        assert content(back) == content(source)
        assert back.check() == target.check() == []


def test_what_was_answered_is_answered_again_and_a_name_is_found(
    source: Store, target: Store
) -> None:
    copy(source, target)
    assert send(target, "the key") == send(source, "the key")
    with target.reading() as kept:
        [found] = kept.find_records("contact", "JÜRGEN gross")
    assert found["email"] == "JG@Acme.example"


@pytest.mark.parametrize("end", [0, 1, 3])
def test_a_copy_that_broke_off_goes_on(source: Store, target: Store, end: int) -> None:
    told: list[tuple[Kind, int]] = []

    def tell(kind: Kind, number: int) -> None:
        told.append((kind, number))
        if len(told) > end:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_workspace(source, target, write=True, tell=tell, portion=100)
    done = sum(dict(told).values())
    assert copy(source, target) == (COUNTS, 236 - done)
    assert content(target) == content(source)
    assert copy(source, target) == (COUNTS, 0)


@pytest.mark.parametrize("what", ["more", "other", "changed", "record"])
def test_a_target_that_holds_something_else_is_left_as_it_is(
    source: Store, target: Store, what: str
) -> None:
    if what in ("more", "changed"):
        copy(source, target)
    with target.writing() as kept:
        if what == "changed":
            kept.update(TASK, "task_7", {"title": "Changed"})
        elif what == "record":
            kept.put_record("contact", "con_1", "Somebody else")
        else:
            kept.insert(TASK, task(9999))
    before = content(target)
    with pytest.raises(errors.StoreError, match="The target holds something else: "):
        copy(source, target)
    assert content(target) == before


def test_what_postgresql_cannot_keep_is_named(tmp_path: Path, postgres_store: Store) -> None:
    with closing(SqliteStore(tmp_path / "source.db")) as source:
        for name, value in (("title", "a\0b"), ("due_date", "somedayZ")):
            with source.writing() as kept:
                kept.clear()
                kept.insert(TASK, task(1, **{name: value}))
            with pytest.raises(errors.StoreError, match="task_1"):
                copy(source, postgres_store)
            assert content(postgres_store)["task"] == []
