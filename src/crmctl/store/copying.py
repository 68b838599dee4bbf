"""A workspace copied whole from one store to another.

What is copied comes in one order, so what a copy that was broken off has left is the beginning of
it. The next one goes on from there; whatever else the target holds is seen to be something else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from crmctl import errors
from crmctl.store.interface import Store, Transaction
from crmctl.store.values import KINDS, Item, Kind

# How many rows are written in one transaction, and are in memory.
PORTION = 1000


def copy_workspace(
    source: Store,
    target: Store,
    *,
    write: bool,
    tell: Callable[[Kind, int], None],
    portion: int = PORTION,
) -> tuple[dict[Kind, int], int]:
    """Copy what the target lacks, and compare all; give how many there are, and were copied.

    The source is read as of one moment. With ``write`` false nothing is written, and the second
    number is what would be copied. ``tell`` is told how many of a kind are there, as they grow.
    Raises `StoreError` where the target holds something that the source does not.
    """
    counts: dict[Kind, int] = {}
    copied = 0
    with source.reading() as origin:
        with target.reading() as there:
            begun = {kind: _compare(origin, there, kind) for kind in KINDS}
        for kind in KINDS:
            mark, number = begun[kind]
            while True:
                rows, mark = origin.portion(kind, after=mark, limit=portion)
                if not rows:
                    break
                if write:
                    with target.writing() as kept:
                        kept.keep(kind, rows)
                number += len(rows)
                copied += len(rows)
                tell(kind, number)
            counts[kind] = number
        if write and copied:
            _verify(origin, target, counts)
    return counts, copied


def _verify(origin: Transaction, target: Store, counts: dict[Kind, int]) -> None:
    """Raise `StoreError` unless the target holds what was counted, each row as its original is."""
    with target.reading() as there:
        for kind in KINDS:
            _, number = _compare(origin, there, kind)
            if number != counts[kind]:
                raise errors.StoreError(
                    f"Not all has arrived: {number} of {counts[kind]} of the kind {kind}."
                )


def _compare(origin: Transaction, there: Transaction, kind: Kind) -> tuple[Sequence[Any], int]:
    """Where the source goes on behind what the target has of a kind, and how many that are."""
    mark: Sequence[Any] = ()
    their_mark: Sequence[Any] = ()
    number = 0
    while True:
        theirs, their_mark = there.portion(kind, after=their_mark, limit=PORTION)
        if not theirs:
            return mark, number
        ours, mark = origin.portion(kind, after=mark, limit=len(theirs))
        for place, row in enumerate(theirs):
            if place >= len(ours) or ours[place] != row:
                raise _something_else(kind, row)
        number += len(theirs)


def _something_else(kind: Kind, row: Item) -> errors.StoreError:
    if kind == "api_key":
        row = {"id": row["name"]}
    name = f"an answer for {row['path']!s:.80}" if kind == "answer" else f"{kind} {row['id']!s:.80}"
    return errors.StoreError(
        f"The target holds something else: {name} is not in the source, or differs there."
        " It was left as it is.",
        hint="Copy to an empty place. A copy that was broken off goes on only if nothing changed.",
    )
