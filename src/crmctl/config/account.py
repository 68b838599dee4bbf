"""Whose a file is: what is kept of a server is of one account, and of no other.

A profile's name may come to mean another server, account or workspace, whose IDs are others.
"""

from __future__ import annotations

import os
from hashlib import sha256


def digest(text: str) -> str:
    """What stands for a text, as for a key, where it must not be read; 12 hexadecimal digits."""
    return sha256(os.fsencode(text)).hexdigest()[:12]


def name_account(profile: str, place: str, key: str = "") -> str:
    """What files are named by that belong to a profile: where it is, and whose key it has.

    ``place`` is its base URL, or where its workspace is. ``key`` is the one that the environment
    gives, where no profile says whose it is.
    """
    return f"{profile}-{digest(f'{place} {key}'.rstrip())}"
