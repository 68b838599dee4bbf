"""What a command needs, built when it first asks: settings, a client, output, a clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TextIO

from crmctl import errors
from crmctl.api.client import Client
from crmctl.api.dry_run import Rehearsal
from crmctl.api.message import Transport
from crmctl.config.profile import Profile
from crmctl.config.settings import Settings
from crmctl.files import directory
from crmctl.output import renderer
from crmctl.validate import Action, Problem, check_body

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from crmctl.fields import Resource
    from crmctl.output.style import Style
    from crmctl.output.view import View
    from crmctl.workspace.app import Workspace

# The user of the sample data: `--mine` and `me` have someone to mean in the demo.
DEMO_USER = "usr_abc123"


class Context:
    """One run of crmctl. The streams, the clock and the environment are the caller's."""

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        stdin: TextIO | None,
        stdout: TextIO,
        stderr: TextIO,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.environ = environ
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.clock = clock
        self.sleep = sleep
        self.flags: dict[str, Any] = {}
        self.typed: dict[str, str] = {}
        self._rehearsal = Rehearsal(lambda request: self._transport(request))
        self._closing: list[Callable[[], None]] = []

    @cached_property
    def settings(self) -> Settings:
        """Flags, environment and config file, resolved."""
        # A rehearsal writes nothing that a job could lose, so it needs no account.
        environ = {**self.environ, "CI": ""} if self.dry_run else self.environ
        return Settings.load(environ, self.flags)

    @cached_property
    def profile(self) -> Profile:
        """The account or workspace in use; says so once where nobody chose it."""
        profile = self.settings.profile
        if profile.fallback:
            self.note("Using the embedded workspace; `crmctl auth login` connects an account.")
        return profile

    @property
    def dry_run(self) -> bool:
        """Whether writes are shown instead of sent."""
        return bool(self.flags.get("dry_run"))

    @property
    def verbosity(self) -> int:
        """How often -v was given."""
        return int(self.flags.get("verbose") or 0)

    @cached_property
    def client(self) -> Client:
        """The API, over the profile's transport."""
        transport = self._rehearsal if self.dry_run else self._transport
        return Client(transport, warn=self._warn)

    def client_for(self, base_url: str, key: str) -> Client:
        """The API at a server that is no profile yet."""
        return Client(self._connect(base_url, key), warn=self._warn)

    @cached_property
    def workspace(self) -> Workspace:
        """The profile's embedded workspace; a usage error if the profile is a server."""
        from crmctl.workspace.app import Workspace

        workspace = Workspace(self.workspace_path, user_id=self._user_id(), clock=self._second)
        self._closing.append(workspace.close)
        return workspace

    @property
    def workspace_path(self) -> Path:
        """Where the profile's workspace is, or would be."""
        if self.profile.kind != "workspace":
            raise errors.UsageError(
                f"The profile {self.profile.name} is a server, not a workspace on this machine.",
                hint="Add `--profile local`.",
            )
        return directory("data", self.environ) / f"{self.profile.name}.db"

    @cached_property
    def now(self) -> datetime:
        """The moment this command runs at, aware."""
        return self.clock()

    @cached_property
    def zone(self) -> tzinfo:
        """The zone that dates without an offset are in."""
        return self.profile.zone()

    @cached_property
    def format(self) -> str:
        """The output format: asked for, configured, or by where the output goes."""
        if self.flags.get("json"):
            return "json"
        chosen = self.settings.output.value
        return chosen or ("table" if self.stdout.isatty() else "plain")

    def when(
        self, text: str, option: str, *, edge: Literal["start", "end", "past"] = "start"
    ) -> str:
        """A date that a person typed, as the API writes it; -v says what was understood.

        A day alone is its start, its last second, or the moment it is past: what a bound that is
        itself left out must be, for the whole day to be in.
        """
        from crmctl.dates import parse_when
        from crmctl.timestamps import format_timestamp

        first = parse_when(text, now=self.now, zone=self.zone, edge="start")
        last = parse_when(text, now=self.now, zone=self.zone, edge="end")
        instant = first if edge == "start" else last
        if edge == "past" and first != last:
            instant = last + timedelta(seconds=1)
        sent = format_timestamp(instant)
        local = f"{instant.astimezone(self.zone):%a %d %b %Y %H:%M:%S}"
        self.log(1, f"{option} {text}: {local} ({sent})")
        return sent

    def user(self, user_id: str) -> str:
        """A user ID, where ``me`` is the profile's own."""
        if user_id != "me":
            return user_id
        mine = self._user_id()
        if mine is None:
            raise errors.SettingsError(
                f"The profile {self.profile.name} has no user_id, so `me` is nobody.",
                hint="Run `crmctl config set user_id USER_ID`.",
            )
        return mine

    def text(self, value: str, option: str) -> str:
        """Text from the command line, or all of stdin where the value is ``-``."""
        if value != "-":
            return value
        if self.stdin is None:
            raise errors.UsageError(f"{option} - reads stdin, which is closed.")
        try:
            text = self.stdin.read()
        except UnicodeDecodeError as error:
            raise errors.InvalidInput(f"{option} -: stdin is not UTF-8 text ({error}).") from error
        self.typed[option] = text
        return text.rstrip("\n")

    def check(self, resource: Resource, body: Mapping[str, Any], action: Action) -> None:
        """Raise `InvalidInput` if the API would refuse this body; nothing was sent yet."""
        refuse(check_body(resource, body, action))

    def show_list(self, items: Iterable[Mapping[str, Any]], view: View) -> int:
        """Print items in the chosen format and give their number."""
        return int(self._renderer.write_list(items, view, stream=self.stdout, style=self.style()))

    def show_one(self, item: Mapping[str, Any], view: View) -> None:
        """Print one thing in the chosen format."""
        self._renderer.write_one(item, view, stream=self.stdout, style=self.style())

    def show_written(self, item: Mapping[str, Any], view: View) -> None:
        """Print what a write gave; a dry run has written nothing."""
        if not self.dry_run:
            self.show_one(item, view)

    def show_written_list(self, items: list[dict[str, Any]], view: View) -> None:
        """Print what several writes gave."""
        if not self.dry_run:
            self.show_list(items, view)

    def done(self, text: str) -> None:
        """Say that a write is confirmed; only a person at a terminal needs to be told."""
        if self.stderr.isatty() and not self.dry_run:
            self.note(text)

    def style(self) -> Style:
        """How to render: width and colour are those of the terminal as it is now."""
        from crmctl.output import terminal
        from crmctl.output.style import Style

        table = self.format == "table"
        return Style(
            color=table
            and terminal.wants_color(self.settings.color.value, self.stdout, self.environ),
            width=terminal.width(self.stdout, self.environ) if table else None,
            now=self.now,
            zone=self.zone if table else UTC,
            raw=bool(self.flags.get("raw")),
        )

    def note(self, text: str) -> None:
        """Say something on stderr, unless asked to be quiet."""
        if not self.flags.get("quiet"):
            from crmctl.output.escape import visible

            self.say(visible(text) + "\n")

    def log(self, level: int, text: str) -> None:
        """Say something on stderr if -v was given that often."""
        if self.verbosity >= level:
            from crmctl.output.escape import visible

            self.say(visible(text) + "\n")

    def say(self, text: str) -> None:
        """Write on stderr as it stands. Where that is full or gone, the work goes on unsaid."""
        with suppress(OSError):
            self.stderr.write(text)
            self.stderr.flush()

    def may_ask(self) -> bool:
        """Whether a prompt would reach a person."""
        if self.settings.no_input.value or self.stdin is None:
            return False
        return self.stdin.isatty() and self.stderr.isatty()

    def confirm(self, question: str, *, flag: str) -> bool:
        """Ask on the terminal, No by default. Elsewhere a usage error that names the flag."""
        if not self.may_ask():
            raise errors.UsageError(
                "This needs a yes, and there is nobody to ask.", hint=f"Add {flag}."
            )
        from crmctl.output.escape import visible

        self.say(f"{visible(question)} [y/N] ")
        assert self.stdin is not None  # noqa: S101 - may_ask said so
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def report(self, error: errors.CrmctlError, args: list[str]) -> None:
        """Print an error on stderr, as JSON where the output is JSON, and what was piped in."""
        from crmctl.cli.report import describe, wants_json

        self.say(describe(self, error, as_json=wants_json(self, args)))
        self.typed.clear()

    def finish(self) -> None:
        """Print what a dry run collected."""
        if self._rehearsal.requests:
            from crmctl.output.json import write_value

            write_value(self._rehearsal.described(), stream=self.stdout)

    def close(self) -> None:
        """Close what was opened."""
        while self._closing:
            self._closing.pop()()

    @cached_property
    def _renderer(self) -> ModuleType:
        return renderer(self.format)

    @cached_property
    def _transport(self) -> Transport:
        """The profile's own: its workspace, or its server."""
        if self.profile.kind == "workspace":
            return self.workspace
        from crmctl.config.keys import find_key

        key = find_key(self.profile, self.environ)
        return self._connect(str(self.profile.base_url.value), key.value)

    def _connect(self, base_url: str, key: str) -> Transport:
        from crmctl.cli.connection import connect

        transport, close = connect(
            base_url, key, settings=self.settings, sleep=self.sleep, log=self.log, note=self.note
        )
        self._closing.append(close)
        return transport

    def _user_id(self) -> str | None:
        mine = self.profile.user_id.value
        return DEMO_USER if mine is None and self.profile.name == "demo" else mine

    def _second(self) -> datetime:
        return self.clock().replace(microsecond=0)

    def _warn(self, warning: Mapping[str, Any]) -> None:
        self.note(f"crmctl: note: {warning.get('field')} {warning.get('message')}")


def refuse(problems: list[Problem]) -> None:
    """Raise `InvalidInput` for these problems, if there are any."""
    if len(problems) == 1:
        only = problems[0]
        raise errors.InvalidInput(f"{only['field']} {only['message']}.", details=[dict(only)])
    if problems:
        details = [dict(problem) for problem in problems]
        raise errors.InvalidInput(f"{len(problems)} values cannot be sent.", details=details)
