"""Events of a streamed answer, and the assembler that turns them into the same `Response`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from majordomo.errors import APIError
from majordomo.llm.response import FinishReason, Response, Usage

__all__ = [
    "FinishEvent",
    "Stream",
    "StreamEvent",
    "StreamInterrupted",
    "TextDelta",
    "ThinkingDelta",
    "ToolCallDelta",
    "ToolCallEnd",
    "ToolCallStart",
    "UsageEvent",
]


# Events are slotted but not frozen: a frozen dataclass costs three times as much to build, and a
# stream builds one per delta.
@dataclass(slots=True)
class TextDelta:
    """More text of the answer."""

    text: str


@dataclass(slots=True)
class ThinkingDelta:
    """More reasoning text."""

    text: str


@dataclass(slots=True)
class ToolCallStart:
    """A call begins.

    Attributes:
        index: Position among the answer's calls, from 0.
    """

    index: int
    id: str
    name: str


@dataclass(slots=True)
class ToolCallDelta:
    """More of a call's argument text; not valid JSON by itself."""

    index: int
    arguments: str


@dataclass(slots=True)
class ToolCallEnd:
    """A call is complete."""

    index: int
    id: str
    name: str
    arguments: str


@dataclass(slots=True)
class UsageEvent:
    """Tokens so far; cumulative, the last one counts."""

    usage: Usage


@dataclass(slots=True)
class FinishEvent:
    """The answer is complete; always the last event."""

    reason: FinishReason


StreamEvent: TypeAlias = (
    TextDelta
    | ThinkingDelta
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | UsageEvent
    | FinishEvent
)


class StreamInterrupted(APIError):
    """A stream broke after its first content event; never restarted silently.

    Attributes:
        partial: What was received: complete calls only, text and reasoning as far as they came.
    """

    partial: Response

    @classmethod
    def after(cls, error: APIError, partial: Response) -> StreamInterrupted:
        """The same failure, with what was received before it."""
        interrupted = cls.__new__(cls, *error.args)
        interrupted.args = error.args
        interrupted.__dict__.update(error.__dict__, partial=partial, safe_to_replay=False)
        return interrupted


class Stream(Protocol):
    """A streamed answer: iterate it for events, or ask for the whole response."""

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        """The events, once, in order."""
        ...

    async def response(self) -> Response:
        """Read what is left and return the assembled response.

        Raises:
            APIError: The stream broke; see `Model.stream`.
        """
        ...

    @property
    def partial(self) -> Response:
        """What has been received so far."""
        ...
