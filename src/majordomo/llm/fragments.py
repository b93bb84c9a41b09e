"""Memory of encoded messages, so that a long loop does not encode its history again and again.

A message is immutable, so its encoding in one dialect never changes. Keyed by identity: a lookup
costs no hash over the content. The message is kept beside its bytes, so an id is never reused
while it is a key. Dropped with the run or session that owns it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

from majordomo.llm.message import Message

__all__ = ["Fragments"]

T = TypeVar("T")


class Fragments:
    """Encoded messages of one run or session, per dialect."""

    __slots__ = ("_dialects",)

    def __init__(self) -> None:
        self._dialects: dict[Hashable, dict[int, tuple[Message, object]]] = {}

    def of(self, dialect: Hashable, _kind: type[T] = bytes) -> dict[int, tuple[Message, T]]:
        """The fragments of one dialect: `id(message)` → (message, fragment), to read and add to.

        Args:
            dialect: Everything the encoding depends on besides the message; compared by value.
        """
        return self._dialects.setdefault(dialect, {})  # pyright: ignore[reportReturnType]
