"""`crmctl auth`: keys and profiles, against a server that wants a key."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.e2e.running import KEY, Crmctl, FarEnd
from tests.scripted_server import ScriptedServer, Step, answer

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")


PLAIN_FILE_KEYRING = """
import os, pathlib
from keyring.backend import KeyringBackend

FILE = pathlib.Path(os.environ["KEPT"])

class Keyring(KeyringBackend):
    priority = 0.5

    def get_password(self, service, username):
        return FILE.read_text() if FILE.exists() else None

    def set_password(self, service, username, password):
        FILE.write_text(password)
"""


@pytest.fixture
def own(home: Path) -> Crmctl:
    """crmctl with config and cache directories whose paths the tests know."""
    return Crmctl(home, CRMCTL_CONFIG_DIR=str(home / "config"), CRMCTL_CACHE_DIR=str(home / "c"))


def log_in(own: Crmctl, far_end: FarEnd, *flags: str) -> None:
    own.done(
        *("auth", "login", "--base-url", far_end.url, "--key-stdin", "--store", "file", *flags),
        stdin=KEY + "\n",
    )


def test_login_keeps_a_key_that_the_server_accepts(own: Crmctl, far_end: FarEnd) -> None:
    log_in(own, far_end)
    assert far_end.calls == ["GET /tasks"]
    assert "task_late" in own.ids("task", "list")
    assert own.json("config", "list")[0] == {
        "key": "profile",
        "value": "default",
        "source": "config.toml",
    }


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_the_key_s_file_is_its_owner_s_alone(own: Crmctl, far_end: FarEnd) -> None:
    log_in(own, far_end)
    file = own.home / "config" / "credentials.json"
    assert KEY in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert KEY not in (own.home / "config" / "config.toml").read_text()


def test_a_wrong_key_is_refused_and_nothing_is_kept(own: Crmctl, far_end: FarEnd) -> None:
    result = own.run(
        *("auth", "login", "--base-url", far_end.url, "--key-stdin", "--store", "file"),
        stdin="key_wrong_123\n",
    )
    assert result.status == 3
    assert "key_wrong_123" not in result.stderr
    assert list(own.home.iterdir()) == []


def test_login_off_a_terminal_names_the_way_to_give_a_key(own: Crmctl) -> None:
    result = own.run("auth", "login")
    assert result.status == 2
    assert "--key-stdin" in result.stderr


def test_an_empty_key_is_refused(own: Crmctl, far_end: FarEnd) -> None:
    result = own.run("auth", "login", "--base-url", far_end.url, "--key-stdin", stdin="\n")
    assert result.status == 2
    assert far_end.requests == []


def test_a_key_is_not_sent_in_the_clear(own: Crmctl) -> None:
    result = own.run(
        "auth", "login", "--base-url", "http://crm.example.com", "--key-stdin", stdin=KEY
    )
    assert result.status == 2
    assert "https://" in result.stderr
    assert KEY not in result.stderr


def test_without_a_keyring_a_key_is_not_put_into_a_file_unasked(
    own: Crmctl, far_end: FarEnd
) -> None:
    bare = own.having(PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    login = ("auth", "login", "--base-url", far_end.url, "--key-stdin")
    result = bare.run(*login, stdin=KEY)
    assert result.status == 12
    assert "--store file" in result.stderr
    assert list(own.home.iterdir()) == []
    assert far_end.requests == []


@on_posix
@pytest.mark.parametrize("answer", ["y", "n", ""])
def test_without_a_keyring_login_offers_a_file_before_it_asks_for_the_key(
    own: Crmctl, far_end: FarEnd, answer: str
) -> None:
    bare = own.having(PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring")
    offer = "There is no keyring on this machine. Keep the key in a 0600 file instead? [y/N]"
    result = bare.on_terminal(
        *("auth", "login", "--base-url", far_end.url),
        answers={offer: answer, "API key for": KEY},
    )
    if answer == "y":
        assert result.status == 0
        assert result.stdout.index(offer) < result.stdout.index("API key for")
        assert own.json("auth", "status")["key_from"] == "credentials.json"
    else:
        assert result.status == 12
        assert "API key for" not in result.stdout
        assert (far_end.requests, list(own.home.iterdir())) == ([], [])


def test_a_keyring_that_the_user_named_is_used(own: Crmctl, far_end: FarEnd) -> None:
    (own.home / "plainfile.py").write_text(PLAIN_FILE_KEYRING)
    named = own.having(
        PYTHON_KEYRING_BACKEND="plainfile.Keyring", PYTHONPATH=str(own.home), KEPT="kept.txt"
    )
    named.done("auth", "login", "--base-url", far_end.url, "--key-stdin", stdin=KEY)
    assert KEY in (own.home / "kept.txt").read_text()
    assert named.json("auth", "status")["key_from"] == "keyring"


@on_posix
def test_login_asks_for_the_key_without_an_echo(own: Crmctl, far_end: FarEnd) -> None:
    result = own.on_terminal(
        *("auth", "login", "--base-url", far_end.url, "--store", "file"),
        answers={f"API key for {far_end.url}: ": KEY},
    )
    assert result.status == 0
    assert KEY not in result.stdout
    assert own.done("auth", "token").stdout == KEY + "\n"


def test_login_makes_a_profile_of_the_name_given_and_switch_goes_back(
    own: Crmctl, far_end: FarEnd
) -> None:
    log_in(own, far_end, "--profile", "work")
    log_in(own, far_end, "--profile", "home")
    assert own.json("auth", "status")["profile"] == "home"
    own.done("auth", "switch", "work")
    assert own.json("auth", "status")["profile"] == "work"
    own.done("auth", "switch", "local")
    assert own.json("auth", "status")["profile"] == "local"


def test_switch_to_an_unknown_profile_lists_the_known(own: Crmctl) -> None:
    result = own.run("auth", "switch", "nope")
    assert result.status == 2
    assert "local, demo" in result.stderr


def test_status_tells_whose_key_it_is_and_whether_it_is_accepted(
    own: Crmctl, far_end: FarEnd
) -> None:
    log_in(own, far_end)
    status = own.json("auth", "status")
    assert status["base_url"] == far_end.url
    assert (status["key_from"], status["accepted"]) == ("credentials.json", True)


@pytest.mark.parametrize(
    ("step", "status", "accepted"),
    [
        (answer(403, {"error": {"message": "No."}}), 5, True),
        (answer(302, headers={"location": "http://elsewhere.example/"}), 9, None),
        (answer(200, b"<html>"), 9, None),
        (answer(429, headers={"retry-after": "9999"}), 7, None),
    ],
)
def test_status_says_no_more_of_a_key_than_the_server_did(
    home: Path, step: Step, status: int, accepted: bool | None
) -> None:
    with ScriptedServer(step) as server:
        there = Crmctl(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        result = there.run("auth", "status", "--json")
    assert (result.status, result.data["accepted"]) == (status, accepted)


def test_status_of_a_key_that_is_not_accepted_is_told_and_exits_3(
    home: Path, far_end: FarEnd
) -> None:
    crmctl = Crmctl(home, CRMCTL_BASE_URL=far_end.url, CRMCTL_API_KEY="key_old")
    result = crmctl.run("auth", "status", "-o", "json")
    assert result.status == 3
    assert (result.data["key_from"], result.data["accepted"]) == ("CRMCTL_API_KEY", False)
    assert result.error["code"] == "unauthorized"


def test_logout_forgets_the_key_and_leaves_the_profile(own: Crmctl, far_end: FarEnd) -> None:
    log_in(own, far_end)
    own.done("auth", "logout")
    assert KEY not in (own.home / "config" / "credentials.json").read_text()
    result = own.run("task", "list")
    assert result.status == 3
    assert "crmctl auth login" in result.stderr


def test_token_prints_the_key_alone(remote: Crmctl, far_end: FarEnd) -> None:
    result = remote.done("auth", "token")
    assert (result.stdout, result.stderr) == (KEY + "\n", "")
    assert far_end.requests == []


def test_the_workspace_has_no_key(crmctl: Crmctl) -> None:
    assert crmctl.run("auth", "token").status == 2
    assert crmctl.run("auth", "logout").status == 2


def test_a_key_goes_to_its_own_server_and_no_other(own: Crmctl, far_end: FarEnd) -> None:
    log_in(own, far_end)
    with ScriptedServer(answer(200, {"data": []})) as other:
        moved = own.having(CRMCTL_API_KEY="key_env", CRMCTL_BASE_URL=other.url)
        assert moved.run("--profile", "default", "task", "list").status == 0
        own.done("config", "set", "profiles.default.base_url", other.url)
        assert own.run("task", "list").status == 3
        assert other.received == []


def test_verbose_output_shows_no_key(remote: Crmctl) -> None:
    result = remote.done("task", "create", "x", "-vvv")
    assert "POST /tasks -> 201" in result.stderr
    assert "request body" in result.stderr
    assert KEY not in result.stderr + result.stdout


ECHOES: dict[str, Step] = {
    "in its words": answer(400, {"error": {"message": f"Bad key {KEY}!"}}),
    "in a detail": answer(422, {"error": {"message": "No.", "details": [{"field": KEY}]}}),
    "in plain text": answer(500, f"<title>{KEY}</title>".encode()),
    "in the request id": answer(400, {}, {"x-request-id": KEY}),
    "in a redirect": answer(301, b"", {"location": f"https://crm.example/?key={KEY}"}),
    "encoded": answer(400, {"error": quote(KEY, safe="")}),
    "in a warning": answer(
        201, {"data": {"id": "t1"}, "meta": {"warnings": [{"field": "x", "message": KEY}]}}
    ),
}


@pytest.mark.parametrize("echo", ECHOES)
@pytest.mark.parametrize("format", ["plain", "json"])
def test_a_key_that_the_server_sends_back_is_masked(home: Path, echo: str, format: str) -> None:
    with ScriptedServer(*[ECHOES[echo]] * 4) as server:
        job = Crmctl(home, CRMCTL_BASE_URL=server.url, CRMCTL_API_KEY=KEY)
        result = job.run("task", "create", "x", "-o", format, "-vvv")
    assert KEY not in result.stderr
    assert "[key]" in result.stderr
