"""The entry point."""

from __future__ import annotations

import os
import sys

from crmctl import __version__

_INTERRUPTED = 130  # `errors.INTERRUPTED`, before anything is imported


def main() -> None:
    """Run crmctl on this process's arguments and end the process with its exit status."""
    try:
        _run(sys.argv[1:])
    except KeyboardInterrupt as stop:
        # While importing: nothing was done yet, and nothing is to be said.
        os._exit(getattr(stop, "exit_status", _INTERRUPTED))


def _run(args: list[str]) -> None:
    # Scripts ask for the version on every start; no command line needs parsing for that. Where it
    # cannot be written, the command line says so.
    if args in (["--version"], ["-V"]) and sys.stdout is not None:
        try:  # contextlib would cost 2 ms
            os.write(sys.stdout.fileno(), f"crmctl {__version__}\n".encode())
            # Installers' scripts import `re`, and taking it apart again costs 2 of 17 ms.
            os._exit(0)
        except OSError:
            pass
    import gc
    import signal

    # An exception in the middle of an import may be swallowed, or shown by what swallows it.
    interruptible = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if interruptible:
        signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))

    # What is imported stays: collecting it again and again while importing costs 4 of 70 ms, and
    # 1 or 2 more while a command imports what it needs, httpx above all.
    gc.disable()
    from crmctl.cli.app import run_process

    gc.freeze()
    gc.set_threshold(100_000)
    gc.enable()
    if interruptible:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run_process(args)


if __name__ == "__main__":
    main()
