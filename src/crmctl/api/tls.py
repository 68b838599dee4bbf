"""Whom a key may be sent to: base URLs and certificates."""

from __future__ import annotations

import ipaddress
import os
import re
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from crmctl import errors


def check_base_url(base_url: str) -> tuple[str, bool]:
    """A base URL's host, and whether it is https. Raises `SettingsError` for one not to be used."""
    shown = base_url.rpartition("@")[2]  # without a password, should it have one
    cannot = errors.SettingsError(
        f"The base URL {shown!r} cannot be used.", hint="It looks like https://HOST/PATH."
    )
    try:
        url = urlsplit(base_url)
        host, _ = url.hostname, url.port
    except ValueError as error:
        raise cannot from error
    if url.username or url.password:
        raise errors.SettingsError("The base URL must not contain a user name or a password.")
    if url.scheme not in ("http", "https") or not host or url.query or url.fragment:
        raise cannot
    if url.scheme == "http" and not is_loopback(host):
        raise errors.SettingsError(
            f"The base URL must start with https://: {host} would get the key in plain text.",
            hint="http:// is for this machine alone: localhost, 127.0.0.1 or [::1].",
        )
    return host, url.scheme == "https"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Whom to trust: the environment's choice, else the system's or certifi's, and ``ca_file``."""
    file = os.environ.get("SSL_CERT_FILE") or None
    directory = os.environ.get("SSL_CERT_DIR") or None
    if file is None and directory is None:
        system = ssl.get_default_verify_paths().capath
        if system is not None and _is_hashed(Path(system)):
            # OpenSSL reads the one file that it needs: 5 ms instead of 40 for a whole bundle.
            directory = system
        else:
            import certifi

            file = certifi.where()
    try:
        context = ssl.create_default_context(cafile=file, capath=directory)
    except OSError as error:
        raise errors.SettingsError(f"{file} holds no certificates that can be read.") from error
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise errors.SettingsError(
                f"{ca_file} holds no certificates that can be read.",
                hint="`--ca-file` wants a PEM file.",
            ) from error
    return context


def _is_hashed(directory: Path) -> bool:
    try:
        return any(re.fullmatch(r"[0-9a-f]{8}\.[0-9]", file.name) for file in directory.iterdir())
    except OSError:
        return False
