"""What is shown on stdout, in the format that was chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC
from typing import TYPE_CHECKING, Any, TextIO

from crmctl.config.settings import Settings
from crmctl.errors import CrmctlError
from crmctl.output import renderer
from crmctl.output.style import Style
from crmctl.output.view import View, choose, columns_of, view_of

if TYPE_CHECKING:
    from crmctl.cli.context import Context
    from crmctl.fields import Resource

Item = Mapping[str, Any]


def view(crm: Context, resource: Resource) -> View:
    """How a resource is shown: its own columns, or those of --fields."""
    return view_of(resource, crm.options.fields)


def named_view(crm: Context, names: Sequence[str], name: str) -> View:
    """How something that is no resource of the API is shown, with these fields."""
    view = View(columns=columns_of(names), fields=list(names), name=name)
    return choose(view, crm.options.fields) if crm.options.fields else view


def show_one(crm: Context, item: Item, view: View) -> None:
    """Show one thing."""
    renderer(crm.format).write_one(item, view, stream=crm.terminal.stdout, style=style(crm))


def show_object(crm: Context, item: Item, name: str) -> None:
    """Show one thing that is no resource of the API, with all that it has."""
    show_one(crm, item, named_view(crm, list(item), name))


def show_written(crm: Context, item: Item, view: View) -> None:
    """Show what a write gave; a dry run has written nothing."""
    if not crm.options.dry_run:
        show_one(crm, item, view)


def show_line(crm: Context, item: Item, line: str | None = None) -> None:
    """Show what a command gave that is no list: an object in JSON, else one line or nothing.

    It works where settings are at fault, as what mends them has to.
    """
    if crm.tells_json:
        show_object(crm, item, "result")
    elif line is not None:
        crm.terminal.show(line)


def show_all(crm: Context, items: Iterable[Item], view: View) -> int:
    """Show items as a list and give their number."""
    write = renderer(crm.format).write_list
    number = int(write(items, view, stream=crm.terminal.stdout, style=style(crm)))
    if number and crm.format == "ids" and not view.chosen and "id" not in view.fields:
        crm.terminal.note(f"A {view.name} has no ID: -o ids shows nothing.")
    return number


def show_done(crm: Context, text: str) -> None:
    """Say that a write is confirmed; only a person at a terminal needs to be told at once."""
    if crm.options.dry_run:
        return
    crm.terminal.confirmed.append(text)
    if crm.terminal.stderr.isatty():
        crm.terminal.note(text)


def note_overruled(crm: Context, key: str, value: object, *, profile: str | None = None) -> None:
    """Say where a variable comes before what was just put into the config file.

    ``profile`` is whose setting it is: only that of the profile in use can be overruled.
    """
    with suppress(CrmctlError):  # what was asked for is done
        settings = Settings(crm.environ, {}, crm.directories, may_fall_back=True)
        if profile not in (None, settings.profile.name):
            return
        for entry in settings.entries():
            if entry["key"] == key and entry["value"] != value:
                crm.terminal.note(
                    f"{entry['source']} comes first: {key} is {entry['value']} for now.",
                    code="overruled",
                )


def may_draw(crm: Context) -> bool:
    """Whether a command may show a table in a way of its own: nobody named the columns."""
    return crm.format == "table" and not crm.options.fields


def style(crm: Context, *, on: TextIO | None = None) -> Style:
    """How to render: width and colour are those of the terminal as it is now.

    ``on`` is another stream than stdout, where a person is asked.
    """
    table = crm.format == "table" or on is not None
    terminal = crm.terminal
    stream = on or terminal.stdout
    return Style(
        color=table and terminal.has_color(crm.settings.color.value, stream),
        width=terminal.width(stream) if table else None,
        now=crm.now,
        zone=crm.zone if crm.format in ("table", "md") else UTC,
        raw=crm.options.raw,
    )
