"""The command `executus-gateway`: a client of the daemon, like any other."""

from __future__ import annotations

import sys
from importlib import import_module

from executus.cli.briefly import briefly

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process, and end it with the command's exit code."""
    with briefly():
        sys.exit(import_module("executus_gateway.cli.app").run_app())
