"""Why a store cannot be used."""

from __future__ import annotations

from executus.errors import ExecutusError

__all__ = ["StoreError"]


class StoreError(ExecutusError):
    """The store cannot be opened or used; the message says why and what would change that."""
