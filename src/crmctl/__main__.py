"""The entry point."""

from __future__ import annotations

import os
import sys

from crmctl import __version__


def main() -> None:
    """Run crmctl on this process's arguments and end the process with its exit status."""
    # Scripts ask for the version on every start; no command line needs parsing for that.
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"crmctl {__version__}\n")
        sys.stdout.flush()
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
    run_process(sys.argv[1:])


if __name__ == "__main__":
    main()
