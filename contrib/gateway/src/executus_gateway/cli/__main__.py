"""`python -m executus_gateway.cli`: the command, where its script is not in the PATH."""

from __future__ import annotations

from executus_gateway.cli import main

if __name__ == "__main__":
    main()
