"""One streamed answer: reads chunks, feeds the wire's decoder, hands out events."""

from __future__ import annotations

import math
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager

import anyio

from majordomo.clock import Clock
from majordomo.errors import APIError
from majordomo.http import (
    MAX_BODY_BYTES,
    HTTPResponse,
    Inflater,
    LimitsReads,
    LineTooLong,
    TransportError,
)
from majordomo.llm.assembler import ArgumentsTooLong
from majordomo.llm.parts import TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Response, Target
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
from majordomo.providers.faults import WireFault, find_fault, parse_json
from majordomo.providers.reporter import Reporter, request_id
from majordomo.providers.text import is_json
from majordomo.providers.wire import ResponseMeta, Wire

__all__ = ["MALFORMED", "WireStream"]

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError)
"""What reading a payload of an unexpected shape raises; one boundary turns it into an error."""

# Decoded. An event has several times the bytes of its text, and the longest answers are long; but
# all of them are kept.
MAX_STREAM_BYTES = 8 * MAX_BODY_BYTES
_UNPACK_BYTES = 4096  # unpacked at once, to a thousandfold at the most
_MAX_LEAD_BYTES = 64 * 1024  # of white space that may come before a whole answer
_DRAIN_S = 0.25
_DRAIN_CHUNKS = 8


class WireStream:
    """A `Stream` over one HTTP answer.

    Args:
        response: The answer; the stream closes it.
        wire: The dialect it is in.
        target: Who answers.
        reporter: Makes its errors.
        clock: Tells and limits time.
        ends: Time on the clock after which the call has failed.
        timeout_s: The bound `ends` came from, for the message.
        finish: Applied to the whole answer.
    """

    def __init__(
        self,
        response: HTTPResponse,
        *,
        wire: Wire,
        target: Target,
        reporter: Reporter,
        clock: Clock,
        ends: float,
        timeout_s: float,
        finish: Callable[[Response], Response],
    ) -> None:
        self._http = response
        self._wire = wire
        self._reporter = reporter
        self._clock = clock
        self._ends = ends
        self._timeout_s = timeout_s
        self._finish = finish
        self._meta = ResponseMeta(target=target, request_id=request_id(response.headers))
        self._decoder = wire.decoder()
        self._reader = wire.reader()
        encoding = response.headers.get("content-encoding", "")
        self._inflater = Inflater(encoding, MAX_STREAM_BYTES)
        self._at_once = _UNPACK_BYTES if encoding else sys.maxsize
        self._packed = b""
        self._whole = _is_whole(response, json_is_whole=self._reader.json_is_whole)
        self._body = bytearray()  # bytes would be copied whole for every chunk
        self._events: list[StreamEvent] = []
        self._next = 0
        self._content = False
        self._response: Response | None = None
        self._error: APIError | None = None
        bounded = ends < math.inf
        self._limits_itself = (
            bounded and isinstance(response, LimitsReads) and response.limit_reads(self._limit)
        )
        self._needs_limit = bounded and not self._limits_itself

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        """The next event; many may come from one chunk without waiting."""
        while self._next >= len(self._events):
            if self._error is not None:
                raise self._error
            if self._response is not None:
                raise StopAsyncIteration
            await self._fill()
        event = self._events[self._next]
        self._next += 1
        return event

    async def response(self) -> Response:
        """Read what is left; see `Stream.response`."""
        async for _ in self:
            pass
        return self.partial

    @property
    def partial(self) -> Response:
        """What has been received so far; the whole answer once the stream has ended."""
        return self._response or self._decoder.response(self._meta)

    async def aclose(self) -> None:
        """Give the connection back, or close it when the answer was not read to its end."""
        await self._http.aclose()

    async def _fill(self) -> None:
        """Turn one more chunk into events; a failure waits behind those it was preceded by."""
        self._events, self._next = [], 0
        try:
            self._take(await (self._limited() if self._needs_limit else self._inflated()))
        except APIError as error:
            self._error = error
        except TransportError as error:
            self._error = self._failed(error)
            self._error.__cause__ = error
        except WireFault as error:
            self._error = self._reporter.failed(error.fault, self._http.headers)
        except (ArgumentsTooLong, LineTooLong) as error:
            self._error = self._reporter.too_large(error, self._http.headers)
        except MALFORMED as error:
            self._error = self._reporter.malformed(error, self._http.headers)
            self._error.__cause__ = error
        self._content = self._content or any(map(_is_content, self._events))
        if self._error is not None and self._content:
            cause = self._error.__cause__
            self._error = StreamInterrupted.after(self._error, self.partial)
            self._error.__cause__ = cause
        if self._error is None and self._response is not None:
            await self._drain()

    def _failed(self, error: TransportError) -> APIError:
        if error.code == "timeout" and self._limits_itself:
            return self._reporter.timed_out(self._timeout_s)
        return self._reporter.transport_failed(error)

    def _limit(self) -> AbstractContextManager[anyio.CancelScope, bool]:
        return self._clock.deadline(max(0.0, self._ends - self._clock.monotonic()))

    async def _limited(self) -> bytes:
        with self._limit():
            return await self._inflated()
        raise self._reporter.timed_out(self._timeout_s)

    async def _inflated(self) -> bytes:
        """The next decoded bytes; b"" only at the end of the body."""
        while packed := self._packed or await self._http.read_chunk():
            self._packed = packed[self._at_once :]
            decoded = self._inflater.feed(packed[: self._at_once])
            if decoded:  # a compressed chunk may hold no whole byte yet
                return decoded
        return b""

    def _take(self, chunk: bytes) -> None:
        if self._whole is None:
            # Some servers answer a streaming request with one JSON value (wire/README §5).
            self._body += chunk
            start = bytes(self._body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1])
            undecided = not start or b"\xef\xbb\xbf".startswith(self._body)
            if chunk and undecided and len(self._body) <= _MAX_LEAD_BYTES:
                return
            self._whole = start in (b"{", b"[") if start else False
            chunk, self._body = bytes(self._body), bytearray()
        if self._whole:
            self._take_whole(chunk)
        else:
            self._take_events(chunk)

    def _take_whole(self, chunk: bytes) -> None:
        self._body += chunk
        if len(self._body) > MAX_BODY_BYTES:
            raise LineTooLong(f"the body is over {MAX_BODY_BYTES} bytes")
        if not chunk:
            response = self._wire.decode(parse_json(bytes(self._body)), self._meta)
            self._events.extend(_events_of(response))
            self._response = self._finish(response)

    def _take_events(self, chunk: bytes) -> None:
        decoder = self._decoder
        for payload in self._reader.feed(chunk) if chunk else self._reader.flush():
            self._events.extend(decoder.feed(payload))
            if decoder.done:
                break
        if decoder.done or not chunk:
            if not decoder.done:
                self._check_stray()
            self._events.extend(decoder.end())
            self._response = self._finish(decoder.response(self._meta))

    def _check_stray(self) -> None:
        """Raise the error some servers write into a stream without `data:`."""
        if not self._reader.stray:
            return
        try:
            fault = find_fault(parse_json(self._reader.stray))
        except ValueError:
            return  # no JSON after all: what is missing then is the end of the stream
        if fault is not None:
            raise WireFault(fault)

    async def _drain(self) -> None:
        """Read the rest of a complete answer, so that its connection can be used again."""
        with self._clock.deadline(_DRAIN_S):
            try:
                for _ in range(_DRAIN_CHUNKS):
                    if not await self._http.read_chunk():
                        return
            except TransportError:
                return  # the answer is complete; only the connection is lost


def _is_whole(response: HTTPResponse, *, json_is_whole: bool) -> bool | None:
    """Whether the body is one JSON value; None when its first byte will tell.

    Where every frame is a JSON value, a body of one is no different from a body of many.
    """
    if not json_is_whole:
        return False
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return True if media_type == "application/json" else None


def _is_content(event: StreamEvent) -> bool:
    return not isinstance(event, UsageEvent | FinishEvent)


def _events_of(response: Response) -> Iterator[StreamEvent]:
    """The events a whole answer would have been streamed as."""
    calls = 0
    for part in response.message.parts:
        match part:
            case TextPart():
                yield TextDelta(part.text)
            case ThinkingPart():
                yield ThinkingDelta(part.text)
            case ToolCallPart():
                yield ToolCallStart(calls, part.id, part.name)
                yield ToolCallDelta(calls, part.arguments)
                if response.finish_reason is not FinishReason.LENGTH or is_json(part.arguments):
                    yield ToolCallEnd(calls, part.id, part.name, part.arguments)
                calls += 1
            case _:
                continue
    yield UsageEvent(response.usage)
    yield FinishEvent(response.finish_reason)
