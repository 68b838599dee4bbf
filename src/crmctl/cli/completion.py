"""`crmctl completion`: prints a shell's completion script, or puts it where the shell looks."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli import options
from crmctl.cli.completion_scripts import FILE_NAMES, SCRIPTS
from crmctl.cli.context import Context
from crmctl.errors import StoreError, UsageError

app = typer.Typer(help="Completion for bash, zsh, fish and PowerShell.")

_ZSH_LINES = "fpath=(~/.zfunc $fpath)\nautoload -Uz compinit && compinit\n"


@app.command("bash")
def bash(ctx: typer.Context) -> None:
    """Print the script for bash."""
    _print("bash", ctx.obj)


@app.command("zsh")
def zsh(ctx: typer.Context) -> None:
    """Print the script for zsh."""
    _print("zsh", ctx.obj)


@app.command("fish")
def fish(ctx: typer.Context) -> None:
    """Print the script for fish."""
    _print("fish", ctx.obj)


@app.command("powershell")
def powershell(ctx: typer.Context) -> None:
    """Print the script for PowerShell; its profile can hold it."""
    _print("powershell", ctx.obj)


@app.command("install")
def install(
    ctx: typer.Context,
    shell: Annotated[
        str | None,
        typer.Argument(
            metavar="[SHELL]",
            help=f"{'|'.join(SCRIPTS)}; the one in $SHELL if none is named.",
            autocompletion=options.one_of(tuple(SCRIPTS)),
        ),
    ] = None,
) -> None:
    """Put the script where the shell looks for it."""
    crm: Context = ctx.obj
    chosen = shell or Path(crm.environ.get("SHELL", "")).name
    if chosen not in SCRIPTS:
        raise UsageError(
            f"{chosen or 'no shell'!r} is not a shell that crmctl completes in;"
            f" there are: {', '.join(SCRIPTS)}."
        )
    path = script_path(chosen, crm.environ)
    if crm.dry_run:
        crm.stdout.write(f"{path}\n")
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SCRIPTS[chosen], encoding="utf-8")
        note = _tell_shell(chosen, path, crm.environ)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error
    crm.stdout.write(f"{path}\n")
    crm.note(note)


def script_path(shell: str, environ: Mapping[str, str]) -> Path:
    """Where that shell looks for the completions of a user."""
    home = Path(environ.get("HOME") or Path.home())
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return {
        "bash": data / "bash-completion" / "completions" / "crmctl",
        "zsh": home / ".zfunc" / FILE_NAMES["zsh"],
        "fish": config / "fish" / "completions" / FILE_NAMES["fish"],
        "powershell": config / "powershell" / FILE_NAMES["powershell"],
    }[shell]


def _tell_shell(shell: str, path: Path, environ: Mapping[str, str]) -> str:
    """Make the shell read the script, where it does not by itself; give what is left to do."""
    home = Path(environ.get("HOME") or Path.home())
    if shell == "zsh":
        _append_once(Path(environ.get("ZDOTDIR") or home) / ".zshrc", "/.zfunc", _ZSH_LINES)
    elif shell == "bash":
        # bash-completion, where it is installed, finds the file by its name; .bashrc serves all.
        _append_once(home / ".bashrc", str(path), f"source '{path}'\n")
    elif shell == "powershell":
        return f"Add this line to your PowerShell profile ($PROFILE):  . '{path}'"
    return f"Completion works in every new {shell}."


def _append_once(path: Path, mark: str, lines: str) -> None:
    present = path.read_text(encoding="utf-8") if path.exists() else ""
    if mark not in present:
        with path.open("a", encoding="utf-8") as file:
            file.write(("" if present.endswith("\n") or not present else "\n") + lines)


def _print(shell: str, crm: Context) -> None:
    crm.stdout.write(SCRIPTS[shell])
