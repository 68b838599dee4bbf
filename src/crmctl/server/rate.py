"""How often one key may ask: a bucket of tokens for each, in this process."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

from crmctl.errors import UsageError

_SECONDS = {"s": 1, "sec": 1, "min": 60, "m": 60, "h": 3600, "hour": 3600}
_RATE = re.compile(rf"([1-9][0-9]{{0,8}})/({'|'.join(_SECONDS)})")


class Rates:
    """Buckets by name, each of ``burst`` tokens, filled anew by so many a second."""

    def __init__(
        self, burst: int, per_second: float, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self.burst = burst
        self.per_second = per_second
        self._timer = timer
        self._lock = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> float:
        """Take a token; 0 where there was one, else the seconds until there is."""
        now = self._timer()
        with self._lock:
            left, at = self._buckets.get(name, (float(self.burst), now))
            left = min(self.burst, left + (now - at) * self.per_second)
            if left < 1:
                self._buckets[name] = (left, now)
                return (1 - left) / self.per_second
            self._buckets[name] = (left - 1, now)
            return 0.0


def read_rate(text: str, option: str) -> Rates:
    """What ``600/min`` says; the whole of it may be asked at once. Raises UsageError."""
    found = _RATE.fullmatch(text)
    if found is None:
        units = "s, min or h"
        raise UsageError(f"{option}: {text!r:.80} is not a number per {units}, such as 600/min.")
    number = int(found[1])
    return Rates(number, number / _SECONDS[found[2]])
