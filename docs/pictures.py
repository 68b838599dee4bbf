"""Draws the README's pictures: `python docs/pictures.py` runs crmctl and exports what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

WIDTH = 120


def draw(name: str, title: str, *commands: list[str]) -> None:
    """Write ``name``.svg: the commands, each after a prompt, and what they print."""
    console = Console(record=True, width=WIDTH, file=Path(os.devnull).open("w"))  # noqa: SIM115
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "COLUMNS": str(WIDTH),
            "CLICOLOR_FORCE": "1",
            "CRMCTL_PROFILE": "demo",
            "CRMCTL_OUTPUT": "table",
        }
        run(environment, ["demo"])
        for command in commands:
            console.print(Text("$ ", "bold green").append(f"crmctl {' '.join(command)}", "bold"))
            console.print(Text.from_ansi(run(environment, command)))
    svg = console.export_svg(title=title)
    # Rich names a font on the network; a picture in a README should fetch nothing.
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    Path(__file__).with_name(f"{name}.svg").write_text(svg)


def run(environment: dict[str, str], command: list[str]) -> str:
    """What one command prints."""
    answer = subprocess.run(
        [sys.executable, "-m", "crmctl", *command],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return answer.stdout


if __name__ == "__main__":
    draw("agenda", "crmctl agenda", ["agenda"])
    draw("brief", "crmctl brief", ["brief", "Enterprise", "License", "-", "Acme", "Corp"])
