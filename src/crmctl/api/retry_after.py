"""How long a server asks to wait."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC

from crmctl.api.message import Response

# What is longer is no sooner over, and no date can be made of it.
_LONGEST_SAID = 1e9
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def retry_after_seconds(
    response: Response, *, now: Callable[[], float] = time.time
) -> float | None:
    """How long the server asks to wait before the next request, in seconds; None if it does not.

    Reads ``Retry-After`` (seconds, or a date) and, in a 429, ``X-RateLimit-Reset`` (epoch
    seconds). Instants are measured against the response's own ``Date``, since the two clocks may
    differ; against ``now`` where it has none. What cannot be read counts as not said.
    """
    said = response.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return min(float(said), _LONGEST_SAID)
    instant = _parse_date(said)
    # Many servers send the reset with every answer: only in a 429 is it what to wait for.
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    if instant is None and response.status == 429 and _SECONDS.fullmatch(reset):
        instant = float(reset)
    if instant is None:
        return None
    answered = _parse_date(response.headers.get("date", ""))
    seconds = instant - (now() if answered is None else answered)
    return min(max(0.0, seconds), _LONGEST_SAID)


def _parse_date(text: str) -> float | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(text)
        # HTTP dates are GMT, in the forms that do not say so too.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
