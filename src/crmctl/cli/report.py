"""What is said of a failure: text for a person, one JSON object where the output is JSON."""

from __future__ import annotations

from crmctl import errors
from crmctl.cli.context import Context
from crmctl.output import terminal
from crmctl.output.messages import error_json, error_text


def describe(crm: Context, error: errors.CrmctlError, *, as_json: bool) -> str:
    """The error, and what was piped in to the command that failed, so that it is not lost."""
    if as_json:
        return error_json(error, typed=crm.typed) + "\n"
    color = terminal.wants_color(crm.flags.get("color") or "auto", crm.stderr, crm.environ)
    said = error_text(error, color=color)
    for option, text in crm.typed.items():
        end = "" if text.endswith("\n") else "\n"
        said += f"What came in for {option} was not saved; here it is:\n{text}{end}"
    return said


def wants_json(crm: Context, args: list[str]) -> bool:
    """Whether the command line, or else a setting, asks for JSON."""
    # A command line that could not be parsed has set no flags yet.
    for arg, following in zip(args, [*args, ""][1:], strict=True):
        if arg == "--json" or (arg in ("-o", "--output") and following.startswith("json")):
            return True
        if arg.startswith(("-ojson", "--output=json")):
            return True
    try:
        return crm.format.startswith("json")
    except errors.CrmctlError:
        return False
