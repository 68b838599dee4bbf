"""Words that people type for a command: some are taken, others answered with what is meant."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import Any

from crmctl.cli.describe import argument_name
from crmctl.errors import UsageError
from crmctl.resources import ACTIVITY_TYPES

# Taken within each noun that has the verb; neither help nor completion shows them.
ALIASES = {
    "ls": "list",
    "add": "create",
    "new": "create",
    "show": "get",
    "view": "get",
    "done": "complete",
    "rm": "delete",
}

# Other words, by what was typed, and the command that is meant.
MEANT = {
    **dict.fromkeys(("add", "create", "new"), "task create"),
    **dict.fromkeys(("list", "ls", "tasks", "todo"), "task list"),
    **dict.fromkeys(("search", "find", "task search", "task find"), "task list --search"),
    **dict.fromkeys(("open", "task open"), "task list --open"),
    **dict.fromkeys(("overdue", "task overdue"), "task list --overdue"),
    **dict.fromkeys(("mine", "task mine"), "task list --mine"),
    **dict.fromkeys(("count", "task count"), "task list --count"),
    **dict.fromkeys(("get", "show", "view"), "task get"),
    **dict.fromkeys(("update", "assign", "task assign", "task set", "task change"), "task update"),
    **dict.fromkeys(("edit", "task edit-description", "task describe"), "task edit"),
    **dict.fromkeys(("start", "task begin"), "task start"),
    **dict.fromkeys(("cancel", "task abort"), "task cancel"),
    **dict.fromkeys(("reopen", "task undo"), "task reopen"),
    **dict.fromkeys(("postpone", "snooze", "task snooze", "task defer"), "task postpone"),
    **dict.fromkeys(("close", "complete", "done", "finish"), "task complete"),
    **dict.fromkeys(("task close", "task finish", "task check"), "task complete"),
    **dict.fromkeys(("delete", "remove", "rm", "task remove"), "task delete"),
    **dict.fromkeys(("today", "week", "task agenda", "task today"), "agenda"),
    **dict.fromkeys(("log", "activity create", "activity add", "activity new"), "activity log"),
    **{type: f"activity log {type}" for type in ACTIVITY_TYPES},
    **{f"activity {type}": f"activity log {type}" for type in ACTIVITY_TYPES},
    **dict.fromkeys(("activities", "history"), "activity list"),
    **dict.fromkeys(("activity search", "activity find"), "activity list --search"),
    **dict.fromkeys(("feed", "timeline"), "activity feed"),
    **dict.fromkeys(("tail", "follow", "watch"), "activity feed --follow"),
    **dict.fromkeys(("queue", "outbox queue"), "outbox list"),
    **dict.fromkeys(("flush", "outbox send", "outbox deliver", "outbox push"), "outbox flush"),
    **dict.fromkeys(("outbox delete", "outbox remove", "outbox rm"), "outbox drop"),
    **dict.fromkeys(("outbox get", "outbox view"), "outbox show"),
    **dict.fromkeys(("stats", "summary"), "report"),
    **dict.fromkeys(("contacts", "contact", "people"), "record list contact"),
    **dict.fromkeys(("deals", "deal"), "record list deal"),
    **dict.fromkeys(("projects", "project"), "record list project"),
    **dict.fromkeys(("users", "user"), "record list user"),
    **dict.fromkeys(("records",), "record list"),
    **dict.fromkeys(("record create", "record new"), "record add"),
    **dict.fromkeys(("record delete", "record rm"), "record remove"),
    **dict.fromkeys(("server", "listen", "workspace serve", "serve start"), "serve"),
    **dict.fromkeys(("key", "keys", "workspace keys"), "workspace key list"),
    **dict.fromkeys(("pull", "sync", "record sync"), "record pull"),
    **dict.fromkeys(("login", "init", "setup", "configure", "auth add"), "auth login"),
    **dict.fromkeys(("logout", "auth remove"), "auth logout"),
    **dict.fromkeys(("whoami", "status", "auth whoami", "auth show"), "auth status"),
    **dict.fromkeys(("switch", "use", "profile", "auth use"), "auth switch"),
    **dict.fromkeys(("profiles", "settings", "config show", "auth list"), "config list"),
    **dict.fromkeys(("config edit", "config file"), "config path"),
    **dict.fromkeys(("config delete", "config rm", "config remove"), "config unset"),
    **dict.fromkeys(("export", "task dump", "task save"), "task export"),
    **dict.fromkeys(("import", "task load"), "task import"),
    **dict.fromkeys(("backup", "workspace export"), "workspace backup"),
    **dict.fromkeys(("workspace show", "workspace status"), "workspace info"),
    **dict.fromkeys(("request", "curl"), "api"),
    **dict.fromkeys(("example", "examples", "tutorial"), "demo"),
    **dict.fromkeys(("manual", "man", "docs"), "guide"),
    **dict.fromkeys(("health", "ping", "diagnose"), "doctor"),
    **dict.fromkeys(("version",), "--version"),
    **dict.fromkeys(("options",), "help options"),
}

# How like a command a word has to be: `taks` is 0.75 like task, `jane` 0.6 like cancel.
_LIKE = 0.7

# Arguments that are text in words, which a shell takes apart unless they are quoted.
_TEXTS = ("TITLE", "SUBJECT", "NAME", "VALUE")


def find_alias(path: Sequence[str], word: str, commands: Iterable[str]) -> str | None:
    """The verb that a word stands for, where the noun at ``path`` has it."""
    verb = ALIASES.get(word)
    meant = " ".join([*path, word]) in MEANT
    return None if meant or verb not in list(commands) else verb


def unknown_command(path: Sequence[str], word: str, commands: Iterable[str]) -> UsageError:
    """What is said of a word that is no command: what is meant, or is spelt nearly so.

    ``path`` are the words before it, without `crmctl`; ``commands`` those that there are.
    """
    commands = list(commands)
    typed = " ".join([*path, word])
    likely = MEANT.get(typed) or _nearest(path, word, commands)
    called = " ".join(["crmctl", *path])
    if likely:
        hint = f"Did you mean `crmctl {likely}`?"
    else:
        hint = f"There are: {', '.join(commands)}. Run `{called} --help`."
    return UsageError(f"No such command {word!r:.80}.", hint=hint)


def unexpected_words(ctx: Any, words: Sequence[str]) -> UsageError:
    """What is said of words after the last that a command takes.

    The first may be an option without its hyphens; quoted they may be the text it takes.
    """
    params = [param for param in ctx.command.params if param.param_type_name == "argument"]
    message = f"{ctx.command_path} does not take {' '.join(words)!r:.80}."
    option = f"--{words[0]}"
    if not params and any(option in param.opts for param in ctx.command.params):
        return UsageError(message, hint=f"Did you mean `{ctx.command_path} {option}`?")
    if not params or argument_name(params[-1]) not in _TEXTS:
        return UsageError(message, hint=f"Run `{ctx.command_path} --help`.")
    *before, first = [str(ctx.params[param.name]) for param in params]
    line = " ".join([ctx.command_path, *map(_quote, before), _quote(" ".join([first, *words]))])
    return UsageError(message, hint=f"Quote what is several words:\n  {line}")


def _nearest(path: Sequence[str], word: str, commands: list[str]) -> str | None:
    """The command that is spelt most like the word, else the one that such a word means."""
    from difflib import get_close_matches

    prefix = "".join(f"{each} " for each in path)
    verbs = {name: name for name in commands}
    if path:
        verbs |= {alias: verb for alias, verb in ALIASES.items() if verb in commands}
    meant = {
        typed.removeprefix(prefix): command
        for typed, command in MEANT.items()
        if typed.startswith(prefix)
    }
    for known in ({name: prefix + verb for name, verb in verbs.items()}, meant):
        if matches := get_close_matches(word, known, n=1, cutoff=_LIKE):
            return known[matches[0]]
    return None


def _quote(text: str) -> str:
    """The text as a shell takes it: plain, or in the quotes that people write."""
    if shlex.quote(text) == text or any(sign in text for sign in '"$`\\!'):
        return shlex.quote(text)
    return f'"{text}"'
