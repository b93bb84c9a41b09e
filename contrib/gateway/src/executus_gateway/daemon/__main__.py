"""`python -m executus_gateway.daemon FOLDER`: what clients start in the background."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from executus.errors import ExecutusError
from executus_gateway import daemon
from executus_gateway.errors import StateLocked

TAKEN = 3
"""Exit code: another process has the folder already."""


def main(folder: str) -> int:
    """Serve a folder; what goes wrong is one sentence on standard error."""
    os.umask(0o077)
    home = Path(folder).absolute()
    os.chdir("/")  # nobody's folder is kept busy, and no source finds itself beside the tokens
    if os.getpgrp() != os.getpid():
        os.setsid()  # the terminal of whoever started it may go
    try:
        settings = daemon.DaemonSettings.read(home)
        anyio.run(_loaded(), home, settings)
    except StateLocked as error:
        sys.stderr.write(f"{error}\n")
        return TAKEN
    except (ExecutusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _loaded() -> Callable[[Path, daemon.DaemonSettings], Awaitable[None]]:
    """The daemon's modules, kept from the collector for good: they stay as long as the process."""
    gc.disable()
    run = daemon.run_daemon
    gc.freeze()
    gc.enable()
    return run


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
