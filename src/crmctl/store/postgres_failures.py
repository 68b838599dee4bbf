"""What fails of a PostgreSQL database, in words that a user can act on."""

from __future__ import annotations

import psycopg
from psycopg_pool import PoolTimeout

from crmctl import errors

_LOST = ("57P01", "57P02", "57P03")
_WAITED = ("55P03", "57014")
_IN_THE_WAY = ("40001", "40P01")

# By SQLSTATE or its class: what is said, what to do, and whether it passes by itself.
_SAID: dict[str, tuple[str, str, bool]] = {
    "53100": ("has no space left", "Free some space and run it again.", False),
    "53300": (
        "takes no more connections",
        "Let fewer processes use it at once, or raise max_connections.",
        True,
    ),
    "25006": ("takes no writes: it is a standby, or read-only", "Use the primary.", True),
    "42501": ("does not let this user do it", "Its owner can GRANT it.", False),
}


def explain(error: psycopg.Error, place: str) -> errors.CrmctlError:
    """A failure before the end of a transaction: nothing was changed."""
    state = error.sqlstate or ""
    reason = _reason(error)
    if isinstance(error, psycopg.DataError) and not state and "NUL" in reason:
        return errors.InvalidInput("Text must not hold U+0000.")
    if isinstance(error, PoolTimeout):
        return errors.StoreError(
            f"{place} gave no connection in time: it cannot be reached, or all are in use.",
            hint="Run it again later.",
            retryable=True,
        )
    if state in _LOST or state.startswith("08") or (not state and _is_operational(error)):
        return errors.StoreError(
            f"{place} cannot be reached, or the connection was lost: {reason}. Nothing was saved.",
            hint="Check that the server runs, and the URL. A password is best in ~/.pgpass.",
            retryable=True,
        )
    if state in _WAITED:
        return errors.StoreError(
            f"{place} is locked by others for too long: nothing was saved.",
            hint="Run it again when they have finished.",
            retryable=True,
        )
    if state in _IN_THE_WAY:
        return errors.StoreError(
            f"Another change was in the way in {place}: nothing was saved.",
            hint="Run it again.",
            retryable=True,
        )
    if state in _SAID:
        said, hint, passes = _SAID[state]
        message = f"{place} {said} ({reason}): nothing was saved."
        return errors.StoreError(message, hint=hint, retryable=passes)
    return errors.StoreError(f"{place} failed: {reason}. Nothing was saved.")


def lost_at_its_end(error: psycopg.Error, place: str) -> errors.OutcomeUnknown:
    """A connection that was lost while a transaction was committed."""
    return errors.OutcomeUnknown(
        f"The connection to {place} was lost while a change was saved: it may have been saved or"
        f" not ({_reason(error)})."
    )


def is_refused(error: psycopg.Error) -> bool:
    """Whether the server said that the transaction is undone, and lives."""
    state = error.sqlstate or ""
    return bool(state) and state not in _LOST and not state.startswith("08")


def _is_operational(error: psycopg.Error) -> bool:
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError))


def _reason(error: psycopg.Error) -> str:
    """What the server or libpq says, in one line."""
    said = error.diag.message_primary or str(error) or type(error).__name__
    return said.strip().partition("\n")[0].rstrip(".")
