"""Tools as bytes: encoded once per run, beside the run's messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from majordomo.llm.fragments import Fragments
from majordomo.llm.message import Message, Role
from majordomo.llm.tool import Tool

__all__ = ["encoded_tools"]

_MOST_TOOLS_KEPT = 512
_NO_MESSAGE = Message(role=Role.SYSTEM, parts=())


@dataclass(frozen=True, slots=True)
class _EncodedTool:
    """A tool beside its bytes, so that its id is not reused while it is a key."""

    tool: Tool
    data: bytes


def encoded_tools(
    tools: Sequence[Tool], fragments: Fragments, wire: str, encode: Callable[[Tool], bytes]
) -> Iterator[bytes]:
    """Tools in one dialect; those encoded before in this run are only copied.

    Args:
        tools: As immutable as messages, so their bytes are kept in the same memory.
        fragments: That memory.
        wire: The dialect.
        encode: Encodes one tool; depends on nothing but the tool and the dialect.
    """
    known = fragments.of((wire, "tools"), _EncodedTool)
    if len(known) > _MOST_TOOLS_KEPT:  # tools made anew for every request
        known.clear()
    for tool in tools:
        found = known.get(id(tool))
        if found is None:
            found = known[id(tool)] = (_NO_MESSAGE, _EncodedTool(tool, encode(tool)))
        yield found[1].data
