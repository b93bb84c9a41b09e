"""Answers of `/api/chat`, line by line (wire/ollama §5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from majordomo.errors import ErrorKind
from majordomo.llm.assembler import Assembler, Kind
from majordomo.llm.message import Message, Role
from majordomo.llm.response import FinishReason, Response, Usage
from majordomo.llm.stream import FinishEvent, StreamEvent, TextDelta, ThinkingDelta, UsageEvent
from majordomo.providers.faults import TRUNCATED, Fault, WireFault
from majordomo.providers.members import call_name
from majordomo.providers.ollama.answer import (
    arguments_text,
    check_error,
    finish_reason,
    fresh_call_id,
    read_usage,
    text_member,
)
from majordomo.providers.ollama.lines import ObjectLines
from majordomo.providers.ollama.thinking import make_state
from majordomo.providers.wire import ResponseMeta

__all__ = ["ChatDecoder"]

Json = dict[str, Any]

# Keys sort as a whole answer orders its parts.
_THINKING, _TEXT, _CALLS = 0, 1, 2

_NO_ANSWER = Fault(
    message="the answer has no content and does not say that it is done",
    code="malformed_response",
    kind=ErrorKind.TRANSIENT,
)


class ChatDecoder:
    """Decodes one streamed answer; see `StreamDecoder`. A whole one is a stream of length one."""

    __slots__ = (
        "_call_ids",
        "_calls",
        "_chunks",
        "_flagged",
        "_lines",
        "_model",
        "_pieces",
        "_reported",
        "_text",
        "_thinking",
        "_usage",
        "done",
    )

    def __init__(self) -> None:
        self.done = False
        self._pieces = Assembler()
        self._thinking = self._pieces.piece((_THINKING,), Kind.THINKING)
        self._text = self._pieces.piece((_TEXT,), Kind.TEXT)
        self._lines = ObjectLines()
        self._calls = 0
        self._call_ids: set[str] = set()
        self._chunks = 0
        self._flagged = False
        self._reported: object = None
        self._usage: Usage | None = None
        self._model = ""

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the next line; see `StreamDecoder.feed`."""
        if self.done:
            return ()
        for chunk in self._lines.take(payload):
            return self.take(chunk)
        return ()

    def take(self, body: Any) -> Sequence[StreamEvent]:
        """Take the next object of the stream.

        Raises:
            WireFault: It is an error.
        """
        check_error(body)
        chunk = cast("Json", body)
        self._chunks += 1
        self._flagged = self._flagged or "done" in chunk
        events: list[StreamEvent] = []
        message: Json | None = chunk.get("message")
        if message:
            self._message(message, events)
        if not self._model or chunk.get("remote_model"):
            self._model = text_member(chunk, "remote_model") or text_member(chunk, "model")
        usage = read_usage(chunk)
        if usage is not None:
            self._usage = usage
            events.append(UsageEvent(usage))
        if chunk.get("done"):
            self.done = True
        self._reported = chunk.get("done_reason") or self._reported
        return events

    def _message(self, message: Json, events: list[StreamEvent]) -> None:
        thinking = text_member(message, "thinking")
        if thinking:
            self._thinking.chunks.append(thinking)
            events.append(ThinkingDelta(thinking))
        text = text_member(message, "content")
        if text:
            self._text.chunks.append(text)
            events.append(TextDelta(text))
        for raw in message.get("tool_calls") or ():
            self._call(raw, events)

    def _call(self, raw: Json, events: list[StreamEvent]) -> None:
        """A call, which comes whole; its index may repeat and says nothing."""
        function: Json = raw["function"]
        key = (_CALLS, self._calls)
        self._calls += 1
        id_ = fresh_call_id(raw, self._call_ids)
        call, started = self._pieces.start_call(key, id_, call_name(function))
        events.append(started)
        events.append(self._pieces.add_arguments(call, arguments_text(function.get("arguments"))))
        events.append(self._pieces.end_call(call))

    @property
    def complete(self) -> bool:
        """Whether the answer has ended well.

        A lone object with content does not need to say so: servers that do not stream may leave
        it out. One that says that it is not done has lost its rest.
        """
        if self.done:
            return True
        content = bool(self._text.chunks or self._thinking.chunks or self._calls)
        return content and self._is_lone()

    def _is_lone(self) -> bool:
        """Whether one object came, which says nothing of an end."""
        return self._chunks == 1 and not self._flagged and not self._lines.pending

    def end(self) -> Sequence[StreamEvent]:
        """The last event, once `done` was seen or the body has ended.

        Raises:
            WireFault: The answer is not complete.
        """
        if not self.complete:
            raise WireFault(_NO_ANSWER if self._is_lone() else TRUNCATED)
        return (FinishEvent(self._reason()),)

    def _reason(self) -> FinishReason:
        return finish_reason(self._reported, calls=self._calls > 0)

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far; only a complete answer has state."""
        complete = self.complete
        state = make_state(self._thinking.text, meta.target) if complete else None
        return Response(
            message=Message(role=Role.ASSISTANT, parts=self._pieces.parts(), state=state),
            finish_reason=self._reason() if complete else FinishReason.OTHER,
            usage=self._usage or Usage(requests=1),
            target=meta.target,
            served_model=self._model,
            request_id=meta.request_id,
            raw=meta.raw,
        )
