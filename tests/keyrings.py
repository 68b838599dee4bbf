"""Keyrings that stand in for the machine's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import keyring
import keyring.backend
import keyring.errors

Backend = TypeVar("Backend", bound=keyring.backend.KeyringBackend)


@contextmanager
def machine_keyring(backend: Backend) -> Iterator[Backend]:
    """The machine's keyring is that one meanwhile."""
    before = keyring.get_keyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


class MemoryKeyring(keyring.backend.KeyringBackend):
    """A keyring that forgets, and that counts how often it was asked."""

    priority: float = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.calls = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.calls += 1
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.calls += 1
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.calls += 1
        del self.kept[service, username]


class SlowKeyring(MemoryKeyring):
    """A keyring that waits for somebody to unlock it."""

    def __init__(self) -> None:
        super().__init__()
        self.unlocked = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.unlocked.wait(30)
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self.unlocked.wait(30)
        super().set_password(service, username, password)


class FailingKeyring(MemoryKeyring):
    """A keyring whose errors repeat what they were given."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise ValueError(f"{service} {username} {password}")


class PlainFileKeyring(MemoryKeyring):
    """What keyring takes where it finds nothing better, and what it thinks of it."""

    priority = 0.5
