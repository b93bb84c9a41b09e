"""Fragments of a conversation's messages: each encoded once per run, unless it holds big media."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from majordomo.llm.message import Message
from majordomo.llm.parts import DocumentPart, ImagePart, ToolResultPart

__all__ = ["Encodings"]

_MOST_MEDIA_KEPT = 1024 * 1024


class Sized(Protocol):
    """What a wire makes of one message."""

    @property
    def size(self) -> int:
        """Bytes it keeps."""
        ...


F = TypeVar("F", bound=Sized)


class Encodings(Generic[F]):
    """Looks messages up in a run's memory, and encodes those that are new.

    Args:
        known: The memory, of one dialect; see `majordomo.llm.fragments.Fragments.of`.
        encode: Encodes one message; depends on nothing but it and the dialect.

    Attributes:
        keep: False once a fragment was too big to keep beside its message: encoding big media
            again is a copy, holding it twice is memory.
    """

    __slots__ = ("_encode", "_known", "keep")

    def __init__(self, known: dict[int, tuple[Message, F]], encode: Callable[[Message], F]) -> None:
        self.keep = True
        self._known = known
        self._encode = encode

    def of(self, message: Message) -> F:
        """The fragment of a message."""
        found = self._known.get(id(message))
        if found is not None:
            return found[1]
        fragment = self._encode(message)
        if fragment.size < _MOST_MEDIA_KEPT or not _has_media(message):
            self._known[id(message)] = (message, fragment)
        else:
            self.keep = False
        return fragment


def _has_media(message: Message) -> bool:
    return any(
        isinstance(part, ImagePart | DocumentPart)
        or (isinstance(part, ToolResultPart) and bool(part.images))
        for part in message.parts
    )
