"""`crmctl task edit`: title and description in an editor, as git does a commit message."""

from __future__ import annotations

import re
import shlex
import signal
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from crmctl.cli.editor import read_task_text, task_text
from crmctl.errors import InvalidInput
from tests.e2e.running import Result
from tests.in_process import InProcess
from tests.scripted_server import ScriptedServer, answer

if sys.platform == "win32":
    pytest.skip("the editors of these tests are quoted as a shell does", allow_module_level=True)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MARKDOWN = "# Offer\n\n* one\n* two\n\n    code  \n"
# What an editor is to the one who calls it: it changes ``text``, and notes what it was given.
EDITOR = """
import os, pathlib, sys
path = pathlib.Path(sys.argv[-1])
text = path.read_bytes().decode()
given = f"{path.suffix} {path.stat().st_mode:o} {sys.argv[1:-1]}"
(path.parent / "seen").write_text(f"{given}\\n{text}")
"""


class Desk:
    """A workspace with a task, and the editors on this desk."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.crmctl = InProcess(home, NOW, CRMCTL_PROFILE="local", TMPDIR=str(home / "tmp"))
        self.temporary = home / "tmp"
        self.temporary.mkdir()
        self.crmctl.put_tasks({"id": "task_1", "title": "Send it", "description": MARKDOWN})

    def editor(self, code: str, *args: str) -> str:
        """The command of an editor that does that with ``text`` and ``path``."""
        script = self.home / "an editor.py"
        script.write_text(f"{EDITOR}\n{code}\n")
        return shlex.join([sys.executable, "-IS", str(script), *args])

    def edit(self, code: str, *args: str, **environ: str) -> Result:
        """Run `task edit task_1` with an editor that does that."""
        editor = {"EDITOR": self.editor(code), **environ}
        return self.crmctl.run("task", "edit", "task_1", *args, environ=editor)

    def seen(self) -> list[str]:
        """The suffix, mode and arguments that the editor was given, and the text's lines."""
        return (self.temporary / "seen").read_text().split("\n")

    def left(self) -> list[Path]:
        """The files that were left behind."""
        return list(self.temporary.glob("*.md"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_the_editor_gets_title_blank_line_and_description_in_a_file_of_ours(desk: Desk) -> None:
    desk.edit("")
    said, *text = desk.seen()
    assert said == f".md {stat.S_IFREG | 0o600:o} []"
    assert "\n".join(text) == f"Send it\n\n{MARKDOWN}\n"
    assert desk.left() == []


def test_what_is_not_changed_is_not_sent(desk: Desk) -> None:
    before = desk.crmctl.task("task_1")
    desk.crmctl.now = datetime(2026, 11, 25, tzinfo=UTC)
    result = desk.edit("", "--json")
    assert (result.status, result.data) == (0, before)
    assert result.stderr == '{"note":{"code":"note","message":"Nothing changed."}}\n'
    shown = desk.edit("path.write_text(text)", "-o", "table")
    assert (shown.status, shown.stdout, shown.stderr) == (0, "", "Nothing changed.\n")
    assert desk.crmctl.task("task_1") == before


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("path.write_text(text.replace('Send it', ' Sent  '))", {"title": " Sent  "}),
        (
            "path.write_text(text.replace('two', 'zwei'))",
            {"description": MARKDOWN.replace("two", "zwei")},
        ),
        ("path.write_text('New\\n\\n# not a comment\\n')", ["New", "# not a comment"]),
        ("path.write_text('New\\n# not a comment')", ["New", "# not a comment"]),
        ("path.write_text('Send it\\n')", {"description": None}),
        ("path.write_bytes(text.replace('it', 'ü').encode('utf-8-sig'))", {"title": "Send ü"}),
        ("path.write_bytes(text.replace('\\n', '\\r\\n').encode())", None),
    ],
)
def test_only_what_was_changed_is_sent_and_nothing_stripped(
    desk: Desk, code: str, body: Any
) -> None:
    if isinstance(body, list):
        body = dict(zip(("title", "description"), body, strict=True))
    result = desk.edit(code, "-n")
    assert result.status == 0, result.stderr
    if body is None:
        assert result.stdout == ""
    else:
        assert result.data == {"method": "PUT", "path": "/tasks/task_1", "body": body}
    assert desk.crmctl.task("task_1")["title"] == "Send it"
    changed = desk.edit(code, "--json")
    assert (changed.status, changed.data) == (0, desk.crmctl.task("task_1"))
    assert {name: changed.data[name] for name in body or {}} == (body or {})
    assert desk.left() == []


@pytest.mark.parametrize(
    "description", [None, "", "a", "a\n", "\n", "\n\na\n\n", "  \nb", "a\r\nb", "# x\n\n\n"]
)
def test_any_description_is_read_back_as_it_was(description: str | None) -> None:
    task = {"title": "A\nB", "description": description}
    assert read_task_text(task_text(task), task) == {}


@pytest.mark.parametrize("text", ["", "\n", " \n\n\t\n"])
def test_an_emptied_text_is_refused(desk: Desk, text: str) -> None:
    result = desk.edit(f"path.write_text({text!r})")
    assert (result.status, result.stdout) == (2, "")
    assert result.stderr == "crmctl: The text is empty: nothing was sent.\n"
    assert desk.left() == []


def test_a_missing_title_is_refused_and_the_rest_kept(desk: Desk) -> None:
    result = desk.edit("path.write_text('\\n\\nA long description\\n')")
    assert result.status == 2
    assert result.stderr.startswith("crmctl: The first line, which is the title, is empty")
    [kept] = desk.left()
    assert f"What you typed is kept in {kept}.\n" in result.stderr
    assert kept.read_text() == "\n\nA long description\n"
    with pytest.raises(InvalidInput):
        read_task_text(" \nx", {})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("path.write_text('Changed')\nsys.exit(3)", "ended with status 3: nothing was sent."),
        ("path.write_bytes(b'\\xff\\xfe')", "What the editor left is not UTF-8 text."),
        ("path.unlink()", "cannot be read: No such file or directory."),
    ],
)
def test_an_editor_that_fails_sends_nothing(desk: Desk, code: str, said: str) -> None:
    result = desk.edit(code)
    assert result.status in (2, 12)
    assert said in result.stderr
    assert desk.crmctl.task("task_1")["title"] == "Send it"


@pytest.mark.parametrize("code", ["os.mkfifo(path)", "path.mkdir()"])
def test_what_an_editor_leaves_that_is_no_file_is_not_waited_for(desk: Desk, code: str) -> None:
    result = desk.edit(f"path.unlink(); {code}")
    assert result.status == 12
    assert re.search(r"crmctl-\w+\.md is not a regular file any more\.", result.stderr)


def test_what_an_editor_had_written_when_it_was_killed_is_kept(desk: Desk) -> None:
    result = desk.edit("path.write_text('Half')\nos.kill(os.getpid(), 9)")
    assert result.status == 2
    [kept] = desk.left()
    assert f"was stopped by signal 9.\nWhat you typed is kept in {kept}.\n" in result.stderr


def test_ctrl_c_is_a_key_of_the_editors(desk: Desk) -> None:
    before = signal.getsignal(signal.SIGINT)
    result = desk.edit("os.kill(os.getppid(), 2)\npath.write_text('Later')", "--fields", "title")
    assert (result.status, result.stdout) == (0, "title\tLater\n")
    assert signal.getsignal(signal.SIGINT) is before


def test_visual_comes_before_editor_and_either_may_have_arguments(desk: Desk) -> None:
    visual = desk.editor("path.write_text('Seen')", "--wait", "a b")
    result = desk.edit("", "--fields", "title", VISUAL=visual)
    # The last script written is what both name: the arguments tell them apart.
    assert result.status == 0
    assert desk.seen()[0].endswith(" ['--wait', 'a b']")


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"EDITOR": "/no/such/editor"}, "The editor /no/such/editor cannot be started: No such"),
        ({"EDITOR": "'"}, "EDITOR is no command: No closing quotation."),
        ({"EDITOR": ""}, "There is no terminal for an editor"),
        ({"EDITOR": "true", "CRMCTL_NO_INPUT": "1"}, "An editor asks for input"),
    ],
)
def test_without_an_editor_nothing_happens(desk: Desk, environ: dict[str, str], said: str) -> None:
    result = desk.crmctl.run("task", "edit", "task_1", environ=environ)
    assert (result.status, result.stdout) == (2, "")
    assert said in result.stderr
    assert desk.left() == []


def test_a_read_only_profile_opens_no_editor(desk: Desk) -> None:
    result = desk.edit("", CRMCTL_READ_ONLY="1")
    assert result.status == 5
    assert not (desk.temporary / "seen").exists()


def test_what_was_typed_is_kept_where_it_is_not_taken(desk: Desk) -> None:
    task = {"id": "task_1", "title": "Send it", "description": None}
    error = {"success": False, "error": {"code": "invalid", "message": "No."}}
    with ScriptedServer(answer(200, {"success": True, "data": task}), answer(422, error)) as server:
        result = desk.edit(
            "path.write_text('Hours of work\\n')",
            "--json",
            CRMCTL_BASE_URL=server.url,
            CRMCTL_API_KEY="key",
            CRMCTL_PROFILE="",
        )
    assert result.status == 6
    [kept] = desk.left()
    assert kept.read_text() == "Hours of work\n"
    assert re.search(r'"hint":"[^"]*What you typed is kept in [^"]*\.md\."', result.stderr)
