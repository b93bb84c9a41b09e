"""Call ids of our own: for calls whose server gave none, or whose id another server refuses."""

from __future__ import annotations

import hashlib
import uuid

__all__ = ["digest_call_id", "new_call_id"]


def new_call_id() -> str:
    """An id for a call whose server gave none; unique in any transcript."""
    return f"call_{uuid.uuid4().hex[:24]}"


def digest_call_id(text: str) -> str:
    """An id every server takes, the same for the same text."""
    return f"call_{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:24]}"
