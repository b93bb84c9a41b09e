"""`python -m executus_gateway.daemon FOLDER`: what clients start in the background."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import anyio

from executus.errors import ExecutusError
from executus_gateway.daemon import DaemonSettings, run_daemon
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
        anyio.run(run_daemon, home, DaemonSettings.read(home))
    except StateLocked as error:
        sys.stderr.write(f"{error}\n")
        return TAKEN
    except (ExecutusError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
