"""Requests a second of `crmctl serve`, beside the same server that only says hello.

    PYTHONPATH=. python benchmarks/serve.py

Lists and creates at 100,000 tasks, over 1, 8 and 64 connections that are kept open: on SQLite, on
PostgreSQL (where its programs are installed; durable, on a server of its own), and on PostgreSQL
by two servers at once. By wrk where that is installed, else by threads of this process, which
costs as much as the server then.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from measure import ROOT, Installation

from tests.postgres_server import find_programs, running_postgres

CONNECTIONS = (1, 8, 64)
TASKS = 100_000
BODY = json.dumps({"title": "Call Jane", "due_date": "2026-03-25T17:00:00Z", "priority": "high"})

HELLO = """
import sys
from crmctl.server.listener import Listener, listen

def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]

server = Listener(hello, listen("127.0.0.1", 0))
print(f'{{"url": "http://127.0.0.1:{server.port}"}}', flush=True)
server.run()
"""

SCRIPT = """
wrk.method = "{method}"
wrk.headers["Authorization"] = "Bearer {key}"
wrk.headers["Content-Type"] = "application/json"
{body}
"""

Measured = tuple[float, float, float]  # requests a second, median and 99th percentile in ms
Asked = tuple[str, str, str]  # a method, a path and a body


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--tasks", type=int, default=TASKS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        directory = Path(name)
        installation = Installation(directory)
        subprocess.run(
            [installation.python, "-m", "pip", "install", "--quiet", f"{ROOT}[serve,postgres]"],
            check=True,
        )
        installation.seed(directory / "data", arguments.tasks)
        environment = installation.environment(
            CRMCTL_DATA_DIR=str(directory / "data"), CRMCTL_PROFILE="local"
        )

        def run(*command: str) -> str:
            done = subprocess.run(
                [installation.crmctl, *command],
                check=True,
                capture_output=True,
                text=True,
                env=environment,
            )
            return done.stdout.strip()

        def serving(*options: str) -> str:
            command = [installation.crmctl, "serve", "--listen", "127.0.0.1:0", "-o", "jsonl"]
            return stack.enter_context(started([*command, *options], environment))

        key = run("workspace", "key", "create", "x", "--user", "usr_1")
        hello = stack.enter_context(started([installation.python, "-c", HELLO], environment))
        servers = {"hello": [hello], "SQLite": [serving()]}
        if programs := find_programs():
            postgres = stack.enter_context(running_postgres(programs, durable=True))
            database = postgres.url("postgres")
            run("workspace", "copy", "--from", "local", "--to", database)
            servers["PostgreSQL"] = [serving("--database", database)]
            other = serving("--database", database)
            servers["PostgreSQL, two servers"] = [*servers["PostgreSQL"], other]
        for what, urls in servers.items():
            measure_servers(what, urls, key, arguments.seconds, directory)


def measure_servers(
    what: str, urls: Sequence[str], key: str, seconds: int, directory: Path
) -> None:
    """One table: what these servers do together, each asked by its share of the connections."""
    asked: dict[str, Asked] = {"GET": ("GET", "", "")}
    if what != "hello":
        asked = {"list": ("GET", "/tasks?limit=25", ""), "create": ("POST", "/tasks", BODY)}
    print(f"{what:<24} {'connections':>11} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8}")
    for connections in CONNECTIONS:
        if connections < len(urls):
            continue
        share = connections // len(urls)
        for name, (method, path, body) in asked.items():
            with ThreadPoolExecutor(len(urls)) as threads:
                measured = list(
                    threads.map(
                        lambda url, method=method, path=path, body=body, share=share: measure(
                            f"{url}{path}", method, body, key, share, seconds, directory
                        ),
                        urls,
                    )
                )
            rates, medians, worst = zip(*measured, strict=True)
            print(
                f"  {name:<22} {connections:>11} {sum(rates):>11,.0f}"
                f" {statistics.mean(medians):>8.1f} {max(worst):>8.1f}"
            )


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[str]:
    """A server that says its URL on its first line of stdout."""
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url: str = json.loads(process.stdout.readline())["url"]
        try:
            yield url
        finally:
            process.terminate()


def measure(
    url: str, method: str, body: str, key: str, connections: int, seconds: int, directory: Path
) -> Measured:
    """Ask for so many seconds over so many connections."""
    if shutil.which("wrk") is None:
        return by_threads(url, method, body, key, connections, seconds)
    script = directory / f"{urlsplit(url).port}.lua"
    told = f"wrk.body = {json.dumps(body)}" if body else ""
    script.write_text(SCRIPT.format(method=method, key=key, body=told))
    threads = str(min(2, connections))
    command = ["wrk", "--latency", "-t", threads, "-c", str(connections), "-d", f"{seconds}s"]
    answer = subprocess.run(
        [*command, "-s", str(script), url], check=True, capture_output=True, text=True
    )
    found = dict(re.findall(r"(Requests/sec|50%|99%):?\s+([\d.]+(?:us|ms|s)?)", answer.stdout))
    assert "Non-2xx" not in answer.stdout, answer.stdout
    return float(found["Requests/sec"]), milliseconds(found["50%"]), milliseconds(found["99%"])


def milliseconds(text: str) -> float:
    """What wrk writes as 12.3ms."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def by_threads(
    url: str, method: str, body: str, key: str, connections: int, seconds: int
) -> Measured:
    """The same by a thread for each connection."""
    parts = urlsplit(url)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    taken: list[float] = []
    end = time.perf_counter() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        target = f"{parts.path or '/'}?{parts.query}"
        while (start := time.perf_counter()) < end:
            connection.request(method, target, body or None, headers)
            answer = connection.getresponse()
            answer.read()
            assert answer.status < 300, answer.status
            taken.append(time.perf_counter() - start)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    worst = statistics.quantiles(taken, n=100)[-1]
    return len(taken) / seconds, statistics.median(taken) * 1000, worst * 1000


if __name__ == "__main__":
    main()
