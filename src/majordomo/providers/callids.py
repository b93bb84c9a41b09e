"""Call ids of our own: for calls whose server gave none, or whose id another server refuses."""

from __future__ import annotations

import hashlib
import re
import uuid

__all__ = ["PortableCallIds", "digest_call_id", "new_call_id"]

_PORTABLE = re.compile(r"[a-zA-Z0-9_-]{1,64}")


def new_call_id() -> str:
    """An id for a call whose server gave none; unique in any transcript."""
    return f"call_{uuid.uuid4().hex[:24]}"


def digest_call_id(text: str) -> str:
    """An id every server takes, the same for the same text."""
    return f"call_{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:24]}"


class PortableCallIds:
    """The ids of one conversation's calls on a wire: each of a form servers take, none twice."""

    __slots__ = ("_taken",)

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, call_id: str) -> str:
        """The id for the next call; its own where that will do."""
        found = call_id if _PORTABLE.fullmatch(call_id) else digest_call_id(call_id)
        if found in self._taken:  # some vendors number the calls of every turn from 0
            found = digest_call_id(f"{call_id}\n{len(self._taken)}")
        self._taken.add(found)
        return found
