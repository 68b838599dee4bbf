from __future__ import annotations

import io
import os
import sys

import pytest

from crmctl.output.terminal import wants_color, width


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("choice", "environ", "at_terminal", "elsewhere"),
    [
        ("auto", {}, True, False),
        ("always", {"NO_COLOR": "1", "TERM": "dumb"}, True, True),
        ("never", {"FORCE_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ("auto", {"NO_COLOR": ""}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1", "TERM": "dumb"}, True, True),
        ("auto", {"FORCE_COLOR": "1", "CLICOLOR": "0"}, True, True),
        ("auto", {"FORCE_COLOR": "0", "CLICOLOR_FORCE": ""}, True, False),
        ("auto", {"TERM": "dumb"}, False, False),
        ("auto", {"CLICOLOR": "0"}, False, False),
        ("auto", {"CLICOLOR": "1"}, True, False),
        ("auto", {"GITHUB_ACTIONS": "true", "CI": "true"}, True, False),
    ],
)
def test_who_decides_about_colour(
    choice: str, environ: dict[str, str], at_terminal: bool, elsewhere: bool
) -> None:
    assert wants_color(choice, Terminal(), environ) is at_terminal
    assert wants_color(choice, io.StringIO(), environ) is elsewhere


@pytest.mark.parametrize(
    ("columns", "expected"),
    [("132", 132), ("0", 80), ("-1", 80), ("wide", 80), ("", 80), ("9" * 5000, 80), ("²", 80)],
)
def test_columns_is_the_width_if_it_is_one(columns: str, expected: int) -> None:
    assert width(io.StringIO(), {"COLUMNS": columns}) == expected


def test_the_width_is_80_where_there_is_no_terminal() -> None:
    assert width(io.StringIO(), {}) == 80
    with open(os.devnull, "w", encoding="utf-8") as stream:  # noqa: PTH123 - no file of ours
        assert width(stream, {}) == 80


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_the_width_is_the_terminals() -> None:
    import fcntl
    import struct
    import termios

    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 97, 0, 0))
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        assert width(stream, {}) == 97
    os.close(leader)
