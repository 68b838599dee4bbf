"""Names as they are compared: but for case, and for how a letter is composed."""

from __future__ import annotations


def fold(name: str) -> str:
    """The name as `fold_text` has it, without blanks at its ends and doubled ones."""
    return fold_text(" ".join(name.split()))


def fold_text(text: str) -> str:
    """The text without case (Unicode's case folding), its letters composed."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    from unicodedata import normalize

    # Folding may compose or decompose anew: é is one character here and two there.
    return normalize("NFC", normalize("NFD", folded).casefold())
