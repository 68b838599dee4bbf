"""What a person at a terminal waits for: said while they wait, and gone when it is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, TextIO

from crmctl.output.escape import one_line

if TYPE_CHECKING:
    from crmctl.api.message import Request, Response, Transport

DELAY = 0.5  # seconds; what is there sooner needs no words
_REDRAW = 0.2
_TELLING = 2.0  # seconds, after which a rate tells something


class Progress:
    """One line on a terminal, from when something has taken ``delay`` seconds until it is there.

    Requests say what is waited for: `watch` wraps the transport that makes them. A thread draws,
    since a request blocks whoever makes it; it begins with the first one and ends with `close`.

    The line is erased when a request ends, before anything can be written beside it: data go to the
    same terminal. It may stay where they are ``apart``, in a file. Where they are ``piped``, they
    may be shown on this terminal by another program: nothing is said once there are some.
    """

    def __init__(
        self,
        line: Line,
        *,
        apart: bool = False,
        piped: bool = False,
        delay: float = DELAY,
    ) -> None:
        self._line = line
        self._apart = apart
        self._piped = piped
        self._delay = delay
        self._lock = Lock()
        self._over = Event()
        self._thread: Thread | None = None
        self._requests = 0  # under way
        self._pages = 0
        self._rows = 0
        self._said = ""  # what is waited for; empty for nothing
        self._since = 0.0
        self._ended = time.monotonic() - delay

    def watch(self, transport: Transport, name: str) -> Transport:
        """The transport, with what is waited for said by this name, as ``the server``."""

        def watched(request: Request) -> Response:
            self._begin(request, name)
            try:
                response = transport(request)
                self._count(response)
                return response
            finally:
                self._end()

        return watched

    def tell(self, text: str) -> None:
        """Say what is waited for until the next request begins."""
        with self._lock:
            self._wait_for(text)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """No line on the terminal, for as long as something else is written."""
        with self._lock:
            self._line.erase()
            yield

    def close(self) -> None:
        """Erase the line, and draw none any more."""
        with self._lock:
            self._over.set()
            self._line.erase()

    def _begin(self, request: Request, name: str) -> None:
        with self._lock:
            rest = "cursor" in request.query
            if not rest and not self._requests:
                self._pages = self._rows = 0
            far = f": page {self._pages + 1}, {self._rows} rows so far" if rest else ""
            self._wait_for(f"Waiting for {name}{far}")
            self._requests += 1

    def _wait_for(self, text: str) -> None:
        # Requests one after the other are one wait, for their number.
        if not self._said and time.monotonic() - self._ended >= self._delay:
            self._since = time.monotonic()
        self._said = text
        if self._thread is None:
            self._thread = Thread(target=self._run, daemon=True)
            self._thread.start()

    def _count(self, response: Response) -> None:
        content = response.content
        items = content.get("data") if isinstance(content, dict) else None
        if isinstance(items, list):
            with self._lock:
                self._pages += 1
                self._rows += len(items)
                if self._piped:
                    self._over.set()

    def _end(self) -> None:
        with self._lock:
            self._requests -= 1
            self._ended = time.monotonic()
            if not self._requests:
                self._said = ""
            if not self._apart:
                self._line.erase()

    def _run(self) -> None:
        wait = self._delay
        while not self._over.wait(wait):
            wait = min(self._delay, _REDRAW)
            with self._lock:
                late = time.monotonic() - self._since >= self._delay
                if late and self._said and not self._over.is_set():
                    self._line.draw(self._said)


class Bar:
    """How far many writes are, how fast they go, and how long it will take, on a terminal's line.

    It is drawn by whoever steps it, at most five times a second, and none where ``line`` is None.
    """

    def __init__(
        self,
        line: Line | None,
        what: str,
        total: int | None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line = line
        self._what = what
        self._total = total
        self._clock = clock
        self._began = self._drawn = clock()
        self._done = 0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        if self._line is None:
            return
        now = self._clock()
        if now - self._drawn >= _REDRAW:
            self._drawn = now
            self._line.draw(self._said(now - self._began))

    def erase(self) -> None:
        """No line on the terminal, until the next step that draws it."""
        if self._line is not None:
            self._line.erase()

    def _said(self, seconds: float) -> str:
        if self._total is None:
            return f"{self._what} {self._done:,}"
        far = f"{self._what} {self._done:,} of {self._total:,}"
        if seconds < _TELLING:
            return far
        rate = self._done / seconds
        left = _in_words((self._total - self._done) / rate)
        return f"{far} ({rate:,.0f}/s, {left} left)"


class Line:
    """One line of a terminal, that comes and goes.

    ``width`` gives the terminal's columns, ``mask`` hides secrets.
    """

    def __init__(
        self, stream: TextIO, *, width: Callable[[], int], mask: Callable[[str], str] = str
    ) -> None:
        self._stream = stream
        self._width = width
        self._mask = mask
        self._shown = ""
        self.gone = False

    def draw(self, text: str) -> None:
        """Show a text, in place of what is shown."""
        width = self._width()
        text = one_line(self._mask(text))
        # In a script whose characters are two columns wide, half as many fit.
        text = text[: width - 1 if text.isascii() else width // 2]
        if text != self._shown and not self.gone:
            self.erase()
            self._write(text)
            self._shown = text

    def erase(self) -> None:
        """Show nothing."""
        if self._shown:
            self._write("\r" + " " * (self._width() - 1) + "\r")
            self._shown = ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody is there any more; the work goes on.
            self.gone = True


def _in_words(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
