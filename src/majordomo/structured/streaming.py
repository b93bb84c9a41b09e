"""A typed value while it grows."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Generic, TypeVar, cast

from typing_extensions import TypeForm

from majordomo.builtin import resolve
from majordomo.llm.model import Model
from majordomo.llm.output import ANSWER_TOOL
from majordomo.llm.outputtype import OutputMismatch, OutputType
from majordomo.llm.request import Settings
from majordomo.llm.stream import Stream, StreamEvent, TextDelta, ToolCallDelta, ToolCallStart
from majordomo.structured.exchange import DEFAULT_SETTINGS, Exchange, Prompt

__all__ = ["OutputStream", "generate_stream"]

T = TypeVar("T")

_NOTHING = object()

# A partial is read from the start of the text each time. Waiting until the text has grown by this
# share keeps the work linear in the answer's length.
_GROWTH = 1 / 32


@asynccontextmanager
async def generate_stream(
    model: Model | str,
    output: TypeForm[T],
    prompt: Prompt,
    *,
    system: str = "",
    settings: Settings = DEFAULT_SETTINGS,
    retries: int = 1,
    name: str | None = None,
) -> AsyncGenerator[OutputStream[T]]:
    """Ask as `generate` does, and read the value while it grows.

    The block's value is iterated for partials; `await value.result()` gives the whole. Corrections
    of an answer that does not fit are not streamed: they show in the last value only.

    Raises:
        ConfigError: The type has no JSON Schema of bounded depth.
        APIError: The call failed before any content; later, reading raises `StreamInterrupted`.
    """
    output_type = OutputType(output, name=name)
    exchange = Exchange(output_type, prompt, system=system, settings=settings, retries=retries)
    model = resolve(model)
    async with model.stream(exchange.request()) as stream:
        yield OutputStream(model, exchange, stream)


class OutputStream(Generic[T]):
    """Validated partials of one answer, in order, each different from the one before it.

    The last one is the whole value. What is iterated is gone; `result` may be asked at any time.
    """

    def __init__(self, model: Model, exchange: Exchange[T], stream: Stream) -> None:
        self._model = model
        self._exchange = exchange
        self._stream = stream
        self._events = aiter(stream)
        self._answer = _AnswerText()
        self._read_at = 0
        self._last: object = _NOTHING
        self._result: object = _NOTHING
        self._error: Exception | None = None

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        """The next partial."""
        while self._result is _NOTHING and self._error is None:
            event = await anext(self._events, None)
            value = await self._end() if event is None else self._partial(event)
            if value is not _NOTHING and (self._last is _NOTHING or value != self._last):
                self._last = value
                return cast("T", value)
        raise StopAsyncIteration

    async def result(self) -> T:
        """Read what is left and return the whole value.

        Raises:
            OutputError: No answer fitted, or the model refused, or it ran out of tokens.
            APIError: A call failed; `StreamInterrupted` when the stream broke after content.
        """
        if self._result is _NOTHING and self._error is None:
            await self._end()
        if self._error is not None:
            raise self._error
        return cast("T", self._result)

    def _partial(self, event: StreamEvent) -> object:
        if not self._answer.take(event):
            return _NOTHING
        size = self._answer.size
        if size < self._read_at:
            return _NOTHING
        self._read_at = size + int(size * _GROWTH)
        value = self._exchange.output.parse_partial(self._answer.text())
        return _NOTHING if value is None else value

    async def _end(self) -> object:
        try:
            self._result = await self._finish()
        except Exception as error:
            self._error = error
            raise
        return self._result

    async def _finish(self) -> T:
        response = await self._stream.response()
        while True:
            try:
                return self._exchange.accept(response)
            except OutputMismatch:
                response = await self._model.complete(self._exchange.request())


class _AnswerText:
    """The answer's text so far: text deltas, or the arguments of the answer tool."""

    def __init__(self) -> None:
        self.size = 0
        self._text: list[str] = []
        self._arguments: list[str] = []
        self._index: int | None = None

    def take(self, event: StreamEvent) -> bool:
        """Note an event; True when it brought text of the answer."""
        match event:
            case TextDelta() if self._index is None:
                self._text.append(event.text)
                self.size += len(event.text)
            case ToolCallStart(name=name) if name == ANSWER_TOOL and self._index is None:
                self._index, self.size = event.index, 0
                return False
            case ToolCallDelta() if event.index == self._index:
                self._arguments.append(event.arguments)
                self.size += len(event.arguments)
            case _:
                return False
        return True

    def text(self) -> str:
        """The text so far, joined."""
        chunks = self._text if self._index is None else self._arguments
        joined = "".join(chunks)
        chunks[:] = [joined]
        return joined
