"""One content block of a streamed answer, in the making."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from majordomo.llm.assembler import Piece
from majordomo.llm.parts import Part, ToolCallPart
from majordomo.providers.anthropic.decode import block_part

__all__ = ["StreamedBlock"]

Json = dict[str, Any]


class StreamedBlock:
    """A block as it started, and what was added since.

    Attributes:
        start: The block as `content_block_start` held it.
        piece: Its text, thinking or input text so far.
        complete: It has ended.
    """

    __slots__ = ("citations", "complete", "piece", "signature", "start")

    def __init__(self, start: Json, piece: Piece) -> None:
        self.start = start
        self.piece = piece
        self.complete = False
        self.signature: list[str] = []
        self.citations: list[Json] = []

    @property
    def is_call(self) -> bool:
        """A call of one of our tools; the server's own tools have other block types."""
        return self.start.get("type") == "tool_use"

    @property
    def is_final(self) -> bool:
        """It may be sent back: a text as far as it came, anything else only when complete."""
        return self.complete or self.start.get("type") == "text"

    def whole(self) -> Json:
        """The block as a whole answer would hold it."""
        block = dict(self.start)
        match block.get("type"):
            case "text":
                block["text"] = (block.get("text") or "") + self.piece.text
                if self.citations:
                    block["citations"] = [*(block.get("citations") or ()), *self.citations]
            case "thinking":
                block["thinking"] = (block.get("thinking") or "") + self.piece.text
                if self.signature:
                    block["signature"] = (block.get("signature") or "") + "".join(self.signature)
            case _:
                if self.piece.text.strip():
                    block["input"] = self._input()
        return block

    def part(self) -> Part | None:
        """The block as a part; a call only when it is complete."""
        if not self.is_call:
            return block_part(self.whole())
        if not self.complete:
            return None
        if isinstance(self._input(), str):
            # As the model wrote it: the tool's own check tells the model what is wrong.
            start = self.start
            return ToolCallPart(id=start["id"], name=start["name"], arguments=self.piece.text)
        return block_part(self.whole())

    def _input(self) -> Any:
        """The parsed input text; the text itself when it is not JSON."""
        text = self.piece.text
        try:
            return from_json(text if text.strip() else "{}", allow_inf_nan=False)
        except ValueError:
            return text
