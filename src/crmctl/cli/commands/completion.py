"""`crmctl completion`: prints a shell's completion script, or puts it where the shell looks."""

import os
from pathlib import Path
from typing import Annotated

import typer

from crmctl.cli import options
from crmctl.cli.completion.places import read_startup, script_path, startup_lines
from crmctl.cli.completion.scripts import FILE_NAMES, read_script
from crmctl.cli.context import Context
from crmctl.cli.inputs import refuse_choice
from crmctl.cli.show import show_line
from crmctl.errors import UsageError
from crmctl.files import replace_file

app = typer.Typer(
    help="""Completion for bash, zsh, fish and PowerShell.

    crmctl completion install
    """
)

_SHELLS = f"Name one of {', '.join(FILE_NAMES)}."


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
    done = {"shell": chosen, "path": f"{path}", "startup_file": startup and f"{startup[0]}"}
    if crm.options.dry_run:
        show_line(crm, done, f"{path}")
        added = f" and add to {startup[0]}:\n{startup[1]}" if startup else "."
        crm.terminal.note(*f"Would write it{added}".splitlines())
        return
    replace_file(path.resolve(), read_script(chosen).encode())
    show_line(crm, done, f"{path}")
    if startup:
        file, lines = startup
        # A link, as dotfiles often are, stays one: what it leads to is replaced.
        replace_file(file.resolve(), read_startup(file) + os.fsencode(lines))
        crm.terminal.note(f"Added {len(lines.splitlines())} lines to {file}.")
    if chosen == "powershell":
        crm.terminal.note(f"Add this line to your PowerShell profile ($PROFILE):  . '{path}'")
    else:
        crm.terminal.note(f"Completion works in every new {chosen}.")


def _print(shell: str, crm: Context) -> None:
    script = read_script(shell)
    # Startup files run what this prints: a format that is configured must not change it.
    if crm.options.json or (crm.options.output or "").startswith("json"):
        show_line(crm, {"shell": shell, "script": script})
    else:
        crm.terminal.stdout.write(script)
