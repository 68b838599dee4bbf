"""What can go wrong: each class has its code, its exit status and a hint for the next step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class CrmctlError(Exception):
    """A failure that crmctl can explain.

    ``message`` says what happened, ``hint`` what to do next. ``status`` and ``request_id`` come
    from the server's answer, if there was one. ``details`` lists what is wrong with each field,
    as ``{"field", "code", "message"}``. ``retryable`` says that the same command may succeed later,
    and ``retry_after`` in how many seconds at the earliest, where the server said so.
    """

    code: ClassVar[str] = "bug"
    exit_status: ClassVar[int] = 1
    meaning: ClassVar[str] = "a bug in crmctl"
    default_hint: ClassVar[str | None] = None
    default_retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        details: list[dict[str, Any]] | None = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint if hint is not None else self.default_hint
        self.status = status
        self.request_id = request_id
        self.details = details or []
        self.retryable = self.default_retryable if retryable is None else retryable
        self.retry_after: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """The error object that is printed where the output format is JSON."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint or None,
            "status": self.status,
            "request_id": self.request_id,
            "retryable": self.retryable,
            "details": self.details,
        }


class UsageError(CrmctlError):
    """The command line does not make sense, or something it needs was not given."""

    code = "usage"
    exit_status = 2
    meaning = "usage, settings or invalid input: nothing was sent"


class InvalidInput(UsageError):
    """A value was refused before anything was sent."""

    code = "invalid_input"


class SettingsError(UsageError):
    """The config file or an environment variable cannot be used."""

    code = "settings"


class Unauthorized(CrmctlError):
    """No key, or one that the server does not accept (401)."""

    code = "unauthorized"
    exit_status = 3
    meaning = "no key, or the server refused it (401)"
    default_hint = "Run `crmctl auth login`, or set CRMCTL_API_KEY."


class NotFound(CrmctlError):
    """The server knows nothing by that ID (404)."""

    code = "not_found"
    exit_status = 4
    meaning = "not found (404)"


class Forbidden(CrmctlError):
    """The key's scope does not allow it (403)."""

    code = "forbidden"
    exit_status = 5
    meaning = "not allowed: 403, or read-only"
    default_hint = "Check the key's scope in Settings → API → API Keys."


class ReadOnly(Forbidden):
    """A write with a profile that is read-only: nothing was sent, and no key was read."""

    code = "read_only"
    default_hint = "`crmctl config list` shows where read_only comes from."


class Rejected(CrmctlError):
    """The API refused the request (400, 409, 422 and other 4xx): it was not applied."""

    code = "rejected"
    exit_status = 6
    meaning = "the API rejected it (400, 409, 422): not applied"


class RateLimited(CrmctlError):
    """Too many requests (429): it was not applied."""

    code = "rate_limited"
    exit_status = 7
    meaning = "rate limited (429): not applied"
    default_retryable = True


class Unreachable(CrmctlError):
    """The server could not be reached, or gave a read no answer in time: nothing was applied."""

    code = "unreachable"
    exit_status = 8
    meaning = (
        "unreachable (DNS, refused, TLS), or a read without an answer in time:"
        " certainly not applied"
    )
    default_hint = "Check the connection, and the base URL that `crmctl config list` shows."
    default_retryable = True


class ServerFailed(CrmctlError):
    """The server failed (5xx)."""

    code = "server_error"
    exit_status = 9
    meaning = "server error, an answer that makes no sense, or an incomplete list"
    default_retryable = True


class BadAnswer(CrmctlError):
    """The answer is not what the API promises."""

    code = "bad_answer"
    exit_status = 9
    meaning = ServerFailed.meaning
    default_hint = "Check the base URL: `crmctl config list` shows it."


class IncompleteList(CrmctlError):
    """There is more, and the server does not say how to get it."""

    code = "incomplete_list"
    exit_status = 9
    meaning = ServerFailed.meaning
    default_hint = "Narrow the filters, or ask for one page with --limit."


class OutcomeUnknown(CrmctlError):
    """A write was sent and its answer was lost: it may have been applied."""

    code = "outcome_unknown"
    exit_status = 10
    meaning = "outcome unknown: the write may have been applied"
    default_hint = "Look before you repeat it: list what is there."


class StoreError(CrmctlError):
    """The embedded workspace, or another local file, cannot be used."""

    code = "store"
    exit_status = 12
    meaning = "local store: full, locked, damaged, too new; the output cannot be written"


class PartialFailure(CrmctlError):
    """Some of several items failed, each reported on its own."""

    code = "partial"
    exit_status = 13
    meaning = "partial: some items failed"


class Queued(CrmctlError):
    """It is in the outbox, which keeps it until it is delivered; ``cause`` is why it is not yet."""

    code = "queued"
    exit_status = 75
    meaning = "safely queued, not yet delivered"
    default_hint = "Run `crmctl outbox flush`."
    default_retryable = True
    cause: CrmctlError | None = None


INTERRUPTED = 130
READER_GONE = 141
TERMINATED = 143

FAMILY: tuple[type[CrmctlError], ...] = (
    CrmctlError,
    UsageError,
    InvalidInput,
    SettingsError,
    Unauthorized,
    NotFound,
    Forbidden,
    ReadOnly,
    Rejected,
    RateLimited,
    Unreachable,
    ServerFailed,
    BadAnswer,
    IncompleteList,
    OutcomeUnknown,
    StoreError,
    PartialFailure,
    Queued,
)


def exit_statuses() -> dict[int, str]:
    """Every exit status and what it means, in order: the table that the README prints."""
    statuses = {0: "done, confirmed by the server"}
    for error in sorted(FAMILY, key=lambda error: error.exit_status):
        statuses.setdefault(error.exit_status, error.meaning)
    statuses[INTERRUPTED] = "interrupted"
    statuses[READER_GONE] = "the reader went away (quietly)"
    statuses[TERMINATED] = "terminated"
    return statuses


def read_only(undone: str, source: str) -> ReadOnly:
    """What is said of a write, left undone, that ``source`` forbids: a variable or a profile."""
    hint = f"read_only comes from {source}. No option overrides it."
    return ReadOnly(f"{undone}: this profile is read-only.", hint=hint)


def wrong_choice(place: str, value: str, choices: Iterable[str]) -> str:
    """What is said of a value that is none of the choices, wherever it was typed or kept."""
    return f"{place}: {value!r:.80} is not one of {', '.join(choices)}."
