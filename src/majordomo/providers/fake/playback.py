"""A scripted answer played as a stream, event by event."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import anyio.lowlevel

from majordomo.errors import APIError
from majordomo.llm.assembler import Assembler, Kind, Piece
from majordomo.llm.message import Message, Role
from majordomo.llm.parts import TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Response, Usage
from majordomo.llm.stream import (
    FinishEvent,
    StreamEvent,
    StreamInterrupted,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallEnd,
    ToolCallStart,
    UsageEvent,
)

__all__ = ["FakeStream", "events_of"]


class FakeStream:
    """A `Stream` over a response that is known already.

    Args:
        response: What the stream ends in.
        chunk_chars: Characters per delta.
        break_after: Events before `error`; None for a stream that ends well.
        error: Raised instead of the next event, and again on every later read.
    """

    def __init__(
        self,
        response: Response,
        *,
        chunk_chars: int,
        break_after: int | None = None,
        error: Exception | None = None,
    ) -> None:
        self._response = response
        self._events = events_of(response, chunk_chars)
        self._left = break_after
        self._error = error
        self._received = _Received()
        self._ended = False

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        """The next event; a checkpoint, as reading from a socket is."""
        await anyio.lowlevel.checkpoint()
        if self._error is not None and self._left == 0:
            raise self._failure(self._error)
        event = None if self._ended else next(self._events, None)
        if event is None:
            self._ended = True
            if self._error is not None:  # the answer was shorter than the script expected
                raise self._failure(self._error)
            raise StopAsyncIteration
        if self._left is not None:
            self._left -= 1
        self._received.take(event)
        return event

    async def response(self) -> Response:
        """Read what is left; see `Stream.response`."""
        async for _ in self:
            pass
        return self.partial

    @property
    def partial(self) -> Response:
        """What has been received so far; the whole answer once the stream has ended."""
        if self._ended and self._error is None:
            return self._response
        return self._received.as_response(self._response)

    def _failure(self, error: Exception) -> Exception:
        if isinstance(error, APIError) and self._received.content:
            return StreamInterrupted.after(error, self.partial)
        return error


class _Received:
    """What the reader has seen, assembled as a wire's decoder would."""

    def __init__(self) -> None:
        self.content = False
        self._assembler = Assembler()
        self._calls: list[Piece] = []
        self._order = 0
        self._kind: Kind | None = None
        self._usage = Usage()
        self._reason = FinishReason.OTHER

    def take(self, event: StreamEvent) -> None:
        """Note one event."""
        self.content = self.content or not isinstance(event, UsageEvent | FinishEvent)
        match event:
            case TextDelta():
                self._piece(Kind.TEXT).chunks.append(event.text)
            case ThinkingDelta():
                self._piece(Kind.THINKING).chunks.append(event.text)
            case ToolCallStart():
                self._kind, self._order = None, self._order + 1
                call, _ = self._assembler.start_call((self._order,), event.id, event.name)
                self._calls.append(call)
            case ToolCallDelta():
                self._assembler.add_arguments(self._calls[event.index], event.arguments)
            case ToolCallEnd():
                self._assembler.end_call(self._calls[event.index])
            case UsageEvent():
                self._usage = event.usage
            case FinishEvent():
                self._reason = event.reason

    def _piece(self, kind: Kind) -> Piece:
        if kind is not self._kind:
            self._kind, self._order = kind, self._order + 1
        return self._assembler.piece((self._order,), kind)

    def as_response(self, whole: Response) -> Response:
        """The answer as far as it came."""
        message = Message(role=Role.ASSISTANT, parts=self._assembler.parts())
        return replace(whole, message=message, finish_reason=self._reason, usage=self._usage)


def events_of(response: Response, chunk_chars: int) -> Iterator[StreamEvent]:
    """The events a wire would stream this answer as, in order.

    Args:
        response: The whole answer.
        chunk_chars: Characters per delta, at least 1.
    """
    calls = 0
    for part in response.message.parts:
        match part:
            case TextPart():
                yield from (TextDelta(chunk) for chunk in _chunks(part.text, chunk_chars))
            case ThinkingPart():
                yield from (ThinkingDelta(chunk) for chunk in _chunks(part.text, chunk_chars))
            case ToolCallPart():
                yield ToolCallStart(calls, part.id, part.name)
                for chunk in _chunks(part.arguments, chunk_chars):
                    yield ToolCallDelta(calls, chunk)
                yield ToolCallEnd(calls, part.id, part.name, part.arguments)
                calls += 1
            case _:
                continue
    yield UsageEvent(response.usage)
    yield FinishEvent(response.finish_reason)


def _chunks(text: str, size: int) -> Iterator[str]:
    return (text[start : start + size] for start in range(0, len(text), size))
