"""The entry point."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from crmctl import __version__


def main() -> None:
    """Run crmctl on this process's arguments and end the process with its exit status."""
    try:
        _run(sys.argv[1:])
    except KeyboardInterrupt:
        # While importing: nothing was done yet, and nothing is to be said.
        os._exit(130)


def _run(args: list[str]) -> None:
    # Scripts ask for the version on every start; no command line needs parsing for that. Where it
    # cannot be written, the command line says so.
    if args == ["--version"] and sys.stdout is not None:
        with suppress(OSError):
            os.write(sys.stdout.fileno(), f"crmctl {__version__}\n".encode())
            # Installers' scripts import `re`, and taking it apart again costs 2 of 17 ms.
            os._exit(0)
    import gc

    # What is imported stays: collecting it again and again while importing costs 4 of 70 ms, and
    # 1 or 2 more while a command imports what it needs, httpx above all.
    gc.disable()
    from crmctl.cli.app import run_process

    gc.freeze()
    gc.set_threshold(100_000)
    gc.enable()
    run_process(args)


if __name__ == "__main__":
    main()
