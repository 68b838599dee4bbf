"""The surface file: every command, argument and option, a line each.

`python -m tests.surface.regenerate` writes it anew, for a change that is meant.
"""

from __future__ import annotations

from pathlib import Path

from crmctl.cli.app import build_root
from crmctl.cli.catalogue import catalogue

FILE = Path(__file__).with_name("commands.txt")


def surface() -> list[str]:
    """The lines of the file."""
    lines = []
    for command in catalogue(build_root()):
        called = command["command"]
        writes = "writes" if command["writes"] else "reads"
        lines.append(f"{called}: {writes}, gives {command['output'] or 'nothing'}")
        for argument in command["arguments"]:
            often = "..." if argument["repeatable"] else ""
            needed = "" if argument["required"] else " (optional)"
            lines.append(f"{called} {argument['name']}{often}{needed}")
        for option in command["options"]:
            taken = f" {option['metavar']}" if option["metavar"] else ""
            lines.append(f"{called} {', '.join(option['names'])}{taken}")
    return lines


if __name__ == "__main__":
    FILE.write_text("".join(f"{line}\n" for line in surface()), encoding="utf-8")
