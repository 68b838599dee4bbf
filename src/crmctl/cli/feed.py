"""How the feed is read: lately, since the last time, or as things happen."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, nullcontext
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TextIO

from crmctl.cli.lists import keep_known
from crmctl.cli.show import may_draw, show_all, style, view
from crmctl.errors import BadAnswer, CrmctlError, IncompleteList, InvalidInput, UsageError
from crmctl.output import renderer
from crmctl.resources import ACTIVITY, DEFAULT_LIMIT
from crmctl.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from crmctl.cli.context import Context
    from crmctl.delivery.marks import Mark, MarkFile

    Item = dict[str, Any]

# Seconds.
INTERVAL = 10
_LONGEST_WAIT = 60.0  # where nobody asks for more
_LONGEST_ASKED = 24 * 3600.0
_NOTICE = 10.0  # a reader that has gone is noticed within

_NAME = "[A-Za-z0-9][A-Za-z0-9-]{0,63}"


def show_feed(crm: Context, *, since: str | None, limit: int | None) -> None:
    """Show the newest items: 25, or ``limit``, or all that happened since then."""
    shown = DEFAULT_LIMIT if limit is None and since is None else limit
    if since is None:
        listing = crm.client.activity_feed(limit=shown)
        recent = iter(keep_known(crm, ACTIVITY, listing))
    else:
        # One more than is shown tells whether the limit leaves something out.
        listing = crm.client.activity_feed(limit=None if limit is None else limit + 1)
        recent = _back_to(since, keep_known(crm, ACTIVITY, listing))
    number = _show(crm, islice(recent, shown))
    if number == 0:
        nothing = "Nothing has happened yet." if since is None else "Nothing has happened since."
        crm.terminal.note(nothing)
        crm.fallback.note_empty()
    elif next(recent, None) is not None or (since is None and listing.has_more):
        crm.terminal.note(f"Showing the newest {number}. --limit N or --since WHEN shows more.")


def read_mark_name(name: str | None) -> str | None:
    """The name of --since-last, which becomes a part of a file's; its case does not matter."""
    if name is not None and not re.fullmatch(_NAME, name):
        raise InvalidInput(
            f"--since-last: {name!r:.80} is not a name of letters, digits and dashes."
        )
    return None if name is None else name.lower()


def read_interval(text: str | None, *, follow: bool) -> int:
    """How many seconds there are between two looks of --follow."""
    if text is None:
        return INTERVAL
    if not follow:
        raise UsageError("--interval goes with --follow.")
    from crmctl.dates import parse_interval

    return parse_interval(text)


def show_new(crm: Context, name: str) -> None:
    """Show what was logged since the last time under that name, oldest first; the first time all.

    The mark moves once all is written, and not in a dry run.
    """
    from crmctl.delivery.marks import find_new

    kept = _mark_file(crm, name)
    rehearsed = crm.options.dry_run
    with nullcontext(kept.read()) if rehearsed else kept.held() as mark:
        found, moved = find_new(crm.client.activity_feed().pages(), mark)
        found.reverse()
        _show(crm, keep_known(crm, ACTIVITY, found))
        crm.terminal.stdout.flush()
        if not rehearsed and moved != mark:
            kept.move(moved)
    # Nothing new is what most runs of a cron job find, and it sends what is said by mail.
    if not found and crm.terminal.is_attended():
        crm.terminal.note("Nothing new since the last time.")
        crm.fallback.note_empty()


def follow_feed(crm: Context, *, name: str | None, interval: float) -> None:
    """Show what is logged from now on, or from the mark of that name on, until it is interrupted.

    Looks again ``interval`` seconds after the last look, later where looking takes long. A failure
    of the server or of the network is waited out, once there has been an answer.
    """
    if crm.format == "json":
        raise UsageError(
            "--follow has no end, and a JSON array has one.", hint="`-o jsonl` has a line for each."
        )
    with ExitStack() as stack:
        kept, mark = None, None
        if name is not None:
            kept = _mark_file(crm, name)
            mark = kept.read() if crm.options.dry_run else stack.enter_context(kept.held())
        if crm.terminal.is_attended():
            crm.terminal.note("Waiting for what is logged. Ctrl-C ends it.")
        moving = None if crm.options.dry_run else kept
        _write(crm, _Looks(crm, interval).look(mark, moving))


class _Looks:
    """Looks at the feed again and again."""

    __slots__ = ("_crm", "_failures", "_interval")

    def __init__(self, crm: Context, interval: float) -> None:
        self._crm = crm
        self._interval = interval
        self._failures: int | None = None  # in a row; None before the first answer

    def look(self, mark: Mark | None, kept: MarkFile | None) -> Iterator[list[Item]]:
        """What each look finds, oldest first. Asking for the next says that it was written."""
        from crmctl.delivery.marks import find_new, mark_now

        while True:
            began = time.monotonic()
            pages = self._crm.client.activity_feed().pages()
            found: list[Item] = []
            try:
                if mark is None:
                    moved = mark_now(pages)
                else:
                    found, moved = find_new(pages, mark)
            except CrmctlError as error:
                self._pause(self._back_off(error))
                continue
            self._tell_answer()
            took = time.monotonic() - began
            if found:
                found.reverse()
                yield list(keep_known(self._crm, ACTIVITY, found))
            self._crm.terminal.stdout.flush()
            if kept is not None and moved != mark:
                kept.move(moved)
            mark = moved
            # Where looking takes long, the server's time is left to others.
            self._pause(max(self._interval, min(4 * took, _LONGEST_WAIT)))

    def _back_off(self, error: CrmctlError) -> float:
        """How long to wait after a failure; raised if waiting is of no use."""
        passing = error.retryable or isinstance(error, BadAnswer | IncompleteList)
        asked = error.retry_after or 0.0
        if self._failures is None or not passing or asked > _LONGEST_ASKED:
            raise error
        self._failures += 1
        if self._failures == 1:
            text = f"{error.message.rstrip('.')}: trying again until it works"
            self._crm.terminal.note(f"crmctl: note: {text}", code=error.code)
        longest = max(self._interval, _LONGEST_WAIT)
        backoff = min(longest, self._interval * 2.0 ** min(self._failures, 20))
        return max(asked, random.uniform(backoff / 2, backoff))  # noqa: S311 - no secret

    def _tell_answer(self) -> None:
        if self._failures:
            text = "crmctl: note: it works again; what was logged meanwhile follows"
            self._crm.terminal.note(text, code="resumed")
        self._failures = 0

    def _pause(self, seconds: float) -> None:
        if self._crm.profile.kind == "workspace":
            # Another file may take its place.
            self._crm.store.close()
        while seconds > 0:
            self._crm.sleep(min(seconds, _NOTICE))
            seconds -= _NOTICE
            if _has_no_reader(self._crm.terminal.stdout):
                raise BrokenPipeError
        self._crm.renew_now()


def _write(crm: Context, looks: Iterator[list[Item]]) -> None:
    """Write what comes, without an end."""
    stream = crm.terminal.stdout
    if may_draw(crm):
        from crmctl.output.timeline import Timeline

        timeline = Timeline(stream)
        for found in looks:
            shown = style(crm)
            for item in found:
                timeline.write(item, shown)
    else:
        # A table with other columns has no lines that could be added.
        write = renderer("plain" if crm.format == "table" else crm.format).write_list
        items = chain.from_iterable(looks)
        write(items, view(crm, ACTIVITY), stream=stream, style=style(crm))


def _show(crm: Context, items: Iterable[Item]) -> int:
    if not may_draw(crm):
        return show_all(crm, items, view(crm, ACTIVITY))
    from crmctl.output.timeline import write_timeline

    return write_timeline(items, stream=crm.terminal.stdout, style=style(crm))


def _mark_file(crm: Context, name: str) -> MarkFile:
    from crmctl.delivery.marks import MarkFile

    # A directory of its own: the lock of one is everybody's who has files in it.
    return MarkFile(crm.directories.state / "feed" / f"{crm.account}-{name}", name)


def _has_no_reader(stream: TextIO) -> bool:
    """Whether a pipe's other end is closed, which else the next write would find out."""
    import select

    try:
        descriptor = stream.fileno()
        poll = select.poll()  # which Windows has not
    except (AttributeError, OSError, ValueError):
        return False
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _back_to(since: str, listing: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The items down to ``since``. The feed is newest first, so the first older one is the end."""
    earliest = _comparable(since)
    for item in listing:
        happened = item.get("occurred_at") or item.get("created_at")
        if isinstance(happened, str) and _comparable(happened) < earliest:
            return
        yield item


def _comparable(timestamp: str) -> str:
    try:
        return format_timestamp(parse_timestamp(timestamp)).removesuffix("Z")
    except ValueError:
        return timestamp
