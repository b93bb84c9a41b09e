"""Streamed answers of Chat Completions and its compatibles (wire/openai §8, §11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from majordomo.errors import ErrorKind
from majordomo.llm.assembler import Assembler, Kind, Piece
from majordomo.llm.message import Message, Role
from majordomo.llm.response import FinishReason, Response, Usage
from majordomo.llm.stream import (
    FinishEvent,
    StreamEvent,
    TextDelta,
    ThinkingDelta,
    UsageEvent,
)
from majordomo.providers.faults import Fault, WireFault, find_fault, parse_json
from majordomo.providers.openai.decode import (
    arguments_text,
    finish_reason,
    make_state,
    new_call_id,
    thinking_of,
    visible_text,
)
from majordomo.providers.openai.usage import find_usage
from majordomo.providers.wire import ResponseMeta

__all__ = ["ChatDecoder"]

Json = dict[str, Any]

# Keys sort as a whole answer orders its parts.
_THINKING, _TEXT, _CALLS = 0, 1, 2


def merge_detail(details: list[Json], piece: Json) -> None:
    """Add a streamed piece of `reasoning_details` to the entry of the same index and type."""
    last = details[-1] if details else {}
    if piece.get("index") is None or any(last.get(k) != piece.get(k) for k in ("index", "type")):
        details.append(dict(piece))
        return
    for name, value in piece.items():
        grows = name in ("text", "summary", "data") and isinstance(value, str)
        if grows:
            last[name] = (last.get(name) or "") + value
        elif value is not None:
            last[name] = value


class ChatDecoder:
    """Decodes one streamed answer; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._pieces = Assembler()
        self._text = self._pieces.piece((_TEXT,), Kind.TEXT)
        self._thinking = self._pieces.piece((_THINKING,), Kind.THINKING)
        self._calls: list[Piece] = []
        self._by_index: dict[object, Piece] = {}
        self._reported: str | None = None
        self._reason: FinishReason | None = None
        self._refused = False
        self._usage: Usage | None = None
        self._model = ""
        self._details: list[Json] = []
        self._reasoning_content: list[str] = []
        self._extras: Json = {}

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the data of one event."""
        if payload.strip() == b"[DONE]":
            self.done = True
            return ()
        chunk = cast("Json", parse_json(payload))
        if chunk.get("error"):
            raise WireFault(find_fault(chunk) or Fault(message=str(chunk["error"])))
        if not self._model:
            self._model = chunk.get("model") or ""
        events: list[StreamEvent] = []
        choices = chunk.get("choices")
        if choices:
            self._choice(choices[0], events)
        usage = find_usage(chunk)
        if usage is not None:
            self._usage = usage
            events.append(UsageEvent(usage))
        return events

    def _choice(self, choice: Json, events: list[StreamEvent]) -> None:
        delta: Json = choice.get("delta") or choice.get("message") or {}
        content = delta.get("content")
        if content:
            text = content if isinstance(content, str) else visible_text(content)
            if text:
                self._text.chunks.append(text)
                events.append(TextDelta(text))
        if len(delta) > 1 or not content:
            self._rest(delta, events)
        reported = choice.get("finish_reason")
        if reported:
            self._reported = reported

    def _rest(self, delta: Json, events: list[StreamEvent]) -> None:
        thinking = thinking_of(delta)
        if thinking:
            self._thinking.chunks.append(thinking)
            events.append(ThinkingDelta(thinking))
        if isinstance(delta.get("reasoning_content"), str):
            self._reasoning_content.append(delta["reasoning_content"])
        for detail in delta.get("reasoning_details") or ():
            merge_detail(self._details, detail)
        refusal = delta.get("refusal")
        if refusal:
            self._refused = True
            self._text.chunks.append(refusal)
            events.append(TextDelta(refusal))
        for raw in delta.get("tool_calls") or ():
            self._call(raw, events)

    def _call(self, raw: Json, events: list[StreamEvent]) -> None:
        function: Json = raw.get("function") or {}
        call = self._find(raw)
        if call is None:
            call = self._start(raw, events)
        elif function.get("name") and not raw.get("id") and function["name"] != call.name:
            call.name += function["name"]  # a name in pieces; repeated ones are equal
        if raw.get("extra_content") is not None:
            self._extras[call.id] = raw["extra_content"]
        arguments = arguments_text(function.get("arguments"))
        if arguments:
            events.append(self._pieces.add_arguments(call, arguments))

    def _find(self, raw: Json) -> Piece | None:
        """The open call a fragment belongs to; None when it begins one."""
        call_id, index = raw.get("id"), raw.get("index")
        if index is not None:
            call = self._by_index.get(index)
            return None if call is not None and call_id and call_id != call.id else call
        if call_id:
            return next((call for call in self._calls if call.id == call_id), None)
        function: Json = raw.get("function") or {}
        return self._calls[-1] if self._calls and not function.get("name") else None

    def _start(self, raw: Json, events: list[StreamEvent]) -> Piece:
        # Servers send calls one after the other: a new one completes those before it.
        events.extend(map(self._pieces.end_call, self._pieces.open_calls))
        number = len(self._calls)
        call, event = self._pieces.start_call(
            (_CALLS, number), raw.get("id") or new_call_id(), raw["function"]["name"]
        )
        self._calls.append(call)
        self._by_index[raw.get("index", number)] = call
        events.append(event)
        return call

    def end(self) -> Sequence[StreamEvent]:
        """The remaining events, once `[DONE]` was seen or the body has ended."""
        if not self.done and self._reported is None:
            raise WireFault(
                Fault(
                    message="the stream ended before its answer was complete",
                    code="truncated_stream",
                    kind=ErrorKind.TRANSIENT,
                )
            )
        reason = self._finish()
        ended = map(self._pieces.end_call, self._pieces.open_calls)
        return (*ended, FinishEvent(reason))

    def _finish(self) -> FinishReason:
        self._reason = finish_reason(
            self._reported, calls=self._pieces.has_calls, refused=self._refused
        )
        return self._reason

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far."""
        message: Json = {
            "reasoning_content": "".join(self._reasoning_content),
            "reasoning_details": self._details,
        }
        return Response(
            message=Message(
                role=Role.ASSISTANT,
                parts=self._pieces.parts(),
                state=make_state(message, self._extras, meta.target),
            ),
            finish_reason=self._reason or FinishReason.OTHER,
            usage=self._usage or Usage(requests=1),
            target=meta.target,
            served_model=self._model,
            request_id=meta.request_id,
            raw=meta.raw,
        )
