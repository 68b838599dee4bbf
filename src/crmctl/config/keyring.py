"""The system's keyring, which may have to ask a person for its password first."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crmctl import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from keyring.backend import KeyringBackend

SERVICE = "crmctl"
# How long it may take where nobody could unlock it, and where a person can.
UNATTENDED_SECONDS = 5.0
ATTENDED_SECONDS = 60.0
_HINT = (
    "`crmctl auth login --store file` keeps the key in a 0600 file instead; a job sets"
    " CRMCTL_API_KEY."
)
_MOMENT = 1.0

T = TypeVar("T")


class Keyring:
    """The system's keyring: what it keeps under a user's name.

    Each call takes ``seconds`` at most, and after a moment ``tell`` gets a line that says what it
    waits for. Each raises StoreError, and nothing else, where the keyring does not do it.
    ``chosen`` says that the user named the keyring (PYTHON_KEYRING_BACKEND): it is then used,
    however little its library recommends it.
    """

    __slots__ = ("_chosen", "_seconds", "_tell")

    def __init__(
        self,
        seconds: float = UNATTENDED_SECONDS,
        *,
        tell: Callable[[str], None] = lambda _: None,
        chosen: bool = False,
    ) -> None:
        self._seconds = seconds
        self._tell = tell
        self._chosen = chosen

    def name(self) -> str:
        """What the machine's keyring calls itself. Unlocks nothing."""
        return self._call(lambda backend: str(backend.name))

    def get(self, user: str) -> str | None:
        """The key; None if there is none."""
        return self._call(lambda backend: backend.get_password(SERVICE, user))

    def put(self, user: str, key: str) -> None:
        """Keep the key, in place of another."""
        self._call(lambda backend: backend.set_password(SERVICE, user, key))

    def remove(self, user: str) -> bool:
        """Forget the key; False if there was none."""
        return self._call(lambda backend: _remove(backend, user))

    def _call(self, call: Callable[[KeyringBackend], T]) -> T:
        """What the call gives. Finding the backend may wait too: it is imported in the thread."""
        import threading

        answers: list[T] = []
        failures: list[str] = []

        def work() -> None:
            try:
                backend = _find_backend(chosen=self._chosen)
                if backend is None:
                    failures.append("There is no keyring on this machine.")
                else:
                    answers.append(call(backend))
            except Exception as error:  # noqa: BLE001 - each backend raises what its library does
                # Its own words may hold what it was given, a key as well.
                failures.append(_describe(error))

        thread = threading.Thread(target=work, name="keyring", daemon=True)
        thread.start()
        thread.join(min(_MOMENT, self._seconds))
        if thread.is_alive() and self._seconds > _MOMENT:
            self._tell("Waiting for the keyring, which may be asking for its password …")
            thread.join(self._seconds - _MOMENT)
        if answers:
            return answers[0]
        late = f"The keyring gave no answer within {self._seconds:g} seconds. Is it locked?"
        raise errors.StoreError(failures[0] if failures else late, hint=_HINT)


UNATTENDED = Keyring()


def _find_backend(*, chosen: bool) -> KeyringBackend | None:
    import keyring
    from keyring.backends import fail, null
    from keyring.core import load_config, recommended

    backend = keyring.get_keyring()
    if isinstance(backend, (fail.Keyring, null.Keyring)):
        return None
    # Those of low priority are plain files: only for a user who asks for one, by name.
    if recommended(backend) or chosen or load_config() is not None:
        return backend
    return None


def _remove(backend: KeyringBackend, user: str) -> bool:
    # Each backend says "there is none" in its own way when it deletes, but None when it is asked.
    if backend.get_password(SERVICE, user) is None:
        return False
    backend.delete_password(SERVICE, user)
    return True


def _describe(error: Exception) -> str:
    kind = type(error).__name__
    if kind == "KeyringLocked":
        return "The keyring is locked, and nobody unlocked it."
    return f"The keyring failed ({kind})."
