"""Where each shell looks for the completions of a user, and what its startup file needs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from crmctl.cli.completion.scripts import FILE_NAMES
from crmctl.errors import StoreError

# A second compinit would read every completion of the system again, at each start of the shell.
_ZSH_LINES = """\
# completion for crmctl
fpath=(~/.zfunc $fpath)
(( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
autoload -Uz _crmctl && compdef _crmctl crmctl
"""


def script_path(shell: str, environ: Mapping[str, str], home: Path) -> Path:
    """Where that shell looks for the completions of a user."""
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return {
        "bash": data / "bash-completion" / "completions" / "crmctl",
        "zsh": home / ".zfunc" / FILE_NAMES["zsh"],
        "fish": config / "fish" / "completions" / FILE_NAMES["fish"],
        "powershell": config / "powershell" / FILE_NAMES["powershell"],
    }[shell]


def startup_lines(
    shell: str, path: Path, environ: Mapping[str, str], home: Path
) -> tuple[Path, str] | None:
    """The shell's startup file, and what it lacks to read the script; None if nothing."""
    if shell == "zsh":
        file, lines = Path(environ.get("ZDOTDIR") or home) / ".zshrc", _ZSH_LINES
    elif shell == "bash":
        # bash-completion, where it is installed, finds the script by its name; this serves all.
        quoted = shlex.quote(str(path))
        file = home / ".bashrc"
        lines = f"# completion for crmctl\n[[ ! -r {quoted} ]] || source {quoted}\n"
    else:
        return None
    present = read_startup(file)
    if os.fsencode(lines) in present:
        return None
    return file, lines if present.endswith(b"\n") or not present else "\n" + lines


def read_startup(file: Path) -> bytes:
    """What somebody's own file holds, in whatever encoding; nothing if there is none."""
    try:
        if file.exists() and not file.is_file():
            raise StoreError(f"{file} is not a regular file.")
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StoreError(f"{file} cannot be read: {reason}.") from error
