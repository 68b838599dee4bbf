"""What many writes print: a line of JSON for each, the lines that failed, and the sum of it all."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmctl.delivery.lines import DONE, EARLIER, FAILED, INVALID, LEFT, UNKNOWN
from crmctl.errors import CrmctlError, InvalidInput, PartialFailure
from crmctl.files import writing_file
from crmctl.output.json_text import encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from crmctl.cli.context import Context
    from crmctl.delivery.lines import Halt, Result

_SHOWN = 10  # failures that the error tells; stdout has them all


class Values:
    """Writes JSON values as they come, a line each; where the format is JSON, one array."""

    def __init__(self, crm: Context) -> None:
        self._stream = crm.terminal.stdout
        self._mask = crm.terminal.mask
        self._array = crm.format == "json"
        self._number = 0

    def add(self, value: Mapping[str, Any]) -> None:
        """Write one."""
        text = encode(value)
        if value.get("error"):
            text = self._mask(text)  # it may be the server's words
        self._number += 1
        if not self._array:
            self._stream.write(f"{text}\n")
        else:
            self._stream.write(f"[\n  {text}" if self._number == 1 else f",\n  {text}")
        if self._number == 1:
            self._stream.flush()

    def end(self) -> None:
        """Write what closes them."""
        if self._array:
            self._stream.write("\n]\n" if self._number else "[]\n")


class Tally:
    """Counts results, and makes of them what the command ends with.

    ``past`` is what was done, as `Imported`; ``nouns`` what it was done to.
    """

    def __init__(self, past: str, nouns: str) -> None:
        self._past = past
        self._nouns = nouns
        self._counts: Counter[str] = Counter()
        self._failures: list[Result] = []  # the first ones
        self._kinds: dict[int, CrmctlError] = {}  # by exit status
        self._warnings: dict[tuple[str, str], list[Any]] = {}

    @property
    def total(self) -> int:
        """How many results there were."""
        return self._counts.total()

    @property
    def whole(self) -> bool:
        """Whether all is done."""
        return self._counts[DONE] + self._counts[EARLIER] == self.total

    def count(self, status: str) -> int:
        """How many results were so."""
        return self._counts[status]

    def add(self, result: Result) -> None:
        """Count one."""
        self._counts[result.status] += 1
        if result.error is not None:
            self._kinds.setdefault(result.error.exit_status, result.error)
            if len(self._failures) < _SHOWN:
                self._failures.append(result)

    def warn(self, warning: Mapping[str, Any]) -> None:
        """Count what a server adds to a success: each kind is told once."""
        kind = (str(warning.get("field")), str(warning.get("code") or "warning"))
        self._warnings.setdefault(kind, [warning.get("message"), 0])[1] += 1

    def tell(self, crm: Context, halt: Halt, *, resumable: bool) -> None:
        """Say what became of all, as a note or as the error that is raised."""
        for (field, code), (message, number) in self._warnings.items():
            more = f" (and {number - 1:,} more such)" if number > 1 else ""
            crm.terminal.note(f"crmctl: note: {field} {message}{more}", code=code)
        if self.whole:
            crm.terminal.note(self._summary(), code="summary")
            return
        raise self._error(halt, resumable=resumable)

    def refuse(self) -> None:
        """Raise what is said of lines that cannot be sent, where none of them may be left out."""
        number = self._counts[INVALID]
        raise InvalidInput(
            f"{number:,} of {self.total:,} lines cannot be sent: nothing was sent.",
            hint="Mend them, or send the others with --skip-invalid.",
            details=self._details(),
        )

    def _summary(self) -> str:
        said = f"{self._past} {self._counts[DONE]:,} of {self.total:,} {self._nouns}"
        parts = [
            (EARLIER, "{:,} were done by an earlier run"),
            (FAILED, "{:,} failed"),
            (UNKNOWN, "{:,} may have been applied"),
            (INVALID, "{:,} cannot be sent"),
            (LEFT, "{:,} were not sent"),
        ]
        told = [text.format(self._counts[status]) for status, text in parts if self._counts[status]]
        return "; ".join([said, *told]) + "."

    def _error(self, halt: Halt, *, resumable: bool) -> CrmctlError:
        kinds = dict(self._kinds)
        if halt.error is not None:
            kinds.setdefault(halt.error.exit_status, halt.error)
        some = self._counts[DONE] + self._counts[EARLIER] > 0
        first = next(iter(kinds.values()), None)
        kind = type(first) if first is not None and len(kinds) == 1 and not some else PartialFailure
        message = self._summary()
        if halt.error is not None and self._counts[LEFT]:
            message += f" It was stopped by: {halt.error.message}"
        hint = ""
        if resumable:
            hint = "Run it again with the same file: it goes on where this ended."
            if self._counts[UNKNOWN]:
                hint += " What may have been applied it looks for first."
        elif self._counts[UNKNOWN]:
            hint = "Look before you repeat what may have been applied."
        if halt.error is not None and halt.error.hint:
            hint = f"{halt.error.hint}\n{hint}".strip()
        retryable = first.retryable if first is not None and len(kinds) == 1 else False
        return kind(message, hint=hint, details=self._details(), retryable=retryable)

    def _details(self) -> list[dict[str, Any]]:
        details: list[dict[str, Any]] = []
        for result in self._failures:
            number, error = result.entry.number, result.error
            assert error is not None  # noqa: S101 - those alone are kept
            message = error.message.removeprefix(f"line {number}: ")
            details.append({"line": number, "field": f"line {number}", "message": message})
        told = sum(self._counts[each] for each in (FAILED, UNKNOWN, INVALID))
        if told > len(details):
            more = f"{told - len(details):,} more, each with its line on stdout"
            details.append({"line": None, "field": None, "message": more})
        return details


@contextmanager
def failed_lines(path: str | None, head: bytes) -> Iterator[Failed]:
    """Takes the lines that failed into a file, in place of what it has, once all is over.

    It begins with ``head``, so that it may be run as it is.
    """
    with ExitStack() as stack:
        file = stack.enter_context(writing_file(Path(path))) if path is not None else None
        yield Failed(file, head)


class Failed:
    """The file of --failed-to: what was certainly not applied."""

    def __init__(self, file: BinaryIO | None, head: bytes) -> None:
        self._file = file
        self._head = head

    def add(self, result: Result) -> None:
        """Take a line, if it failed and nothing of it was applied."""
        applied = result.status == UNKNOWN or (result.entry.body and result.entry.item_id)
        if self._file is None or not result.failed or applied:
            return
        self._file.write(self._head)
        self._head = b""
        raw = result.entry.raw
        self._file.write(raw if raw.endswith(b"\n") else raw + b"\n")
