"""The root command: finds the noun that was asked for, runs it, and turns errors into exits."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

from typer import Abort, Exit
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.exceptions import TyperException
from typer.main import get_command_from_info

from crmctl import __version__, errors
from crmctl.cli.context import Context
from crmctl.cli.options import global_options

if TYPE_CHECKING:
    from typer.models import CommandInfo

# Each noun's module is imported when it is asked for: eager groups cost 46 ms at every start.
NOUNS = {
    "task": "Manage tasks: list, create, complete, …",
    "activity": "Log activities, list them, read the feed",
    "auth": "Keys and profiles: log in, log out, switch",
    "config": "Settings, and where each one comes from",
    "workspace": "The embedded workspace on this machine",
    "api": "Send any request to the API",
    "demo": "Try crmctl on sample data",
    "completion": "Completion for bash, zsh, fish and PowerShell",
}
_HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
_COMPLETE = "__complete"


class Command(TyperCommand):
    """A command whose help lists the global options apart from its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(global_options())

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the help's sections."""
        format_sections(self, ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line, without Typer's braces around what is required."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class Group(TyperGroup):
    """A noun. A missing verb is an error that names the verbs."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the help's sections."""
        self.format_commands(ctx, formatter)
        format_sections(self, ctx, formatter)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The commands' names; without their code."""
        return list(self.commands)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, with a missing command explained."""
        rest: list[str] = super().parse_args(ctx, args)
        if not ctx._protected_args and not ctx.resilient_parsing:  # noqa: SLF001 - Typer's own name
            verbs = ", ".join(self.commands)
            raise errors.UsageError(
                f"{ctx.command_path} needs a command: {verbs}.",
                hint=f"Run `{ctx.command_path} --help`.",
            )
        return rest


class Root(Group):
    """crmctl itself: its nouns are known by name and line, and imported on use."""

    summaries = NOUNS

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the nouns without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(NOUNS.items()))


class Verbs(Mapping[str, TyperCommand]):
    """The commands of one noun, each built from its function when it is asked for."""

    def __init__(self, infos: list[CommandInfo]) -> None:
        self._infos = {str(info.name): info for info in infos}

    def __getitem__(self, name: str) -> TyperCommand:
        return build_command(self._infos[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)


class Nouns(Mapping[str, Any]):
    """The nouns, each imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in NOUNS:
            raise KeyError(name)
        app: Any = import_module(f"crmctl.cli.commands.{name}").app
        infos: list[CommandInfo] = app.registered_commands
        if not app.registered_groups and [info.name for info in infos] == [name]:
            return build_command(infos[0])
        return build_group(name, app)

    def __iter__(self) -> Iterator[str]:
        return iter(NOUNS)

    def __len__(self) -> int:
        return len(NOUNS)


def build_command(info: CommandInfo) -> TyperCommand:
    """Typer's command for one function."""
    info.cls = Command
    info.context_settings = {**_HELP_OPTIONS, **(info.context_settings or {})}
    command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    assert isinstance(command, TyperCommand)  # noqa: S101 - narrows Typer's type
    return command


def build_group(name: str, app: Any) -> Any:
    """The group of a noun's module, with the groups inside it."""
    commands: dict[str, Any] | Verbs = Verbs(app.registered_commands)
    if app.registered_groups:
        commands = dict(commands)
        for info in app.registered_groups:
            commands[info.name] = build_group(info.name, info.typer_instance)
    return Group(
        name=name,
        commands=commands,  # type: ignore[arg-type] # any mapping does
        help=app.info.help,
        rich_markup_mode=None,
        params=global_options(),
        context_settings=_HELP_OPTIONS,
    )


def build_root() -> Root:
    """The whole command line."""
    return Root(
        name="crmctl",
        commands=Nouns(),  # type: ignore[arg-type] # any mapping does
        help="Manage CRM tasks and log activities.",
        epilog="Start with `crmctl demo`. `crmctl NOUN VERB --help` explains one command.",
        rich_markup_mode=None,
        params=[_version_option(), *global_options()],
        context_settings=_HELP_OPTIONS,
    )


def format_sections(command: Any, ctx: Any, formatter: Any) -> None:
    """Write a command's arguments, its own options and the global ones as sections of its help."""
    shared = {option.name for option in global_options()}
    sections: dict[str, list[tuple[str, str]]] = {
        "Arguments": [],
        "Options": [],
        "Global options": [],
    }
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record is None:
            continue
        own = "Arguments" if param.param_type_name == "argument" else "Options"
        sections["Global options" if param.name in shared else own].append(record)
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


def run(args: list[str], crm: Context) -> int:
    """Run one command line in a context and give its exit status; errors are printed."""
    try:
        if args[:1] == [_COMPLETE]:
            from crmctl.cli.completion.protocol import print_completions

            print_completions(build_root(), args[1:], crm)
        else:
            # The parser empties the list that it is given; `report` wants to see it whole.
            line = [*args[1:], "--help"] if args[:1] in ([], ["help"]) else list(args)
            with build_root().make_context("crmctl", line, obj=crm) as ctx:
                ctx.command.invoke(ctx)
        crm.finish()
    except Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, Abort):
        crm.say("\n")
        return errors.INTERRUPTED
    except errors.CrmctlError as error:
        crm.report(error, args)
        return error.exit_status
    except TyperException as error:
        crm.report(_usage_error(error), args)
        return errors.UsageError.exit_status
    finally:
        crm.close()
    return 0


def run_process(args: list[str]) -> None:
    """Run one command line in this process and end it."""
    stdout, stderr = _stream(sys.stdout), _stream(sys.stderr)
    stdin: Any = sys.stdin
    if stdin is not None:  # as it is where the caller closed it
        stdin.reconfigure(encoding="utf-8")
    crm = Context(environ=os.environ, stdin=stdin, stdout=stdout, stderr=stderr)
    try:
        try:
            status = run(args, crm)
        finally:
            stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does: nothing to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        status = errors.READER_GONE
    except OSError as error:
        crm.report(errors.StoreError(f"The output cannot be written: {error.strerror}."), args)
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        status = errors.StoreError.exit_status
    # All is closed and flushed: taking the interpreter apart would cost another 20 of 100 ms.
    os._exit(status)


def _stream(stream: TextIO | None) -> TextIO:
    if stream is None:  # the caller closed it
        return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - lives as long as we do
    stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[attr-defined]
    return stream


def _usage_error(error: TyperException) -> errors.UsageError:
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "crmctl"
    hint = f"Run `{path} --help`."
    if ctx and isinstance(ctx.command, Group) and error.message.startswith("No such command"):
        hint = f"There are: {', '.join(ctx.command.commands)}. {hint}"
    return errors.UsageError(error.format_message(), hint=hint)


def _version_option() -> TyperOption:
    def show(ctx: Any, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            ctx.obj.stdout.write(f"crmctl {__version__}\n")
            raise Exit

    return TyperOption(
        param_decls=["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=lambda ctx, _, value: show(ctx, value),
        help="Print the version.",
    )
