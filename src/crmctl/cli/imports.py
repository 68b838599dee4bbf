"""Imports a file: each line becomes an item, once."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING

from crmctl.api.client import Client
from crmctl.cli.items import ItemReader
from crmctl.cli.lines import open_source
from crmctl.cli.renaming import Renaming
from crmctl.cli.sending import Work
from crmctl.delivery.lines import DONE, EARLIER, Entry, Result, in_groups
from crmctl.resources import TASK
from crmctl.timestamps import format_timestamp, parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crmctl.cli.context import Context
    from crmctl.cli.inputs import Sending
    from crmctl.cli.lines import Source
    from crmctl.delivery.journal import Journal
    from crmctl.fields import Resource

# So many lines are asked for in the journal at once.
_TOGETHER = 1000
_TOLD = 10  # names


def import_items(
    crm: Context,
    resource: Resource,
    name: str,
    *,
    renaming: Sequence[str],
    sending: Sending,
    again: bool,
) -> None:
    """Send each line of the file of that name, or of stdin, once, and show what became of it."""
    renamed, remote = Renaming(renaming), crm.profile.kind != "workspace"
    if not crm.options.dry_run:
        crm.require_writable(f"{resource.name} import")
    with ExitStack() as stack:
        source = stack.enter_context(open_source(crm, name))
        journal = None
        if source.digest is not None and not crm.options.dry_run:
            from crmctl.delivery.journal import open_journal

            job = _job_of(crm, resource, source.digest)
            now = format_timestamp(crm.now)
            state = crm.directories.state
            journal = stack.enter_context(open_journal(state, job, now=now, again=again))
            # A line means in each run what it meant in the first: `fri`, or no time at all.
            crm.now = parse_timestamp(journal.started)
            if not remote and not journal.new:
                from crmctl.delivery.batches import recall_last

                recall_last(crm.workspace, journal)
        reader = ItemReader(crm, resource, renamed, source.columns)
        if reader.left_out:
            crm.terminal.note(
                f"crmctl: note: not read: {', '.join(reader.left_out)}", code="left_out"
            )
        work = Work(
            crm,
            sending,
            lambda: _entries(source, reader, journal, keyed=remote),
            Client.create_task if resource is TASK else Client.log_activity,
            past="Imported",
            nouns=resource.plural,
            head=source.head,
            journal=journal,
        )
        work.check()
        for text, item_id in islice(reader.meant.items(), _TOLD):
            crm.terminal.note(f"crmctl: note: {text} is {item_id}", code="name")
        if len(reader.meant) > _TOLD:
            more = f"crmctl: note: and {len(reader.meant) - _TOLD:,} more names"
            crm.terminal.note(more, code="name")
        if crm.options.dry_run:
            work.rehearse()
            return
        if work.doubtful and journal is not None:
            _settle(crm, resource, work.doubtful, journal)
            work.read_again()
        work.send()


def _entries(
    source: Source, reader: ItemReader, journal: Journal | None, *, keyed: bool
) -> Iterator[Entry | Result]:
    """What each line asks for; what the journal has as done is a result already."""
    for some in in_groups(source.records(), _TOGETHER, lambda record: record.raw):
        resumed = journal is not None and journal.resumed
        states = journal.states(some[0].number, some[-1].number) if journal and resumed else {}
        for record in some:
            state = states.get(record.number)
            if state is not None and state[0] == DONE:
                entry = Entry(record.number, record.raw, item_id=state[1])
                yield Result(entry, EARLIER)
                continue
            each = reader.read(record)
            if isinstance(each, Entry) and journal is not None:
                # A transaction needs no key, and keeping one doubles what a batch takes.
                each.key = journal.key_of(record.number) if keyed else None
                if state is not None:
                    each.item_id = state[1]
                    each.doubtful = state[1] is None
            yield each


def _settle(crm: Context, resource: Resource, entries: list[Entry], journal: Journal) -> None:
    from crmctl.delivery.doubts import settle_doubts

    def wait(seconds: float) -> None:
        crm.terminal.note(
            f"{len(entries):,} lines may have been sent by a run that was cut off: looking for"
            f" them in {seconds:.0f} s.",
            code="looking",
        )
        crm.sleep(seconds)

    settle_doubts(crm.client, resource, entries, journal, now=crm.clock(), wait=wait)


def _job_of(crm: Context, resource: Resource, digest: str) -> str:
    """The name of the job: of the file's content, the noun, and where it goes."""
    return hashlib.sha256(f"{digest} {resource.name} {crm.account}".encode()).hexdigest()[:32]
