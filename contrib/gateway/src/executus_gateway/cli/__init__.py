"""The command `executus-gateway`: a client of the daemon, like any other."""

from __future__ import annotations

import sys

from executus_gateway.cli.app import cli, run_app

__all__ = ["cli", "main"]


def main() -> None:
    """Run the command line of this process, and end it with the command's exit code."""
    sys.exit(run_app())
