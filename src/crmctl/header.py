"""The beginning of an SQLite file, read without SQLite, and without a harm to its locks."""

from __future__ import annotations

import os
from pathlib import Path

from crmctl.files import open_regular

_LENGTH = 100


class Header:
    """Reads the header of the file at a path as often as it is asked; any thread may ask.

    Whoever closes a descriptor of a file loses all locks that the process has on it (POSIX), those
    of transactions in other threads too: then two processes write at once. So a descriptor is kept
    for each file that was at the path, until all is closed.
    """

    __slots__ = ("_descriptors", "_path", "_spare")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptors: dict[tuple[int, int], int] = {}
        self._spare: list[int] = []

    def read(self) -> bytes:
        """The first 100 bytes, or as many as there are. Raises OSError."""
        if not hasattr(os, "pread"):  # Windows, whose locks are not like that
            with os.fdopen(open_regular(self._path, follow=True), "rb") as file:
                return file.read(_LENGTH)
        found = self._path.stat()
        descriptor = self._descriptors.get((found.st_dev, found.st_ino))
        if descriptor is None:
            descriptor = open_regular(self._path, follow=True)
            found = os.fstat(descriptor)
            kept = self._descriptors.setdefault((found.st_dev, found.st_ino), descriptor)
            if kept != descriptor:  # another thread was faster
                self._spare.append(descriptor)
        return os.pread(descriptor, _LENGTH, 0)

    def close(self) -> None:
        """Close what was opened, where no transaction is left."""
        self._spare += self._descriptors.values()
        self._descriptors.clear()
        while self._spare:
            os.close(self._spare.pop())
