"""How output is to look; what it holds is the view's business."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


class Style:
    """What a renderer needs to know about the reader.

    ``width`` is the terminal's columns, or None where nothing limits a line. ``now`` is aware;
    clocks are shown in ``zone``. ``raw`` keeps CSV cells exactly as they are.
    """

    __slots__ = ("color", "now", "raw", "width", "zone")

    def __init__(
        self,
        *,
        now: datetime,
        zone: tzinfo,
        color: bool = False,
        width: int | None = None,
        raw: bool = False,
    ) -> None:
        self.now = now
        self.zone = zone
        self.color = color
        self.width = width
        self.raw = raw
