"""The command line. Needs the extra `cli`; importing this module does not."""

from __future__ import annotations

import importlib
import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `executus` command."""
    try:
        app = importlib.import_module("executus.cli.app")
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.exit("the command line needs an extra: pip install 'executus[cli]'")
    app.cli()
