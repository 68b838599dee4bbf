"""Text from a server, on its way to a person: nothing in it may act on the terminal."""

from __future__ import annotations

import re

# DEL, C1, the marks that turn the direction of text, the separators that some programs take for
# line ends, and lone surrogates, which no output encoding can carry.
UNSEEN = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"


def visible(text: str) -> str:
    r"""The text with what acts on a terminal spelled out: ``\x1b``, ``\u202e``.

    Newlines, CR LF pairs and tabs stay; so do joined emoji and every script.
    """
    if text.isprintable():
        return text
    return re.sub(f"\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f{UNSEEN}]", _spelled_out, text)


def one_line(text: str) -> str:
    """The same for a table's cell: newlines, tabs and carriage returns become one space."""
    if text.isprintable():
        return text
    return visible(re.sub("[\t\r\n][ \t\r\n]*", " ", text.strip("\t\r\n")))


def _spelled_out(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
