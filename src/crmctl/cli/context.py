"""What a command needs, built when it first asks: settings, a client, a workspace, a clock.

The one place that knows both transports.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from crmctl import __version__, errors
from crmctl.api.client import Client
from crmctl.api.message import Request, Response, Transport
from crmctl.cli.global_options import GlobalOptions
from crmctl.cli.terminal import Terminal
from crmctl.config.profile import Profile
from crmctl.config.settings import Settings
from crmctl.directories import Directories
from crmctl.timestamps import within_calendar

if TYPE_CHECKING:
    from pathlib import Path

    from crmctl.api.dry_run import DryRun
    from crmctl.cli.fallback import Fallback
    from crmctl.cli.known import OfServer, OfWorkspace
    from crmctl.config.keyring import Keyring
    from crmctl.config.keys import Key
    from crmctl.directories import Kind
    from crmctl.store.interface import Store
    from crmctl.workspace.app import Workspace

    Around = Callable[[Transport], Transport]
    Warn = Callable[[Mapping[str, Any]], None]


class Context:
    """One run of crmctl. The streams, the clock, the environment and the system are the caller's.

    ``system`` gives the system's place for a kind of files, as `directories.system_directory` does.
    ``database`` is what --database names, in place of the profile's workspace.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        system: Callable[[Kind], Path],
        stdin: TextIO | None,
        stdout: TextIO,
        stderr: TextIO,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.environ = environ
        self.directories = Directories(environ, system)
        self.options = GlobalOptions()
        self.terminal = Terminal(
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            environ=environ,
            options=self.options,
            no_input=lambda: self.settings.no_input.value,
            as_json=lambda: self.tells_json,
        )
        self.terminal.keep_secret(environ.get("CRMCTL_API_KEY", "").strip())
        self._clock = clock
        self.sleep = sleep
        self.database: str | None = None
        self._closing: list[Callable[[], None]] = []

    @cached_property
    def settings(self) -> Settings:
        """Flags, environment and config file, resolved."""
        # Neither a rehearsal nor a database of its own is a job's to lose: they need no account.
        free = self.options.dry_run or self.database is not None
        given = self.options.given()
        return Settings(self.environ, given, self.directories, may_fall_back=free)

    @cached_property
    def profile(self) -> Profile:
        """The account or workspace in use."""
        return self.settings.profile

    @property
    def user_id(self) -> str | None:
        """Who `me` is."""
        return self.profile.user_id.value

    @cached_property
    def fallback(self) -> Fallback:
        """What is said where nobody chose the workspace in use."""
        from crmctl.cli.fallback import Fallback

        return Fallback(self.terminal, lambda: self.profile.fallback and not self.database)

    @cached_property
    def client(self) -> Client:
        """The API, over the profile's transport."""
        if self.options.dry_run:
            return Client(self.dry_run, warn=self._warn)
        remote = self.profile.kind != "workspace"
        return Client(self._permitted(), remote=remote, warn=self._warn)

    def require_writable(self, command: str) -> None:
        """Raise ReadOnly where the profile is: for what writes to its workspace by no request."""
        read_only = self.profile.read_only
        if read_only.value:
            raise errors.read_only(f"`{command}` did nothing", read_only.source)

    @cached_property
    def dry_run(self) -> DryRun:
        """What takes the writes of a dry run and sends none."""
        from crmctl.api.dry_run import DryRun

        return DryRun(lambda request: self._transport(request))

    @property
    def keyring(self) -> Keyring:
        """The system's keyring, which waits for a person where there is one."""
        from crmctl.config.keyring import ATTENDED_SECONDS, UNATTENDED_SECONDS, Keyring

        return Keyring(
            ATTENDED_SECONDS if self.terminal.is_attended() else UNATTENDED_SECONDS,
            tell=self.terminal.note,
            chosen=bool(self.environ.get("PYTHON_KEYRING_BACKEND")),
        )

    @cached_property
    def key(self) -> Key:
        """The profile's key, which nothing that is said will show."""
        from crmctl.config.keys import find_key

        key = find_key(self.profile, self.environ, self.directories, keyring=self.keyring)
        self.terminal.keep_secret(key.value)
        return key

    def client_for(self, base_url: str, key: str) -> Client:
        """The API at a server that is no profile yet."""
        return Client(self._connect(base_url, key), remote=True, warn=self._warn)

    @cached_property
    def store(self) -> Store:
        """What --database names, else what the profile's embedded workspace is kept in."""
        return self.open_store(busy_seconds=self.settings.timeout.value)

    @cached_property
    def workspace(self) -> Workspace:
        """The API over the profile's embedded workspace."""
        from crmctl.workspace.app import Workspace

        return Workspace(self.store, clock=lambda: self.clock().replace(microsecond=0))

    @property
    def known(self) -> OfWorkspace | OfServer:
        """The records that are known by name."""
        from crmctl.cli.known import OfWorkspace

        if self.database is not None or self.profile.kind == "workspace":
            return OfWorkspace(self.store)
        return self.known_of_server

    @cached_property
    def known_of_server(self) -> OfServer:
        """The records of the profile's server that this machine has seen."""
        from crmctl.cli.known import OfServer

        return OfServer(self.directories, self.account)

    @property
    def account(self) -> str:
        """What files are named by that belong to the profile's account or workspace."""
        from crmctl.config.account import name_account

        profile = self.profile
        if profile.kind == "workspace":
            return name_account(profile.name, str(self.directories.data.absolute()))
        return name_account(profile.name, str(profile.base_url.value), self.key_without_profile)

    @property
    def key_without_profile(self) -> str:
        """The key of the environment, where it is what chose the account; else nothing."""
        in_environment = self.profile.source == "CRMCTL_API_KEY"
        return self.environ.get("CRMCTL_API_KEY", "").strip() if in_environment else ""

    def open_store(self, *, busy_seconds: float) -> Store:
        """The same, which waits ``busy_seconds`` for others who write."""
        store: Store
        if self.database is None:
            from crmctl.store.sqlite import SqliteStore

            store = SqliteStore(self.workspace_path, busy_seconds=busy_seconds)
        else:
            from crmctl.store.urls import open_database, secret_of

            self.terminal.keep_secret(secret_of(self.database))
            store = open_database(self.database, busy_seconds=busy_seconds)
        self._closing.append(store.close)
        return store

    @property
    def workspace_path(self) -> Path:
        """Where the profile's workspace is, or would be. A usage error if it is a server."""
        if self.profile.kind != "workspace":
            raise errors.UsageError(
                f"The profile {self.profile.name} is a server, not a workspace on this machine.",
                hint="Add `--profile local`.",
            )
        return self.directories.data / f"{self.profile.name}.db"

    @cached_property
    def now(self) -> datetime:
        """The moment this command runs at, aware."""
        return self.clock()

    def clock(self) -> datetime:
        """The moment it is, aware."""
        return within_calendar(self._clock())

    def renew_now(self) -> None:
        """It is later now, for a command that runs on."""
        self.__dict__.pop("now", None)

    @cached_property
    def zone(self) -> tzinfo:
        """The zone that dates without an offset are in."""
        return self.profile.zone(self.environ)

    @cached_property
    def format(self) -> str:
        """The output format: asked for, configured, or by where the output goes."""
        if self.options.json:
            return "json"
        chosen = self.settings.output.value
        return chosen or ("table" if self.terminal.stdout.isatty() else "plain")

    @property
    def as_json(self) -> bool:
        """Whether the output is JSON, in whole or by lines; errors are then too."""
        return self.format.startswith("json")

    @property
    def tells_json(self) -> bool:
        """Whether errors and notes are JSON; as far as it is known where settings are at fault."""
        try:
            return self.as_json
        except errors.CrmctlError:
            return (self.options.output or "").startswith("json")

    def report(self, error: errors.CrmctlError) -> None:
        """Tell an error, as JSON where the output is JSON."""
        if isinstance(error, errors.NotFound):
            self.fallback.explain(error)
        self.terminal.report(error)

    def finish(self) -> None:
        """Print what a dry run collected."""
        if self.options.dry_run and self.dry_run.requests:
            self.show_value(self.dry_run.described())

    def show_value(self, value: Any) -> None:
        """Show what is JSON in every format: over several lines, but in jsonl."""
        from crmctl.output import renderer

        lines = self.format == "jsonl"
        renderer("jsonl" if lines else "json").write_value(value, stream=self.terminal.stdout)

    def close_later(self, close: Callable[[], None]) -> None:
        """Have something closed when the command ends."""
        self._closing.append(close)

    def close(self) -> None:
        """Close what was opened."""
        self.terminal.close()
        while self._closing:
            self._closing.pop()()

    def _permitted(self) -> Transport:
        """The profile's transport; where that is read-only, made by the first read alone."""
        read_only = self.profile.read_only
        if not read_only.value:
            return self._transport
        from crmctl.api.read_only import reading_only

        return reading_only(lambda request: self._transport(request), read_only.source)

    @cached_property
    def _transport(self) -> Transport:
        """The profile's own: its workspace, or its server."""
        if self.profile.kind == "workspace":
            workspace, caller = self.workspace, self.user_id

            def call(request: Request) -> Response:
                response = workspace(request.having(caller=caller))
                if request.method != "GET" and response.status < 400:
                    self.fallback.note_write()
                return response

            return self.terminal.watch(call, "the workspace")
        return self._connect(str(self.profile.base_url.value), self.key.value)

    def connect(self, around: Around, warn: Warn) -> Client:
        """Another client of the profile's server; ``around`` wraps what sends each attempt."""
        base_url = str(self.profile.base_url.value)
        return Client(self._connect(base_url, self.key.value, around), remote=True, warn=warn)

    def _connect(self, base_url: str, key: str, around: Around | None = None) -> Transport:
        """A server, with what may be done about failures. Sends nothing yet."""
        from crmctl.api.http import HttpTransport
        from crmctl.api.retry import retrying

        self.terminal.keep_secret(key)
        server = HttpTransport(
            base_url,
            key=key,
            timeout=self.settings.timeout.value,
            ca_file=self.settings.ca_file.value,
            environ=self.environ,
            user_agent=f"crmctl/{__version__}",
            log=self.terminal.log,
        )
        self._closing.append(server.close)
        timeout = self.settings.timeout.value
        watched = around(server) if around else self.terminal.watch(server, "the server")
        return retrying(watched, timeout=timeout, sleep=self.sleep, log=self.terminal.log_wait)

    def _warn(self, warning: Mapping[str, Any]) -> None:
        self.terminal.note(
            f"crmctl: note: {warning.get('field')} {warning.get('message')}",
            code=str(warning.get("code") or "warning"),
        )
