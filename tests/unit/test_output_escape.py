from __future__ import annotations

import pytest

from crmctl.output.escape import one_line, visible
from tests.unit.rendered import HOSTILE


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain [bold] text", "plain [bold] text"),
        (HOSTILE, "[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧"),
        ("a\x00b\x08c\x0bd\x0ce\x7ff", "a\\x00b\\x08c\\x0bd\\x0ce\\x7ff"),
        ("\x85\x9b31m", "\\x85\\x9b31m"),
        (
            "\u061c\u200e\u200f\u202a\u202e\u2066\u2069",
            "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069",
        ),
        ("a\u2028b\u2029c", "a\\u2028b\\u2029c"),
        ("\ud83d alone \udc00", "\\ud83d alone \\udc00"),
        ("नमस्ते مرحبا שלום é 🇩🇪 👍🏽", "नमस्ते مرحبا שלום é 🇩🇪 👍🏽"),
        ("", ""),
    ],
)
def test_what_acts_on_a_terminal_is_spelled_out_and_nothing_else(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_and_tabs_stay_but_a_lone_carriage_return_does_not() -> None:
    assert visible("one\ntwo\r\n\tthree\rfour") == "one\ntwo\r\n\tthree\\x0dfour"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo", "one two"),
        ("one\r\n\r\n\t two\n", "one two"),
        ("two  blanks", "two  blanks"),
        ("\tcell\x1b[2J\n", "cell\\x1b[2J"),
        (HOSTILE, "[/x] [bold] \\x1b]52;c;aGk=\\x07 日本語 👩‍👩‍👧"),
    ],
)
def test_a_cell_is_one_line(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_long_run_of_blanks_takes_no_long_time() -> None:
    assert one_line(" " * 1_000_000 + "x\n") == " " * 1_000_000 + "x"
