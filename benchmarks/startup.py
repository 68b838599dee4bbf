"""What a start of crmctl costs, beside a bare interpreter (P) and a Typer program that does nothing
(T), and over HTTP beside the smallest script that makes the same request (H)."""

from __future__ import annotations

import argparse
import subprocess
import tempfile
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
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server
from crmctl.store.sqlite import SqliteStore
from crmctl.workspace.app import Workspace
from crmctl.server.wsgi import wsgi_application

class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

workspace = Workspace(SqliteStore(Path(sys.argv[1])))
server = make_server("127.0.0.1", 0, wsgi_application(workspace), handler_class=Quiet)
sys.stdout.write(f"{server.server_port}\\n")
sys.stdout.flush()
server.serve_forever()
"""


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
        server = subprocess.Popen(
            [installation.python, "-c", SERVER, str(data / "local.db")],
            stdout=subprocess.PIPE,
            text=True,
            env=installation.environment(),
        )
        try:
            assert server.stdout is not None
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
            measure(installation, directory, data, url, runs)
        finally:
            server.terminate()
            server.wait()


def measure(installation: Installation, directory: Path, data: Path, url: str, runs: int) -> None:
    """Run everything in turns and print the ratios."""
    python, crmctl = installation.python, installation.crmctl
    local = [crmctl, "--profile", "local"]
    remote = [crmctl, "--profile", "remote", "-o", "json"]
    environment = installation.environment(
        CRMCTL_DATA_DIR=str(data), CRMCTL_CONFIG_DIR=str(directory), CRMCTL_API_KEY="key"
    )
    environment["CRMCTL_BASE_URL"] = url
    (directory / "config.toml").write_text(f'[profiles.remote]\nbase_url = "{url}"\n')
    medians = interleave(
        {
            "P": [python, "-c", "pass"],
            "T": [python, str(directory / "typer_only.py")],
            "H": [python, str(directory / "smallest_http.py"), f"{url}/tasks?limit=25", "key"],
            "--version": [crmctl, "--version"],
            "task list -o json": [*local, "task", "list", "-o", "json", "--limit", "25"],
            "task list -o table": [*local, "task", "list", "-o", "table"],
            "task list -o json, over HTTP": [*remote, "task", "list", "--limit", "25"],
            "completing an ID": [crmctl, "__complete", "task", "get", "task_00000000001"],
        },
        environment,
        runs,
    )
    for name in ("P", "T", "H"):
        print(f"{name} = {medians[name] * 1000:.1f} ms")
    for name, base, budget in (
        ("--version", "P", 1.5),
        ("task list -o json", "T", 1.25),
        ("task list -o table", "T", 2.0),
        ("task list -o json, over HTTP", "H", 1.1),
        ("completing an ID", "T", 1.25),
    ):
        milliseconds = f"{medians[name] * 1000:.1f} ms"
        print_row(name, medians[name] / medians[base], milliseconds, budget, ratio_of=base)


if __name__ == "__main__":
    main()
