"""bash, zsh and fish on a real terminal, with completion as `crmctl completion install` leaves it.

The home is a new one, with nothing in it but a startup file that shows a test what it needs to see.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect  # type: ignore[import-untyped]

from tests.e2e.running import COMMAND, PATIENCE, Crmctl

# In each, Ctrl-T shows what stands on the command line.
_BASHRC = """\
bind 'set enable-bracketed-paste off'
bind -x '"\\C-t": printf "\\nLINE<%s>LINE\\n" "$READLINE_LINE"'
"""
_ZSHRC = """\
show() { zle -I; print -r -- "LINE<$BUFFER>LINE" }
zle -N show
bindkey -e '^T' show
"""
_CONFIG_FISH = """\
set -g fish_greeting
function show
    printf '\\nLINE<%s>LINE\\n' (commandline | string collect)
    commandline -f repaint
end
bind \\ct show
"""
_STARTUP = {
    "bash": (".bashrc", _BASHRC),
    "zsh": (".zshrc", _ZSHRC),
    "fish": (".config/fish/config.fish", _CONFIG_FISH),
}
_SHOW = "\x14"
_CLEAR = "\x05\x15"  # to the end of the line, and away with it
_ARGUMENTS = {"bash": ["-i"], "zsh": ["-d", "-i"], "fish": ["-i"]}
_TABS = {"bash": 3, "zsh": 2, "fish": 1}  # until the possibilities are listed
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()].|\x1b[=>78]|\r|\x0f")


class Shell:
    """An interactive shell. Each method types a line, looks at what comes, and clears it."""

    def __init__(self, name: str, terminal: pexpect.spawn) -> None:
        self._terminal = terminal
        self._tabs = _TABS[name]

    def complete(self, typed: str) -> str:
        """What stands on the command line after TAB, but for the blanks at its end."""
        return self._press(typed + "\t")[1].rstrip()

    def list_completions(self, typed: str) -> str:
        """What the shell sends to the terminal to show what the word may become."""
        return self._press(typed + "\t" * self._tabs)[0]

    def run(self, command: str) -> str:
        """What a command prints; also shows that the shell is well."""
        self._terminal.send(f"echo be''gin; {command}; echo e''nd\r")
        self._terminal.expect(r"begin\r?\n(.*?)end\r?\n")
        return str(self._terminal.match[1])

    def _press(self, keys: str) -> tuple[str, str]:
        self._terminal.send(keys + _SHOW)
        self._terminal.expect(r"LINE<(.*?)>LINE")
        seen, line = str(self._terminal.before), str(self._terminal.match[1])
        # A busy zsh may drop keys that come while it completes: until the line is seen to be empty.
        for _ in range(5):
            self._terminal.send(_CLEAR + _SHOW)
            self._terminal.expect(r"LINE<(.*?)>LINE")
            if not str(self._terminal.match[1]):
                break
        return seen, line


def visible(seen: str) -> str:
    """What was sent to a terminal without what moves its cursor and colours it."""
    return _CONTROLS.sub("", seen)


def prepare(name: str, crmctl: Crmctl) -> Crmctl:
    """Give the shell a startup file; the command with what a shell needs in its environment."""
    file, lines = _STARTUP[name]
    startup = crmctl.home / file
    startup.parent.mkdir(parents=True, exist_ok=True)
    startup.write_text(lines)
    # Else fish, on its first start, reads the system's manuals in the background.
    (crmctl.home / ".local/share/fish/generated_completions").mkdir(parents=True)
    programs = crmctl.home / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "crmctl"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(COMMAND)} "$@"\n')
    program.chmod(0o700)
    path = os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)])
    return crmctl.having(PATH=path, TERM="xterm", LC_ALL="C.UTF-8", INPUTRC=os.devnull)


@contextmanager
def open_shell(name: str, crmctl: Crmctl, directory: Path) -> Iterator[Shell]:
    """The shell in that directory, on a terminal of 200 columns."""
    terminal = pexpect.spawn(
        name,
        _ARGUMENTS[name],
        env=crmctl.environ,
        cwd=str(directory),
        dimensions=(60, 200),
        encoding="utf-8",
        timeout=PATIENCE,
    )
    terminal.delaybeforesend = None
    try:
        shell = Shell(name, terminal)
        shell.run("true")
        yield shell
    finally:
        terminal.close(force=True)
