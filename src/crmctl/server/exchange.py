"""One request and its answer, as the log tells of them."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


class Exchange:
    """What is known of a request so far.

    ``path`` is that below the API's root; ``key_name`` the name of the key that asks, once it is
    known; ``fault`` what went wrong on this side, if anything did.
    """

    __slots__ = ("fault", "key_name", "method", "path", "request_id")

    def __init__(self, method: str, path: str, request_id: str) -> None:
        self.method = method
        self.path = path
        self.request_id = request_id
        self.key_name = ""
        self.fault = ""


def request_id_of(headers: Mapping[str, str]) -> str:
    """The client's own name for a request (``x-request-id``) where it is one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else os.urandom(8).hex()
