"""The parts of one answer, put together from whole bodies and from chunks alike.

Text comes in pieces without an index: a piece goes on the run before it unless thinking began or
ended, or either carries a signature, which is bound to its part. Calls come whole.
Source: wire/google §5.1, §6, §8.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.assembler import Assembler, Kind, Piece
from majordomo.llm.parts import ImagePart, OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.stream import StreamEvent, TextDelta, ThinkingDelta
from majordomo.providers.callids import new_call_id
from majordomo.providers.google.state import WIRE

__all__ = ["AnswerParts"]

Json = dict[str, Any]

_TEXT_FIELDS = frozenset({"text", "thought"})
# Stand beside a part's one data field.
_BESIDE = frozenset({"thought", "thoughtSignature", "partMetadata", "mediaResolution"})


class _Run:
    """A part in the making.

    Attributes:
        raw: The part as received; of a text, its first piece.
        piece: Its text or arguments so far.
        open: The next piece of text may belong to it.
    """

    __slots__ = ("open", "piece", "raw")

    def __init__(self, raw: Json, piece: Piece, *, open: bool = False) -> None:
        self.raw = raw
        self.piece = piece
        self.open = open

    def whole(self) -> Json:
        """The part as one."""
        return {**self.raw, "text": self.piece.text} if "text" in self.raw else self.raw

    def part(self) -> Part | None:
        """The canonical part; None for an empty text, which only carries a signature."""
        match self.piece.kind:
            case Kind.CALL:
                piece = self.piece
                return ToolCallPart(id=piece.id, name=piece.name, arguments=piece.text)
            case Kind.THINKING:
                return ThinkingPart(self.piece.text) if self.piece.text else None
            case Kind.TEXT:
                return TextPart(self.piece.text) if self.piece.text else None
            case Kind.OPAQUE:
                return _image(self.raw) or _opaque(self.raw)


class AnswerParts:
    """The parts of one answer so far."""

    __slots__ = ("_calls", "_runs")

    def __init__(self) -> None:
        self._calls = Assembler()
        self._runs: list[_Run] = []

    @property
    def has_calls(self) -> bool:
        """Whether any tool was asked for."""
        return self._calls.has_calls

    def add(self, raw: Json) -> Sequence[StreamEvent]:
        """Take the next part of a candidate's content.

        Raises:
            ArgumentsTooLong: The arguments of a call passed their cap.
            TypeError: A field has another type than the wire's.
        """
        text = raw.get("text")
        if text is not None:
            return self._text(raw, text)
        if raw.get("functionCall") is not None:
            return self._call(raw)
        if raw.keys() - _BESIDE or "thoughtSignature" in raw:
            self._runs.append(_Run(raw, Piece(Kind.OPAQUE)))
        return ()

    def _text(self, raw: Json, text: object) -> Sequence[StreamEvent]:
        if not isinstance(text, str):
            raise TypeError(f"a text part without text, but {type(text).__name__}")
        plain = raw.keys() <= _TEXT_FIELDS
        if plain and not text:
            return ()
        kind = Kind.THINKING if raw.get("thought") else Kind.TEXT
        last = self._runs[-1] if self._runs else None
        if not plain or last is None or not last.open or last.piece.kind is not kind:
            last = _Run(raw, Piece(kind), open=plain)
            self._runs.append(last)
        last.piece.chunks.append(text)
        if not text:
            return ()
        return (ThinkingDelta(text) if kind is Kind.THINKING else TextDelta(text),)

    def _call(self, raw: Json) -> Sequence[StreamEvent]:
        call: Json = raw["functionCall"]
        name, arguments = call["name"], call.get("args")
        if not isinstance(name, str) or not name:
            raise TypeError("a functionCall without a name")
        if arguments is not None and not isinstance(arguments, dict):
            raise TypeError(f"args is no object, but {type(arguments).__name__}")
        call_id: object = call.get("id") or new_call_id()
        if not isinstance(call_id, str):
            raise TypeError("a functionCall whose id is no text")
        piece, started = self._calls.start_call((len(self._runs),), call_id, name)
        self._runs.append(_Run(raw, piece))
        written = "{}" if arguments is None else to_json(arguments).decode()
        return (started, self._calls.add_arguments(piece, written), self._calls.end_call(piece))

    def parts(self) -> tuple[Part, ...]:
        """The parts so far."""
        return tuple(part for run in self._runs if (part := run.part()) is not None)

    def raw(self) -> list[Json]:
        """The parts so far as they were received, texts joined."""
        return [run.whole() for run in self._runs]


def _image(raw: Json) -> Part | None:
    """A picture the model made; drafts among its thoughts are none."""
    data = raw.get("inlineData")
    if not isinstance(data, dict) or raw.get("thought"):
        return None
    found = cast("Json", data)
    mime = found.get("mimeType")
    if not isinstance(mime, str) or not mime.startswith("image/"):
        return None
    try:
        return ImagePart(data=base64.b64decode(found["data"], validate=True), mime=mime)
    except binascii.Error as error:
        raise ValueError(f"inlineData is no base64: {error}") from error


def _opaque(raw: Json) -> Part:
    kind = next((name for name in raw if name not in _BESIDE), "part")
    return OpaquePart(provider=WIRE, kind=kind, data=to_json(raw).decode())
