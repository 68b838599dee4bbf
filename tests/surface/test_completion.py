"""What crmctl answers the completion scripts, and how the scripts get to where shells look."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from crmctl.cli.completion.scripts import FILE_NAMES, read_script
from crmctl.config.account import name_account
from crmctl.config.profile import VENDOR_URL
from tests.e2e.running import KEY, Crmctl, open_far_end, stock

OPEN = ["task_begun\tCall Jane", "task_free\tTidy up", "task_far\tKick-off"]
OPEN.append("task_late\tSend the proposal")
SCRIPTS_HERE = Path(__file__).parents[2] / "completions"


def complete(crmctl: Crmctl, *words: str) -> list[str]:
    """The lines for the last word; that there is nothing else to see is certain."""
    result = crmctl.run("__complete", *words)
    assert (result.status, result.stderr) == (0, "")
    return result.lines


def test_nouns_and_verbs_come_with_what_they_do(crmctl: Crmctl) -> None:
    assert complete(crmctl, "wo") == ["workspace\tThe embedded workspace on this machine"]
    assert complete(crmctl, "workspace", "") == [
        "info\tShow where it is and what it holds.",
        "path\tPrint the path of its file.",
        "backup\tCopy it to a file, whole and consistent, while others use it.",
        "copy\tCopy a workspace whole to another place: file or PostgreSQL.",
        "check\tLook for damage in its file.",
        "key\tThe keys that the workspace is served with.",
    ]
    assert complete(crmctl, "workspace", "key", "r") == [
        "revoke\tRevoke a key: every server refuses it from its next request on."
    ]
    assert complete(crmctl, "record", "rem") == ["remove\tForget a record."]


def test_options_come_with_what_they_mean_once_given_no_more(crmctl: Crmctl) -> None:
    assert complete(crmctl, "task", "list", "--pri", "--project") == [
        "--project\tWhat it concerns."
    ]
    assert complete(crmctl, "task", "list", "--priority", "low", "--pr") == [
        "--project\tWhat it concerns.",
        "--profile\tAccount or workspace.",
    ]
    assert complete(crmctl, "--jso") == ["--json\tThe same as -o json."]


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("task list --status ", ["pending", "in_progress", "completed", "cancelled"]),
        ("task list --status pending,in", ["pending,in_progress"]),
        ("task list --status=pen", ["pending"]),
        ("task list --status=pending,c", ["pending,completed", "pending,cancelled"]),
        ("task list -p ", ["low", "medium", "high", "urgent"]),
        ("task update task_1 --status c", ["completed", "cancelled"]),
        ("task list --sort -c", ["-created_at"]),
        ("task list --sort=-d", ["-due_date"]),
        (
            "task list --fields id,rem",
            ["id,reminder", "id,reminder.type", "id,reminder.before_minutes"],
        ),
        ("activity list --fields con", ["contact_id", "contact_name"]),
        ("activity log ", ["call", "email", "meeting", "note", "sms"]),
        ("activity log --at 12:30 n", ["note"]),
        ("-o js", ["json", "jsonl"]),
        ("task list --color a", ["auto", "always"]),
        ("--profile ", ["local", "demo"]),
        ("auth switch d", ["demo"]),
        ("config set time", ["timezone"]),
        ("completion install ", ["bash", "zsh", "fish", "powershell"]),
        ("api p", []),
        ("api P", ["POST", "PUT", "PATCH"]),
        ("task list --limit ", []),
        ("task create ", []),
        ("task list ", []),
        ("nosuch ", []),
        ("task nosuch ", []),
        ("--profile nosuch task get ", []),
        ("--timeout never task get ", []),
        ("task create -- --st", []),
    ],
)
def test_values_are_those_of_the_option_or_the_argument(
    crmctl: Crmctl, words: str, values: list[str]
) -> None:
    found = [line.partition("\t")[0] for line in complete(crmctl, *words.split(" "))]
    assert found == values


def test_file_names_are_left_to_the_shell(crmctl: Crmctl) -> None:
    assert complete(crmctl, "api", "POST", "/tasks", "--input", "x") == [":files"]
    assert complete(crmctl, "api", "POST", "/tasks", "--input=x") == [":files"]
    assert complete(crmctl, "--ca-file", "") == [":files"]
    assert complete(crmctl, "workspace", "backup", "./") == [":files"]
    assert complete(crmctl, "workspace", "backup", "copy.db", "") == []


def test_ids_of_open_tasks_come_first_and_alone_until_one_is_begun(stocked: Crmctl) -> None:
    assert complete(stocked, "task", "get", "") == OPEN
    assert complete(stocked, "task", "complete", "task_late", "task_f") == OPEN[1:3]
    assert complete(stocked, "task", "get", "task_do") == ["task_done\tSend the invoice"]


def test_what_can_be_reopened_is_what_is_closed_the_last_change_first(stocked: Crmctl) -> None:
    closed = ["task_done\tSend the invoice", "task_dropped\tOld idea"]
    assert sorted(complete(stocked, "task", "reopen", "")) == closed
    stocked.done("task", "complete", "task_far")
    assert complete(stocked, "task", "reopen", "")[0] == "task_far\tKick-off"
    assert complete(stocked, "task", "reopen", "task_do") == ["task_done\tSend the invoice"]


def test_people_deals_and_contacts_come_with_their_names(stocked: Crmctl) -> None:
    assert complete(stocked, "task", "list", "--assignee", "") == [
        "usr_ann\tAnn Archer",
        "usr_bob\tBob Brown",
    ]
    assert complete(stocked, "activity", "log", "call", "--deal=") == [
        "deal_acme\tEnterprise - Acme"
    ]
    assert complete(stocked, "activity", "log", "call", "--attendee", "x", "--contact", "c") == [
        "con_jane\tJane Smith"
    ]


def test_the_profile_named_before_or_after_the_noun_counts(stocked: Crmctl) -> None:
    elsewhere = stocked.having(CRMCTL_PROFILE="demo")
    assert complete(elsewhere, "task", "get", "") == []
    assert complete(elsewhere, "--profile", "local", "task", "get", "") == OPEN
    assert complete(elsewhere, "task", "--profile=local", "get", "") == OPEN
    assert complete(elsewhere, "task", "get", "--profile", "local", "") == OPEN


@pytest.mark.parametrize(
    "line",
    [
        "crmctl task get task_l",
        "crmctl task get 'task_l",
        'crmctl task get "task_l',
        "crmctl task get task\\_l",
        'crmctl --profile="local" task get task_l',
        "/usr/bin/crmctl task start task_1 task_l",
    ],
)
def test_a_line_is_split_as_the_shell_would(stocked: Crmctl, line: str) -> None:
    assert complete(stocked.having(COMP_LINE=line)) == ["task_late\tSend the proposal"]


@pytest.mark.parametrize(
    "line",
    [
        'crmctl task create "it\'s = $(touch pwned)" a\\ b --assignee usr_a',
        "crmctl task create 'two\nlines' --assignee=usr_a",
        "crmctl activity list --from 12:30 --user usr_a",
    ],
)
def test_quotes_blanks_and_colons_before_do_no_harm(stocked: Crmctl, line: str) -> None:
    assert complete(stocked.having(COMP_LINE=line)) == ["usr_ann\tAnn Archer"]
    assert not list(stocked.home.rglob("pwned"))


def test_a_title_is_one_short_line_without_controls(crmctl: Crmctl) -> None:
    data = crmctl.home / "data"
    data.mkdir()
    stock(
        data / "local.db",
        [
            {"id": "task_1", "title": "[/x] $(touch pwned)\n\t\x1b]0;x\x07 \u202e日本語"},
            {"id": "task_2", "title": "long " * 100},
        ],
    )
    long, hostile = complete(crmctl.having(CRMCTL_DATA_DIR=str(data)), "task", "get", "")
    assert hostile == "task_1\t[/x] $(touch pwned) \\x1b]0;x\\x07 \\u202e日本語"
    assert long == "task_2\t" + ("long " * 100)[:99] + "…"


def test_a_name_is_offered_once_one_is_begun(stocked: Crmctl) -> None:
    line = ("activity", "log", "call")
    assert complete(stocked, *line, "--contact", "jan") == ["jane Smith\tcon_jane"]
    assert complete(stocked, "task", "list", "--assignee=Bob B") == ["Bob Brown\tusr_bob"]
    assert complete(stocked, *line, "--deal", "Enterprise - A") == ["Enterprise - Acme\tdeal_acme"]
    assert complete(stocked, "task", "get", "Call") == []


@pytest.mark.parametrize("name", ["Jan $(id)", "Jan's", 'Jan "J"', "Jan`id`", "Jan\\", "Jan: a"])
def test_a_name_that_a_shell_may_interpret_is_not_offered(crmctl: Crmctl, name: str) -> None:
    crmctl.done("record", "add", "contact", "con_1", name, "--profile", "local")
    assert complete(crmctl, "--profile", "local", "task", "list", "--contact", "Ja") == []
    assert complete(crmctl, "--profile", "local", "task", "list", "--contact", "c") == [
        f"con_1\t{name}"
    ]


def test_ids_of_a_server_are_those_that_a_list_has_shown(crmctl: Crmctl, tmp_path: Path) -> None:
    hostile = ["task_$(id)", "task_`id`", "task_;id", "--yes", "-y", "task 1", "task_1\n", "../x"]
    stock(
        tmp_path / "far.db",
        [
            {"id": "task_1", "title": "One", "assignee_id": "usr_ann"},
            {"id": "task_2", "title": "Two", "related_to_type": "deal", "related_to_id": "d_1"},
            *({"id": task_id, "title": "Three"} for task_id in hostile),
        ],
    )
    with open_far_end(tmp_path / "far.db") as far_end:
        remote = crmctl.having(CRMCTL_PROFILE="", CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY=KEY)
        assert complete(remote, "task", "get", "") == []
        assert far_end.calls == []
        remote.done("task", "list")
        calls = list(far_end.calls)
        assert complete(remote, "task", "get", "") == ["task_2\tTwo", "task_1\tOne"]
        assert far_end.calls == calls
    assert complete(remote, "task", "get", "task_1") == ["task_1\tOne"]
    assert complete(remote, "task", "list", "--assignee", "") == ["usr_ann\tAnn Archer"]
    assert complete(remote, "task", "list", "--deal", "") == ["d_1"]


@pytest.mark.parametrize("damage", ["", "[]", '{"task": ["x"]}', '{"task": {"task_1": 1}}', "{"])
def test_a_damaged_cache_offers_nothing(crmctl: Crmctl, damage: str) -> None:
    name = f"seen-{name_account('environment', VENDOR_URL, KEY)}.json"
    (crmctl.home / name).write_text(damage)
    remote = crmctl.having(CRMCTL_PROFILE="", CRMCTL_API_KEY=KEY, CRMCTL_CACHE_DIR=str(crmctl.home))
    assert complete(remote, "task", "get", "") == []


def test_a_damaged_workspace_offers_nothing(stocked: Crmctl) -> None:
    file = stocked.home / "data" / "local.db"
    whole = file.read_bytes()
    for damaged in (b"", b"not a database", whole[:100] + b"\xff" * (len(whole) - 100)):
        file.write_bytes(damaged)
        assert complete(stocked, "task", "get", "") == []
        assert file.read_bytes() == damaged


def test_a_broken_config_file_offers_no_ids(stocked: Crmctl) -> None:
    (stocked.home / "config.toml").write_text("default_profile = [")
    broken = stocked.having(CRMCTL_CONFIG_DIR=str(stocked.home))
    assert complete(broken, "task", "get", "") == []
    assert complete(broken, "--profile", "") == ["local", "demo"]
    assert complete(broken, "task", "list", "--status", "p") == ["pending"]


def test_completing_makes_no_file(crmctl: Crmctl) -> None:
    for words in (["task", "get", ""], ["--profile", ""], ["task", "list", "--deal", ""]):
        complete(crmctl, *words)
    assert list(crmctl.home.iterdir()) == []


def test_a_word_may_be_any_bytes(stocked: Crmctl) -> None:
    assert complete(stocked, "task", "get", os.fsdecode(b"task_\xff")) == []
    assert complete(stocked, os.fsdecode(b"\xff"), "") == []


@pytest.mark.parametrize("shell", FILE_NAMES)
def test_the_scripts_in_completions_are_those_that_crmctl_prints(
    crmctl: Crmctl, shell: str
) -> None:
    script = crmctl.done("completion", shell).stdout
    assert (SCRIPTS_HERE / FILE_NAMES[shell]).read_bytes() == script.encode()


@pytest.mark.parametrize(
    ("shell", "check"),
    [
        ("bash", ["bash", "-n"]),
        ("bash", ["shellcheck", "-s", "bash"]),
        ("zsh", ["zsh", "-n"]),
        ("fish", ["fish", "-n"]),
    ],
    ids=" ".join,
)
def test_the_scripts_are_well_formed(shell: str, check: list[str]) -> None:
    if shutil.which(check[0]) is None:
        pytest.skip(f"{check[0]} is not installed")
    checked = subprocess.run(
        [*check, SCRIPTS_HERE / FILE_NAMES[shell]], capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_script_for_powershell_closes_what_it_opens() -> None:
    script = re.sub(r"#.*|'[^']*'|\"[^\"]*\"", "", read_script("powershell"))
    for opening, closing in ("{}", "()", "[]"):
        assert script.count(opening) == script.count(closing)
    assert "'" not in script
    assert '"' not in script


@pytest.mark.parametrize(
    ("shell", "script", "startup"),
    [
        ("bash", ".local/share/bash-completion/completions/crmctl", ".bashrc"),
        ("zsh", ".zfunc/_crmctl", ".zshrc"),
        ("fish", ".config/fish/completions/crmctl.fish", None),
        ("powershell", ".config/powershell/crmctl.ps1", None),
    ],
)
def test_install_puts_the_script_where_the_shell_looks(
    crmctl: Crmctl, shell: str, script: str, startup: str | None
) -> None:
    path = crmctl.home / script
    own = b"# mine: caf\xe9, without a line end"
    if startup:
        (crmctl.home / startup).write_bytes(own)
    rehearsed = crmctl.done("completion", "install", shell, "-n")
    assert rehearsed.lines == [str(path)]
    assert startup is None or str(crmctl.home / startup) in rehearsed.stderr
    assert [file.name for file in crmctl.home.iterdir()] == [startup] * bool(startup)

    assert crmctl.done("completion", "install", shell).lines == [str(path)]
    assert path.read_text(encoding="utf-8") == read_script(shell)
    if startup:
        once = (crmctl.home / startup).read_bytes()
        assert once.startswith(own + b"\n# completion for crmctl\n")
        crmctl.done("completion", "install", shell)
        assert (crmctl.home / startup).read_bytes() == once


def test_install_takes_the_shell_that_is_in_use(crmctl: Crmctl) -> None:
    fish = crmctl.having(SHELL="/usr/local/bin/fish")
    assert fish.done("completion", "install", "-n").lines == [
        str(crmctl.home / ".config/fish/completions/crmctl.fish")
    ]
    for refused in (crmctl.having(SHELL="/bin/tcsh"), crmctl):
        result = refused.run("completion", "install")
        assert result.status == 2
        assert "bash, zsh, fish, powershell" in result.stderr


def test_install_says_what_cannot_be_written(crmctl: Crmctl) -> None:
    (crmctl.home / ".bashrc").mkdir()
    (crmctl.home / ".zfunc").touch()
    for shell, file in (("bash", ".bashrc"), ("zsh", ".zfunc")):
        result = crmctl.run("completion", "install", shell)
        assert (result.status, result.stdout) == (12, "")
        assert str(crmctl.home / file) in result.stderr
