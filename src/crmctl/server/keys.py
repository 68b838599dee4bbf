"""Keys of a workspace that is served: made, recognised, and turned into what is kept of them.

A key is ``crm_``, then 43 digits and letters for 32 random bytes, then 6 for their checksum, by
which a mistyped one is told from others without a look into the store.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from zlib import crc32

PREFIX = "crm_"

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BYTES, _LENGTH, _CHECK_LENGTH = 32, 43, 6
_KEY = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_LENGTH + _CHECK_LENGTH}}}")
# What is almost a key is masked too: one that was cut, or has something typed into it.
_ANY_KEY = re.compile(rf"{PREFIX}[0-9A-Za-z]{{8,}}")


def make_key() -> str:
    """A new key."""
    secret = _in_digits(int.from_bytes(secrets.token_bytes(_BYTES), "big"), _LENGTH)
    return f"{PREFIX}{secret}{_checksum(secret)}"


def is_key(text: str) -> bool:
    """Whether a text could be a key: its form and its checksum are right."""
    if not _KEY.fullmatch(text):
        return False
    secret = text.removeprefix(PREFIX)
    return secret[_LENGTH:] == _checksum(secret[:_LENGTH])


def digest_of(key: str) -> str:
    """What is kept of a key, and what it is found by: its SHA-256, as hexadecimal digits.

    A key has 256 random bits, so nothing slower is needed to keep it from being guessed.
    """
    return sha256(key.encode()).hexdigest()


def mask_keys(text: str) -> str:
    """The text with ``[key]`` in place of each key, also of one that is none by its checksum."""
    return _ANY_KEY.sub("[key]", text)


def _checksum(secret: str) -> str:
    return _in_digits(crc32(secret.encode()), _CHECK_LENGTH)


def _in_digits(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
