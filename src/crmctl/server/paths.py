"""What a request's target asks for: the path below the API's root, wherever that is mounted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

# Where the reference's own examples find the API.
VENDOR_PREFIX = "/functions/v1/api"

_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)


def find_path(environ: WSGIEnvironment, *, behind_proxy: bool = False) -> tuple[str, str]:
    """The path below the API's root, IDs in it still percent-encoded, and what it is mounted at.

    The target may be a whole URL. What the server is mounted at (``SCRIPT_NAME``, and with
    ``behind_proxy`` ``X-Forwarded-Prefix``) and the vendor's prefix are left out, each if there.
    """
    forwarded = environ.get("HTTP_X_FORWARDED_PREFIX", "") if behind_proxy else ""
    mounts = [_mount(str(each or "")) for each in (forwarded, environ.get("SCRIPT_NAME"))]
    # PATH_INFO comes decoded; an ID's own percent signs and slashes must survive.
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if target:
        whole = target.encode("latin-1", "replace").decode(errors="replace")
        path = _ORIGIN.sub("", whole, count=1).partition("?")[0] or "/"
        path = _below(path, mounts[0] or mounts[1])
    else:  # without SCRIPT_NAME already
        path = _below(quote(environ.get("PATH_INFO", "").encode("latin-1"), safe="/"), mounts[0])
    return _below(path, VENDOR_PREFIX), mounts[0] or mounts[1]


def _mount(text: str) -> str:
    """``/crm`` where the API is at ``/crm/tasks``, else nothing."""
    mount = text.strip("/")
    return f"/{mount}" if mount else ""


def _below(path: str, prefix: str) -> str:
    """The path without the prefix; as it is where it does not begin with it."""
    if not prefix:
        return path
    wanted = prefix.strip("/").split("/")
    segments = path.removeprefix("/").split("/")
    if [unquote(segment) for segment in segments[: len(wanted)]] != wanted:
        return path
    return "/" + "/".join(segments[len(wanted) :])
