"""The command line as Typer runs it, each command built when it is asked for.

All that reaches into Typer's core and its private names is in this module: a new version of Typer
is tried against it. What only completion needs of them is imported inside of the functions that
need it, so that it costs a normal start nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from typer._click.exceptions import UsageError
from typer._click.parser import _OptionParser
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info

from crmctl import errors
from crmctl.cli.global_options import GlobalOptions
from crmctl.cli.options import GLOBAL_OPTIONS

if TYPE_CHECKING:
    from typer.exceptions import TyperException
    from typer.models import CommandInfo

_HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}


class Parser(_OptionParser):
    """Typer's parser, which takes what it finds of global options to the context.

    How an error is told may depend on an option behind it. So the first one waits until the whole
    line is read.
    """

    def __init__(self, ctx: Any) -> None:
        super().__init__(ctx)
        self._failing = not ctx.resilient_parsing
        self._options: GlobalOptions = ctx.obj.options
        self._error: UsageError | None = None

    def parse_args(self, args: list[str]) -> tuple[dict[str, Any], list[str], list[Any]]:
        """Read the words; give the values by name, the words left over, and the order."""
        values, rest, order = super().parse_args(args)
        self._options.take(values)
        if self._error is not None and self._failing:
            raise self._error
        return values, rest, order

    def _process_opts(self, arg: str, state: Any) -> None:
        try:
            super()._process_opts(arg, state)
        except UsageError as error:
            self._error = self._error or error
            # A group leaves what follows the verb to the verb, and that will not be asked now.
            self.allow_interspersed_args |= self._failing


class Command(TyperCommand):
    """A command whose help lists the global options apart from its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(global_options())

    def make_parser(self, ctx: Any) -> Parser:
        """The parser of the command's own options and the global ones."""
        return _fill(Parser(ctx), self, ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the help's sections."""
        _format_sections(self, ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage line, without Typer's braces around what is required."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


class Group(TyperGroup):
    """A noun. A missing verb is an error that names the verbs."""

    def make_parser(self, ctx: Any) -> Parser:
        """The parser of the options before the verb."""
        return _fill(Parser(ctx), self, ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the help's sections."""
        self.format_commands(ctx, formatter)
        _format_sections(self, ctx, formatter)

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

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The verb. Where there is none of that name, what follows is read for global options."""
        try:
            return super().resolve_command(ctx, args)
        except UsageError as error:
            parser = self.make_parser(ctx)
            parser.allow_interspersed_args = True
            try:
                parser.parse_args(args[1:])
            except UsageError:
                raise error from None
            raise


class Root(Group):
    """crmctl itself: its nouns are known by name and line, and imported on use."""

    def __init__(self, summaries: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.summaries = summaries

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List the nouns without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


class Commands(Mapping[str, Any]):
    """Commands by name, each built when it is asked for."""

    def __init__(self, names: Iterable[str], build: Callable[[str], Any]) -> None:
        self._names = tuple(names)
        self._build = build

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise KeyError(name)
        return self._build(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def build_root(
    nouns: Mapping[str, str],
    *,
    load: Callable[[str], Any],
    show_version: Callable[[Any], None],
) -> Root:
    """The whole command line.

    ``nouns`` are the nouns, each with a line on it; ``load`` gives a noun's Typer app;
    ``show_version`` is called with the context where --version is asked for.
    """

    def build(name: str) -> Any:
        app = load(name)
        infos: dict[str, CommandInfo] = {str(info.name): info for info in app.registered_commands}
        if list(infos) == [name]:
            return _build_command(infos[name])
        return Group(
            name=name,
            commands=Commands(infos, lambda verb: _build_command(infos[verb])),  # type: ignore[arg-type] # any mapping does
            help=app.info.help,
            rich_markup_mode=None,
            params=[*global_options()],
            context_settings=_HELP_OPTIONS,
        )

    return Root(
        nouns,
        name="crmctl",
        commands=Commands(nouns, build),
        help="Manage CRM tasks and log activities.",
        epilog="Start with `crmctl demo`. `crmctl NOUN VERB --help` explains one command.",
        rich_markup_mode=None,
        params=[_version_option(show_version), *global_options()],
        context_settings=_HELP_OPTIONS,
    )


@cache
def global_options() -> tuple[TyperOption, ...]:
    """The options before and after every command; what they say is in `Context.options`.

    They are the same for the root, the noun and the verb, and made once: that saves 0.5 ms.
    """
    return tuple(TyperOption(expose_value=False, **declared) for declared in GLOBAL_OPTIONS)


def explain(error: TyperException) -> errors.UsageError:
    """What Typer found wrong with a command line, as an error of ours."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "crmctl"
    hint = f"Run `{path} --help`."
    if ctx and isinstance(ctx.command, Group) and error.message.startswith("No such command"):
        hint = f"There are: {', '.join(ctx.command.commands)}. {hint}"
    if getattr(error, "option_name", "")[1:2].isdigit():
        hint += " What begins with a dash and is no option stands after `--`."
    return errors.UsageError(error.format_message(), hint=hint)


def split_words(line: str) -> list[str]:
    """The words of a shell's command line, without their quotes; the last may lack its own."""
    from typer._click.shell_completion import split_arg_string

    return split_arg_string(line)


def find_context(root: Any, words: list[str], obj: Any) -> Any:
    """Typer's context for a line that is not finished; None after an unknown noun or verb."""
    from typer._click.shell_completion import _resolve_context

    ctx = _resolve_context(root, {"obj": obj}, "crmctl", words)
    unknown = isinstance(ctx.command, TyperGroup) and ctx._protected_args  # noqa: SLF001
    return None if unknown else ctx


def find_asked(ctx: Any, before: list[str], incomplete: str) -> tuple[Any, str]:
    """The option, argument or command that the last word belongs to, and what it has of it."""
    from typer._click.shell_completion import _is_incomplete_option, _resolve_incomplete

    option, equals, value = incomplete.partition("=")
    if equals and option.startswith("--"):
        before, incomplete = [*before, option], value
    for param in ctx.command.get_params(ctx):
        # Even where its value begins with a dash, as in `--sort -due_date`.
        if _is_incomplete_option(ctx, before, param):
            return param, incomplete
    return _resolve_incomplete(ctx, before, incomplete)


def _fill(parser: Parser, command: Any, ctx: Any) -> Parser:
    for param in command.get_params(ctx):
        param.add_to_parser(parser, ctx)
    return parser


def _build_command(info: CommandInfo) -> TyperCommand:
    info.cls = Command
    info.context_settings = {**_HELP_OPTIONS, **(info.context_settings or {})}
    command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    assert isinstance(command, TyperCommand)  # noqa: S101 - narrows Typer's type
    return command


def _version_option(show: Callable[[Any], None]) -> TyperOption:
    def check(ctx: Any, param: Any, value: bool) -> None:  # noqa: ARG001 - Typer passes it
        if value and not ctx.resilient_parsing:
            show(ctx)

    return TyperOption(
        param_decls=["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=check,
        help="Print the version.",
    )


def _format_sections(command: Any, ctx: Any, formatter: Any) -> None:
    """Write a command's arguments, its own options and the global ones as sections of its help."""
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
        shared = param.name in GlobalOptions.__slots__
        sections["Global options" if shared else own].append(record)
    for title, records in sections.items():
        if records:
            with formatter.section(title):
                formatter.write_dl(records)
