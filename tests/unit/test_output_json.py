from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from crmctl.errors import BadAnswer
from crmctl.output import json as json_format
from crmctl.output import jsonl
from crmctl.output.view import view_of
from crmctl.resources import TASK
from tests.unit.rendered import HOSTILE, STYLE, VIEW, listed, shown


def test_a_list_is_an_array_of_the_apis_own_objects() -> None:
    items: list[dict[str, Any]] = [
        {"id": "task_1", "related_to": {"id": "d"}, "zeta": [1]},
        {"id": "task_2"},
    ]
    assert listed(json_format, items) == (
        "[\n"
        "  {\n"
        '    "id": "task_1",\n'
        '    "related_to": {\n'
        '      "id": "d"\n'
        "    },\n"
        '    "zeta": [\n'
        "      1\n"
        "    ]\n"
        "  },\n"
        "  {\n"
        '    "id": "task_2"\n'
        "  }\n"
        "]\n"
    )


def test_no_items_are_an_empty_array_and_no_lines() -> None:
    assert listed(json_format, []) == "[]\n"
    assert listed(jsonl, []) == ""


def test_one_thing_is_an_object() -> None:
    assert (
        shown(json_format, {"id": "task_1", "n": None}) == '{\n  "id": "task_1",\n  "n": null\n}\n'
    )
    assert shown(jsonl, {"id": "task_1", "n": None}) == '{"id":"task_1","n":null}\n'


def test_json_lines_hold_one_object_each() -> None:
    assert listed(jsonl, [{"id": "1", "title": "a\nb"}, {"id": "2"}]) == (
        '{"id":"1","title":"a\\nb"}\n{"id":"2"}\n'
    )


@pytest.mark.parametrize("module", [json_format, jsonl])
def test_text_is_utf8_with_what_acts_on_a_terminal_escaped(module: Any) -> None:
    text = shown(module, {"title": HOSTILE})
    assert "[/x] [bold] \\u001b]52;c;aGk=\\u0007 日本語 👩‍👩‍👧" in text
    assert json.loads(text) == {"title": HOSTILE}


@pytest.mark.parametrize("module", [json_format, jsonl])
@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("\x7f", '"\\u007f"'),
        ("é\x7f\x9b", '"é\\u007f\\u009b"'),
        ("\u202e\u2066\u200f\u061c", '"\\u202e\\u2066\\u200f\\u061c"'),
        ("\u2028\u2029", '"\\u2028\\u2029"'),
        ("\ud800", '"\\ud800"'),
        ("\\u202e", '"\\\\u202e"'),
        ("a\\\u202e", '"a\\\\\\u202e"'),
    ],
)
def test_escaped_data_are_the_same_data(module: Any, title: str, written: str) -> None:
    text = shown(module, {"title": title})
    assert written in text
    assert json.loads(text) == {"title": title}


def test_keys_are_escaped_as_values_are() -> None:
    assert shown(jsonl, {"\u202ekey": 1}) == '{"\\u202ekey":1}\n'


@pytest.mark.parametrize("module", [json_format, jsonl])
def test_chosen_fields_keep_their_nesting(module: Any) -> None:
    view = view_of(TASK, "related_to.name,id")
    item = {"id": "task_1", "title": "x", "related_to": {"id": "d", "name": "Deal"}}
    chosen = {"related_to": {"name": "Deal"}, "id": "task_1"}
    assert json.loads(shown(module, item, view)) == chosen
    assert list(json.loads(shown(module, item, view))) == ["related_to", "id"]
    assert json.loads(listed(json_format, [item], view)) == [chosen]


class Flushes(io.StringIO):
    """A stream that remembers what had been written when it was flushed."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[str] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue())


@pytest.mark.parametrize("module", [json_format, jsonl])
def test_the_first_item_is_out_before_the_second_is_asked_for(module: Any) -> None:
    stream = Flushes()

    def pages() -> Iterator[dict[str, Any]]:
        yield {"id": "task_1"}
        assert "task_1" in stream.flushed[0]
        yield {"id": "task_2"}

    assert module.write_list(pages(), VIEW, stream=stream, style=STYLE) == 2


def nested(depth: int) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(depth):
        value = {"a": value}
    return value


def test_deep_nesting_is_shown_on_one_line_and_beyond_reason_is_an_error() -> None:
    assert json.loads(listed(json_format, [nested(500)])) == [nested(500)]
    for module in (json_format, jsonl):
        with pytest.raises(BadAnswer, match="nested too deeply"):
            shown(module, nested(100_000))


def test_any_value_can_be_written() -> None:
    stream = io.StringIO()
    json_format.write_value([1, "é", None], stream=stream)
    assert stream.getvalue() == '[\n  1,\n  "é",\n  null\n]\n'
