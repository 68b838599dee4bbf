"""The terminal: who decides about colour, how wide it is, what is said and what is read."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import pytest

from crmctl.api.message import Request, Response
from crmctl.cli.global_options import GlobalOptions
from crmctl.cli.terminal import Terminal
from crmctl.errors import InvalidInput, NotFound, UsageError
from tests.in_process import Screen


def make(
    *,
    stdin: TextIO | None = None,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
    no_input: bool = False,
    as_json: bool = False,
    **options: Any,
) -> Terminal:
    """A terminal of these streams; what is not given is an empty stream that is no terminal."""
    given = GlobalOptions()
    given.take(options)
    return Terminal(
        stdin=stdin,
        stdout=stdout or io.StringIO(),
        stderr=stderr or io.StringIO(),
        environ=environ or {},
        options=given,
        no_input=lambda: no_input,
        as_json=lambda: as_json,
    )


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
def test_a_flag_decides_about_colour_then_the_environment_then_the_terminal(
    choice: str, environ: dict[str, str], at_terminal: bool, elsewhere: bool
) -> None:
    terminal = make(environ=environ)
    assert terminal.has_color(choice, Screen()) is at_terminal
    assert terminal.has_color(choice, io.StringIO()) is elsewhere


@pytest.mark.parametrize(
    ("columns", "expected"),
    [("132", 132), ("0", 80), ("-1", 80), ("wide", 80), ("", 80), ("9" * 5000, 80), ("²", 80)],
)
def test_columns_is_the_width_if_it_is_one(columns: str, expected: int) -> None:
    assert make(environ={"COLUMNS": columns}).width() == expected


def test_the_width_is_80_where_there_is_no_terminal() -> None:
    assert make().width() == 80
    with open(os.devnull, "w", encoding="utf-8") as stream:  # noqa: PTH123 - no file of ours
        assert make(stdout=stream).width() == 80


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_the_width_is_the_terminals() -> None:
    import fcntl
    import struct
    import termios

    leader, follower = os.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 97, 0, 0))
    with os.fdopen(follower, "w", encoding="utf-8") as stream:
        assert make(stdout=stream).width() == 97
    os.close(leader)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "note\n"),
        ({"quiet": True}, ""),
        ({"verbose": 1}, "note\nonce\n"),
        ({"verbose": 2, "quiet": True}, "once\ntwice\n"),
    ],
)
def test_what_is_said_depends_on_q_and_v(options: dict[str, Any], said: str) -> None:
    stderr = io.StringIO()
    terminal = make(stderr=stderr, **options)
    terminal.note("note")
    terminal.log(1, "once")
    terminal.log(2, "twice")
    assert stderr.getvalue() == said


@pytest.mark.parametrize(
    ("stderr", "given", "shown"),
    [
        (Screen(), {}, True),
        (Screen(), {"environ": {"CI": "false"}}, True),
        (io.StringIO(), {}, False),
        (Screen(), {"quiet": True}, False),
        (Screen(), {"as_json": True}, False),
        (Screen(), {"environ": {"CI": "true"}}, False),
        (Screen(), {"environ": {"TERM": "dumb"}}, False),
    ],
)
def test_waiting_is_said_to_a_person_alone(
    stderr: TextIO, given: dict[str, Any], shown: bool
) -> None:
    def transport(request: Request) -> Response:
        return Response(200, {"data": [request.path]})

    terminal = make(stderr=stderr, **given)
    watched = terminal.watch(transport, "the server")
    assert (watched is not transport) is shown
    assert watched(Request("GET", "/tasks")).content == {"data": ["/tasks"]}
    terminal.close()


def test_what_is_said_cannot_act_on_the_terminal() -> None:
    stderr = io.StringIO()
    make(stderr=stderr).note("a\x1b[2Jb")
    assert stderr.getvalue() == "a\\x1b[2Jb\n"


@pytest.mark.parametrize(
    ("stdin", "stderr", "no_input", "may"),
    [
        (Screen(), Screen(), False, True),
        (Screen(), Screen(), True, False),
        (io.StringIO(), Screen(), False, False),
        (Screen(), io.StringIO(), False, False),
        (None, Screen(), False, False),
    ],
)
def test_a_prompt_needs_a_person_at_both_ends(
    stdin: TextIO | None, stderr: TextIO, no_input: bool, may: bool
) -> None:
    assert make(stdin=stdin, stderr=stderr, no_input=no_input).may_ask() is may


@pytest.mark.parametrize(("typed", "yes"), [("", False), ("n\n", False), (" Yes \n", True)])
def test_a_question_is_answered_with_no_unless_it_is_yes(typed: str, yes: bool) -> None:
    stderr = Screen()
    assert make(stdin=Screen(typed), stderr=stderr).confirm("Delete it?", flag="--yes") is yes
    assert stderr.getvalue() == "Delete it? [y/N] "


def test_a_question_with_nobody_to_ask_names_the_flag() -> None:
    with pytest.raises(UsageError) as caught:
        make().confirm("Delete it?", flag="--yes")
    assert caught.value.hint == "Add --yes."


def test_what_was_piped_in_is_given_back_once() -> None:
    stderr = io.StringIO()
    terminal = make(stdin=io.StringIO("My note\n"), stderr=stderr)
    assert terminal.read_text("-", "--note") == "My note"
    assert terminal.read_text("as it is", "--title") == "as it is"
    for _ in range(2):
        terminal.report(NotFound("There is no task 9."))
    assert stderr.getvalue() == (
        "crmctl: There is no task 9.\n"
        "What came in for --note was not saved; here it is:\nMy note\n"
        "crmctl: There is no task 9.\n"
    )


def test_stdin_that_is_closed_or_no_text_is_refused() -> None:
    with pytest.raises(UsageError, match="--note - reads stdin, which is closed"):
        make().read_text("-", "--note")
    with pytest.raises(UsageError, match="--key-stdin reads stdin"):
        make().read_line("--key-stdin")
    garbled = io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="not UTF-8"):
        make(stdin=garbled).read_text("-", "--note")
