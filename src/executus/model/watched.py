"""A model whose calls are watched: their start, their end, and what is known of each."""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from executus.model.calls import CallEnding, CallOutcome, ModelCall, TraceSink
from executus.model.tags import current_tags
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.errors import APIError, UnsupportedRequest, classify
from majordomo.llm import (
    Capabilities,
    Model,
    Request,
    Response,
    Stream,
    StreamEvent,
    Target,
    Usage,
)
from majordomo.tasks import finish

__all__ = ["WatchedModel"]

logger = logging.getLogger("executus.model")

SINK_S = 2.0
"""Most seconds a call waits for a sink, each time."""


def _new_id() -> str:
    return uuid.uuid4().hex


class WatchedModel:
    """A `Model` that tells a sink of each call.

    Args:
        model: Who is asked.
        sink: Who is told; waited for at most 2 s each time.
        clock: Measures calls, and limits the sink.
        new_id: Makes the ids of calls.
    """

    def __init__(
        self,
        model: Model,
        sink: TraceSink,
        *,
        clock: Clock = SYSTEM_CLOCK,
        new_id: Callable[[], str] = _new_id,
    ) -> None:
        self._model = model
        self._sink = sink
        self._clock = clock
        self._new_id = new_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.target}>"

    @property
    def target(self) -> Target:
        """The model's."""
        return self._model.target

    @property
    def capabilities(self) -> Capabilities:
        """The model's."""
        return self._model.capabilities

    async def complete(self, request: Request) -> Response:
        """Ask, and tell; see `Model.complete`."""
        call, started = self._call(request, streamed=False), self._clock.monotonic()
        try:
            await self._tell(partial(self._sink.start, call))
            response = await self._model.complete(request)
        except BaseException as error:
            await self._end(call, started, _failed(error, None))
            raise
        await self._end(call, started, _Known(CallEnding.ANSWERED, response, response.usage))
        return response

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncGenerator[Stream]:
        """Ask, read the answer as it comes, and tell at the end of the block."""
        call, started = self._call(request, streamed=True), self._clock.monotonic()
        watched: _WatchedStream | None = None
        try:
            await self._tell(partial(self._sink.start, call))
            async with self._model.stream(request) as stream:
                watched = _WatchedStream(stream)
                yield watched
        except BaseException as error:
            await self._end(call, started, _failed(error, watched))
            raise
        await self._end(call, started, _left(watched))

    def _call(self, request: Request, *, streamed: bool) -> ModelCall:
        return ModelCall(
            id=self._new_id(),
            target=self.target,
            streamed=streamed,
            tags=current_tags(),
            request=request,
        )

    async def _end(self, call: ModelCall, started: float, known: _Known) -> None:
        error = known.error
        failed = known.ending is CallEnding.FAILED and error is not None
        outcome = CallOutcome(
            ending=known.ending,
            elapsed_s=self._clock.monotonic() - started,
            usage=known.usage,
            error=error,
            error_kind=classify(error) if failed and error is not None else None,
            response=known.response,
        )
        await finish(partial(self._tell, partial(self._sink.end, call, outcome)))

    async def _tell(self, tell: Callable[[], Awaitable[None]]) -> None:
        try:
            with self._clock.deadline(SINK_S):
                await tell()
                return
        except Exception:
            logger.exception("a sink of model calls failed and was ignored")
            return
        logger.warning("a sink of model calls took over %g s and was left", SINK_S)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known at the end of a call."""

    ending: CallEnding
    response: Response | None
    usage: Usage
    error: BaseException | None = None


class _WatchedStream:
    """A `Stream` that remembers whether it ended, and of what."""

    __slots__ = ("_events", "_source", "ended", "error")

    def __init__(self, source: Stream) -> None:
        self._source = source
        self._events = aiter(source)
        self.ended = False
        self.error: Exception | None = None

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self

    async def __anext__(self) -> StreamEvent:
        try:
            return await anext(self._events)
        except StopAsyncIteration:
            self.ended = True
            raise
        except Exception as error:
            self.error = error
            raise

    async def response(self) -> Response:
        """See `Stream.response`."""
        async for _ in self:
            pass
        return self.partial

    @property
    def partial(self) -> Response:
        """See `Stream.partial`."""
        return self._source.partial


def _failed(error: BaseException, stream: _WatchedStream | None) -> _Known:
    """The block was left by an exception, which need not be the call's own."""
    if stream is not None and (stream.ended or stream.error is not None):
        return _left(stream)
    ending = CallEnding.FAILED if isinstance(error, Exception) else CallEnding.CANCELLED
    if stream is None:
        return _Known(ending, None, _spent(error), error)
    if ending is CallEnding.FAILED:
        ending = CallEnding.LEFT  # the reader's own failure
    partial_answer = stream.partial
    return _Known(ending, partial_answer, _begun(partial_answer.usage), error)


def _left(stream: _WatchedStream | None) -> _Known:
    """The block ended by itself."""
    if stream is None:
        return _Known(CallEnding.LEFT, None, Usage())
    answer = stream.partial
    if stream.error is not None:
        return _Known(CallEnding.FAILED, answer, _begun(answer.usage), stream.error)
    if stream.ended:
        return _Known(CallEnding.ANSWERED, answer, answer.usage)
    return _Known(CallEnding.LEFT, answer, _begun(answer.usage))


def _begun(usage: Usage) -> Usage:
    """Of an answer that was cut off: one request, although nothing may have been said of it."""
    return usage if usage.requests else replace(usage, requests=1)


def _spent(error: BaseException) -> Usage:
    """Nothing where the server refused, or was not asked; else one request of unknown size."""
    if isinstance(error, UnsupportedRequest):
        return Usage()
    if isinstance(error, APIError) and (error.safe_to_replay or error.status is not None):
        return Usage()
    return Usage(requests=1)
