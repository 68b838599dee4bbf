"""Numbers as bars and shades of text, which read without colour."""

from __future__ import annotations

from collections.abc import Sequence

_EIGHTHS = ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")
_FULL = "█"
_NOTHING = "·"
_SHADES = "░▒▓█"


def bar(value: int, largest: int, width: int) -> str:
    """A bar of at most ``width`` columns, in eighths; whatever is more than nothing is seen."""
    if value <= 0 or largest <= 0:
        return ""
    full, rest = divmod(max(1, value * width * 8 // largest), 8)
    return _FULL * full + _EIGHTHS[rest]


def stacked(values: Sequence[int], signs: Sequence[str], largest: int, width: int) -> list[str]:
    """A bar of several parts, each of its own sign, that end where their sum so far does."""
    parts = []
    so_far = drawn = 0
    for value, sign in zip(values, signs, strict=True):
        so_far += value
        # To the nearest column; a part that is more than nothing takes one, while there is room.
        end = (2 * so_far * width + largest) // (2 * largest) if largest > 0 else 0
        end = min(width, max(end, drawn + (value > 0)))
        parts.append(sign * (end - drawn))
        drawn = end
    return parts


def shade(value: int, largest: int) -> str:
    """How much of the largest a number is: one of ``·░▒▓█``, the first for nothing."""
    if value <= 0 or largest <= 0:
        return _NOTHING
    return _SHADES[(value * len(_SHADES) - 1) // largest]


def say_shades(largest: int) -> str:
    """What each shade stands for, where that is the largest number: ``░ 1-2  ▒ 3-4 …``."""
    said = []
    for place, sign in enumerate(_SHADES):
        first = place * largest // len(_SHADES) + 1
        last = (place + 1) * largest // len(_SHADES)
        if first <= last:
            said.append(f"{sign} {first}" if first == last else f"{sign} {first}-{last}")
    return "  ".join(said)
