"""Options that more than one command has, and those that every command has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from crmctl.config.profile import CHOICES
from crmctl.errors import UsageError
from crmctl.fields import Field
from crmctl.resources import ACTIVITY, RELATED_TYPES, TASK

# Given to Typer they are lambdas: it evaluates the annotations of anything else, and of one command
# that cost 1 of 68 ms.
Complete = Callable[[typer.Context, str], list[tuple[str, str]]]


def taking(reader: str, name: str) -> Callable[[Callable[..., None]], Any]:
    """Makes a command that takes the options of that function of `filters`.

    The command gets what it makes of them, from the context and them, as the parameter ``name``.
    By its name: a command of the same noun that takes none of them does not import it (0.5 ms).
    """

    def mark(command: Callable[..., None]) -> Callable[..., None]:
        command.__dict__["taking"] = reader, name
        return command

    return mark


def extend(command: Callable[..., Any], read: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The command as Typer is to see it, with the options of ``read``, as `taking` says.

    When it is built: of all commands of a noun it would cost 1.2 ms at each start.
    """
    shared = list(signature(read).parameters.values())[1:]

    def run(ctx: typer.Context, **given: Any) -> None:
        options = {each.name: given.pop(each.name) for each in shared}
        given[name] = read(ctx.obj, **options)
        command(ctx, **given)

    taken: list[Parameter] = []
    for each in signature(command).parameters.values():
        taken += shared if each.name == name else [each]
    run.__doc__ = command.__doc__
    run.__annotations__ = {each.name: each.annotation for each in taken}
    run.__signature__ = Signature(  # type: ignore[attr-defined] # what Typer reads
        [each.replace(kind=Parameter.KEYWORD_ONLY) for each in taken]
    )
    return run


def one_of(choices: tuple[str, ...]) -> Complete:
    """Completes one of the API's values."""
    return lambda ctx, incomplete: [  # noqa: ARG005 - Typer goes by the names
        (choice, "") for choice in choices if choice.startswith(incomplete)
    ]


def several_of(choices: tuple[str, ...]) -> Complete:
    """Completes the last of several values with commas between."""
    return lambda ctx, incomplete: _complete_last(choices, incomplete)  # noqa: ARG005 - as above


def complete_id(*kinds: str) -> Complete:
    """Completes an ID from what this machine knows, with its title, or a name with its ID."""
    return lambda ctx, incomplete: [
        found for kind in kinds for found in _complete_id(ctx, kind, incomplete)
    ]


def complete_profile() -> Complete:
    """Completes the name of a profile."""
    return lambda ctx, incomplete: _complete_profile(ctx, incomplete)


def complete_fields(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Completes the last of several field names, those of the noun that was typed."""
    group = ctx.parent.info_name if ctx.parent else ""
    if group == "report":
        from crmctl.report import ACTIVITY_FIELDS, TASK_FIELDS

        fields = TASK_FIELDS if ctx.info_name == "tasks" else ACTIVITY_FIELDS
        return _complete_last(fields, incomplete)
    return _complete_last(
        tuple((ACTIVITY if group == "activity" else TASK).field_names()), incomplete
    )


def _complete_last(choices: Sequence[str], incomplete: str) -> list[tuple[str, str]]:
    before, comma, last = incomplete.rpartition(",")
    given = before.split(",")
    return [
        (f"{before}{comma}{choice}", "")
        for choice in choices
        if choice.startswith(last) and choice not in given
    ]


def _complete_id(ctx: typer.Context, kind: str, incomplete: str) -> list[tuple[str, str]]:
    from crmctl.cli.completion.ids import known_ids

    return known_ids(ctx.obj, kind, incomplete)


def _complete_closed(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    from crmctl.cli.completion.ids import closed_ids

    return closed_ids(ctx.obj, incomplete)


def _complete_profile(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    from crmctl.config.file import profile_names

    names = profile_names(ctx.obj.directories)
    return [(name, "") for name in names if name.startswith(incomplete)]


def _choose(ctx: typer.Context, metavar: str) -> list[str]:
    """The IDs of the tasks that a person at a terminal chooses, of those that the verb is for."""
    from crmctl.cli.picker import choose_tasks

    missing = UsageError(f"Missing argument '{metavar}'.", hint=f"Run `{ctx.command_path} --help`.")
    several, closed = metavar.endswith("..."), ctx.info_name == "reopen"
    return choose_tasks(ctx.obj, several=several, closed=closed, missing=missing)


def choices_text(choices: tuple[str, ...]) -> str:
    """How help shows accepted values; `describe` reads them there."""
    return "|".join(choices)


def _id_option(kind: str) -> Any:
    return typer.Option(metavar="ID", help="What it concerns.", autocompletion=complete_id(kind))


def _choice(field: Field, metavar: str, *names: str) -> Any:
    return typer.Option(
        *names,
        metavar=metavar,
        help=choices_text(field.choices),
        autocompletion=one_of(field.choices),
    )


def _choices(field: Field, metavar: str, *names: str) -> Any:
    return typer.Option(
        *names,
        metavar=f"{metavar},…",
        help=choices_text(field.choices),
        autocompletion=several_of(field.choices),
    )


def _task_ids(complete: Complete) -> Any:
    return typer.Argument(
        default_factory=list,
        show_default=False,
        callback=lambda ctx, value: (
            value if value or ctx.resilient_parsing else _choose(ctx, "ID...")
        ),
        metavar="ID...",
        help="One or more task IDs, or - for stdin's; without one, a terminal offers a list.",
        autocompletion=complete,
    )


# Where none is given, a person at a terminal is offered a list.
TaskId = Annotated[
    str,
    typer.Argument(
        default_factory=lambda: None,
        show_default=False,
        callback=lambda ctx, value: (
            _choose(ctx, "ID")[0] if value is None and not ctx.resilient_parsing else value
        ),
        metavar="ID",
        help="The task's ID; without one, a terminal offers a list.",
        autocompletion=complete_id("task"),
    ),
]
TaskIds = Annotated[list[str], _task_ids(complete_id("task"))]
ClosedTaskIds = Annotated[
    list[str], _task_ids(lambda ctx, incomplete: _complete_closed(ctx, incomplete))
]
Assignee = Annotated[
    str | None,
    typer.Option(
        metavar="USER",
        help="Who is to do it; `me` is the profile's user.",
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
        help=f"What it concerns, by its type: {choices_text(RELATED_TYPES)}",
        autocompletion=one_of(RELATED_TYPES),
    ),
]
RelatedToId = Annotated[str | None, typer.Option(metavar="ID", help="And by its ID.")]
Description = Annotated[
    str | None, typer.Option("--description", "-d", metavar="TEXT", help="Markdown; - reads stdin.")
]
Due = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Such as `fri`, `tomorrow 9am`, `+3d`, 2026-12-01."),
]
Priority = Annotated[str | None, _choice(TASK.field("priority"), "LEVEL", "--priority", "-p")]
TaskType = Annotated[str | None, _choice(TASK.field("type"), "TYPE", "--type", "-t")]
Status = Annotated[str | None, _choice(TASK.field("status"), "STATUS", "--status", "-s")]
Remind = Annotated[
    str | None,
    typer.Option(metavar="TYPE:MINUTES", help="email or push, before it is due: email:60."),
]
Statuses = Annotated[str | None, _choices(TASK.field("status"), "STATUS", "--status", "-s")]
Priorities = Annotated[str | None, _choices(TASK.field("priority"), "LEVEL", "--priority", "-p")]
TaskTypes = Annotated[str | None, _choices(TASK.field("type"), "TYPE", "--type", "-t")]
ActivityTypes = Annotated[str | None, _choices(ACTIVITY.field("type"), "TYPE", "--type", "-t")]
Outcome = Annotated[str | None, _choice(ACTIVITY.field("outcome"), "OUTCOME", "--outcome")]
Search = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="A part of title, subject or description, in any case."),
]
Limit = Annotated[str | None, typer.Option("--limit", "-l", metavar="N", help="At most N items.")]
SinceLast = Annotated[
    str | None,
    typer.Option("--since-last", metavar="NAME", help="What is new since the last run of NAME."),
]
Interval = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="With --follow: pause so long, as 10s, 1m30s, 1h."),
]
From = Annotated[
    str | None, typer.Option("--from", "--since", metavar="WHEN", help="From then on.")
]
To = Annotated[str | None, typer.Option(metavar="WHEN", help="Up to then; a day counts whole.")]
User = Annotated[
    str | None,
    typer.Option(
        "--user",  # Typer 0.27 would take the metavar's capitals into the name
        metavar="USER",
        help="Logged by this user; `me` is the profile's.",
        autocompletion=complete_id("user"),
    ),
]
Count = Annotated[bool, typer.Option("--count", help="Print only how many there are.")]
ExportFile = Annotated[
    str | None, typer.Argument(metavar="[FILE]", help="Replaced at once when all is written.")
]
ImportFile = Annotated[str, typer.Argument(metavar="FILE", help="The file; - reads stdin.")]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="FIELD=COLUMN", help="Read a column, or FIELD:THEIRS=OURS."),
]
Again = Annotated[bool, typer.Option("--again", help="Send also what an earlier run has sent.")]
Database = Annotated[
    str | None,
    typer.Option(metavar="URL", help="A path or a postgresql:// URL, not the profile's workspace."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def sort_option(sorts: tuple[str, ...]) -> Any:
    """A `--sort` that offers these fields, ascending and descending."""
    return typer.Option(
        metavar="FIELD",
        help=f"{choices_text(sorts)}; - reverses.",
        autocompletion=one_of((*sorts, *(f"-{sort}" for sort in sorts))),
    )


def _value(*names: str, metavar: str, help: str, complete: Complete | None = None) -> Any:
    declared: dict[str, Any] = {"param_decls": names, "metavar": metavar, "help": help}
    if complete is not None:
        declared["autocompletion"] = lambda ctx, _, incomplete: complete(ctx, incomplete)
    return declared


def _flag(*names: str, help: str) -> Any:
    return {"param_decls": names, "is_flag": True, "default": None, "help": help}


GLOBAL_OPTIONS: tuple[dict[str, Any], ...] = (
    _value("--profile", metavar="NAME", help="Account or workspace.", complete=complete_profile()),
    _value(
        "--output",
        "-o",
        metavar="FORMAT",
        help=choices_text(CHOICES["output"]),
        complete=one_of(CHOICES["output"]),
    ),
    _flag("--json", help="The same as -o json."),
    _value("--fields", metavar="A,B.C", help="Only these fields.", complete=complete_fields),
    _flag("--raw", help="CSV: leave cells that look like formulas."),
    _flag("--dry-run", "-n", help="Print the request a write would send; send nothing."),
    _flag("--quiet", "-q", help="No notes on stderr."),
    {
        "param_decls": ("--verbose", "-v"),
        "count": True,
        "type": int,
        "default": None,
        "help": "Say more; -vv requests, -vvv their bodies.",
    },
    _value(
        "--timeout",
        metavar="SECONDS",
        help="For one call of the API, retries included; default 30.",
    ),
    _value("--ca-file", metavar="FILE", help="Trust the certificates in this file as well."),
    _flag("--no-input", help="Never ask."),
    _value(
        "--color",
        metavar="WHEN",
        help=choices_text(CHOICES["color"]),
        complete=one_of(CHOICES["color"]),
    ),
)
"""What stands before and after every command, as `lazy.global_options` makes it."""
