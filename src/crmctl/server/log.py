"""The access log: one line a request. No query, no body and no key is ever in it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import TextIO
from urllib.parse import unquote

from crmctl.output.escape import one_line
from crmctl.server.exchange import Exchange
from crmctl.server.keys import mask_keys
from crmctl.timestamps import format_timestamp

_LONGEST = 400  # characters of a path or of a fault


class AccessLog:
    """Writes the lines, as text or as JSON, each whole. What cannot be written is left out."""

    def __init__(
        self, stream: TextIO, clock: Callable[[], datetime], *, as_json: bool = False
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._as_json = as_json
        self._lock = threading.Lock()

    def __call__(self, exchange: Exchange, status: int, seconds: float) -> None:
        """Write the line of an exchange that has taken so long."""
        now = self._clock()
        told = {
            "time": format_timestamp(now.replace(microsecond=now.microsecond // 1000 * 1000)),
            "method": _one_word(exchange.method)[:32],
            "path": _one_word(exchange.path),
            "status": status,
            "duration_ms": round(seconds * 1000, 1),
            "request_id": exchange.request_id,
            "key": _safe(exchange.key_name) or None,
        }
        if exchange.fault:
            told["fault"] = _safe(exchange.fault)
        if self._as_json:
            line = json.dumps(told)
        else:
            told["duration_ms"] = f"{told['duration_ms']}ms"
            line = " ".join("-" if value is None else str(value) for value in told.values())
        # A log that is full or gone must not take the service with it.
        with suppress(OSError, ValueError), self._lock:
            self._stream.write(f"{line}\n")
            self._stream.flush()


def _safe(text: str) -> str:
    """The text as one line, and without keys, however they are written."""
    plain = unquote(text)
    masked = mask_keys(plain)
    return one_line(text if masked == plain else masked)[:_LONGEST]


def _one_word(text: str) -> str:
    return _safe(text).replace(" ", "%20")
