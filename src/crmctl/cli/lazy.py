"""The command line as Typer runs it, each command built when it is asked for.

All that reaches into Typer's core and its private names is in this module: a new version of Typer
is tried against it. What only completion needs of them is imported inside of the functions that
need it, so that it costs a normal start nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from typer._click.exceptions import UsageError
from typer._click.parser import _OptionParser
from typer.core import TyperCommand, TyperGroup, TyperOption
from typer.main import get_command_from_info

from crmctl import errors
from crmctl.cli.global_options import GlobalOptions
from crmctl.cli.options import GLOBAL_OPTIONS, extend

if TYPE_CHECKING:
    from typer.exceptions import TyperException
    from typer.models import CommandInfo

_ABOUT = """
Manage CRM tasks and log activities.

crmctl demo
crmctl task create "Call Jane" --due "tomorrow 9am"
crmctl task list --open
"""


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
        if self._failing:
            if self._error is not None:
                raise self._error
            _require_once(order)
        return values, rest, order

    def _process_opts(self, arg: str, state: Any) -> None:
        # Typer would first look for a long option like `-o`, and that costs 0.4 ms.
        process = super()._process_opts if arg.startswith("--") else self._match_short_opt
        try:
            process(arg, state)
        except UsageError as error:
            error.ctx = error.ctx or self.ctx
            self._error = self._error or error
            # A group leaves what follows the verb to the verb, and that will not be asked now.
            self.allow_interspersed_args |= self._failing


class Command(TyperCommand):
    """A command. It has the global options too, and words too many are explained."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend((help_option(), *global_options()))

    def make_parser(self, ctx: Any) -> Parser:
        """The parser of the command's own options and the global ones."""
        return _fill(Parser(ctx), self, ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, with words too many explained."""
        rest: list[str] = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            from crmctl.cli.synonyms import unexpected_words

            raise unexpected_words(ctx, rest)
        return rest


class Group(TyperGroup):
    """A noun. A missing verb is an error that names the verbs."""

    def make_parser(self, ctx: Any) -> Parser:
        """The parser of the options before the verb."""
        return _fill(Parser(ctx), self, ctx)

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """The commands' names; without their code."""
        return list(self.commands)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse, with a missing command explained."""
        rest: list[str] = super().parse_args(ctx, args)
        if not ctx._protected_args and not ctx.resilient_parsing:  # noqa: SLF001 - Typer's own name
            from crmctl.cli.help import list_text

            message = f"{ctx.command_path} needs a command."
            raise errors.UsageError(message, hint=list_text(ctx))
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The verb, which may be typed in another word; `help` asks for its help."""
        word, *rest = args
        if word in list(self.commands) or word.startswith("-"):
            return super().resolve_command(ctx, args)
        if word == "help" and not ctx.resilient_parsing:
            from crmctl.cli.help import print_topic

            print_topic(ctx, rest)
            return self.resolve_command(ctx, [*rest, "--help"])
        from crmctl.cli.synonyms import find_alias, unknown_command

        path = ctx.command_path.split()[1:]
        if alias := find_alias(path, word, self.commands):
            return super().resolve_command(ctx, [alias, *rest])
        if not ctx.resilient_parsing:
            self._read_global_options(ctx, rest)
            raise unknown_command(path, word, self.commands)
        return None, None, rest

    def _read_global_options(self, ctx: Any, words: list[str]) -> None:
        """Read what follows a word that is no command: it may say how an error is told."""
        parser = self.make_parser(ctx)
        parser.allow_interspersed_args = True
        with suppress(UsageError):
            parser.parse_args(words)


class Root(Group):
    """crmctl itself: its nouns are known by name and line, and imported on use."""

    def __init__(self, summaries: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.summaries = summaries


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
        if [info.name for info in app.registered_commands] == [name]:
            return _build_command(app.registered_commands[0])
        return _build_group(app, name)

    return Root(
        nouns,
        name="crmctl",
        commands=Commands(nouns, build),
        help=_ABOUT,
        rich_markup_mode=None,
        params=[
            _eager_flag("--version", "-V", help="Print the version.", act=show_version),
            help_option(),
            *global_options(),
        ],
        add_help_option=False,
    )


class GlobalOption(TyperOption):
    """An option whose value the parser has taken to the context."""

    def handle_parse_result(self, ctx: Any, opts: Any, args: list[str]) -> tuple[None, list[str]]:
        """Nothing: looking for a value elsewhere, 36 times at a start, cost 0.2 ms."""
        del ctx, opts
        return None, args


@cache
def global_options() -> tuple[GlobalOption, ...]:
    """The options before and after every command; what they say is in `Context.options`.

    They are the same for the root, the noun and the verb, and made once: that saves 0.5 ms.
    """
    return tuple(GlobalOption(**declared) for declared in GLOBAL_OPTIONS)


@cache
def help_option() -> TyperOption:
    """-h and --help, of every command."""
    return _eager_flag("--help", "-h", help="Explain the command.", act=_print_help)


def explain(error: TyperException) -> errors.UsageError:
    """What Typer found wrong with a command line, as an error of ours."""
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else "crmctl"
    hint = f"Run `{path} --help`."
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


def _require_once(order: list[Any]) -> None:
    """Refuse an option of one value that is given again: the last would silently undo the others.

    Of a global option it does, for a shell's alias may have one.
    """
    given = set()
    for param in order:
        if not isinstance(param, TyperOption) or param.is_flag or param.multiple:
            continue
        if param in given and param not in global_options():
            raise errors.UsageError(
                f"{max(param.opts, key=len)} is given twice.",
                hint="Give it once; where it takes several values, they stand with commas between.",
            )
        given.add(param)


def _build_group(app: Any, name: str) -> Group:
    """A noun, or a noun of a noun's own: `crmctl workspace key`."""
    verbs = {str(each.name): each for each in (*app.registered_commands, *app.registered_groups)}

    def build(verb: str) -> Any:
        inner = getattr(verbs[verb], "typer_instance", None)
        return _build_command(verbs[verb]) if inner is None else _build_group(inner, verb)

    return Group(
        name=name,
        commands=Commands(verbs, build),  # type: ignore[arg-type] # any mapping does
        help=app.info.help,
        rich_markup_mode=None,
        params=[help_option(), *global_options()],
        add_help_option=False,
    )


def _build_command(info: CommandInfo) -> TyperCommand:
    info.cls = Command
    assert info.callback is not None  # noqa: S101 - narrows Typer's type
    if taking := info.callback.__dict__.get("taking"):
        from crmctl.cli import filters

        reader, name = taking
        info.callback = extend(info.callback, getattr(filters, reader), name)
    info.add_help_option = False
    info.context_settings = {**(info.context_settings or {}), "allow_extra_args": True}
    command = get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    assert isinstance(command, TyperCommand)  # noqa: S101 - narrows Typer's type
    return command


def _print_help(ctx: Any) -> None:
    from crmctl.cli.help import print_page

    print_page(ctx)


def _eager_flag(*names: str, help: str, act: Callable[[Any], None]) -> TyperOption:
    """An option that acts in place of the command, whatever that lacks."""

    def check(ctx: Any, param: Any, value: bool) -> None:  # noqa: ARG001 - Typer passes it
        if value and not ctx.resilient_parsing:
            act(ctx)

    return TyperOption(
        param_decls=[*names],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=check,
        help=help,
    )
