"""The files with which each shell asks crmctl for completions. `completions/` holds copies."""

from __future__ import annotations

from pathlib import Path

# The names under which shells look for the scripts.
FILE_NAMES = {
    "bash": "crmctl.bash",
    "zsh": "_crmctl",
    "fish": "crmctl.fish",
    "powershell": "crmctl.ps1",
}


def read_script(shell: str) -> str:
    """The script for that shell, one of `FILE_NAMES`."""
    # importlib.resources does the same, and takes 20 ms to import.
    return Path(__file__).with_name(FILE_NAMES[shell]).read_text(encoding="utf-8")
