"""The person or the program at the other end: what is said, asked, read and shown."""

from __future__ import annotations

import os
import stat
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.redactor import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from crmctl.api.message import Transport
    from crmctl.cli.global_options import GlobalOptions
    from crmctl.cli.progress import Line, Progress

_DEFAULT_WIDTH = 80


def terminal_width(stream: TextIO) -> int:
    """The columns of the terminal that a stream is; 80 where it is none."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _DEFAULT_WIDTH
    except (OSError, ValueError, AttributeError):
        return _DEFAULT_WIDTH


class Terminal:
    """The three streams, and what the environment and the global options say of them.

    What was read from stdin is kept in ``typed`` by option, so that a failure can give it back;
    ``confirmed`` are the writes that are done, for where what they gave cannot be shown.
    ``no_input`` is asked before anything would be, and ``as_json`` before a note is told.
    What is said never shows a secret that is kept; stdout is data, and is left as it is.
    """

    def __init__(
        self,
        *,
        stdin: TextIO | None,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        options: GlobalOptions,
        no_input: Callable[[], bool],
        as_json: Callable[[], bool],
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.stderr = stderr
        self.typed: dict[str, str] = {}
        self.confirmed: list[str] = []
        self._environ = environ
        self._options = options
        self._no_input = no_input
        self._as_json = as_json
        self._redactor = Redactor()
        self._progress: Progress | None = None

    def show(self, text: str) -> None:
        """Write a line of data on stdout, as it stands where no terminal would act on it."""
        from crmctl.output.escape import visible

        self.stdout.write(f"{visible(text) if self.stdout.isatty() else text}\n")

    def keep_secret(self, secret: str) -> None:
        """Mask a key wherever it is said from now on, whoever sends it back."""
        self._redactor.keep(secret)

    def mask(self, text: str) -> str:
        """The text without the secrets that are kept."""
        return self._redactor.mask(text)

    def say(self, text: str) -> None:
        """Write on stderr, without secrets. Where that is full or gone, the work goes on unsaid."""
        with suppress(OSError), nullcontext() if not self._progress else self._progress.hidden():
            self.stderr.write(self._redactor.mask(text))
            self.stderr.flush()

    def note(self, *lines: str, code: str = "note") -> None:
        """Say something on stderr, unless asked to be quiet; as JSON where the output is JSON.

        What a server says makes no lines of its own.
        """
        if not self._options.quiet:
            self.warn(*lines, code=code)

    def warn(self, *lines: str, code: str) -> None:
        """Say what has to be said, as `note` does."""
        if self._as_json():
            from crmctl.output.messages import note_json

            self.say(note_json("\n".join(lines), code) + "\n")
        else:
            from crmctl.output.escape import one_line
            from crmctl.output.messages import wrap

            width = self._width_said()
            self.say("".join(f"{wrap(one_line(line), width)}\n" for line in lines))

    def watch(self, transport: Transport, name: str) -> Transport:
        """The transport; a person who waits for it is told so, by that name, on stderr."""
        if not self._shows_progress():
            return transport
        if self._progress is None:
            self._progress = self._new_progress()
        return self._progress.watch(transport, name)

    def progress_line(self, *, beside_data: bool = False) -> Line | None:
        """A line of the terminal to say how far something is; None where nobody would read it.

        ``beside_data`` says that data are written meanwhile: in a pipe, another program may show
        them on the same terminal.
        """
        if not self._shows_progress() or (beside_data and self._is_piped()):
            return None
        from crmctl.cli.progress import Line

        stderr, mask = self.stderr, self._redactor.mask
        return Line(stderr, width=lambda: terminal_width(stderr), mask=mask)

    def log_wait(self, level: int, text: str) -> None:
        """Log what is waited for; a person is told without -v."""
        if self._progress is not None:
            self._progress.tell(text)
        self.log(level, text)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._progress is not None:
            self._progress.close()

    def log(self, level: int, text: str) -> None:
        """Say something on stderr if -v was given that often."""
        if self._options.verbose >= level:
            from crmctl.output.escape import visible

            self.say(f"{visible(text)}\n")

    def report(self, error: errors.CrmctlError, *, as_json: bool) -> None:
        """Say what happened and what to do, and give back once what was piped in."""
        from crmctl.output.escape import visible
        from crmctl.output.messages import error_json, error_text

        if as_json:
            said = error_json(error, typed=self.typed) + "\n"
        else:
            color = self.has_color(self._options.color or "auto", self.stderr)
            said = error_text(error, color=color, width=self._width_said())
            on_terminal = self.stderr.isatty()
            for option, text in self.typed.items():
                end = "" if text.endswith("\n") else "\n"
                shown = visible(text) if on_terminal else text
                said += f"What came in for {option} was not saved; here it is:\n{shown}{end}"
        self.say(said)
        self.typed.clear()

    def is_attended(self) -> bool:
        """Whether a person reads what is said, and may act on it."""
        return self.stderr.isatty() and not self._no_input()

    def may_ask(self) -> bool:
        """Whether a prompt would reach a person."""
        return self.stdin is not None and self.stdin.isatty() and self.is_attended()

    def confirm(self, question: str, *, flag: str) -> bool:
        """Ask on the terminal, No by default. Elsewhere a usage error that names the flag."""
        if not self.may_ask():
            raise errors.UsageError(
                "There is no terminal to ask on: nothing was done.", hint=f"Add {flag}."
            )
        from crmctl.output.escape import one_line

        self.say(f"{one_line(question)} [y/N] ")
        assert self.stdin is not None  # noqa: S101 - may_ask said so
        try:
            return self.stdin.readline().strip().lower() in ("y", "yes")
        except UnicodeDecodeError:
            return False

    def ask(self, question: str) -> str | None:
        """The line that is typed at a prompt, without outer blanks; only where `may_ask` says so.

        None for none, as by Ctrl-D. Raises InvalidInput if it is no text.
        """
        self.say(question)
        line = self.read_line("the prompt")
        if not line:
            self.say("\n")
        return line.strip() if line else None

    def ask_secret(self, prompt: str) -> str:
        """What is typed at a prompt without an echo; only where `may_ask` says so.

        Raises InvalidInput if nothing is, as by Ctrl-D, or no text.
        """
        from getpass import getpass

        try:
            return getpass(prompt, stream=self.stderr)
        except EOFError:
            self.say("\n")
            raise errors.InvalidInput("Nothing was typed.") from None
        except UnicodeDecodeError:
            raise errors.InvalidInput("What was typed is not UTF-8 text.") from None

    def read_line(self, option: str) -> str:
        """The next line of stdin, which that option asks for.

        Raises UsageError if stdin is closed, InvalidInput if it is not text.
        """
        return self._read(option, lambda stdin: stdin.readline())

    def read_text(self, value: str, option: str) -> str:
        """Text from the command line, or all of stdin where the value is ``-``.

        Raises UsageError if stdin is closed, InvalidInput if it is not text.
        """
        if value != "-":
            return value
        text = self._read(f"{option} -", lambda stdin: stdin.read())
        self.typed[option] = text
        return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")

    def has_color(self, choice: str, stream: TextIO) -> bool:
        """Whether to write colour to the stream.

        ``choice`` is --color: ``always`` and ``never`` decide. Under ``auto``: NO_COLOR, then
        CLICOLOR_FORCE and FORCE_COLOR, then TERM=dumb and CLICOLOR=0, then whether it is a
        terminal.
        """
        if choice != "auto":
            return choice == "always"
        given = self._environ.get
        if given("NO_COLOR"):
            return False
        if any(given(name, "") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
            return True
        if given("TERM") == "dumb" or given("CLICOLOR") == "0":
            return False
        return stream.isatty()

    def width(self, stream: TextIO | None = None) -> int:
        """The columns of a stream, or of stdout, to fill: COLUMNS, else the terminal's, else 80."""
        columns = self._environ.get("COLUMNS", "")
        # Longer numbers are no widths, and `int` refuses those of thousands of digits.
        if columns.isascii() and columns.isdigit() and len(columns) < 6 and int(columns) > 0:
            return int(columns)
        return terminal_width(stream or self.stdout)

    def _width_said(self) -> int | None:
        """The columns of stderr; None where no terminal breaks its lines."""
        return terminal_width(self.stderr) if self.stderr.isatty() else None

    def _shows_progress(self) -> bool:
        in_ci = self._environ.get("CI", "").lower() not in ("", "0", "false")
        dumb = self._environ.get("TERM") == "dumb"
        quiet = self._options.quiet or in_ci or dumb
        return self.stderr.isatty() and not quiet and not self._as_json()

    def _new_progress(self) -> Progress:
        from crmctl.cli.progress import Progress

        piped = self._is_piped()
        apart = not piped and not self.stdout.isatty()
        return Progress(
            self.stderr,
            width=lambda: terminal_width(self.stderr),
            mask=self._redactor.mask,
            apart=apart,
            piped=piped,
        )

    def _is_piped(self) -> bool:
        try:
            mode = os.fstat(self.stdout.fileno()).st_mode
        except (OSError, ValueError, AttributeError):
            return False
        return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)

    def _read(self, option: str, read: Callable[[TextIO], str]) -> str:
        if self.stdin is None:
            raise errors.UsageError(f"{option} reads stdin, which is closed.")
        try:
            return read(self.stdin)
        except UnicodeDecodeError:
            # Which bytes it could not read is left out: they may be of a key, in UTF-16.
            raise errors.InvalidInput(f"{option}: stdin is not UTF-8 text.") from None
        except OSError as error:
            raise errors.InvalidInput(f"{option}: stdin: {error.strerror}.") from None
