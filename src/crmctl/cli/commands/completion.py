"""`crmctl completion`: prints a shell's completion script, or puts it where the shell looks."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli import options
from crmctl.cli.completion.scripts import FILE_NAMES, read_script
from crmctl.cli.context import Context
from crmctl.cli.inputs import refuse_choice
from crmctl.errors import StoreError, UsageError
from crmctl.files import replace_file

app = typer.Typer(
    help="""Completion for bash, zsh, fish and PowerShell.

    crmctl completion install
    """
)

_SHELLS = f"Name one of {', '.join(FILE_NAMES)}."

# A second compinit would read every completion of the system again, at each start of the shell.
_ZSH_LINES = """\
# completion for crmctl
fpath=(~/.zfunc $fpath)
(( ${+functions[compdef]} )) || { autoload -Uz compinit && compinit }
autoload -Uz _crmctl && compdef _crmctl crmctl
"""


@app.command("bash")
def bash(ctx: typer.Context) -> None:
    """Print the script for bash.

    crmctl completion bash > ~/.local/share/bash-completion/completions/crmctl
    """
    _print("bash", ctx.obj)


@app.command("zsh")
def zsh(ctx: typer.Context) -> None:
    """Print the script for zsh.

    crmctl completion zsh > ~/.zfunc/_crmctl
    """
    _print("zsh", ctx.obj)


@app.command("fish")
def fish(ctx: typer.Context) -> None:
    """Print the script for fish.

    crmctl completion fish > ~/.config/fish/completions/crmctl.fish
    """
    _print("fish", ctx.obj)


@app.command("powershell")
def powershell(ctx: typer.Context) -> None:
    """Print the script for PowerShell; its profile can hold it.

    crmctl completion powershell >> $PROFILE
    """
    _print("powershell", ctx.obj)


@app.command("install")
def install(
    ctx: typer.Context,
    shell: Annotated[
        str | None,
        typer.Argument(
            metavar="[SHELL]",
            help=f"{options.choices_text(tuple(FILE_NAMES))}; the one in $SHELL if none is named.",
            autocompletion=options.one_of(tuple(FILE_NAMES)),
        ),
    ] = None,
) -> None:
    """Put the script where the shell looks for it.

    crmctl completion install
    crmctl completion install zsh --dry-run
    """
    crm: Context = ctx.obj
    chosen = shell or Path(crm.environ.get("SHELL", "")).name
    if not chosen:
        raise UsageError("No shell is named, and $SHELL is not set.", hint=_SHELLS)
    if chosen not in FILE_NAMES:
        raise refuse_choice(chosen, tuple(FILE_NAMES), "SHELL")
    home = crm.directories.home
    path = script_path(chosen, crm.environ, home)
    startup = startup_lines(chosen, path, crm.environ, home)
    if crm.options.dry_run:
        crm.terminal.show(f"{path}")
        added = f" and add to {startup[0]}:\n{startup[1]}" if startup else "."
        crm.terminal.note(*f"Would write it{added}".splitlines())
        return
    replace_file(path.resolve(), read_script(chosen).encode())
    crm.terminal.show(f"{path}")
    if startup:
        file, lines = startup
        # A link, as dotfiles often are, stays one: what it leads to is replaced.
        replace_file(file.resolve(), _read_startup(file) + os.fsencode(lines))
        crm.terminal.note(f"Added {len(lines.splitlines())} lines to {file}.")
    if chosen == "powershell":
        crm.terminal.note(f"Add this line to your PowerShell profile ($PROFILE):  . '{path}'")
    else:
        crm.terminal.note(f"Completion works in every new {chosen}.")


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
    present = _read_startup(file)
    if os.fsencode(lines) in present:
        return None
    return file, lines if present.endswith(b"\n") or not present else "\n" + lines


def _read_startup(file: Path) -> bytes:
    """What somebody's own file holds, in whatever encoding; nothing if there is none."""
    try:
        if file.exists() and not file.is_file():
            raise StoreError(f"{file} is not a regular file.")
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except (OSError, RuntimeError) as error:
        raise StoreError(f"{file} cannot be read: {error}.") from error


def _print(shell: str, crm: Context) -> None:
    crm.terminal.stdout.write(read_script(shell))
