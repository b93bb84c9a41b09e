"""`python -m executus`: the same as the command."""

from __future__ import annotations

from executus_command import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
