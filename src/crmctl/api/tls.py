"""Whose certificates are trusted."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

from crmctl import errors


def trust(ca_file: str | None, environ: Mapping[str, str]) -> ssl.SSLContext:
    """Whom to trust: the environment's choice, else the system's or certifi's, and ``ca_file``.

    The environment chooses with SSL_CERT_FILE and SSL_CERT_DIR. Raises `SettingsError` for a file
    that holds no certificates.
    """
    file = environ.get("SSL_CERT_FILE") or None
    directory = environ.get("SSL_CERT_DIR") or None
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
