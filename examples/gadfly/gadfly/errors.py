"""What ends a review before it begins: one sentence, exit code 2."""

from __future__ import annotations

from executus import ExecutusError

__all__ = ["GadflyError"]


class GadflyError(ExecutusError):
    """Gadfly is not set up, or there is no diff to be had; the message says what to change."""
