from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC
from typing import Any

import pytest

from crmctl.output import csv as csv_format
from crmctl.output import ids, md, plain
from crmctl.output.style import Style
from crmctl.output.view import view_of
from crmctl.resources import ACTIVITY, TASK
from tests.unit.rendered import HOSTILE, STYLE, VIEW, listed, shown

ACME: dict[str, Any] = {
    "id": "task_001",
    "title": "Follow up with Acme Corp",
    "description": "Send it.\nSoon.",
    "status": "pending",
    "priority": "high",
    "type": "follow_up",
    "assignee_id": "usr_abc123",
    "assignee_name": "Sarah Johnson",
    "due_date": "2026-03-25T17:00:00Z",
    "related_to": {"type": "deal", "id": "deal_xyz789", "name": "Enterprise License, Acme"},
    "reminder": {"type": "email", "before_minutes": 60},
    "created_by": "usr_def456",
    "created_at": "2026-03-20T10:00:00Z",
    "completed_at": None,
    "score": 7,
}
WRONG: dict[str, Any] = {
    "id": 5,
    "title": ["a", None],
    "status": {"x": 1},
    "related_to": "text",
    "due_date": 3.5,
}


def test_plain_is_the_columns_with_tabs_between_and_nothing_cut() -> None:
    unnamed = {"type": "deal", "id": "deal_1", "name": None}
    items = [
        {**ACME, "title": "long " * 50 + "end"},
        {"id": "task_002", "title": "a\tb\nc", "assignee_id": "usr_1", "related_to": unnamed},
        {"id": "task_003", "title": HOSTILE},
        WRONG,
    ]
    assert listed(plain, items) == (
        f"task_001\t{'long ' * 50}end\tpending\thigh\tfollow_up\tSarah Johnson\t"
        "2026-03-25T17:00:00Z\tEnterprise License, Acme\n"
        "task_002\ta b c\t-\t-\t-\tusr_1\t-\tdeal:deal_1\n"
        "task_003\t[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧\t-\t-\t-\t-\t-\t-\n"
        "5\ta null\t1\t-\t-\t-\t3.5\ttext\n"
    )


def test_plain_shows_chosen_fields_exactly_as_they_are() -> None:
    view = view_of(TASK, "related_to.id,assignee_name,reminder")
    items = [ACME, {"assignee_id": "usr_1"}]
    assert listed(plain, items, view) == "deal_xyz789\tSarah Johnson\temail:60\n-\t-\t-\n"


def test_plain_of_one_thing_is_a_line_for_each_field_with_a_value() -> None:
    assert shown(plain, ACME) == (
        "id\ttask_001\n"
        "title\tFollow up with Acme Corp\n"
        "description\tSend it. Soon.\n"
        "status\tpending\n"
        "priority\thigh\n"
        "type\tfollow_up\n"
        "assignee_id\tusr_abc123\n"
        "assignee_name\tSarah Johnson\n"
        "due_date\t2026-03-25T17:00:00Z\n"
        "related_to.type\tdeal\n"
        "related_to.id\tdeal_xyz789\n"
        "related_to.name\tEnterprise License, Acme\n"
        "reminder.type\temail\n"
        "reminder.before_minutes\t60\n"
        "created_by\tusr_def456\n"
        "created_at\t2026-03-20T10:00:00Z\n"
        "score\t7\n"
    )


def test_plain_of_one_thing_takes_what_is_wrongly_typed_and_what_is_hostile() -> None:
    assert shown(plain, {**WRONG, "x\x1b\ny": HOSTILE}) == (
        "id\t5\n"
        "title\ta null\n"
        "status\t1\n"
        "due_date\t3.5\n"
        "related_to\ttext\n"
        "x\\x1b y\t[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧\n"
    )


def test_plain_of_one_thing_has_a_line_for_each_chosen_field() -> None:
    view = view_of(TASK, "related_to.name,completed_at")
    assert (
        shown(plain, ACME, view) == "related_to.name\tEnterprise License, Acme\ncompleted_at\t-\n"
    )


def test_csv_has_a_header_and_every_field_flattened() -> None:
    assert listed(csv_format, [ACME, WRONG]) == (
        "id,title,description,status,priority,type,assignee_id,assignee_name,due_date,"
        "related_to.type,related_to.id,related_to.name,reminder.type,reminder.before_minutes,"
        "created_by,created_at,updated_at,completed_at,completion_note\n"
        'task_001,Follow up with Acme Corp,"Send it.\nSoon.",pending,high,follow_up,usr_abc123,'
        "Sarah Johnson,2026-03-25T17:00:00Z,deal,deal_xyz789,"
        '"Enterprise License, Acme",email,60,usr_def456,2026-03-20T10:00:00Z,,,\n'
        "5,a null,,1,,,,,3.5,,,,,,,,,,\n"
    )


def test_csv_of_nothing_is_its_header() -> None:
    assert listed(csv_format, [], view_of(TASK, "id,related_to.name")) == "id,related_to.name\n"


def test_csv_of_one_thing_is_a_record_below_the_header() -> None:
    view = view_of(ACTIVITY, "id,attendees,duration")
    item = {"id": "act_1", "attendees": ["con_1", "con_2"], "duration": 30}
    assert shown(csv_format, item, view) == "id,attendees,duration\nact_1,con_1 con_2,30\n"


@pytest.mark.parametrize(
    ("title", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-5", "'-5"),
        ("@import", "'@import"),
        ("\tx", "'\tx"),
        ("\rx", "'\\x0dx"),
        ("a=b", "a=b"),
        (-5, "-5"),
        (True, "true"),
        (None, '""'),
        ('say "hi"', '"say ""hi"""'),
        ("one\r\ntwo", '"one\r\ntwo"'),
        (HOSTILE, "[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧"),
    ],
)
def test_csv_cells_are_no_formulas_and_act_on_no_terminal(title: object, cell: str) -> None:
    assert listed(csv_format, [{"title": title}], view_of(TASK, "title")) == f"title\n{cell}\n"


@pytest.mark.parametrize("title", ["=1+1", "\tx", HOSTILE, "one\r\ntwo\rthree", "\u202e"])
def test_raw_csv_keeps_the_data_exactly(title: str) -> None:
    raw = Style(now=STYLE.now, zone=UTC, raw=True)
    text = listed(csv_format, [{"title": title}], view_of(TASK, "title"), raw)
    assert list(csv.reader(io.StringIO(text, newline=""))) == [["title"], [title]]


def test_ids_are_one_a_line_and_what_has_none_has_no_line() -> None:
    assert listed(ids, [ACME, {}, {"id": None}, WRONG, {"id": "a\nb"}]) == "task_001\n5\na b\n"
    assert shown(ids, ACME) == "task_001\n"
    assert listed(ids, []) == ""


class Flushes(io.StringIO):
    """A stream that remembers what had been written when it was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[str] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


@pytest.mark.parametrize("module", [plain, csv_format, ids, md])
def test_the_first_item_is_out_before_the_second_is_asked_for(module: Any) -> None:
    stream = Flushes()

    def pages() -> Iterator[dict[str, Any]]:
        yield {"id": "task_1"}
        assert "task_1" in stream.flushed[0]
        yield {"id": "task_2"}

    assert module.write_list(pages(), VIEW, stream=stream, style=STYLE) == 2
