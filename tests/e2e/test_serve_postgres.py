"""Two servers of one PostgreSQL: one is killed, and the database restarted under the other."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

from tests.e2e.running import Crmctl, wait_until
from tests.e2e.serving import Server, make_key, serving
from tests.postgres_server import PostgresServer


class Asking:
    """What a thread creates, each task until it is confirmed, and every answer that it got."""

    def __init__(self, servers: list[Server], number: int) -> None:
        self._servers = servers
        self._number = number
        self.confirmed: dict[str, str] = {}
        self.answers: set[tuple[int, str | None]] = set()

    def run(self, over: threading.Event) -> None:
        """Create tasks until it is over, at one server, or at the other where that one is gone."""
        while not over.is_set():
            title = f"{self._number}-{len(self.confirmed)}"
            self.confirmed[title] = self._create(title)

    def _create(self, title: str) -> str:
        for attempt in range(self._number, 2000):
            try:
                status, content, headers = self._servers[attempt % 2].answer(
                    "POST", "/tasks", {"title": title}, Idempotency_Key=title
                )
            except (OSError, HTTPException):
                assert attempt % 2 == 0, "only the first server was killed"
                continue
            self.answers.add((status, headers.get("Retry-After")))
            if status == 201:
                return str(content["data"]["id"])
            time.sleep(0.05)
        raise AssertionError(title)


def test_what_was_confirmed_is_there_and_whoever_waits_is_told_how_long(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    shell = Crmctl(tmp_path)
    given = ("--database", postgres_server.create("two_servers"))
    key = make_key(shell, "ann", *given)
    over = threading.Event()
    with serving(shell, *given, key=key) as first, serving(shell, *given, key=key) as second:
        asking = [Asking([first, second], number) for number in range(4)]

        def wait_for_more() -> None:
            before = [len(each.confirmed) for each in asking]
            wait_until(
                lambda: all(
                    len(each.confirmed) > number + 5
                    for each, number in zip(asking, before, strict=True)
                )
            )

        with ThreadPoolExecutor(len(asking)) as threads:
            done = [threads.submit(each.run, over) for each in asking]
            try:
                wait_for_more()
                first.end(signal.SIGKILL)
                wait_for_more()
                for mode in ("fast", "immediate"):
                    postgres_server.stop(mode)
                    postgres_server.start()
                    wait_for_more()
            finally:
                over.set()
            for each in done:
                each.result()
        answers = set.union(*(each.answers for each in asking))
        assert {status for status, _ in answers} <= {201, 503}
        assert all(wait for status, wait in answers if status == 503)
        created = {title: task_id for each in asking for title, task_id in each.confirmed.items()}
        for title, task_id in created.items():
            assert second.ask("GET", f"/tasks/{task_id}")[1]["data"]["title"] == title
        assert second.ask("GET", "/tasks?limit=1")[1]["meta"]["total"] == len(created)
        assert second.end() == 0
