"""What a start of crmctl costs, as ratios of whole processes.

It is measured beside a bare interpreter (P), a Typer program that does nothing (T), the smallest
script that makes the same request over HTTP (H), and one request to a slow server (S).
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import Installation, interleave, print_row

TYPER = """
import typer

app = typer.Typer()


@app.command()
def main() -> None:
    pass


app()
"""

SMALLEST_HTTP = """
import json
import ssl
import sys

import typer

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def main(url: str, key: str) -> None:
    sys.modules["click"] = None
    import httpx

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with httpx.Client(verify=context, trust_env=False) as client:
        answer = client.get(url, headers={"Authorization": f"Bearer {key}"}, timeout=30)
    answer.raise_for_status()
    sys.stdout.write(json.dumps(answer.json()["data"], indent=2, ensure_ascii=False))


app()
"""

SERVER = """
import sys, time
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer
from crmctl.server.wsgi import Application
from crmctl.store.sqlite import SqliteStore
from crmctl.workspace.app import Workspace

class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

class Threads(ThreadingMixIn, WSGIServer):
    pass

workspace = Workspace(SqliteStore(Path(sys.argv[1])))

def answer(request):
    time.sleep(float(sys.argv[2]))
    return workspace(request)

server = Threads(("127.0.0.1", 0), Quiet)
server.set_app(Application(answer))
sys.stdout.write(f"{server.server_port}\\n")
sys.stdout.flush()
server.serve_forever()
"""

SERVER_TIME = 0.1  # seconds, of the slow one


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        installation = Installation(directory)
        data = directory / "data"
        installation.seed(data, 10_000)
        for script, text in (("typer_only.py", TYPER), ("smallest_http.py", SMALLEST_HTTP)):
            (directory / script).write_text(text)
        with (
            serve(installation, data, seconds=0) as url,
            serve(installation, data, seconds=SERVER_TIME) as slow_url,
        ):
            measure(installation, directory, data, {"fast": url, "slow": slow_url}, runs)


@contextmanager
def serve(installation: Installation, data: Path, *, seconds: float) -> Iterator[str]:
    """The workspace behind a socket, each answer after that time; gives its URL."""
    server = subprocess.Popen(
        [installation.python, "-c", SERVER, str(data / "local.db"), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
        env=installation.environment(),
    )
    try:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


def measure(
    installation: Installation, directory: Path, data: Path, urls: dict[str, str], runs: int
) -> None:
    """Run everything in turns and print the ratios."""
    python, crmctl = installation.python, installation.crmctl
    profiles = [f'[profiles.{name}]\nbase_url = "{url}"\n' for name, url in urls.items()]
    configured = directory / "config"
    configured.mkdir()
    (configured / "config.toml").write_text("\n".join(profiles))
    environment = installation.environment(
        CRMCTL_DATA_DIR=str(data),
        CRMCTL_CONFIG_DIR=str(directory),
        CRMCTL_CACHE_DIR=str(directory),
        CRMCTL_API_KEY="key",
        CRMCTL_BASE_URL=urls["fast"],
    )

    def listing(profile: str, *options: str) -> Sequence[str]:
        return [crmctl, "--profile", profile, "task", "list", *options]

    # Whoever has no account has no config file.
    with_config = ("/usr/bin/env", f"CRMCTL_CONFIG_DIR={configured}")
    slowly = [*with_config, f"CRMCTL_BASE_URL={urls['slow']}"]
    few = ("-o", "json", "--limit", "25")
    script = [python, str(directory / "smallest_http.py")]
    medians = interleave(
        {
            "P": [python, "-c", "pass"],
            "T": [python, str(directory / "typer_only.py")],
            "H": [*script, f"{urls['fast']}/tasks?limit=25", "key"],
            "S": [*slowly, *listing("slow", *few)],
            "--version": [crmctl, "--version"],
            "task list -o json": listing("local", *few),
            "the same with a config file": [*with_config, *listing("local", *few)],
            "task list -o table": listing("local", "-o", "table"),
            "task list over HTTP, -o json": [*with_config, *listing("fast", *few)],
            "task list --open, 100 ms of server time": [*slowly, *listing("slow", *few, "--open")],
            "completing an ID": [
                *("/usr/bin/env", "CRMCTL_PROFILE=local", crmctl),
                *("__complete", "task", "get", "task_00000000001"),
            ],
        },
        environment,
        runs,
    )
    for name in ("P", "T", "H", "S"):
        print(f"{name} = {medians[name] * 1000:.1f} ms")
    for name, base, budget in (
        ("--version", "P", 1.5),
        ("task list -o json", "T", 1.1),
        ("the same with a config file", "T", None),
        ("task list -o table", "T", 1.6),
        ("task list over HTTP, -o json", "H", 0.95),
        ("task list --open, 100 ms of server time", "S", 1.25),
        ("completing an ID", "T", 1.1),
    ):
        milliseconds = f"{medians[name] * 1000:.1f} ms"
        print_row(name, medians[name] / medians[base], milliseconds, budget, ratio_of=base)


if __name__ == "__main__":
    main()
