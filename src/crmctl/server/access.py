"""Who may ask for what: the key of a request, held against those that the store keeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

from crmctl.server.exchange import Exchange
from crmctl.server.keys import digest_of, is_key
from crmctl.server.rate import Rates
from crmctl.server.wsgi import READING
from crmctl.store.interface import Store
from crmctl.timestamps import format_timestamp
from crmctl.workspace.call import Refusal


class KeyHolders:
    """Lets in who has a key, to read and, unless the key is read-only, to write.

    The store is asked each time, so that what one process revokes the next request of every other
    refuses. ``read_only`` is for a workspace that nobody may change. Without ``rates`` a key may
    ask as often as it can.
    """

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        *,
        read_only: bool = False,
        rates: Rates | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._read_only = read_only
        self._rates = rates

    def __call__(self, exchange: Exchange, headers: Mapping[str, str]) -> str:
        """The user whose key asks. Raises the `Refusal` of one who may not: 401, 403 or 429."""
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise _unauthorized("This needs a key: Authorization: Bearer KEY.")
        digest = digest_of(text.strip()) if is_key(text.strip()) else ""
        key = None
        if digest:
            with self._store.reading() as kept:
                key = kept.find_key(digest)
        if key is None:
            raise _unauthorized("This key is not known.")
        exchange.key_name = key["name"]
        if key["revoked_at"] is not None:
            raise _unauthorized("This key was revoked.")
        # To the second: a text with a fraction would not sort as its instant does.
        now = format_timestamp(self._clock().replace(microsecond=0))
        if key["expires_at"] is not None and key["expires_at"] <= now:
            raise _unauthorized("This key has expired.")
        self._limit(digest)
        if exchange.method not in READING and (key["read_only"] or self._read_only):
            whose = "This key" if key["read_only"] else "This workspace"
            raise Refusal(403, "forbidden", f"{whose} is read-only.")
        return str(key["user_id"])

    def _limit(self, name: str) -> None:
        wait = self._rates.take(name) if self._rates is not None else 0
        if wait:
            after = {"retry-after": str(math.ceil(wait))}
            raise Refusal(429, "rate_limited", "This key asks too often.", headers=after)


def _unauthorized(message: str) -> Refusal:
    return Refusal(401, "unauthorized", message, headers={"www-authenticate": "Bearer"})
