"""One output item of a streamed answer, in the making."""

from __future__ import annotations

from typing import Any

from majordomo.llm.assembler import Piece
from majordomo.providers.responses.items import arguments_of

__all__ = ["StreamedItem"]

Json = dict[str, Any]
Place = tuple[str, int]

SUMMARY, THOUGHT, TEXT, REFUSAL = "summary_text", "reasoning_text", "output_text", "refusal"


class StreamedItem:
    """An item as it was added, and what came since.

    Attributes:
        start: The item as `response.output_item.added` held it.
        call: Its argument text so far, when it is a call.
        final: The complete item, once it came.
    """

    __slots__ = ("_last", "_texts", "call", "final", "start")

    def __init__(self, start: Json, call: Piece | None = None) -> None:
        self.start = start
        self.call = call
        self.final: Json | None = None
        self._texts: dict[Place, list[str]] = {}
        self._last: Place | None = None

    def add(self, kind: str, index: int, text: str) -> str:
        """Add text to one of its parts; returns what to show, parts of reasoning set apart."""
        place = (kind, index)
        self._texts.setdefault(place, []).append(text)
        apart = kind in (SUMMARY, THOUGHT) and self._last not in (None, place)
        self._last = place
        return f"\n\n{text}" if apart else text

    @property
    def shown(self) -> str:
        """What was shown of it so far."""
        if self.call is not None:
            return self.call.text
        gap = "\n\n" if self.start.get("type") == "reasoning" else ""
        return gap.join("".join(texts) for texts in self._texts.values())

    def whole(self, *, ended: bool = False) -> Json:
        """The item as a whole answer would hold it, as far as it came.

        Args:
            ended: The answer is complete, and so is every item of it.
        """
        if self.final is not None:
            return self.final
        if self.call is not None:
            arguments = self.call.text or arguments_of(self.start)
            status = "completed" if ended else "incomplete"
            known = {"call_id": self.call.id, "arguments": arguments, "status": status}
            return {**self.start, **known}
        match self.start.get("type"):
            case "message":
                return {**self.start, "content": self._parts(TEXT, REFUSAL)}
            case "reasoning":
                # What is encrypted may be cut on the copy that was added (wire/responses §5).
                start = {k: v for k, v in self.start.items() if k != "encrypted_content"}
                thoughts = self._parts(THOUGHT)
                content = {"content": thoughts} if thoughts else {}
                return {**start, "summary": self._parts(SUMMARY), **content}
            case _:
                return self.start

    def _parts(self, *kinds: str) -> list[Json]:
        places = sorted((place for place in self._texts if place[0] in kinds), key=_index)
        return [
            {"type": kind, "refusal" if kind == REFUSAL else "text": "".join(self._texts[kind, at])}
            for kind, at in places
        ]


def _index(place: Place) -> int:
    return place[1]
