"""A call in a thread of its own."""

from __future__ import annotations

import math
import time
from threading import Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Background(Generic[T]):
    """Makes a call beside what the caller does meanwhile. A process that ends does not wait for it.

    `concurrent.futures` would have it wait.
    """

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._value: T
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def result(self, seconds: float = math.inf) -> T:
        """What the call gives, or raises; TimeoutError if that takes longer than ``seconds``."""
        end = time.monotonic() + seconds
        while self._thread.is_alive():
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            # In steps: on Windows, Ctrl-C does not interrupt the wait for a thread.
            self._thread.join(min(left, 0.2))
        if self._error is not None:
            raise self._error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._call()
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error
