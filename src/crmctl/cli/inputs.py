"""Reads what people type for a field into what the API takes."""

from __future__ import annotations

from typing import Any

from crmctl.cli.context import Context
from crmctl.errors import InvalidInput, UsageError
from crmctl.resources import RELATED_TYPES, REMINDER_TYPES


def read_choice(value: str | None) -> str | None:
    """One of the API's values; case and dashes as people type them."""
    return None if value is None else value.strip().lower().replace("-", "_")


def read_choices(value: str, choices: tuple[str, ...], option: str) -> list[str]:
    """Several of the API's values from ``a,b``, each once, in the order asked for."""
    chosen = list(dict.fromkeys(read_choice(part) or "" for part in value.split(",")))
    for choice in chosen:
        if choice not in choices:
            raise InvalidInput(
                f"{option}: {choice!r} is not a value; there are: {', '.join(choices)}."
            )
    return chosen


def read_description(crm: Context, value: str | None) -> str | None:
    """The description: from the command line, or from stdin."""
    return None if value is None else crm.text(value, "--description")


def read_related_to(
    related_to_type: str | None,
    related_to_id: str | None,
    contact: str | None,
    deal: str | None,
    project: str | None,
    *,
    whole: bool = True,
) -> dict[str, str]:
    """``related_to_type`` and ``related_to_id`` from the options for them.

    ``--deal ID`` stands for the pair. Where ``whole``, one half is not enough.
    """
    given = dict(zip(RELATED_TYPES, (contact, deal, project), strict=True))
    short = [(kind, item_id) for kind, item_id in given.items() if item_id is not None]
    if len(short) + (related_to_type is not None or related_to_id is not None) > 1:
        raise UsageError(
            "A task relates to one thing: give one of --contact, --deal, --project, or"
            " --related-to-type and --related-to-id."
        )
    if short:
        return {"related_to_type": short[0][0], "related_to_id": short[0][1]}
    related: dict[str, str] = {}
    if related_to_type is not None:
        related["related_to_type"] = read_choices(
            related_to_type, RELATED_TYPES, "--related-to-type"
        )[0]
    if related_to_id is not None:
        related["related_to_id"] = related_to_id
    if whole and len(related) == 1:
        raise UsageError("--related-to-type and --related-to-id go together.")
    return related


def read_reminder(value: str) -> dict[str, Any]:
    """``email:60`` or ``push:1h`` as the API's reminder object."""
    from crmctl.dates import parse_duration

    kind, colon, before = value.partition(":")
    if not colon:
        raise InvalidInput(
            f"--remind: {value!r} is not TYPE:MINUTES, such as email:60 or push:1h;"
            f" the types are {', '.join(REMINDER_TYPES)}."
        )
    kind = read_choices(kind, REMINDER_TYPES, "--remind")[0]
    return {"type": kind, "before_minutes": parse_duration(before)}


def read_task(
    crm: Context,
    *,
    title: str | None,
    description: str | None,
    assignee: str | None,
    due: str | None,
    priority: str | None,
    type: str | None,
    related_to: dict[str, str],
    remind: str | None,
    status: str | None = None,
) -> dict[str, Any]:
    """The body that these options ask for: the fields that were given, and no others."""
    given = {
        "title": title,
        "description": read_description(crm, description),
        "status": read_choice(status),
        "assignee_id": crm.user(assignee) if assignee is not None else None,
        "due_date": crm.when(due, "--due", edge="end") if due is not None else None,
        "priority": read_choice(priority),
        "type": read_choice(type),
        **related_to,
        "reminder": read_reminder(remind) if remind is not None else None,
    }
    return {name: value for name, value in given.items() if value is not None}
