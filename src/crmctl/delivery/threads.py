"""Many writes over the network, several at once."""

from __future__ import annotations

import time
from collections import deque
from itertools import islice
from queue import Empty, Queue
from threading import Lock, Thread
from typing import TYPE_CHECKING

from crmctl import errors
from crmctl.api.retry import LONGEST_WAIT
from crmctl.api.retry_after import retry_after_seconds
from crmctl.delivery.lines import DONE, LEFT, UNKNOWN, Entry, Halt, Result, carry_out, unsent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crmctl.api.client import Client
    from crmctl.api.message import Request, Response, Transport
    from crmctl.delivery.journal import Journal
    from crmctl.delivery.lines import Create

# So many lines are noted in the journal at once, before the first of them is sent.
_CLAIMED = 50
# So many may be on their way or wait behind the oldest that is.
_AHEAD = 250
# Results are noted, and shown, when there are so many or after so many seconds.
_TOGETHER, _SECONDS = 50, 0.5
# So many seconds of a pause until a thread looks whether another has halted the run.
_STEP = 0.2
# So many lines in a row of which nothing is known: there is no use in sending more.
_MOST_UNKNOWN = 10
# What is as true of the next line.
_STOPPING = (errors.Unauthorized, errors.Forbidden, errors.Unreachable, errors.RateLimited)


class Gate:
    """Keeps all threads from sending while the server asks to wait: its rate limit is shared."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        self._until = 0.0
        self._turned_away = 0  # in a row
        self._since = 0.0
        self._asked = 0.0

    def watch(self, transport: Transport) -> Transport:
        """The transport; each 429 that it gives closes the gate for as long as that asks."""

        def watched(request: Request) -> Response:
            response = transport(request)
            if response.status == 429:
                self._close(retry_after_seconds(response))
            else:
                self._turned_away = 0
            return response

        return watched

    def wait(self, halt: Halt) -> None:
        """Wait until the gate is open, or the run is halted, as it is where that would be long."""
        while halt.error is None and (left := self._until - self._clock()) > 0:
            self._sleep(min(left, _STEP))

    def is_hopeless(self) -> bool:
        """Whether the server asks for too long a wait, or has turned all away for as long."""
        return self._asked > LONGEST_WAIT or self._clock() - self._since > LONGEST_WAIT

    def _close(self, seconds: float | None) -> None:
        with self._lock:
            now = self._clock()
            if not self._turned_away:
                self._since = now
            self._turned_away += 1
            backoff = min(30.0, 0.5 * 2.0 ** min(self._turned_away, 8))
            self._asked = backoff if seconds is None else seconds
            self._until = max(self._until, now + self._asked)


class Threads:
    """So many threads that send, each with a client of its own, whose transport the gate watches.

    They keep no order unless there is one. In memory is what is on its way, and what waits behind
    it.
    """

    def __init__(
        self,
        create: Create,
        *,
        connect: Callable[[], Client],
        concurrency: int,
        gate: Gate,
        journal: Journal | None,
        now: Callable[[], str],
        halt: Halt,
        fail_fast: bool,
    ) -> None:
        self._create = create
        self._connect = connect
        self._concurrency = concurrency
        self._gate = gate
        self._journal = journal
        self._now = now
        self._halt = halt
        self._fail_fast = fail_fast
        self._todo: Queue[Entry | None] = Queue()
        self._done: Queue[Result | BaseException] = Queue()
        self._threads: list[Thread] = []
        self._under_way = 0
        self._unknown = 0  # in a row
        self._order: deque[int] = deque()
        self._results: dict[int, Result] = {}  # not yet given
        self._unnoted: list[Result] = []

    def send(self, entries: Iterable[Entry | Result]) -> Iterator[Result]:
        """What becomes of the entries, in their order; what is a result already is passed on."""
        try:
            yield from self._send_all(iter(entries))
        finally:
            self._end()

    def _send_all(self, entries: Iterator[Entry | Result]) -> Iterator[Result]:
        shown = time.monotonic()
        while self._fill(entries):
            self._collect()
            ready = len(self._unnoted) >= _TOGETHER or time.monotonic() - shown >= _SECONDS
            if ready or not self._under_way:
                self._note()
                while self._order and self._order[0] in self._results:
                    yield self._results.pop(self._order.popleft())
                shown = time.monotonic()

    def _end(self) -> None:
        """Let the threads end after what they do now, and note what is known by then."""
        while True:
            try:
                self._todo.get_nowait()
            except Empty:
                break
        for _ in self._threads:
            self._todo.put(None)
        self._collect(wait=False)
        self._note()

    def _fill(self, entries: Iterator[Entry | Result]) -> bool:
        """Give the threads enough to do; False when all is done and given."""
        while len(self._order) < _AHEAD and (some := list(islice(entries, _CLAIMED))):
            new = [each for each in some if isinstance(each, Entry)]
            if self._halt.error is not None:
                some = [unsent(each) for each in some]
            elif self._journal is not None and new:
                self._journal.claim(new, self._now())
            for each in some:
                if isinstance(each, Result):
                    self._order.append(each.entry.number)
                    self._results[each.entry.number] = each
                else:
                    self._order.append(each.number)
                    self._under_way += 1
                    self._todo.put(each)
            while len(self._threads) < min(self._concurrency, self._under_way):
                self._threads.append(Thread(target=self._work, daemon=True))
                self._threads[-1].start()
        return bool(self._order)

    def _collect(self, *, wait: bool = True) -> None:
        """Take what the threads have done; wait for some of it."""
        block = wait and self._under_way > 0
        while self._under_way:
            try:
                result = self._done.get(timeout=0.2) if block else self._done.get_nowait()
            except Empty:
                return
            block = False
            self._under_way -= 1
            if isinstance(result, BaseException):
                raise result
            self._results[result.entry.number] = result
            self._unnoted.append(result)

    def _note(self) -> None:
        if self._journal is not None:
            self._journal.record(self._unnoted)
        self._unnoted = []

    def _work(self) -> None:
        try:
            client = self._connect()
            while (entry := self._todo.get()) is not None:
                self._done.put(self._send(client, entry))
        except BaseException as error:  # noqa: BLE001 - raised where the results are taken
            self._done.put(error)

    def _send(self, client: Client, entry: Entry) -> Result:
        while True:
            self._gate.wait(self._halt)
            if self._halt.error is not None:
                return Result(entry, LEFT)
            result = carry_out(client, entry, self._create)
            away = result.status != DONE and isinstance(result.error, errors.RateLimited)
            if not away or self._gate.is_hopeless():
                self._judge(result)
                return result

    def _judge(self, result: Result) -> None:
        """Stop where there is no use in sending more."""
        # In a row by the clock: which thread adds one too many does not matter.
        self._unknown = self._unknown + 1 if result.status == UNKNOWN else 0
        error = result.error
        if error is None:
            return
        stopping = self._fail_fast or isinstance(error, _STOPPING)
        if stopping or self._unknown >= _MOST_UNKNOWN:
            self._halt.by(error)
