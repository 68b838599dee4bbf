"""Sends what many lines ask for, and shows what becomes of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmctl.cli.progress import Bar
from crmctl.cli.results import Tally, Values, failed_lines
from crmctl.delivery.lines import (
    DONE,
    EARLIER,
    INVALID,
    MOST_BYTES,
    Entry,
    Halt,
    Result,
    carry_out,
    raw_of,
    unsent,
)
from crmctl.errors import CrmctlError
from crmctl.timestamps import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmctl.api.message import Request, Response
    from crmctl.cli.context import Context
    from crmctl.cli.inputs import Sending
    from crmctl.delivery.journal import Journal
    from crmctl.delivery.lines import Create

# So many lines are kept from when they are checked until they are sent; more are read again.
_KEPT = 10_000


class Work:
    """Many lines on their way.

    ``read`` gives what they ask for, from the first line, as often as it is called; ``create``
    makes an item of a body. ``head`` is what a file of failed lines begins with. ``past`` is what
    is done to the ``nouns``, as `Imported`.
    """

    def __init__(
        self,
        crm: Context,
        sending: Sending,
        read: Callable[[], Iterable[Entry | Result]],
        create: Create,
        *,
        past: str,
        nouns: str,
        head: bytes = b"",
        journal: Journal | None = None,
    ) -> None:
        self._crm = crm
        self._sending = sending
        self._read = read
        self._create = create
        self._past = past
        self._nouns = nouns
        self._head = head
        self._journal = journal
        self._halt = Halt()
        self._tally = Tally(past, nouns)
        self._checked: list[Entry | Result] | None = []
        self._total = 0
        self.doubtful: list[Entry] = []

    def check(self) -> None:
        """Read all lines. Raises InvalidInput where one cannot be sent, and --skip-invalid is not
        given; each line has its result on stdout then.
        """
        tally = Tally(self._past, self._nouns)
        bar = Bar(self._crm.terminal.progress_line(), "Checking line", None)
        size = 0
        for each in self._read():
            tally.add(unsent(each))
            if isinstance(each, Entry) and each.doubtful:
                self.doubtful.append(each)
            if self._checked is not None:
                self._checked.append(each)
                size += len(raw_of(each))
                if len(self._checked) > _KEPT or size > MOST_BYTES:
                    self._checked = None
            bar.step()
        bar.erase()
        self._total = tally.total
        if tally.count(INVALID) and not self._sending.skip_invalid:
            if not self._crm.options.dry_run:
                values = Values(self._crm)
                with failed_lines(self._sending.failed_to, self._head) as failed:
                    for result in map(unsent, self._lines()):
                        values.add(result.as_dict())
                        failed.add(result)
                values.end()
            tally.refuse()

    def read_again(self) -> None:
        """What was read is no longer so: lines that were in doubt are there."""
        self._checked = None

    def rehearse(self) -> None:
        """Print the requests that would be sent."""
        from crmctl.api.client import Client
        from crmctl.api.dry_run import describe
        from crmctl.api.message import Response

        values = Values(self._crm)

        def send(request: Request) -> Response:
            values.add(describe(request))
            return Response(200, {"success": True, "data": {"id": "ID"}})

        client = Client(send)
        for each in self._lines():
            if isinstance(each, Entry):
                carry_out(client, each, self._create)
        values.end()

    def send(self) -> None:
        """Send what can be sent. Raises what is said of it where not all is done."""
        try:
            self._send()
        except KeyboardInterrupt as stop:
            if self._journal is not None:
                stop.add_note("Run it again with the same file: it goes on where this ended.")
            raise

    def _send(self) -> None:
        crm, tally = self._crm, self._tally
        values = Values(crm)
        bar = Bar(crm.terminal.progress_line(beside_data=True), self._past, self._total)
        beside = crm.terminal.stdout.isatty()
        try:
            with failed_lines(self._sending.failed_to, self._head) as failed:
                for result in self._results():
                    tally.add(result)
                    failed.add(result)
                    if beside:
                        bar.erase()
                    values.add(result.as_dict())
                    bar.step()
        except CrmctlError:
            bar.erase()
            values.end()
            raise
        values.end()
        bar.erase()
        if tally.count(DONE):
            crm.fallback.note_write()
        journal = self._journal
        local = crm.profile.kind == "workspace"
        if journal is not None and local and tally.count(DONE) and self._halt.error is None:
            crm.workspace.forget(journal.name)  # of no use: the journal has it all
        if tally.total == 0:
            crm.terminal.note("There are no lines: nothing was sent.", code="summary")
            return
        if tally.count(EARLIER) == tally.total:
            crm.terminal.note(
                f"All {tally.total:,} {self._nouns} of this file were done by an earlier run:"
                " nothing was sent. --again sends them anew.",
                code="summary",
            )
            return
        tally.tell(crm, self._halt, resumable=journal is not None)

    def _results(self) -> Iterator[Result]:
        crm, sending = self._crm, self._sending
        if crm.profile.kind == "workspace":
            from crmctl.delivery.batches import send_in_batches

            return send_in_batches(
                self._lines(),
                self._create,
                workspace=crm.workspace,
                caller=crm.user_id,
                warn=self._tally.warn,
                journal=self._journal,
                halt=self._halt,
                fail_fast=sending.fail_fast,
            )
        from crmctl.delivery.threads import Gate, Threads

        crm.key  # noqa: B018 - a person may be asked for it, by this thread
        gate = Gate(sleep=crm.sleep)
        threads = Threads(
            self._create,
            connect=lambda: crm.connect(gate.watch, self._tally.warn),
            concurrency=sending.concurrency,
            gate=gate,
            journal=self._journal,
            now=lambda: format_timestamp(crm.clock()),
            halt=self._halt,
            fail_fast=sending.fail_fast,
        )
        return threads.send(self._lines())

    def _lines(self) -> Iterable[Entry | Result]:
        checked, self._checked = self._checked, None
        return self._read() if checked is None else checked
