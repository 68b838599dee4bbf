"""The examples that help shows, run in this process on the demo's data."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmctl.cli.app import build_root
from crmctl.cli.describe import read_docstring
from crmctl.delivery.entries import new_entry
from crmctl.delivery.outbox import Outbox
from crmctl.timestamps import format_timestamp
from tests.e2e.running import Result
from tests.in_process import run_at

# What the outbox of the profile `team` has: one entry that was refused, and one delivered long ago.
OUTBOX = {
    "path": "/activities",
    "method": "POST",
    "base_url": "http://127.0.0.1:9",
    "ref": "build-1",
    "state": "dead",
    "body": {
        "type": "note",
        "subject": "Deployed",
        "description": "crmctl-ref:build-1",
        "occurred_at": "2026-03-24T09:00:00Z",
    },
}


def call(args: list[str], home: Path, *, stdin: str = "", **environ: str) -> Result:
    """Run a line now, whose files are all below ``home``."""
    return run_at(lambda: datetime.now(UTC), home, *args, piped=stdin, **environ)


def demo_home(made: Path, home: Path) -> Path:
    """A home with a copy of what `make_demo` made."""
    shutil.copytree(made, home)
    return home


def make_demo(home: Path) -> Path:
    """A home with the demo's data, and a profile `team` whose server nobody asks."""
    home.mkdir()
    assert call(["demo", "-q"], home).status == 0
    key = ["workspace", "key", "create", "ci", "--user", "usr_abc123", "--profile", "demo"]
    assert call(key, home).status == 0
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "config.toml").write_text(
        'default_profile = "team"\n[profiles.demo]\ntimezone = "UTC"\n'
        '[profiles.team]\nbase_url = "http://127.0.0.1:9"\nkey_store = "file"\n'
    )
    stdin = json.dumps(OUTBOX)
    assert call(["outbox", "import", "-", "--profile", "team"], home, stdin=stdin).status == 0
    put_delivered(home, "build-0")
    return home


def put_delivered(home: Path, ref: str) -> None:
    """Put an entry that was delivered in 2020 into the outbox of the profile `team`."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    [file] = (home / "state" / "outbox").glob("team-*.db")
    with closing(Outbox(file, clock=lambda: long_ago)) as outbox:
        body = {**OUTBOX["body"], "description": f"crmctl-ref:{ref}"}  # type: ignore[dict-item]
        claim = outbox.enter_claimed(ref, new_entry(body, ref, made=False))
        delivered_at = format_timestamp(long_ago)
        outbox.settle(claim, "delivered", remote_id="act_1", delivered_at=delivered_at)


def commands(root: Any = None) -> Iterator[tuple[tuple[str, ...], Any]]:
    """crmctl itself, every noun and every verb, with the words that call it."""
    root = root or build_root()
    yield (), root
    yield from _below((), root)


def _below(words: tuple[str, ...], group: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for word, command in getattr(group, "commands", {}).items():
        yield (*words, word), command
        yield from _below((*words, word), command)


def examples_of(command: Any) -> list[str]:
    """The lines that a command's help shows."""
    return read_docstring(command.help)[2]


def ending_examples_of(command: Any) -> list[str]:
    """Those of a command's examples that end by themselves."""
    return [example for example in examples_of(command) if "--follow" not in example]


EXAMPLES = sorted({example for _, command in commands() for example in ending_examples_of(command)})
# What needs a server, or would write where the shells look, is rehearsed.
REHEARSED = ("auth login", "auth logout", "completion install", "record pull", "serve")
WITH_KEY = {"CRMCTL_API_KEY": "key_1", "CRMCTL_BASE_URL": "http://127.0.0.1:9"}


# The files that examples name are here.
INPUTS = Path(__file__).parent / "inputs"

# An editor that adds to the title.
_AROUND = {"SHELL": "/bin/bash", "PATH": os.defpath, "EDITOR": "sed -i 1s/$/!/"}


def words_of(example: str) -> list[str]:
    """The arguments of an example, up to where the shell goes on."""
    words = shlex.shlex(example, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    _, *args = list(words)
    ends = [place for place, word in enumerate(args) if set(word) <= set("|&;<>()")]
    return args[: ends[0]] if ends else args


def run_example(example: str, home: Path, *more: str, **environ: str) -> Result:
    """Run an example on the demo's data. What needs a server is a rehearsal on the profile team."""
    args = words_of(example)
    called = " ".join(args[:2])
    profile = "demo"
    if args[0] == "outbox" and called != "outbox status":  # which exits 13
        profile = "team"
    args = [str(INPUTS / word) if (INPUTS / word).is_file() else word for word in args]
    if called in REHEARSED or args[0] in REHEARSED:
        args.append("--dry-run")
        profile = "team"
    if "--since-last" in args:
        args.append("--dry-run")  # which moves no mark: the command is one that reads
    if called == "auth token":
        args, environ = args[:2], {**environ, **WITH_KEY}
    elif "--profile" not in args:
        environ["CRMCTL_PROFILE"] = profile
    return call([*args, *more], home, stdin="key_1\n", **_AROUND, **environ)
