"""`crmctl serve`: the workspace for a team, over HTTP."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crmctl.cli import options
from crmctl.cli.context import Context
from crmctl.cli.inputs import read_choice
from crmctl.cli.show import show_line
from crmctl.errors import UsageError
from crmctl.origin import is_loopback

if TYPE_CHECKING:
    from crmctl.server.listener import Listener

app = typer.Typer()

_LOG_FORMATS = ("text", "json")
_BUSY_SECONDS = 10.0  # what a request may wait for another that writes, before it is a 503


@app.command("serve")
def serve(
    ctx: typer.Context,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Port 0 takes a free one.")
    ] = "127.0.0.1:8765",
    database: options.Database = None,
    behind_proxy: Annotated[
        bool,
        typer.Option("--behind-proxy", help="A front end does TLS, and says X-Forwarded-Prefix."),
    ] = False,
    rate_limit: Annotated[
        str | None, typer.Option(metavar="N/UNIT", help="For each key: 600/min, 10/s, 5000/h.")
    ] = None,
    log: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help=f"Of the access log: {options.choices_text(_LOG_FORMATS)}.",
            autocompletion=options.one_of(_LOG_FORMATS),
        ),
    ] = "text",
) -> None:
    """Serve the workspace to a team, its scripts and its CI jobs, over HTTP.

    It answers the API to whoever has a key of `crmctl workspace key create`. The access log is on
    stderr, a line a request. Ctrl-C or SIGTERM ends it, when all that was asked is answered.

    crmctl serve
    crmctl serve --database /var/lib/crmctl/team.db --log json
    """
    crm: Context = ctx.obj
    crm.database = database
    host, port = _read_address(listen)
    if not is_loopback(host) and not behind_proxy:
        raise UsageError(
            f"--listen: {host} can be reached by others, and what is sent would not be encrypted.",
            hint="Put a front end with TLS before it, and say so: --behind-proxy.",
        )
    log = read_choice(log, _LOG_FORMATS, "--log")
    rates = None
    if rate_limit is not None:
        from crmctl.server.rate import read_rate

        rates = read_rate(rate_limit, "--rate-limit")
    if crm.options.dry_run:
        show_line(crm, {"url": _url(host, port)})
        crm.terminal.note(f"Would serve the workspace at {_url(host, port)}.")
        return
    listener = _import_listener()
    from crmctl.server.log import AccessLog
    from crmctl.server.service import make_application

    store = crm.open_store(busy_seconds=_BUSY_SECONDS)
    read_only = bool(crm.profile.read_only.value)
    if not read_only:
        with store.writing():  # so that it is there, and of this version, before anybody asks
            pass
    with store.reading() as kept:
        keys = [key for key in kept.list_keys() if key["revoked_at"] is None]
    application = make_application(
        store,
        crm.clock,
        log=AccessLog(crm.terminal.stderr, crm.clock, as_json=log == "json"),
        read_only=read_only,
        rates=rates,
        behind_proxy=behind_proxy,
    )
    try:
        server: Listener = listener.Listener(application, listener.listen(host, port))
    except OSError as error:
        raise UsageError(
            f"--listen: {host}:{port} cannot be listened on: {error.strerror or error}.",
            hint="Is it in use? Port 0 takes a free one: --listen 127.0.0.1:0.",
        ) from None
    url = _url(host, server.port)
    with _ending(server):
        show_line(crm, {"url": url})
        crm.terminal.stdout.flush()
        crm.terminal.warn(f"Serving {store.info()['path']} at {url}", code="serving")
        if not keys:
            crm.terminal.note(
                "Nobody has a key yet: `crmctl workspace key create NAME --user ID` makes one."
            )
        server.run()
    crm.terminal.note("Stopped.")


@contextmanager
def _ending(server: "Listener") -> Iterator[None]:
    """SIGTERM and Ctrl-C end the server in order; Ctrl-C again, at once."""

    def stop(number: int, frame: object) -> None:
        if server.stopping and number == signal.SIGINT:
            signal.default_int_handler(number, frame)  # type: ignore[arg-type] # it takes any
        server.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _import_listener() -> Any:
    try:
        from crmctl.server import listener
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "waitress":
            raise
        raise UsageError(
            "`crmctl serve` needs waitress, which is not installed.",
            hint="Run: pip install 'crmctl[serve]'",
        ) from None
    return listener


def _read_address(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``, ``[::1]:PORT`` or ``:PORT``, which is of this machine."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host != bare
    number = int(port) if port.isascii() and port.isdigit() and len(port) < 6 else -1
    if not colon or not 0 <= number < 2**16 or (":" in host) != bracketed or " " in host:
        raise UsageError(f"--listen: {text!r:.80} is not HOST:PORT, such as 127.0.0.1:8765.")
    return bare or "127.0.0.1", number


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
