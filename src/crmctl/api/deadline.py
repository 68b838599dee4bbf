"""How long one call of the API may take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable


class Deadline:
    """The time that one logical call may take, in seconds: attempts, sleeps, pages, slow bodies.

    The outermost ``with deadline:`` starts the clock, those inside it share what is left, and the
    next outermost one starts anew. So each layer says ``with`` for what it does as a whole, and
    works the same alone and wrapped. One thread at a time may use it.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._depth = 0
        self._end = 0.0

    def __enter__(self) -> Self:
        if self._depth == 0:
            self._end = self._clock() + self.seconds
        self._depth += 1
        return self

    def __exit__(self, *_exception: object) -> None:
        self._depth -= 1

    def remaining(self) -> float:
        """Seconds left, never below 0; all of them while the clock does not run."""
        return max(0.0, self._end - self._clock()) if self._depth else self.seconds
