"""What is waited for: said after a while, gone before anything else is written."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import pytest

from crmctl.api.client import Client
from crmctl.api.message import Request, Response, Transport
from crmctl.api.retry import retrying
from crmctl.cli.progress import Bar, Line, Progress
from crmctl.errors import Unreachable
from tests import in_process

PATIENCE = 10.0  # seconds, the longest that any one thing here waits
GONE = "\r" + " " * 79 + "\r"


class Screen(in_process.Screen):
    """A terminal that knows when something has appeared on it."""

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + PATIENCE
        while not self.getvalue().endswith(text):
            assert time.monotonic() < end, self.getvalue()
            time.sleep(0.001)


def line(screen: Screen, mask: Callable[[str], str] = str) -> Line:
    return Line(screen, width=lambda: 80, mask=mask)


def page(*ids: str, more: bool = False) -> Response:
    meta = {"has_more": more, "next_cursor": "next" if more else None}
    return Response(200, {"data": [{"id": item_id} for item_id in ids], "meta": meta})


def scripted(*steps: Callable[[], Response]) -> Transport:
    left = list(steps)
    return lambda _: left.pop(0)()


def seen(screen: Screen, text: str, response: Response) -> Callable[[], Response]:
    """An answer that does not come before that is on the screen."""

    def step() -> Response:
        screen.wait_for(text)
        return response

    return step


def listed(screen: Screen, progress: Progress, *steps: Callable[[], Response]) -> None:
    """Read a list, what comes of it written on the same screen."""
    client = Client(progress.watch(scripted(*steps), "the server"))
    for item in client.list_tasks({}):
        screen.write(f"{item['id']}\n")
    progress.close()


def test_each_page_that_is_slow_is_said_and_gone_before_its_rows() -> None:
    screen = Screen()
    listed(
        screen,
        Progress(line(screen), delay=0.01),
        seen(screen, "Waiting for the server", page("1", "2", more=True)),
        seen(screen, "page 2, 2 rows so far", page("3")),
    )
    assert screen.getvalue() == (
        f"Waiting for the server{GONE}1\n2\nWaiting for the server: page 2, 2 rows so far{GONE}3\n"
    )


def test_what_is_there_in_time_needs_no_words() -> None:
    screen = Screen()
    listed(screen, Progress(line(screen)), lambda: page("1", more=True), lambda: page("2"))
    assert screen.getvalue() == "1\n2\n"


def test_where_rows_go_to_a_file_the_line_stays_until_the_end() -> None:
    screen, file = Screen(), Screen()
    progress = Progress(line(screen), apart=True, delay=0.01)
    listed(
        file,
        progress,
        seen(screen, "Waiting for the server", page("1", more=True)),
        seen(screen, "page 2, 1 rows so far", page("2")),
    )
    assert screen.getvalue() == (
        f"Waiting for the server{GONE}Waiting for the server: page 2, 1 rows so far{GONE}"
    )


def test_a_program_that_shows_the_rows_is_not_disturbed() -> None:
    screen = Screen()

    def late() -> Response:
        time.sleep(0.1)
        return page("2")

    progress = Progress(line(screen), piped=True, delay=0.01)
    first = seen(screen, "Waiting for the server", page("1", more=True))
    listed(io.StringIO(), progress, first, late)  # type: ignore[arg-type]
    assert screen.getvalue() == f"Waiting for the server{GONE}"


def test_a_pause_before_another_attempt_is_said_without_secrets() -> None:
    screen = Screen()
    progress = Progress(line(screen, mask=lambda text: text.replace("key_1", "[key]")), delay=0.01)

    def fail() -> Response:
        raise Unreachable("key_1 was refused.", retryable=True)

    transport = retrying(
        progress.watch(scripted(fail, lambda: page("1")), "the server"),
        timeout=30,
        sleep=lambda _: screen.wait_for("[key] was refused, trying again in 0.5 s (2 of 3)"),
        random=lambda _, most: most,
        log=lambda _, line: progress.tell(line),
    )
    assert transport(Request("GET", "/tasks")).status == 200
    progress.close()
    assert screen.getvalue() == f"[key] was refused, trying again in 0.5 s (2 of 3){GONE}"


def test_what_is_said_meanwhile_stands_on_a_line_of_its_own() -> None:
    screen = Screen()
    progress = Progress(line(screen), delay=0.01)

    def step() -> Response:
        screen.wait_for("Waiting for the server")
        with progress.hidden():
            screen.write("a note\n")
        screen.wait_for("a note\nWaiting for the server")
        return page("1")

    listed(screen, progress, step)
    said = "Waiting for the server"
    assert screen.getvalue() == f"{said}{GONE}a note\n{said}{GONE}1\n"


@pytest.mark.parametrize("text", ["GET /x" * 100, "日本語" * 100, "a\x1b[2J\nb"])
def test_the_line_is_one_line_that_fits_and_acts_on_nothing(text: str) -> None:
    screen = Screen()
    progress = Progress(line(screen), delay=0.01)
    progress.tell(text)
    screen.wait_for({"G": "GET /xG", "日": "日", "a": "a\\x1b[2J b"}[text[0]])
    progress.close()
    shown = screen.getvalue().removesuffix(GONE)
    assert len(shown.encode("cp932")) <= 80
    assert "\n" not in shown


def test_a_terminal_that_is_gone_changes_nothing() -> None:
    class Gone(Screen):
        def write(self, _text: str) -> int:
            raise OSError

    progress = Progress(line(Gone()), delay=0.0)

    def step() -> Response:
        time.sleep(0.05)
        return page("1")

    items: list[dict[str, Any]] = list(
        Client(progress.watch(scripted(step), "the server")).list_tasks({})
    )
    progress.close()
    assert items == [{"id": "1"}]


def test_a_bar_tells_how_far_how_fast_and_how_long_once_that_tells_something() -> None:
    stream, now = io.StringIO(), [0.0]
    bar = Bar(Line(stream, width=lambda: 60), "Imported", 1_000, clock=lambda: now[0])
    for second in (0.1, 0.5, 0.6, 4.0):
        now[0] = second
        bar.step()
    bar.erase()
    shown = [text.strip() for text in stream.getvalue().split("\r") if text.strip()]
    assert shown == ["Imported 2 of 1,000", "Imported 4 of 1,000 (1/s, 17 min left)"]


def test_a_bar_of_no_line_says_nothing_and_one_of_no_total_counts() -> None:
    bar = Bar(None, "Imported", 10)
    bar.step()
    bar.erase()
    stream, now = io.StringIO(), [0.0]
    bar = Bar(Line(stream, width=lambda: 60), "Checking line", None, clock=lambda: now[0])
    now[0] = 1.0
    bar.step()
    assert stream.getvalue() == "Checking line 1"
