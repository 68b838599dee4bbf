"""What became of a request, and what may be done about it: one table for every failure.

N: send the same request again. R: it may have been applied, so look whether it was. X: it failed.
NR is both: again first, then look. Nothing: it is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmctl import errors
from crmctl.api.message import Request, Response
from crmctl.resources import OPERATIONS

METHODS = ("GET", "PUT", "DELETE", "POST")

TABLE: dict[str, tuple[str, str, str, str]] = {
    #               GET   PUT   DELETE POST
    "unsent": ("N", "N", "N", "N"),  # no connection: not a byte of it has left
    "hopeless": ("X", "X", "X", "X"),  # a certificate, a proxy that makes no sense
    "lost": ("N", "NR", "NR", "R"),  # sent, and no answer that could be read
    "turned away": ("N", "N", "N", "N"),  # 421, 425, 429: the server looked at none of it
    "failing": ("N", "NR", "NR", "R"),  # 408, 500, 502, 503, 504
    "unlisted": ("X", "R", "R", "R"),  # any status that has no row of its own
    "refused": ("X", "X", "X", "X"),  # other 4xx, and `success: false` under 2xx
    "moved": ("X", "X", "X", "X"),  # 301, 307, 308: never followed
    "unclear": ("X", "R", "R", "R"),  # 2xx without the JSON that it should have
    "silent": ("X", "R", "", "R"),  # 2xx that says no more than that it was done
    "otherwise": ("", "X", "", ""),  # 2xx that shows another value than was sent
    "done": ("", "", "", ""),
}

STATUSES = {
    **dict.fromkeys((301, 307, 308), "moved"),
    **dict.fromkeys((421, 425, 429), "turned away"),
    **dict.fromkeys((408, 500, 502, 503, 504), "failing"),
}

_CREATING = {each.path for each in OPERATIONS.values() if each.method == "POST"}


def row_of(request: Request, outcome: Response | errors.CrmctlError) -> str:
    """The row of the table that an answer is of, or a failure to get one."""
    if isinstance(outcome, errors.OutcomeUnknown):
        return "lost"
    if isinstance(outcome, errors.CrmctlError):
        if not outcome.retryable:
            return "hopeless"
        return "lost" if request.method == "GET" else "unsent"
    status = outcome.status
    if 200 <= status < 300:
        return _row_of_success(request, outcome)
    return STATUSES.get(status) or ("refused" if 400 <= status < 500 else "unlisted")


def cell_of(request: Request, row: str) -> str:
    """What that row says of the request's method. One that the API has not is as a POST."""
    method = request.method if request.method in METHODS else "POST"
    return TABLE[row][METHODS.index(method)]


def may_be_applied(request: Request, row: str) -> bool:
    """Whether the outcome is unknown until someone looks."""
    return "R" in cell_of(request, row)


def _row_of_success(request: Request, response: Response) -> str:
    content = response.content
    said = content if isinstance(content, dict) else {}
    if said.get("success") is False:
        return "refused"
    if response.status == 202:  # taken in, to be done or not
        return "unclear"
    data = said.get("data")
    if request.method == "GET":
        return "done" if "data" in said else "unclear"
    if request.method == "DELETE":
        return "done" if _is_deleted(response, said, data) else "unclear"
    if request.method == "PUT":
        from crmctl.api.compare import differences, item_id_of

        if isinstance(data, dict):
            if not _is_id(data.get("id")) or str(data["id"]) != item_id_of(request.path):
                return "unclear"
            return "otherwise" if differences(request, data) else "done"
        silent = response.status == 204 or (said.get("success") is True and data is None)
        return "silent" if silent else "unclear"
    if request.path in _CREATING:
        return "done" if isinstance(data, dict) and _is_id(data.get("id")) else "unclear"
    return "done" if "data" in said or said.get("success") is True else "unclear"


def _is_deleted(response: Response, said: Mapping[str, Any], data: Any) -> bool:
    if isinstance(data, dict) and data.get("deleted") is False:
        return False
    if response.content is None:
        return response.status in (200, 204) and not response.text.strip()
    return "data" in said or said.get("success") is True


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int)) and not isinstance(value, bool) and value != ""
