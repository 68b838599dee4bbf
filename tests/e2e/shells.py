"""bash, zsh and fish on a real terminal, with crmctl's completion installed in an empty home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pexpect

VENV_BIN = Path(sys.executable).parent
CRMCTL = shutil.which("crmctl", path=str(VENV_BIN)) or "crmctl"

# What a test needs of a shell: a key, Ctrl-T, that shows what stands on its command line.
STARTUP = {
    "bash": (
        ".bashrc",
        "bind 'set enable-bracketed-paste off'\n"
        """bind -x '"\\C-t": printf "\\nLINE<%s>LINE\\n" "$READLINE_LINE"'\n""",
    ),
    "zsh": (
        ".zshrc",
        'show() { zle -I; print -r -- "LINE<$BUFFER>LINE" }\nzle -N show\nbindkey -e "^T" show\n',
    ),
    "fish": (
        ".config/fish/config.fish",
        "set -g fish_greeting\n"
        "function show; printf '\\nLINE<%s>LINE\\n' (commandline | string collect);"
        " commandline -f repaint; end\n"
        "bind \\ct show\n",
    ),
}
_COMMANDS = {"bash": ["bash", "-i"], "zsh": ["zsh", "-d", "-i"], "fish": ["fish", "-i"]}
_TABS = {"bash": 2, "zsh": 1, "fish": 1}  # until the possibilities are listed
_SHOW = "\x14"
_CLEAR = "\x05\x15"  # to the end of the line, and away with it
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]|\r|\x0f")


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """Nothing of this process but where programs are; all of crmctl's files below ``home``."""
    places = {f"CRMCTL_{kind.upper()}_DIR": str(home / f"crmctl-{kind}") for kind in _KINDS}
    return {
        "HOME": str(home),
        "PATH": os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)]),
        "TERM": "xterm",
        "LC_ALL": "C.UTF-8",
        "INPUTRC": os.devnull,
        **places,
        **more,
    }


_KINDS = ("config", "data", "state", "cache")


def run_crmctl(
    *words: str | bytes, env: Mapping[str, str], input: str | None = None
) -> subprocess.CompletedProcess[str]:
    """One crmctl process, whatever its exit status."""
    return subprocess.run(
        [CRMCTL, *words],
        env=env,
        input=input,
        stdin=subprocess.DEVNULL if input is None else None,
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )


class Shell:
    """An interactive shell. Each method types a line, looks at what comes, and clears it."""

    def __init__(self, name: str, terminal: pexpect.spawn[str]) -> None:
        self.name = name
        self._terminal = terminal

    def complete(self, typed: str, *, tabs: int = 1) -> str:
        """What stands on the command line after TAB."""
        return self._press(typed + "\t" * tabs)[1].rstrip()

    def list_completions(self, typed: str) -> str:
        """What the shell shows where TAB has several possibilities, as the terminal gets it."""
        return self._press(typed + "\t" * _TABS[self.name])[0]

    def run(self, command: str) -> str:
        """The output of a command; also shows that the shell is well."""
        self._terminal.send(f"{command}; echo do''ne\r")
        self._terminal.expect(r"done\r?\n")
        return str(self._terminal.before)

    def _press(self, keys: str) -> tuple[str, str]:
        self._terminal.send(keys + _SHOW)
        self._terminal.expect(r"LINE<(.*?)>LINE")
        seen, line = str(self._terminal.before), str(self._terminal.match[1])
        self._terminal.send(_CLEAR)
        return seen, line


def without_controls(seen: str) -> str:
    """The characters that a terminal would show."""
    return _CONTROLS.sub("", seen)


def write_startup(name: str, home: Path) -> Path:
    """Give the shell a startup file with what tests need."""
    file, lines = STARTUP[name]
    path = home / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lines)
    # Else fish's first start reads all manuals of the system in the background.
    (home / ".local/share/fish/generated_completions").mkdir(parents=True, exist_ok=True)
    return path


@contextmanager
def open_shell(name: str, directory: Path, env: Mapping[str, str]) -> Iterator[Shell]:
    """The shell on a terminal 200 columns wide, in that directory; killed at the end."""
    command, *arguments = _COMMANDS[name]
    terminal = pexpect.spawn(
        command,
        arguments,
        env=dict(env),
        cwd=str(directory),
        dimensions=(60, 200),
        encoding="utf-8",
        timeout=20,
    )
    try:
        shell = Shell(name, terminal)
        shell.run("true")
        yield shell
    finally:
        terminal.close(force=True)
