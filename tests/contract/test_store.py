"""What every store does, below the API's rules."""

from __future__ import annotations

import pytest

from crmctl import errors
from crmctl.resources import ACTIVITY, TASK
from crmctl.store.interface import Store
from crmctl.store.values import Item
from tests.kept import DUE, activity, api_key, task

# Rows and items


FULL = task(
    description="Line\n\x01 \u202e 😀",
    assignee_id="usr_1",
    due_date="2026-03-25T17:00:00.25Z",
    related_to_type="deal",
    related_to_id="deal_1",
    reminder={"type": "email", "before_minutes": 60},
    created_by="usr_2",
    completed_at=DUE,
    completion_note="Done",
)


def test_what_is_inserted_is_what_is_read(store: Store) -> None:
    with store.writing() as transaction:
        transaction.put_record("user", "usr_1", "Sarah")
        tasks = [transaction.insert(TASK, FULL), transaction.insert(TASK, task(2))]
        meeting = transaction.insert(
            ACTIVITY, activity(attendees=["con_1", "con_2"], contact_id="con_1", duration=30)
        )
    with store.reading() as transaction:
        assert [transaction.get(TASK, f"task_{number}") for number in (1, 2)] == tasks
        assert transaction.get(ACTIVITY, "act_1") == meeting
    assert list(tasks[0]) == [field.name for field in TASK.fields if field.readable]
    kept = {name: value for name, value in FULL.items() if not name.startswith("related_to")}
    assert tasks[0].items() >= kept.items()
    assert tasks[0]["assignee_name"] == "Sarah"
    assert tasks[0]["related_to"] == {"type": "deal", "id": "deal_1", "name": None}
    assert (tasks[1]["related_to"], tasks[1]["assignee_name"]) == (None, None)
    assert meeting["attendees"] == ["con_1", "con_2"]


def test_an_update_changes_the_fields_given_and_no_others(store: Store) -> None:
    with store.writing() as transaction:
        before = transaction.insert(TASK, FULL)
        after = transaction.update(TASK, "task_1", {"priority": "low", "due_date": None})
    assert after == {**before, "priority": "low", "due_date": None}


def test_a_time_sorts_as_its_instant_though_it_has_a_fraction(store: Store) -> None:
    times = ["17:00:00Z", "17:00:00.05Z", "17:00:00.5Z", "17:00:01Z"]
    with store.writing() as transaction:
        for number in (2, 0, 3, 1):
            transaction.insert(TASK, task(number, due_date=f"2026-03-25T{times[number]}"))
        found, _ = transaction.page(TASK, [], sort="due_date", after=None, limit=9)
    assert [item["due_date"][11:] for item in found] == times


def test_a_name_that_changes_in_a_transaction_is_the_new_one(store: Store) -> None:
    with store.writing() as transaction:
        transaction.insert(TASK, task(assignee_id="usr_1"))
        names = []
        for name in (None, "Sarah", "Sara"):
            if name is not None:
                transaction.put_record("user", "usr_1", name)
            item = transaction.get(TASK, "task_1")
            assert item is not None
            names.append(item["assignee_name"])
        transaction.remove_record("user", "usr_1")
        item = transaction.get(TASK, "task_1")
    assert names == [None, "Sarah", "Sara"]
    assert item is not None
    assert item["assignee_name"] is None


# Records


def test_records_are_added_changed_listed_and_removed(store: Store) -> None:
    with store.writing() as kept:
        kept.put_record("user", "usr_1", "Sarah")
        kept.put_record("contact", "con_1", "Jane", email="jane@acme.example")
        changed = kept.put_record("user", "usr_1", "Sara", active=False, notifications=False)
    with store.writing() as kept:
        users, everyone, one = kept.records("user"), kept.records(), kept.record("user", "usr_1")
        removed = [kept.remove_record("user", name) for name in ("usr_1", "usr_1", "con_1")]
        left = kept.records()
    sara: Item = {"type": "user", "id": "usr_1", "name": "Sara", "email": None}
    sara |= {"active": False, "notifications": False}
    jane: Item = {"type": "contact", "id": "con_1", "name": "Jane", "email": "jane@acme.example"}
    jane |= {"active": True, "notifications": True}
    assert (changed, one, users, everyone) == (sara, sara, [sara], [jane, sara])
    assert (removed, left) == ([True, False, False], [jane])


def test_records_are_found_by_name_and_address_but_for_case(store: Store) -> None:
    with store.writing() as kept:
        kept.put_record("contact", "con_1", "Jürgen  Groß", email="JG@Acme.example")
        kept.put_record("contact", "con_2", "Jane Smith")
        kept.put_record("contact", "con_3", "jane smith")
        kept.put_record("user", "usr_1", "Jane Smith")
        found = {
            name: [record["id"] for record in kept.find_records("contact", name)]
            for name in ("JU\u0308RGEN GROSS", "jg@acme.EXAMPLE", "JANE SMITH", "Jane", "con_1", "")
        }
        begun = kept.find_ids("contact", "jü", limit=9)
        kept.put_record("contact", "con_1", "Jürgen Klein")
        renamed = kept.find_records("contact", "Jürgen Groß")
    assert found == {
        "JU\u0308RGEN GROSS": ["con_1"],
        "jg@acme.EXAMPLE": ["con_1"],
        "JANE SMITH": ["con_2", "con_3"],
        "Jane": [],
        "con_1": [],
        "": [],
    }
    assert (begun, renamed) == ([("con_1", "Jürgen  Groß")], [])


def test_ids_are_found_by_their_beginning(store: Store) -> None:
    with store.writing() as kept:
        for number, title in enumerate(("First", "Second", "Third")):
            kept.insert(TASK, task(number, id=f"task_{number}", title=title))
        for number in range(3):
            kept.put_record("deal", f"deal_{number}0", f"Deal {number}")
        kept.put_record("contact", "deal_00", "Not a deal")
        found = {
            "deal": kept.find_ids("deal", "deal_", limit=2),
            "deal_1": kept.find_ids("deal", "deal_1", limit=9),
            "nothing": kept.find_ids("deal", "x", limit=9),
            "task": kept.find_ids("task", "task_", limit=2),
            "one task": kept.find_ids("task", "task_0", limit=9),
        }
    assert found == {
        "deal": [("deal_00", "Deal 0"), ("deal_10", "Deal 1")],
        "deal_1": [("deal_10", "Deal 1")],
        "nothing": [],
        "task": [("task_2", "Third"), ("task_1", "Second")],
        "one task": [("task_0", "First")],
    }


def test_totals_count_what_is_kept_and_clearing_leaves_none(store: Store) -> None:
    with store.writing() as kept:
        kept.insert(TASK, task())
        kept.insert(ACTIVITY, activity())
        kept.put_record("user", "usr_1", "Sarah")
        before = kept.totals()
        kept.clear()
        after = kept.totals()
    assert before == {"tasks": 1, "activities": 1, "records": 1}
    assert after == {"tasks": 0, "activities": 0, "records": 0}


def test_a_key_is_found_by_its_digest_and_revoked_by_its_name(store: Store) -> None:
    reader = api_key("reader", read_only=True, expires_at="2026-06-20T10:00:00Z")
    with store.writing() as kept:
        kept.add_key("d1", api_key("ci"))
        kept.add_key("d2", reader)
        assert kept.find_key("d2") == reader
        assert kept.find_key("d3") is None
        assert kept.revoke_key("ci", now="2026-03-21T10:00:00Z")
        assert not kept.revoke_key("ci", now="2026-03-22T10:00:00Z")
        revoked = api_key("ci", revoked_at="2026-03-21T10:00:00Z")
        assert kept.find_key("d1") == revoked
        kept.add_key("d4", api_key("ci"))
        assert kept.list_keys() == [revoked, api_key("ci"), reader]
    with pytest.raises(errors.StoreError), store.writing() as kept:
        kept.add_key("d5", api_key("ci"))
    with store.writing() as kept:
        kept.clear()
        assert kept.list_keys() == []


def test_records_of_a_type_are_had_page_by_page(store: Store) -> None:
    with store.writing() as kept:
        for number in (3, 1, 2):
            kept.put_record("deal", f"deal_{number}", f"Deal {number}")
        kept.put_record("contact", "con_1", "Jane")
        first = kept.record_page("deal", after="", limit=2)
        second = kept.record_page("deal", after="deal_2", limit=2)
        counts = (kept.count_records("deal"), kept.count_records("user"))
    assert [record["id"] for record in first] == ["deal_1", "deal_2"]
    assert [record["id"] for record in second] == ["deal_3"]
    assert counts == (3, 0)
