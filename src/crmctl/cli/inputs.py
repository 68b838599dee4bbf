"""Reads what people type into what the API takes; what does not fit is refused by its option.

Dates and times are read in `times`, names in `names`. Whatever is refused was not sent: every
function raises `UsageError` or `InvalidInput`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from crmctl.errors import InvalidInput, UsageError, wrong_choice
from crmctl.fields import Action
from crmctl.resources import REMINDER_TYPES
from crmctl.validate import Problem, check_body, check_query

_MOST_THREADS = 64

if TYPE_CHECKING:
    from crmctl.cli.context import Context
    from crmctl.fields import Resource


class Sending:
    """How many lines are sent: what the options for it say."""

    __slots__ = ("concurrency", "fail_fast", "failed_to", "skip_invalid")

    def __init__(
        self, concurrency: int, failed_to: str | None, *, skip_invalid: bool, fail_fast: bool
    ) -> None:
        self.concurrency = concurrency
        self.failed_to = failed_to
        self.skip_invalid = skip_invalid
        self.fail_fast = fail_fast


def read_concurrency(value: str) -> int:
    """How many are sent at once."""
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0
    if not 1 <= number <= _MOST_THREADS:
        message = f"--concurrency: {value!r:.80} is not a whole number from 1 to {_MOST_THREADS}."
        raise UsageError(message)
    return number


def read_choice(value: str, choices: Sequence[str], option: str) -> str:
    """One of the choices; case, dashes and blanks as people type them."""
    choice = spell(value)
    if choice not in choices:
        raise refuse_choice(choice, choices, option)
    return choice


def read_choices(value: str | None, choices: Sequence[str], option: str) -> list[str] | None:
    """Several of the choices from ``a,b``, each once, in the order asked for."""
    if value is None:
        return None
    return list(dict.fromkeys(read_choice(part, choices, option) for part in value.split(",")))


def read_limit(value: str | None) -> int | None:
    """How many items to list."""
    if value is None:
        return None
    digits = value.lstrip("0")
    if not (value.isascii() and value.isdigit() and digits):
        raise UsageError(f"--limit: {value!r:.80} is not a whole number above 0.")
    # No list is as long, and what counts items takes no more than 2^63.
    return int(digits) if len(digits) < 10 else 10**9


def read_search(value: str | None) -> str | None:
    """The text to search for."""
    if value is not None and not value.strip():
        raise InvalidInput("--search: there is no text to search for.")
    return value


def read_sort(value: str | None, resource: Resource) -> str | None:
    """A field to sort by, with ``-`` before it for descending order."""
    if value is not None and value.removeprefix("-") not in resource.sorts:
        hint = f"A - before it reverses the order: -{resource.sorts[0]}."
        raise refuse_choice(value.removeprefix("-"), resource.sorts, "--sort", hint=hint)
    return value


def refuse_choice(
    value: str, choices: Sequence[str], option: str, *, hint: str | None = None
) -> InvalidInput:
    """The error that refuses a value, and says which one was perhaps meant."""
    from difflib import get_close_matches  # Typer has imported it

    close = get_close_matches(value, choices, 1)
    if close and hint is None:
        hint = f"Did you mean {close[0]}?"
    return InvalidInput(wrong_choice(option, value, choices), hint=hint)


def only_one(*given: tuple[str, str | None]) -> str | None:
    """The one value that was given, of options that say the same thing."""
    chosen = [(option, value) for option, value in given if value is not None]
    if len(chosen) > 1:
        raise UsageError(f"{chosen[0][0]} and {chosen[1][0]} exclude each other.")
    return chosen[0][1] if chosen else None


def read_description(crm: Context, value: str | None) -> str | None:
    """The description: from the command line, or from stdin."""
    return None if value is None else crm.terminal.read_text(value, "--description")


def read_minutes(text: str | None) -> int | None:
    """Minutes of ``45m`` or ``1h15m``."""
    if text is None:
        return None
    from crmctl.dates import parse_duration

    return parse_duration(text)


def read_seconds(text: str, option: str) -> float:
    """Seconds of ``300``, ``300s``, ``5m`` or ``1h``."""
    import re

    units = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}
    match = re.fullmatch(r"(\d{1,6}) ?(|s|m|min|h)", text.strip().lower(), re.ASCII)
    if match is None:
        raise InvalidInput(f"{option}: {text!r:.60} is no time such as 300s or 5m.")
    return float(int(match[1]) * units[match[2]])


def read_file(crm: Context, file: str, place: str = "FILE") -> str:
    """The text of a file, or of stdin where it is ``-``; ``place`` is where it is named."""
    if file == "-":
        return crm.terminal.read_text("-", place)
    from pathlib import Path

    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: the name or the content is no text
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise InvalidInput(f"{file} cannot be read: {reason}.") from error


def read_reminder(value: str | None) -> dict[str, Any] | None:
    """``email:60`` or ``push:1h`` as the API's reminder object."""
    if value is None:
        return None
    kind, colon, before = value.partition(":")
    if not colon:
        raise InvalidInput(
            f"--remind: {value!r} is not TYPE:MINUTES, such as email:60 or push:1h;"
            f" the types are {', '.join(REMINDER_TYPES)}."
        )
    kind = read_choice(kind, REMINDER_TYPES, "--remind")
    return {"type": kind, "before_minutes": read_minutes(before)}


def read_body(
    resource: Resource,
    given: Mapping[str, Any],
    action: Action,
    *,
    cleared: Sequence[str] = (),
    place: str = "",
) -> dict[str, Any]:
    """The body of a write: the fields that were given, and no others; all faults told at once.

    Choices are taken as people type them. One that does not fit is told by its option, or where
    the field ``type`` has none, by ``place``.
    """
    body = {name: value for name, value in given.items() if value is not None}
    for name, value in body.items():
        if isinstance(value, str) and resource.field(name).choices:
            body[name] = spell(value)
    body.update(dict.fromkeys(cleared))
    problems = check_body(resource, body, action)
    for problem in problems:
        name = problem["field"]
        if problem["code"] == "choice" and name in body:
            option = place if place and name == "type" else "--" + name.replace("_", "-")
            error = refuse_choice(str(body[name]), resource.field(name).choices, option)
            problem["message"] = error.message.removeprefix(f"{option}: ").removesuffix(".")
            if len(problems) == 1:
                error.details = [dict(problem)]
                raise error
    refuse(problems)
    return body


def read_changes(
    resource: Resource, given: Mapping[str, Any], cleared: Sequence[str]
) -> dict[str, Any]:
    """The body of an update: the fields that were given, and those to clear as null."""
    for name in cleared:
        if given.get(name) is not None:
            raise UsageError(f"{name} cannot be both set and cleared.")
    if not cleared and all(value is None for value in given.values()):
        raise UsageError(
            "Nothing to change: give at least one field.",
            hint=f"Run `crmctl {resource.name} update --help`.",
        )
    return read_body(resource, given, "update", cleared=cleared)


def read_queries(
    resource: Resource, filters: Mapping[str, Sequence[str] | str | None]
) -> list[dict[str, str]]:
    """The queries that a list asks for: one for each combination of its filters' values."""
    values = {
        name: [value] if isinstance(value, str) else value
        for name, value in filters.items()
        if value is not None
    }
    queries = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
    for query in queries:
        refuse(check_query(resource, query, filters=resource.filters, accepted=()))
    return queries


def refuse(problems: list[Problem]) -> None:
    """Raise `InvalidInput` for these problems, if there are any."""
    if len(problems) == 1:
        only = problems[0]
        raise InvalidInput(f"{only['field']} {only['message']}.", details=[dict(only)])
    if problems:
        details = [dict(problem) for problem in problems]
        raise InvalidInput(f"{len(problems)} values cannot be sent.", details=details)


def spell(value: str) -> str:
    """A choice as the API writes it."""
    return "_".join(value.lower().replace("-", " ").split())
