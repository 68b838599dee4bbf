"""Options that more than one command has, and those that every command has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperOption

from crmctl.resources import (
    ACTIVITY,
    ACTIVITY_TYPES,
    OUTCOMES,
    PRIORITIES,
    RELATED_TYPES,
    TASK,
    TASK_STATUSES,
    TASK_TYPES,
)

Complete = Callable[[typer.Context, str], list[tuple[str, str]]]


def one_of(choices: tuple[str, ...]) -> Complete:
    """Completes one of the API's values."""

    def complete(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:  # noqa: ARG001
        return [(choice, "") for choice in choices if choice.startswith(incomplete)]

    return complete


def several_of(choices: tuple[str, ...]) -> Complete:
    """Completes the last of several values with commas between."""

    def complete(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:  # noqa: ARG001
        before, comma, last = incomplete.rpartition(",")
        given = before.split(",")
        return [
            (f"{before}{comma}{choice}", "")
            for choice in choices
            if choice.startswith(last) and choice not in given
        ]

    return complete


def complete_id(kind: str) -> Complete:
    """Completes an ID from what this machine knows, with its title."""

    def complete(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
        from crmctl.cli.completion.ids import known_ids

        return known_ids(ctx.obj, kind, incomplete)

    return complete


def complete_profile(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Completes the name of a profile."""
    from crmctl.config.file import profile_names

    names = profile_names(ctx.obj.environ)
    return [(name, "") for name in names if name.startswith(incomplete)]


def complete_fields(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Completes the last of several field names, those of the noun that was typed."""
    group = ctx.parent.info_name if ctx.parent else ""
    names = (ACTIVITY if group == "activity" else TASK).field_names()
    return several_of(tuple(names))(ctx, incomplete)


def choices_text(choices: tuple[str, ...]) -> str:
    """How help shows accepted values."""
    return "|".join(choices)


def _id_option(kind: str) -> Any:
    return typer.Option(
        metavar="ID", help=f"The {kind} it concerns.", autocompletion=complete_id(kind)
    )


def _choice(choices: tuple[str, ...], metavar: str, *names: str) -> Any:
    return typer.Option(
        *names,
        metavar=metavar,
        help=f"{choices_text(choices)}.",
        autocompletion=one_of(choices),
    )


def _choices(choices: tuple[str, ...], metavar: str, *names: str) -> Any:
    return typer.Option(
        *names,
        metavar=f"{metavar},…",
        help=f"{choices_text(choices)}.",
        autocompletion=several_of(choices),
    )


TaskId = Annotated[
    str, typer.Argument(metavar="ID", help="The task's ID.", autocompletion=complete_id("task"))
]
TaskIds = Annotated[
    list[str],
    typer.Argument(
        metavar="ID...", help="One or more task IDs.", autocompletion=complete_id("task")
    ),
]
Assignee = Annotated[
    str | None,
    typer.Option(
        metavar="USER",
        help="The user assigned to it; `me` is the profile's user.",
        autocompletion=complete_id("user"),
    ),
]
Contact = Annotated[str | None, _id_option("contact")]
Deal = Annotated[str | None, _id_option("deal")]
Project = Annotated[str | None, _id_option("project")]
RelatedToType = Annotated[
    str | None,
    typer.Option(
        metavar="TYPE",
        help=f"Type of the related record: {choices_text(RELATED_TYPES)}.",
        autocompletion=one_of(RELATED_TYPES),
    ),
]
RelatedToId = Annotated[str | None, typer.Option(metavar="ID", help="ID of the related record.")]
Description = Annotated[
    str | None, typer.Option("--description", "-d", metavar="TEXT", help="Markdown; - reads stdin.")
]
Due = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="When it is due: `fri`, `tomorrow 9am`, `+3d`, ISO 8601."),
]
Priority = Annotated[str | None, _choice(PRIORITIES, "LEVEL", "--priority", "-p")]
TaskType = Annotated[str | None, _choice(TASK_TYPES, "TYPE", "--type", "-t")]
Status = Annotated[str | None, _choice(TASK_STATUSES, "STATUS", "--status", "-s")]
Remind = Annotated[
    str | None,
    typer.Option(
        metavar="TYPE:MINUTES", help="Remind by email or push before it is due, e.g. email:60."
    ),
]
Statuses = Annotated[str | None, _choices(TASK_STATUSES, "STATUS", "--status", "-s")]
Priorities = Annotated[str | None, _choices(PRIORITIES, "LEVEL", "--priority", "-p")]
TaskTypes = Annotated[str | None, _choices(TASK_TYPES, "TYPE", "--type", "-t")]
ActivityTypes = Annotated[str | None, _choices(ACTIVITY_TYPES, "TYPE", "--type", "-t")]
Outcome = Annotated[str | None, _choice(OUTCOMES, "OUTCOME", "--outcome")]
Limit = Annotated[
    int | None,
    typer.Option("--limit", "-l", min=1, metavar="N", help="At most N items."),
]
Count = Annotated[bool, typer.Option("--count", help="Print only how many there are.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def sort_option(sorts: tuple[str, ...]) -> Any:
    """A `--sort` that offers these fields, ascending and descending."""
    return typer.Option(
        metavar="FIELD",
        help=f"{choices_text(sorts)}; - before it for descending.",
        autocompletion=one_of((*sorts, *(f"-{sort}" for sort in sorts))),
    )


def global_options() -> list[TyperOption]:
    """The options before and after every command; what they say is in `Context.flags`."""
    from crmctl.output import FORMATS

    return [
        _option(
            "--profile", metavar="NAME", help="Account or workspace.", complete=complete_profile
        ),
        _option(
            "--output", "-o", metavar="FORMAT", help="|".join(FORMATS), complete=one_of(FORMATS)
        ),
        _flag("--json", help="The same as -o json."),
        _option("--fields", metavar="A,B.C", help="Only these fields.", complete=complete_fields),
        _flag("--raw", help="CSV: leave cells that a spreadsheet would take for formulas."),
        _flag("--dry-run", "-n", help="Print the request a write would send; send nothing."),
        _flag("--quiet", "-q", help="No notes on stderr."),
        _flag("--verbose", "-v", count=True, help="Say more; -vv requests, -vvv their bodies."),
        _option(
            "--timeout",
            metavar="SECONDS",
            help="For one call of the API, retries included; default 30.",
        ),
        _option("--ca-file", metavar="FILE", help="Trust the certificates in this file as well."),
        _flag("--no-input", help="Never ask."),
        _option(
            "--color",
            metavar="WHEN",
            help="auto|always|never",
            complete=one_of(("auto", "always", "never")),
        ),
    ]


def _option(*names: str, metavar: str, help: str, complete: Complete | None = None) -> TyperOption:
    return TyperOption(
        param_decls=list(names),
        metavar=metavar,
        help=help,
        expose_value=False,
        callback=_remember,
        autocompletion=(lambda ctx, _, incomplete: complete(ctx, incomplete)) if complete else None,
    )


def _flag(*names: str, help: str, count: bool = False) -> TyperOption:
    return TyperOption(
        param_decls=list(names),
        is_flag=not count,
        count=count,
        type=int if count else None,
        default=None,
        help=help,
        expose_value=False,
        callback=_remember,
    )


def _remember(ctx: Any, param: Any, value: Any) -> None:
    if value is not None:
        ctx.obj.flags[param.name] = value
