"""What no schema says of a valid request; schemathesis loads it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import schemathesis  # type: ignore[import-not-found] # it is a program of its own


@schemathesis.hook  # type: ignore[untyped-decorator]
def before_call(_context: Any, case: Any, _kwargs: Any) -> None:
    """Make a valid idempotency key a new one, and leave out a cursor that no page has given."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if "Idempotency-Key" in (case.headers or {}):
        case.headers["Idempotency-Key"] = str(uuid4())
    (case.query or {}).pop("cursor", None)
