"""Streamed answers of the Messages API (wire/anthropic §8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import to_json

from majordomo.llm.assembler import Assembler, Kind
from majordomo.llm.response import FinishReason, Response
from majordomo.llm.stream import FinishEvent, StreamEvent, TextDelta, ThinkingDelta, UsageEvent
from majordomo.providers.anthropic.blocks import StreamedBlock
from majordomo.providers.anthropic.decode import (
    build_response,
    finish_reason,
    read_usage,
    required_text,
)
from majordomo.providers.anthropic.errors import refine_fault
from majordomo.providers.faults import TRUNCATED, Fault, WireFault, find_fault
from majordomo.providers.payloads import Payloads
from majordomo.providers.text import is_json
from majordomo.providers.wire import ResponseMeta

__all__ = ["MessagesDecoder"]

Json = dict[str, Any]

_KINDS = {"text": Kind.TEXT, "thinking": Kind.THINKING}


class MessagesDecoder:
    """Decodes one streamed answer; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._pieces = Assembler()
        self._blocks: list[StreamedBlock] = []
        self._by_index: dict[int, StreamedBlock] = {}
        self._usage: Json = {}
        self._stop: str | None = None
        self._model: str | None = None
        self._payloads = Payloads()
        self._on: dict[str, Callable[[Json], Sequence[StreamEvent]]] = {
            "content_block_delta": self._delta,
            "content_block_start": self._block_start,
            "content_block_stop": self._block_stop,
            "message_start": self._message_start,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": self._error,
        }

    def feed(self, payload: bytes) -> Sequence[StreamEvent]:
        """Take the data of one event; pings and unknown types say nothing."""
        event: Json = self._payloads.parse(payload)
        handle = self._on.get(event.get("type", ""))
        if handle is not None:
            return handle(event)
        return self._error(event) if event.get("error") else ()

    def _delta(self, event: Json) -> Sequence[StreamEvent]:
        delta: Json = event["delta"]
        block = self._by_index[event["index"]]
        match delta.get("type"):
            case "text_delta":
                text = delta["text"]
                if not isinstance(text, str):
                    raise TypeError("text_delta without text")
                block.piece.chunks.append(text)
                return [TextDelta(text)] if text else ()
            case "input_json_delta":
                return self._more_input(block, _string(delta["partial_json"]))
            case "thinking_delta":
                text = _string(delta["thinking"])
                block.piece.chunks.append(text)
                return [ThinkingDelta(text)] if text else ()
            case "signature_delta":
                block.signature.append(_string(delta["signature"]))
            case "citations_delta":
                block.citations.append(delta["citation"])
            case _:
                pass
        return ()

    def _more_input(self, block: StreamedBlock, text: str) -> Sequence[StreamEvent]:
        if block.is_call and text:
            return [self._pieces.add_arguments(block.piece, text)]
        block.piece.chunks.append(text)
        return ()

    def _block_start(self, event: Json) -> Sequence[StreamEvent]:
        start: Json = event["content_block"]
        # By arrival: a careless proxy gives several blocks one index.
        key = (len(self._blocks),)
        kind = start.get("type")
        if kind == "tool_use":
            id_, name = required_text(start, "id"), required_text(start, "name")
            piece, began = self._pieces.start_call(key, id_, name)
            self._add(event, StreamedBlock(start, piece))
            return [began]
        first: Sequence[StreamEvent] = ()
        if kind == "text" and start.get("text"):
            first = [TextDelta(_string(start["text"]))]
        if kind == "thinking" and start.get("thinking"):
            first = [ThinkingDelta(_string(start["thinking"]))]
        piece = self._pieces.piece(key, _KINDS.get(str(kind), Kind.OPAQUE))
        self._add(event, StreamedBlock(start, piece))
        return first

    def _add(self, event: Json, block: StreamedBlock) -> None:
        self._by_index[event["index"]] = block
        self._blocks.append(block)

    def _block_stop(self, event: Json) -> Sequence[StreamEvent]:
        block = self._by_index[event["index"]]
        if block.is_call and not is_json(block.piece.text or "{}"):
            return ()  # cut, or written wrongly: why the answer ended will tell
        return self._complete(block)

    def _complete(self, block: StreamedBlock) -> Sequence[StreamEvent]:
        if block.complete:
            return ()
        block.complete = True
        if not block.is_call:
            return ()
        events: list[StreamEvent] = []
        if not block.piece.text.strip() and block.start.get("input"):
            # Without deltas the start holds the whole input.
            given = to_json(block.start["input"]).decode()
            events.append(self._pieces.add_arguments(block.piece, given))
        if self._is_cut(block):
            self._pieces.cut_call(block.piece)
            return events
        return [*events, self._pieces.end_call(block.piece)]

    def _is_cut(self, block: StreamedBlock) -> bool:
        """Whether the token limit struck within a call: it is kept, and gets no end."""
        reason = finish_reason(self._stop, calls=True)
        return reason is FinishReason.LENGTH and not is_json(block.piece.text or "{}")

    def _message_start(self, event: Json) -> Sequence[StreamEvent]:
        message: Json = event["message"]
        self._model = message.get("model")
        self._usage = dict(message.get("usage") or {})
        return [UsageEvent(read_usage(self._usage))]

    def _message_delta(self, event: Json) -> Sequence[StreamEvent]:
        """Cumulative: what is not null replaces what was known."""
        delta: Json = event.get("delta") or {}
        self._stop = delta.get("stop_reason") or self._stop
        usage: Json = event.get("usage") or {}
        self._usage |= {name: value for name, value in usage.items() if value is not None}
        return [UsageEvent(read_usage(self._usage))]

    def _message_stop(self, event: Json) -> Sequence[StreamEvent]:
        """The end; blocks a careless server left open have ended too."""
        del event
        self.done = True
        return [event for block in self._blocks for event in self._complete(block)]

    def _error(self, event: Json) -> Sequence[StreamEvent]:
        fault = find_fault(event) or Fault(message="the provider gave no message")
        raise WireFault(refine_fault(fault, 0))

    def end(self) -> Sequence[StreamEvent]:
        """The remaining event, once the end marker was seen."""
        if not self.done:
            raise WireFault(TRUNCATED)
        return [FinishEvent(finish_reason(self._stop, calls=self._pieces.has_calls))]

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far: complete calls, other blocks as far as they came."""
        return build_response(
            [block.part() for block in self._blocks],
            # Of a broken stream nothing is sent back that has no signature yet (§6.1).
            [block.whole() for block in self._blocks if block.is_final],
            stop_reason=self._stop,
            usage=self._usage,
            model=self._model,
            meta=meta,
        )


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value
