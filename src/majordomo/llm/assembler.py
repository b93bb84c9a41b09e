"""Collects a streamed answer's pieces; every wire's stream decoder feeds one.

Pieces are kept under keys that sort in the order the non-streaming answer would have had, so that
both ways end in the same `Response`.
"""

from __future__ import annotations

from enum import Enum, auto

from majordomo.llm.parts import OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.stream import ToolCallDelta, ToolCallEnd, ToolCallStart

__all__ = ["MAX_ARGUMENT_CHARS", "ArgumentsTooLong", "Assembler", "Kind", "Piece"]

MAX_ARGUMENT_CHARS = 256 * 1024

Key = tuple[int, ...]


class ArgumentsTooLong(ValueError):
    """A call's argument text passed `MAX_ARGUMENT_CHARS`."""


class Kind(Enum):
    """What a piece will become."""

    TEXT = auto()
    THINKING = auto()
    CALL = auto()
    OPAQUE = auto()


class Piece:
    """One part in the making. Append text to `chunks`; that is all a delta costs."""

    __slots__ = ("chunks", "complete", "id", "index", "kind", "name", "size")

    def __init__(self, kind: Kind, *, index: int = 0, id: str = "", name: str = "") -> None:
        self.kind = kind
        self.chunks: list[str] = []
        self.index = index
        self.id = id
        self.name = name
        self.size = 0
        self.complete = kind is not Kind.CALL

    @property
    def text(self) -> str:
        """All chunks, joined."""
        return "".join(self.chunks)


class Assembler:
    """The pieces of one answer."""

    __slots__ = ("_calls", "_pieces")

    def __init__(self) -> None:
        self._pieces: dict[Key, Piece] = {}
        self._calls = 0

    def piece(self, key: Key, kind: Kind) -> Piece:
        """The text, thinking or opaque piece under `key`, made when it is new."""
        found = self._pieces.get(key)
        if found is None:
            found = self._pieces[key] = Piece(kind)
        return found

    def start_call(self, key: Key, id: str, name: str) -> tuple[Piece, ToolCallStart]:
        """A new call under `key`."""
        piece = Piece(Kind.CALL, index=self._calls, id=id, name=name)
        self._calls += 1
        self._pieces[key] = piece
        return piece, ToolCallStart(piece.index, id, name)

    def add_arguments(self, call: Piece, fragment: str) -> ToolCallDelta:
        """More argument text of a call.

        Raises:
            ArgumentsTooLong: The text passed `MAX_ARGUMENT_CHARS`.
        """
        call.size += len(fragment)
        if call.size > MAX_ARGUMENT_CHARS:
            raise ArgumentsTooLong(
                f"arguments of the call {call.name!r} are over {MAX_ARGUMENT_CHARS} characters"
            )
        call.chunks.append(fragment)
        return ToolCallDelta(call.index, fragment)

    def end_call(self, call: Piece) -> ToolCallEnd:
        """The call is complete; without argument text its arguments are `{}`."""
        call.complete = True
        return ToolCallEnd(call.index, call.id, call.name, call.text or "{}")

    def cut_call(self, call: Piece) -> None:
        """The answer ended in the midst of the call: it is kept as far as it came, not ended."""
        call.complete = True

    @property
    def open_calls(self) -> list[Piece]:
        """Calls that were started and not ended, in order of their start."""
        return [p for p in self._pieces.values() if p.kind is Kind.CALL and not p.complete]

    @property
    def has_calls(self) -> bool:
        """Whether any call was started."""
        return self._calls > 0

    def parts(self) -> tuple[Part, ...]:
        """The complete parts in canonical order; empty texts are left out."""
        ordered = (self._pieces[key] for key in sorted(self._pieces))
        return tuple(part for piece in ordered if (part := _part(piece)) is not None)


def _part(piece: Piece) -> Part | None:
    text = piece.text
    match piece.kind:
        case Kind.TEXT:
            return TextPart(text) if text else None
        case Kind.THINKING:
            return ThinkingPart(text) if text else None
        case Kind.CALL:
            if not piece.complete:
                return None
            return ToolCallPart(id=piece.id, name=piece.name, arguments=text or "{}")
        case Kind.OPAQUE:
            return OpaquePart(provider=piece.id, kind=piece.name, data=text)
