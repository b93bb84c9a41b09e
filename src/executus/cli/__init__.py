"""The command line. Needs the extra `cli`; importing this module does not."""

from __future__ import annotations

import importlib
import sys

from executus.cli.briefly import briefly

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process, and end it with the command's exit code."""
    with briefly():
        try:
            sys.exit(importlib.import_module("executus.cli.app").run_app())
        except ModuleNotFoundError as error:
            if error.name not in ("click", "rich"):
                raise
            sys.exit("the command line needs an extra: pip install 'executus[cli]'")
