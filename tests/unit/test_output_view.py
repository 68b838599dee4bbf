from __future__ import annotations

from typing import Any

import pytest

from crmctl.errors import BadAnswer, UsageError
from crmctl.output import FORMATS, renderer
from crmctl.output.view import (
    View,
    choose,
    columns_of,
    in_words,
    pick,
    pick_shown,
    select,
    to_text,
    view_of,
)
from crmctl.resources import ACTIVITY, TASK

TASK_ITEM = {
    "id": "task_001",
    "assignee_id": "usr_abc123",
    "assignee_name": None,
    "related_to": {"type": "deal", "id": "deal_xyz789", "name": "Enterprise License"},
}


def test_a_resource_has_the_columns_of_its_fields() -> None:
    view = view_of(TASK, None)
    assert [(column.name, column.heading) for column in view.columns] == [
        ("id", "ID"),
        ("title", "Title"),
        ("status", "Status"),
        ("priority", "Priority"),
        ("type", "Type"),
        ("assignee_name", "Assignee"),
        ("due_date", "Due"),
        ("related_to", "Related to"),
    ]
    assert view.fields == TASK.field_names()
    assert not view.chosen


def test_chosen_fields_become_the_columns_in_the_order_asked_for() -> None:
    view = view_of(TASK, "due_date, related_to.name,id,id")
    assert view.fields == ["due_date", "related_to.name", "id", "id"]
    assert [(column.heading, column.type) for column in view.columns] == [
        ("Due", "time"),
        ("Related to name", "string"),
        ("ID", "id"),
        ("ID", "id"),
    ]
    assert view.chosen


@pytest.mark.parametrize("fields", ["nope", "id,nope", "id,", "related_to_type", "related_to.nope"])
def test_an_unknown_field_is_an_error_that_lists_the_names(fields: str) -> None:
    with pytest.raises(UsageError) as caught:
        view_of(ACTIVITY if fields == "nope" else TASK, fields)
    assert "there are: id, " in caught.value.message
    assert repr(fields.rpartition(",")[2]) in caught.value.message


def test_a_view_can_be_made_by_hand() -> None:
    view = View(
        columns=columns_of(["key", "user_id"]),
        fields=["key", "user_id"],
        name="setting",
    )
    assert [column.heading for column in view.columns] == ["Key", "User ID"]
    assert choose(view, "user_id").fields == ["user_id"]
    with pytest.raises(UsageError, match=r"setting has no 'id'; there are: key, user_id\."):
        choose(view, "id")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("id", "ID"),
        ("due_date", "Due date"),
        ("assignee_id", "Assignee ID"),
        ("related_to.id", "Related to ID"),
        ("", ""),
    ],
)
def test_names_become_words(name: str, words: str) -> None:
    assert in_words(name) == words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "task_001"),
        ("related_to.name", "Enterprise License"),
        ("related_to.nope", None),
        ("nope.name", None),
        ("id.name", None),
    ],
)
def test_a_dotted_name_picks_what_is_there(name: str, value: object) -> None:
    assert pick(TASK_ITEM, name) == value


def test_a_column_shows_the_id_of_somebody_whose_name_is_not_known() -> None:
    assert pick_shown(TASK_ITEM, "assignee_name") == "usr_abc123"
    assert pick_shown({"assignee_id": "u", "assignee_name": "Sarah"}, "assignee_name") == "Sarah"
    assert pick_shown({}, "assignee_name") is None


@pytest.mark.parametrize(
    ("names", "selected"),
    [
        (
            ["related_to.name", "id"],
            {"related_to": {"name": "Enterprise License"}, "id": "task_001"},
        ),
        (
            ["related_to.id", "related_to.type"],
            {"related_to": {"id": "deal_xyz789", "type": "deal"}},
        ),
        (["related_to.id", "related_to"], {"related_to": TASK_ITEM["related_to"]}),
        (["title", "reminder.type"], {"title": None, "reminder": {"type": None}}),
    ],
)
def test_selecting_keeps_the_nesting_and_the_order(
    names: list[str], selected: dict[str, Any]
) -> None:
    assert select(TASK_ITEM, names) == selected
    assert list(select(TASK_ITEM, names)) == list(selected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("text\n", "text\n"),
        (5, "5"),
        (True, "true"),
        (1.5, "1.5"),
        ({"type": "deal", "id": "d1", "name": "Big"}, "Big"),
        ({"type": "deal", "id": "d1", "name": None}, "deal:d1"),
        ({"type": "deal", "id": "d1", "name": ["x"]}, 'deal:d1:["x"]'),
        ({"type": "email", "before_minutes": 60}, "email:60"),
        (["con_1", "con_2"], "con_1 con_2"),
        ([{"a": 1}, None], '{"a":1} null'),
        ([], ""),
        ({}, ""),
    ],
)
def test_any_value_has_a_text(value: object, text: str) -> None:
    assert to_text(value) == text


def test_a_value_nested_beyond_reason_is_an_error_that_can_be_explained() -> None:
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    with pytest.raises(BadAnswer, match="nested too deeply"):
        to_text(value)


def test_each_format_has_its_renderer() -> None:
    for name in FORMATS:
        assert callable(renderer(name).write_list)
        assert callable(renderer(name).write_one)
    with pytest.raises(UsageError, match="'yaml' is not an output format; there are: table, plain"):
        renderer("yaml")
