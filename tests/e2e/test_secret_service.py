"""Keys in a real Secret Service: gnome-keyring, in a D-Bus session of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.running import KEY, PATIENCE, Crmctl, FarEnd

pytestmark = pytest.mark.skipif(
    shutil.which("gnome-keyring-daemon") is None or shutil.which("dbus-run-session") is None,
    reason="gnome-keyring or dbus-run-session is not installed",
)

# Each line ends with what it was and its exit status.
SCRIPT = """
printf password | gnome-keyring-daemon --unlock --components=secrets > /dev/null
say() { echo "$1: $?"; }
echo "$KEY" | $CRMCTL auth login --base-url "$URL" --key-stdin; say login
$CRMCTL auth token; say token
$CRMCTL auth logout; say logout
$CRMCTL auth token; say gone
echo "$KEY" | $CRMCTL auth login --base-url "$URL" --key-stdin; say again
$PYTHON -c 'import secretstorage as s; s.get_default_collection(s.dbus_init()).lock()'; say lock
$CRMCTL auth token; say locked
"""


def test_a_key_is_kept_in_the_secret_service(home: Path, far_end: FarEnd) -> None:
    own = Crmctl(home, CRMCTL_CONFIG_DIR=str(home / "config"))
    result = subprocess.run(
        ["dbus-run-session", "--", "sh", "-c", SCRIPT],
        env={
            **own.environ,
            "XDG_RUNTIME_DIR": str(home),
            "CRMCTL": f"{sys.executable} -m crmctl",
            "PYTHON": sys.executable,
            "KEY": KEY,
            "URL": far_end.url,
            "PATH": os.environ["PATH"],
        },
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    if "org.freedesktop.DBus.Error" in result.stderr and "login: 0" not in result.stdout:
        pytest.skip("a D-Bus session or its keyring does not start here")
    assert result.stdout.splitlines() == [
        "login: 0",
        KEY,
        "token: 0",
        "logout: 0",
        "gone: 3",
        "again: 0",
        "lock: 0",
        "locked: 12",
    ]
    assert "crmctl: The keyring is locked, and nobody unlocked it." in result.stderr
    assert "The key is in the keyring." in result.stderr
    assert [file.name for file in (home / "config").iterdir() if file.suffix == ".json"] == []
