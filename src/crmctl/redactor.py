"""Keys, masked wherever text leaves."""

from __future__ import annotations

import re

_SHORTEST = 8


class Redactor:
    """Knows the secrets and finds them in text, written plainly, percent-encoded or escaped."""

    __slots__ = ("_pattern", "_secrets")

    def __init__(self, *secrets: str) -> None:
        self._secrets: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.keep(secret)

    def keep(self, secret: str) -> None:
        """Mask it from now on. What is as short as a word is none: other words would hold it."""
        if len(secret) >= _SHORTEST:
            self._secrets[secret] = None
            self._pattern = None

    def mask(self, text: str) -> str:
        """The text with ``[key]`` in place of each secret."""
        if not self._secrets:
            return text
        if self._pattern is None:
            # Compiled when something is said: a command that says nothing does not pay for it.
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(_any_form, longest_first)))
        return self._pattern.sub("[key]", text)


def _any_form(secret: str) -> str:
    """What finds a secret, each of its characters plain or as a URL, JSON or Python writes it."""
    return "".join(_any_form_of_one(character) for character in secret)


def _any_form_of_one(character: str) -> str:
    plain = re.escape(character)
    # JSON in JSON doubles them. Without a bound, a text of backslashes would take for ever.
    if character in "\"'/":
        plain = rf"\\{{0,8}}{plain}"
    elif character == "\\":
        plain = r"\\{1,8}"
    percent = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogatepass"))
    return rf"(?:{plain}|(?i:{percent}|\\{{1,8}}u{ord(character):04x}))"
