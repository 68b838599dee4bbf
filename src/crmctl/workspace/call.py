"""What a handler is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmctl.api.message import KEYS_HONOURED, NO_ENTRIES, Response
from crmctl.resources import TASK
from crmctl.store.values import Item
from crmctl.validate import Problem, check_query

if TYPE_CHECKING:
    from crmctl.store.interface import Transaction


class Refusal(Exception):
    """An answer other than success: an HTTP status and an error object."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: list[Problem] | None = None,
        *,
        headers: Mapping[str, str] = NO_ENTRIES,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details or []
        self.headers = headers

    def response(self) -> Response:
        """The refusal as an answer: the one envelope that errors have, here and over HTTP."""
        error = {"code": self.code, "message": self.message, "details": self.details}
        content = {"success": False, "error": error}
        return Response(self.status, content, headers={**KEYS_HONOURED, **self.headers})


class Call:
    """A request on its way to a handler: ``now`` as the API writes it, ``caller`` who asks."""

    __slots__ = ("body", "caller", "item_id", "now", "query", "transaction")

    def __init__(
        self,
        transaction: Transaction,
        *,
        query: Mapping[str, str],
        body: Any,
        item_id: str,
        now: str,
        caller: str | None,
    ) -> None:
        self.transaction = transaction
        self.query = query
        self.body = body
        self.item_id = item_id
        self.now = now
        self.caller = caller


class Reply:
    """A success: its status, ``data`` and, where there is any, ``meta``."""

    __slots__ = ("data", "meta", "status")

    def __init__(
        self,
        data: Item | list[Item],
        *,
        meta: dict[str, Any] | None = None,
        status: int = 200,
    ) -> None:
        self.data = data
        self.meta = meta
        self.status = status


def refuse_problems(problems: list[Problem]) -> None:
    """Raise the refusal of a request in which these things are wrong, if there are any."""
    if problems:
        raise invalid(problems)


def refuse_parameters(call: Call) -> None:
    """Raise the refusal of a request that has query parameters where none are taken."""
    if call.query:
        refuse_problems(check_query(TASK, call.query, filters=(), accepted=()))


def invalid(problems: list[Problem]) -> Refusal:
    """A 422 that names each field."""
    names = ", ".join(problem["field"] for problem in problems)
    message = f"The request is not valid: {names}."
    return Refusal(422, "validation_failed", message, problems)
