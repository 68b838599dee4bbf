"""Many writes to a workspace on this machine: whole batches, each one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmctl.api.client import Client
from crmctl.delivery.lines import Entry, Halt, Result, carry_out, in_groups, raw_of, unsent
from crmctl.errors import CrmctlError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from crmctl.delivery.journal import Journal
    from crmctl.delivery.lines import Create
    from crmctl.workspace.app import Workspace

# So many writes keep others from the file for a tenth of a second. Each batch reads the names of
# its records once, and ends with two commits.
BATCH = 2000


def send_in_batches(
    entries: Iterable[Entry | Result],
    create: Create,
    *,
    workspace: Workspace,
    caller: str | None,
    warn: Callable[[Mapping[str, Any]], None],
    journal: Journal | None,
    halt: Halt,
    fail_fast: bool,
) -> Iterator[Result]:
    """What becomes of the entries, in their order; what is a result already is passed on.

    A process that dies leaves whole batches. With a journal none is ever written twice: what a
    batch did is remembered in its own transaction, and comes into the journal after it; the next
    run begins with `recall_last`.
    """

    def send(some: list[Entry | Result]) -> list[Result]:
        with workspace.batch() as batch:
            client = Client(lambda request: batch(request.having(caller=caller)), warn=warn)
            results = [_settle(each, client, create, halt, fail_fast=fail_fast) for each in some]
            if journal is not None:
                batch.remember(journal.name, journal.states_after(results))
        return results

    for some in in_groups(entries, BATCH, raw_of):
        results: list[Result] = []
        try:
            if halt.error is None and any(isinstance(each, Entry) for each in some):
                results = send(some)
        except StoreError as error:
            halt.by(error)
            for each in some:
                if isinstance(each, Entry) and each.body is not None:
                    each.item_id = None  # it went with its transaction
        if not results:
            yield from map(unsent, some)
            continue
        try:
            if journal is not None:
                journal.record(results)
        except StoreError as error:
            halt.by(error)  # all is done, and the next run recalls it
        yield from results


def recall_last(workspace: Workspace, journal: Journal) -> None:
    """Take over what the last batch did, which the journal lacks if the process died then."""
    journal.take_over(workspace.recall(journal.name) or {})


def _settle(
    each: Entry | Result, client: Client, create: Create, halt: Halt, *, fail_fast: bool
) -> Result:
    if isinstance(each, Result) or halt.error is not None:
        return unsent(each)
    result = carry_out(client, each, create)
    if fail_fast and result.failed:
        halt.by(result.error or CrmctlError("A line failed."))
    return result
