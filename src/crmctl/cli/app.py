"""The root command: finds the noun that was asked for, runs it, and turns errors into exits."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, TextIO

from typer import Abort, Exit
from typer.exceptions import TyperException

from crmctl import __version__, errors
from crmctl.cli import lazy
from crmctl.cli.context import Context
from crmctl.directories import system_directory

if TYPE_CHECKING:
    from crmctl.cli.lazy import Root

# Each noun's module is imported when it is asked for: eager groups cost 18 of 83 ms at every start.
NOUNS = {
    "agenda": "What is due: overdue, today, the next days",
    "brief": "One contact or deal before a call: open tasks, last activities",
    "task": "Manage tasks: list, create, complete, …",
    "activity": "Log activities, list them, read the feed",
    "outbox": "Activities that wait until the server has them",
    "report": "Open tasks by age, activities by week: bars and numbers",
    "record": "The users, contacts, deals and projects known by name",
    "auth": "Keys and profiles: log in, log out, switch",
    "config": "Settings, and where each one comes from",
    "workspace": "The embedded workspace on this machine",
    "serve": "Serve the workspace to a team, over HTTP",
    "api": "Send any request to the API",
    "demo": "Try crmctl on sample data",
    "doctor": "Check that all works: profile, key, server, keyring, …",
    "guide": "The manual for scripts and agents",
    "commands": "Every command, as data",
    "schema": "The JSON Schema of each output",
    "completion": "Completion for bash, zsh, fish and PowerShell",
}
_COMPLETE = "__complete"
_ISSUES = "https://github.com/crmctl/crmctl/issues"


def build_root() -> Root:
    """The whole command line."""
    return lazy.build_root(NOUNS, load=_load_noun, show_version=_show_version)


def run(args: list[str], crm: Context) -> int:
    """Run one command line in a context and give its exit status; errors are printed."""
    try:
        if args[:1] == [_COMPLETE]:
            from crmctl.cli.completion.protocol import print_completions

            print_completions(build_root(), args[1:], crm)
        else:
            with build_root().make_context("crmctl", list(args) or ["--help"], obj=crm) as ctx:
                ctx.command.invoke(ctx)
        crm.finish()
    except Exit as stop:
        return stop.exit_code
    except (KeyboardInterrupt, Abort) as stop:
        if crm.terminal.stderr.isatty():
            crm.terminal.say("\n")
        elif crm.terminal.confirmed:
            crm.terminal.note("Before that: " + "; ".join(crm.terminal.confirmed), code="confirmed")
        for told in getattr(stop, "__notes__", ()):  # of a request in flight
            crm.terminal.note(told, code="unconfirmed")
        return stop.exit_status if isinstance(stop, Stopped) else errors.INTERRUPTED
    except errors.CrmctlError as error:
        crm.report(error)
        return error.exit_status
    except TyperException as error:
        crm.report(lazy.explain(error))
        return errors.UsageError.exit_status
    except OSError as error:
        return _tell_file(error, crm)
    except Exception as error:  # noqa: BLE001 - the last handler: what comes here is a bug
        return _tell_bug(error, crm)
    finally:
        crm.close()
    return 0


def run_process(args: list[str]) -> None:
    """Run one command line in this process and end it."""
    try:
        status = _run_on_streams(args)
    except Exception as error:  # noqa: BLE001 - neither streams nor words: the last of all handlers
        status = errors.CrmctlError.exit_status
        os.write(2, f"crmctl: This is a bug in crmctl ({type(error).__name__}).\n".encode())
    # All is closed and flushed: taking the interpreter apart would cost another 3 of 68 ms.
    os._exit(status)


def _run_on_streams(args: list[str]) -> int:
    for name in ("SIGTERM", "SIGHUP"):
        # What was ignored stays so, as `nohup` wants it; Windows has no SIGHUP.
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _stop)
    # A closed stdout takes nothing, as a full one; a closed stderr is not missed.
    stdout = _stream(sys.stdout, os.O_RDONLY)
    stderr = _stream(sys.stderr, os.O_WRONLY)
    stdin: Any = sys.stdin
    if stdin is not None:
        stdin.reconfigure(encoding="utf-8", newline="")
    crm = Context(
        environ=os.environ, system=system_directory, stdin=stdin, stdout=stdout, stderr=stderr
    )
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
        done = "; ".join(crm.terminal.confirmed)
        message = f"The output cannot be written: {error.strerror}."
        crm.report(errors.StoreError(f"{message} This was done: {done}" if done else message))
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        status = errors.StoreError.exit_status
    return status


class Stopped(KeyboardInterrupt):
    """A signal that ends the process, with the status that a shell gives for it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_status = 128 + number


def _stop(number: int, _frame: object) -> None:
    raise Stopped(number)


def _load_noun(name: str) -> Any:
    return import_module(f"crmctl.cli.commands.{name}").app


def _show_version(ctx: Any) -> None:
    ctx.obj.terminal.show(f"crmctl {__version__}")
    raise Exit


def _tell_file(error: OSError, crm: Context) -> int:
    """Tell the failure of a file. One without a name is the output: raised again."""
    if isinstance(error, FileNotFoundError) and error.filename is None:
        told = errors.StoreError("The current directory is gone.", hint="Change to another.")
    elif error.filename is None:
        raise error
    else:
        told = errors.StoreError(f"{error.filename} cannot be used: {error.strerror}.")
    crm.report(told)
    return told.exit_status


def _tell_bug(error: Exception, crm: Context) -> int:
    """Say in one line that this is a bug, and where to report it."""
    if crm.environ.get("CRMCTL_DEBUG"):
        import traceback

        crm.terminal.say("".join(traceback.format_exception(error)))
    happened = f"{type(error).__name__}: {error}".rstrip(": ")
    bug = errors.CrmctlError(
        f"This is a bug in crmctl ({happened}).",
        hint=f"Please report it, with what CRMCTL_DEBUG=1 shows: {_ISSUES}",
    )
    crm.report(bug)
    return bug.exit_status


def _stream(stream: TextIO | None, closed: int) -> TextIO:
    """The stream, in UTF-8; in place of one that the caller closed, nothing, opened as told."""
    if stream is None:
        return os.fdopen(os.open(os.devnull, closed), "w", encoding="utf-8")
    stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[attr-defined]
    return stream
