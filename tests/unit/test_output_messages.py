from __future__ import annotations

import json

from crmctl import errors
from crmctl.output.messages import error_json, error_text, wrap


def test_an_error_is_what_happened_what_is_wrong_and_the_next_step() -> None:
    error = errors.Rejected(
        "2 values were refused.",
        hint="Run `crmctl task create --help`.",
        details=[
            {"field": "title", "code": "required", "message": "is required"},
            {"field": "due\n", "code": "invalid", "message": "is \x1b[31mred"},
        ],
    )
    assert error_text(error, color=False) == (
        "crmctl: 2 values were refused.\n"
        "  - title: is required\n"
        "  - due : is \\x1b[31mred\n"
        "Run `crmctl task create --help`.\n"
    )


def test_a_problem_that_is_the_message_is_not_told_twice() -> None:
    details = [{"field": "title", "code": "required", "message": "is required"}]
    error = errors.InvalidInput("title is required.", details=details)
    assert error_text(error, color=False) == "crmctl: title is required.\n"


def test_text_of_a_server_does_not_act_on_the_terminal() -> None:
    error = errors.NotFound("No task [/x] \x1b]52;c;aGk=\x07 日本語.", hint="\u202eTry")
    assert error_text(error, color=False) == (
        "crmctl: No task [/x] \\x1b]52;c;aGk=\\x07 日本語.\n\\u202eTry\n"
    )


def test_the_name_alone_is_coloured() -> None:
    assert error_text(errors.NotFound("Gone."), color=True) == "\x1b[1;31mcrmctl:\x1b[0m Gone.\n"


def test_a_terminal_gets_lines_that_are_broken_between_words() -> None:
    error = errors.InvalidInput(
        "'blah' is not a date or time that crmctl can read.", hint="Write, for example: today, +3d."
    )
    assert (
        error_text(error, color=True, width=30)
        == """\
\x1b[1;31mcrmctl:\x1b[0m 'blah' is not a date
or time that crmctl can read.
Write, for example: today,
+3d.
"""
    )
    assert error_text(error, color=False).count("\n") == 2


def test_what_is_to_be_copied_is_not_broken() -> None:
    assert wrap("Run `crmctl auth login --profile work` again.", 20) == (
        "Run\n`crmctl auth login --profile work`\nagain."
    )
    command = "  crmctl --profile demo task get task_001"
    assert wrap(command, 20) == command
    assert wrap("task_0192f3c47c1e7b7e9f39  is gone ` now", 10) == (
        "task_0192f3c47c1e7b7e9f39\nis gone `\nnow"
    )
    assert wrap("` " * 100_000, 10).count("\n") > 1000


def test_details_of_any_shape_are_told() -> None:
    error = errors.Rejected("No.")
    error.details = ["text", {"message": "m"}, {"field": 3, "code": "c"}, None]  # type: ignore[list-item]
    assert error_text(error, color=False) == "crmctl: No.\n  - text\n  - m\n  - 3: c\n  - None\n"


def test_the_json_of_an_error_is_one_object_on_one_line() -> None:
    error = errors.RateLimited("Slow\n\u202edown.", status=429, request_id="req_1")
    text = error_json(error)
    assert text == (
        '{"error":{"code":"rate_limited","message":"Slow\\n\\u202edown.","hint":null,'
        '"status":429,"request_id":"req_1","retryable":true,"details":[]}}'
    )
    assert json.loads(text) == {"error": error.as_dict()}


def test_what_was_piped_in_comes_back_with_the_error() -> None:
    text = error_json(errors.Unreachable("No network."), typed={"--description": "long text"})
    assert json.loads(text)["error"]["typed"] == {"--description": "long text"}
