"""Text that a person changes in their own editor, as git has a commit message written."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from crmctl.errors import CrmctlError, InvalidInput, StoreError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from crmctl.cli.context import Context


class Draft:
    """A text in a file of its own, 0600, that an editor changes; the file is gone when it is left.

    Where that is by an error, what was typed stays in the file, and the error names it.
    """

    def __init__(self, crm: Context, text: str) -> None:
        self._command = _find_editor(crm)
        self._directory = crm.environ.get("TMPDIR") or None
        # What an editor shows is no data, so it must not go where the data go.
        self._stdout = None if crm.terminal.stdout.isatty() else 2
        self._text = text
        self._wanted = True
        self._path = Path()

    def __enter__(self) -> Self:
        descriptor, name = tempfile.mkstemp(".md", "crmctl-", self._directory)
        self._path = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(self._text.encode("utf-8", "surrogatepass"))
        except OSError as error:
            self._path.unlink(missing_ok=True)
            raise StoreError(f"{name} cannot be written: {error.strerror}.") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None or not self._wanted or not self._holds_something_new():
            with suppress(OSError):  # an editor may have left anything there, a directory too
                self._path.unlink()
            return
        kept = f"What you typed is kept in {self._path}."
        if isinstance(error, CrmctlError):
            error.hint = f"{error.hint or ''} {kept}".strip()
        else:
            error.add_note(kept)

    def edit(self) -> str:
        """The text as the editor leaves it, with its own line ends where the text had others.

        Raises UsageError where the editor cannot be started or fails, InvalidInput where what it
        left is no text.
        """
        status = _run([*self._command, str(self._path)], stdout=self._stdout)
        if status > 0:
            self._wanted = False
            raise UsageError(
                f"{self._command[0]} ended with status {status}: nothing was sent.", hint=""
            )
        if status < 0:
            raise UsageError(f"{self._command[0]} was stopped by signal {-status}.", hint="")
        try:
            text = self._read().decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise InvalidInput("What the editor left is not UTF-8 text.") from None
        text = text.removeprefix("\ufeff")  # as Notepad begins a file
        return text if "\r" in self._text else text.replace("\r\n", "\n")

    def _holds_something_new(self) -> bool:
        try:
            content = self._read()
        except StoreError:
            return False
        return bool(content.strip()) and content != self._text.encode("utf-8", "surrogatepass")

    def _read(self) -> bytes:
        if not self._path.is_file() and self._path.exists():
            # A pipe, say, at which a reader would wait for ever.
            raise StoreError(f"{self._path} is not a regular file any more.")
        try:
            return self._path.read_bytes()
        except OSError as error:
            raise StoreError(f"{self._path} cannot be read: {error.strerror}.") from None


def task_text(task: Mapping[str, Any]) -> str:
    """A task's title, a blank line, its description: all of it, for Markdown has its own ``#``."""
    title, description = _shown(task)
    return f"{title}\n\n{description}\n" if description else f"{title}\n\n"


def read_task_text(text: str, task: Mapping[str, Any]) -> dict[str, str]:
    """Those of ``title`` and ``description`` that are others than the task's.

    Raises InvalidInput where there is no title.
    """
    title, _, rest = text.partition("\n")
    line, newline, after = rest.partition("\n")
    description = after if newline and not line.strip() else rest
    description = description.removesuffix("\n")
    if not title.strip():
        raise InvalidInput(
            "The first line, which is the title, is empty: nothing was sent."
            if text.strip()
            else "The text is empty: nothing was sent."
        )
    before = _shown(task)
    changed = {"title": title} if title != before[0] else {}
    return changed if description == before[1] else {**changed, "description": description}


def _shown(task: Mapping[str, Any]) -> tuple[str, str]:
    title, description = task.get("title"), task.get("description")
    return (
        # It is one line, whatever a server has.
        title.replace("\n", " ") if isinstance(title, str) else "",
        description if isinstance(description, str) else "",
    )


def _find_editor(crm: Context) -> list[str]:
    """The words that start the person's editor.

    Raises UsageError where there is none, or nobody to use it.
    """
    if crm.settings.no_input.value:
        raise UsageError("An editor asks for input, which --no-input forbids.")
    for name in ("VISUAL", "EDITOR"):
        # A backslash parts the directories of Windows, and quotes nothing there.
        windows = os.name == "nt"
        try:
            words = shlex.split(crm.environ.get(name, ""), posix=not windows)
        except ValueError as error:
            raise UsageError(f"{name} is no command: {error}.") from None
        if words:
            return [word.strip('"') for word in words] if windows else words
    if not crm.terminal.may_ask():
        raise UsageError(
            "There is no terminal for an editor, and neither VISUAL nor EDITOR is set.",
            hint="Change fields with `crmctl task update`.",
        )
    return ["notepad" if os.name == "nt" else "vi"]


def _run(command: list[str], *, stdout: int | None) -> int:
    """Run the editor and give its exit status, negative for a signal."""
    # Ctrl-C and Ctrl-\ are keys of the editor's. It starts with the defaults, as it would not if
    # they were ignored.
    quiet = [getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda *_: None) for number in quiet}
    try:
        return subprocess.run(command, check=False, stdout=stdout).returncode
    except OSError as error:
        raise UsageError(
            f"The editor {command[0]} cannot be started: {error.strerror}.",
            hint="Set VISUAL or EDITOR to another.",
        ) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
