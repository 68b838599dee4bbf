"""Base URLs: what is one, what is this machine, and what a key belongs to."""

from __future__ import annotations

from crmctl import errors


def origin(url: str) -> str:
    """What a key belongs to, ``https://host:443`` of a base URL. Raises SettingsError."""
    scheme, host, port = split_base_url(url)
    return f"{scheme}://{host}:{port}"


def split_base_url(url: str, name: str = "The base URL") -> tuple[str, str, int]:
    """Scheme, host and port of a base URL.

    Raises SettingsError for one that is none, or would not keep a key safe. The message calls it
    ``name`` and does not repeat it: what is wrong with it may be the password in it.
    """
    try:
        return _split(url)
    except ValueError as error:
        raise errors.SettingsError(f"{name} {error}.") from None


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    import ipaddress

    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _split(url: str) -> tuple[str, str, int]:
    import ipaddress
    from urllib.parse import urlsplit

    # What urlsplit drops, or reads unlike an HTTP client, does not get that far.
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise ValueError("holds a character that a URL cannot hold")
    if "?" in url or "#" in url:
        raise ValueError("must end with its path: no ? and no #")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is not a URL such as https://crm.example.com/api") from None
    if "@" in parts.netloc:
        raise ValueError("must not hold a user name or a password")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    named = host.replace("-", "").replace(".", "").replace("_", "").isalnum()
    if parts.scheme not in ("http", "https") or port == 0 or not (address or named):
        raise ValueError("is not a URL such as https://crm.example.com/api")
    if parts.scheme == "http" and not is_loopback(host):
        raise ValueError("must begin with https://; http:// is for localhost alone")
    if address and address.version == 6:
        host = f"[{address}]"
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80)
