"""What was cut off long results, kept for the run, and the tool that reads it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, cast

from executus.registry.registeredtool import RegisteredTool
from executus.registry.toolpolicy import DEFAULT_RESULT_BYTES, Effect, ToolPolicy
from majordomo.llm import BadArguments, ToolContext, tool

__all__ = ["Overflow", "cut", "read_more_tool"]

DEFAULT_MAX_BYTES = 8 * 1024 * 1024
READ_MORE = "read_more"
NOTE_BYTES = 200
"""Room for the note under what was cut; all notes are shorter."""


class Overflow:
    """Long results of one run, whole, by reference; the oldest are dropped to make room.

    Args:
        max_bytes: Size of all texts together, in UTF-8; 0 keeps nothing. Of a text that alone is
            longer, the beginning is kept.
        start: References count from here: as many as an earlier process of the run may have given
            out, so that none comes to mean another text.
    """

    def __init__(self, max_bytes: int = DEFAULT_MAX_BYTES, *, start: int = 0) -> None:
        self.max_bytes = max_bytes
        self._texts: dict[str, tuple[str, int]] = {}
        self._held = 0
        self._count = start

    @property
    def held_bytes(self) -> int:
        """Size of what is kept."""
        return self._held

    def put(self, text: str) -> str:
        """Keep a text; returns its reference."""
        self._count += 1
        ref = f"r{self._count}"
        kept = text[: _fitting(text, self.max_bytes)]
        self._held += _size(kept)
        self._texts[ref] = kept, len(text)
        while self._held > self.max_bytes:
            dropped, _ = self._texts.pop(next(iter(self._texts)))
            self._held -= _size(dropped)
        return ref

    def read(self, ref: str, offset: int, *, tool_name: str = READ_MORE) -> str:
        """The part of a kept text that begins at a character, as much as one result takes.

        Raises:
            BadArguments: No such text is kept, or it has no such character.
        """
        text, total = self._texts.get(ref.strip(), ("", -1))
        if total < 0:
            raise BadArguments(
                f"nothing is kept under {ref!r}: the oldest results make room for new ones; "
                "call the tool that gave it again"
            )
        if not 0 <= offset < len(text):
            raise BadArguments(f"offset must be 0 to {len(text) - 1} for {ref!r}, not {offset}")
        rest = text[offset:]
        end = cut(rest, DEFAULT_RESULT_BYTES)
        if offset + end == total:
            return rest
        if end == len(rest):  # only the beginning of it was kept
            end = cut(rest, DEFAULT_RESULT_BYTES - NOTE_BYTES)
        if offset + end == len(text):
            return rest + lost_note(len(text), total)
        return rest[:end] + more_note(ref, offset + end, total, tool_name)


def more_note(ref: str, offset: int, total: int, tool_name: str) -> str:
    """Tells the model how to go on."""
    return (
        f"\n[cut here, at character {offset} of {total}; "
        f'go on with {tool_name}(ref="{ref}", offset={offset})]'
    )


def lost_note(offset: int, total: int) -> str:
    """Tells the model that the rest is not kept."""
    return (
        f"\n[cut here, at character {offset} of {total}; "
        "the rest is not kept: ask for less, or for a later part]"
    )


def cut(text: str, max_bytes: int) -> int:
    """How many characters of a text to show so that they and a note fit.

    At the end of a line if there is one in the last quarter, else between words, else anywhere.
    """
    if _size(text) <= max_bytes:
        return len(text)
    fitting = _fitting(text, max_bytes - NOTE_BYTES)
    for gap in ("\n", " "):
        end = text.rfind(gap, fitting * 3 // 4, fitting) + 1
        if end:
            return end
    return max(1, fitting)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _fitting(text: str, max_bytes: int) -> int:
    """How many characters fit."""
    if text.isascii():
        return min(len(text), max_bytes)
    # `replace` makes one character of a lone surrogate, so that characters can be counted.
    encoded = text.encode("utf-8", "replace")[: max(0, max_bytes)]
    return len(encoded.decode("utf-8", "ignore"))


@tool(inline=True, name=READ_MORE)
def _read_more(ref: str, offset: int) -> tuple[str, int]:
    """Read on in a long tool result that was cut; the note at the cut gives both arguments.

    Args:
        ref: Reference of the result, such as "r1".
        offset: Character to read from.
    """
    return ref, offset


def read_more_tool(overflow: Overflow, taken: Collection[str]) -> RegisteredTool:
    """The tool that reads what one run keeps, under a name that is not taken."""
    name = READ_MORE
    while name in taken:
        name += "_"

    async def invoke(arguments: str, context: ToolContext[Any]) -> object:
        # The tool made of the function only checks arguments: one validator serves every run.
        ref, offset = cast("tuple[str, int]", await _read_more.invoke(arguments, context))
        return overflow.read(ref, offset, tool_name=name)

    policy = ToolPolicy(effect=Effect.READ, idempotent=True, keep_overflow=False)
    made = replace(_read_more, name=name, invoke=invoke, fn=None, timeout_s=policy.timeout_s)
    return RegisteredTool(name=name, tool=made, policy=policy)
