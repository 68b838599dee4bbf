"""Names as they are compared: but for case, and for how a letter is composed."""

from __future__ import annotations


def fold(name: str) -> str:
    """The name without case (Unicode's case folding), blanks at its ends and doubled ones."""
    folded = " ".join(name.split()).casefold()
    if folded.isascii():
        return folded
    from unicodedata import normalize

    # Folding may compose or decompose anew: é is one character here and two there.
    return normalize("NFC", normalize("NFD", folded).casefold())
