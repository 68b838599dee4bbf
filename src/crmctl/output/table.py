"""The table, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from crmctl.output.console import Text, cell_len, cut, open_console
from crmctl.output.humanize import color_of, marked, say
from crmctl.output.style import Style
from crmctl.output.view import Column, Item, View, pick, pick_shown

_GAP = 2
# So much the title has beside names, beside other columns, and beside dates alone, the most telling
# of them: one of them is left out where it would be less.
_TITLE_BESIDE_NAMES = 20
_TITLE_BESIDE_VALUES = 16
_TITLE_BESIDE_DATES = 10
_NAME_TYPES = ("string", "text", "object", "ids")
_TITLES = ("title", "subject", "name")
# What other columns keep: a name is still recognized when it is cut, the rest is short. They have
# less only where all of them were asked for.
_NAME_WIDTH = 12
_VALUE_WIDTH = 18
_SHORT_NAME_WIDTH = 6
_LEAST_WIDTH = 3
# With so much the title can be read: names are then shown whole, or nearly, before it gets more.
_EASY_TITLE_WIDTH = 40
_EASY_NAME_WIDTH = 24


def write_list(items: Iterable[Item], view: View, *, stream: TextIO, style: Style) -> int:
    """Write a table of the items, sized to the width; give their number. Nothing for none."""
    value_of = pick if view.chosen else pick_shown
    columns = view.columns
    rows: list[list[tuple[str, str]]] = []
    for item in items:
        cells = []
        for column in columns:
            text = say(column.name, column.type, value_of(item, column.name), style)
            text = marked(text, column.name, item, style)
            cells.append((text, color_of(column.name, item, style)))
        rows.append(cells)
    if not rows:
        return 0
    if not view.chosen:
        columns, rows = _with_something(columns, rows)
    lines = [[(column.heading, "bold") for column in columns], *rows]
    natural = [max(cell_len(text) for text, _ in column) for column in zip(*lines, strict=True)]
    widths = fit(columns, natural, style.width, chosen=view.chosen)
    with open_console(stream, style) as console:
        for cells in lines:
            console.print(line_of(cells, widths), soft_wrap=True)
    return len(rows)


def write_one(item: Item, view: View, *, stream: TextIO, style: Style) -> None:
    """Write one thing in full: its title, its fields, its description."""
    from crmctl.output.detail import write_detail  # of which a list needs nothing

    write_detail(item, view, stream=stream, style=style)


def fit(columns: list[Column], natural: list[int], width: int | None, *, chosen: bool) -> list[int]:
    """The width of each column, 0 for one that is left out, given what each would like to have.

    IDs are never cut, and what is short is not: a status, a date, a duration. The title takes what
    is left, once names are readable. Where even cut names leave it no room, columns that were not
    ``chosen`` by name are left out, from the right and dates last.
    """
    if width is None or not columns:
        return natural
    title = _title_of(columns, natural)
    least = [_least(column, room) for column, room in zip(columns, natural, strict=True)]
    least[title] = min(natural[title], _TITLE_BESIDE_NAMES)
    shown = list(range(len(columns)))
    if not chosen:
        for index in _least_important_first(columns, title):
            least[title] = min(natural[title], _least_title(columns, shown, title))
            if _total(least, shown) <= width:
                break
            shown.remove(index)
    if _total(least, shown) > width:
        cuttable = [index for index in shown if columns[index].type != "id"]
        names = [index for index in cuttable if columns[index].type in _NAME_TYPES]
        _shrink(names, shown, least, width, least_width=_SHORT_NAME_WIDTH)
        _shrink(cuttable, shown, least, width, least_width=_LEAST_WIDTH)
    widths = [least[index] if index in shown else 0 for index in range(len(columns))]
    spare = width - _total(widths, shown)
    others = [index for index in shown if index != title]
    easy = [(title, _EASY_TITLE_WIDTH), *((index, _EASY_NAME_WIDTH) for index in others)]
    for index, most in [*easy, (title, width), *((index, width) for index in others)]:
        more = max(0, min(spare, min(natural[index], most) - widths[index]))
        widths[index] += more
        spare -= more
    return widths


def _with_something(
    columns: list[Column], rows: list[list[tuple[str, str]]]
) -> tuple[list[Column], list[list[tuple[str, str]]]]:
    """The columns in which something stands: an empty one takes room and says nothing."""
    kept = [index for index in range(len(columns)) if any(row[index][0] for row in rows)]
    return [columns[index] for index in kept], [[row[index] for index in kept] for row in rows]


def line_of(cells: list[tuple[str, str]], widths: list[int]) -> Text:
    """A line of text and colour pairs, each in its width; one of width 0 is left out."""
    line = Text()
    blank = 0
    for (text, color), width in zip(cells, widths, strict=True):
        if width:
            shown = cut(text, width)
            # Blanks go before what follows them, so that no line ends in blanks.
            if shown:
                line.append(" " * blank).append(shown, color)
                blank = 0
            blank += width - cell_len(shown) + _GAP
    return line


def _title_of(columns: list[Column], natural: list[int]) -> int:
    """Which column is the title: by its name, else the widest that is no ID."""

    def rank(index: int) -> tuple[bool, bool, int]:
        column = columns[index]
        return column.name in _TITLES, column.type != "id", natural[index]

    return max(range(len(columns)), key=rank)


def _least(column: Column, natural: int) -> int:
    if column.type == "id":
        return natural
    return min(natural, _NAME_WIDTH if column.type in _NAME_TYPES else _VALUE_WIDTH)


def _least_title(columns: list[Column], shown: list[int], title: int) -> int:
    """What the title has to have beside these columns, or one of them is left out."""
    types = [columns[index].type for index in shown if index != title]
    if any(type in _NAME_TYPES for type in types):
        return _TITLE_BESIDE_NAMES
    values = any(type not in ("id", "time") for type in types)
    return _TITLE_BESIDE_VALUES if values else _TITLE_BESIDE_DATES


def _least_important_first(columns: list[Column], title: int) -> list[int]:
    from_the_right = [
        index
        for index in reversed(range(len(columns)))
        if index != title and columns[index].type != "id"
    ]
    return sorted(from_the_right, key=lambda index: columns[index].type == "time")


def _total(widths: list[int], shown: list[int]) -> int:
    return sum(widths[index] for index in shown) + _GAP * (len(shown) - 1)


def _shrink(
    cuttable: list[int], shown: list[int], widths: list[int], width: int, *, least_width: int
) -> None:
    while _total(widths, shown) > width:
        widest = max(cuttable, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= least_width:
            return
        widths[widest] -= 1
