"""Reads the lines of a file or of stdin: JSON lines, CSV, or an ID on each.

An input is read more than once, so what is no regular file is spooled first.
"""

from __future__ import annotations

import csv
import json
import os
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmctl.errors import InvalidInput, UsageError
from crmctl.files import require_regular, spool
from crmctl.output.csv import FORMULA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from crmctl.cli.context import Context

_CHUNK = 1024 * 1024
_DELIMITERS = ",;\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_MARK = b"\xef\xbb\xbf"  # with which some programs begin UTF-8

_LONGEST_CELL = 32 * 1024 * 1024


class Record:
    """A line: its number, from 1, how it came, and its fields by name, or what is wrong with it."""

    __slots__ = ("fields", "number", "problem", "raw")

    def __init__(
        self, number: int, raw: bytes, fields: dict[str, Any] | None = None, problem: str = ""
    ) -> None:
        self.number = number
        self.raw = raw
        self.fields = fields
        self.problem = problem


class Source:
    """An input whose lines can be read again and again.

    ``name`` is what messages call it. ``digest`` is the SHA-256 of a regular file's content, and
    None of what has no second time. ``columns`` are a CSV file's; of JSON lines it has none.
    ``head`` is what a file that takes lines from it begins with.
    """

    def __init__(self, file: BinaryIO, name: str, *, lasting: bool) -> None:
        self.name = name
        self.digest = _digest(file) if lasting else None
        self.columns: list[str] = []
        self.head = b""
        self._file = file
        self._read_at = _state_of(file) if lasting else None
        self._start = _opening(file, name)
        self._csv = _is_csv(name, self._start)
        if self._start[:1] == b"[":
            raise InvalidInput(
                f"{name} is one JSON array, not an object on each line.",
                hint="Take it apart: jq -c '.[]'",
            )
        if self._csv:
            self.columns, self.head = self._read_columns()

    def records(self) -> Iterator[Record]:
        """The lines in order, but for blank ones. Raises InvalidInput if the file has changed."""
        if self._read_at is not None and self._read_at != _state_of(self._file):
            raise InvalidInput(f"{self.name} has changed meanwhile.", hint="Run it again.")
        self._file.seek(0)
        return self._csv_records() if self._csv else _json_records(self._file)

    def _csv_records(self) -> Iterator[Record]:
        names = self.columns
        rows = self._rows()
        next(rows, None)
        for number, raw, cells in rows:
            if not any(cells):
                continue
            if len(cells) != len(names):
                problem = f"has {len(cells)} cells, and the first line {len(names)}"
                yield Record(number, raw, problem=problem)
                continue
            fields = {
                name: _unguarded(cell) for name, cell in zip(names, cells, strict=True) if cell
            }
            yield Record(number, raw, fields)

    def _read_columns(self) -> tuple[list[str], bytes]:
        self._file.seek(0)
        _, raw, cells = next(self._rows(), (0, b"", []))
        names = [_unguarded(cell).strip() for cell in cells]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled or not any(names):
            what = f"the column {doubled[0]!r:.60} twice" if doubled else "no column names"
            raise InvalidInput(f"{self.name}: line 1 has {what}.")
        return names, raw if raw.endswith(b"\n") else raw + b"\n"

    def _rows(self) -> Iterator[tuple[int, bytes, list[str]]]:
        """Each record with the number of its first line, and as it came."""
        taken: list[bytes] = []

        def lines() -> Iterator[str]:
            for raw in self._file:
                taken.append(raw)
                yield raw.decode("utf-8-sig")

        csv.field_size_limit(_LONGEST_CELL)
        delimiter = max(_DELIMITERS, key=self._start.partition(b"\n")[0].decode("latin-1").count)
        rows = csv.reader(lines(), delimiter=delimiter, strict=True)
        number = 1
        try:
            for cells in rows:
                yield number, b"".join(taken), cells
                number += len(taken)
                taken.clear()
        except UnicodeDecodeError:
            raise InvalidInput(
                f"{self.name}: line {number} is not UTF-8 text.", hint="Save it as CSV UTF-8."
            ) from None
        except csv.Error as error:
            raise InvalidInput(f"{self.name}: line {number} is not CSV: {error}.") from None


@contextmanager
def spool_stdin(crm: Context) -> Iterator[BinaryIO]:
    """All of stdin, as a file. Raises UsageError where it is closed."""
    stdin = crm.terminal.stdin
    if stdin is None:
        raise UsageError("- reads stdin, which is closed.")
    with spool(_chunks(getattr(stdin, "buffer", stdin))) as file:
        yield file


def read_words(file: BinaryIO) -> Iterator[tuple[int, bytes, str]]:
    """Each line that is not blank: its number, how it came, and the word that it is."""
    file.seek(0)
    for number, raw in enumerate(file, 1):
        word = raw.removeprefix(_MARK).decode(errors="surrogateescape").strip()
        if word:
            yield number, raw, word


@contextmanager
def open_source(crm: Context, name: str) -> Iterator[Source]:
    """The file of that name; stdin, spooled, where it is ``-``. Raises UsageError."""
    if name == "-":
        with spool_stdin(crm) as file:
            yield Source(file, "stdin", lasting=False)
        return
    path = Path(name)
    try:
        with path.open("rb") as file:
            try:
                require_regular(os.fstat(file.fileno()))
            except OSError:
                with spool(_chunks(file)) as kept:
                    yield Source(kept, name, lasting=False)
            else:
                yield Source(file, name, lasting=True)
    except OSError as error:
        if error.filename != name:
            raise
        raise InvalidInput(f"{name} cannot be read: {error.strerror}.") from None


def _chunks(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk.encode() if isinstance(chunk, str) else chunk


def _state_of(file: BinaryIO) -> tuple[int, int]:
    found = os.fstat(file.fileno())
    return found.st_size, found.st_mtime_ns


def _digest(file: BinaryIO) -> str:
    digest = sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _is_csv(name: str, start: bytes) -> bool:
    """What a file is by its name; by how it begins, where that does not tell."""
    if name.lower().endswith((".csv", ".tsv")):
        return True
    named = name.lower().endswith((".jsonl", ".ndjson", ".json"))
    return not named and start[:1] not in (b"{", b"[", b"")


def _opening(file: BinaryIO, name: str) -> bytes:
    """How it begins, from the first character that is no blank."""
    file.seek(0)
    start = file.read(64 * 1024)
    if start.startswith(_UTF_16):
        raise InvalidInput(f"{name} is UTF-16.", hint="Save it as UTF-8.")
    return start.removeprefix(_MARK).lstrip()


def _json_records(file: BinaryIO) -> Iterator[Record]:
    load = json.loads
    for number, raw in enumerate(file, 1):
        try:
            fields = load(raw if number > 1 else raw.removeprefix(_MARK))
        except (ValueError, RecursionError) as error:
            if not raw.strip():
                continue
            reason = getattr(error, "msg", "") or "it cannot be read"
            yield Record(number, raw, problem=f"is not JSON: {reason}")
            continue
        if isinstance(fields, dict):
            yield Record(number, raw, fields)
        else:
            yield Record(number, raw, problem="is not a JSON object")


def _unguarded(cell: str) -> str:
    """A cell without the quote that keeps a spreadsheet from taking it for a formula."""
    guarded = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA)
    return cell[1:] if guarded else cell
