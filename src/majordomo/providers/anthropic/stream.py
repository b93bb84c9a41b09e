"""Streamed answers of the Messages API (wire/anthropic §8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from pydantic_core import from_json, to_json

from majordomo.errors import ErrorKind
from majordomo.llm.assembler import Assembler, Kind, Piece
from majordomo.llm.response import Response
from majordomo.llm.stream import FinishEvent, StreamEvent, TextDelta, ThinkingDelta, UsageEvent
from majordomo.providers.anthropic.decode import build_response, finish_reason, read_usage
from majordomo.providers.faults import Fault, WireFault, find_fault, parse_json
from majordomo.providers.wire import ResponseMeta

__all__ = ["MessagesDecoder"]

Json = dict[str, Any]


class _Block:
    """A content block in the making: as it started, and what was added."""

    __slots__ = ("call", "complete", "piece", "signature", "start")

    def __init__(self, start: Json, piece: Piece) -> None:
        self.start = start
        self.piece = piece
        self.call = start.get("type") == "tool_use"
        self.signature: list[str] = []
        self.complete = False

    def whole(self) -> Json:
        """The block as a whole answer would hold it."""
        block = dict(self.start)
        text = self.piece.text
        match block.get("type"):
            case "text":
                block["text"] = block.get("text", "") + text
            case "thinking":
                block["thinking"] = block.get("thinking", "") + text
                block["signature"] = block.get("signature", "") + "".join(self.signature)
            case "tool_use":
                block["input"] = _input(text) if text.strip() else block.get("input") or {}
            case _:
                pass
        return block


def _input(text: str) -> Any:
    try:
        return from_json(text)
    except ValueError:
        # Kept as the model wrote it: the tool's own check tells the model what is wrong.
        return {"invalid_arguments": text}


class MessagesDecoder:
    """Decodes one streamed answer; see `StreamDecoder`."""

    def __init__(self) -> None:
        self.done = False
        self._pieces = Assembler()
        self._blocks: dict[int, _Block] = {}
        self._usage: Json = {}
        self._stop: str | None = None
        self._model = ""
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
        event = cast("Json", parse_json(payload))
        handle = self._on.get(event.get("type", ""))
        if handle is not None:
            return handle(event)
        return self._error(event) if event.get("error") else ()

    def _delta(self, event: Json) -> Sequence[StreamEvent]:
        delta: Json = event["delta"]
        block = self._blocks[event["index"]]
        match delta.get("type"):
            case "text_delta":
                block.piece.chunks.append(delta["text"])
                return (TextDelta(delta["text"]),) if delta["text"] else ()
            case "input_json_delta":
                fragment = delta["partial_json"]
                return (self._pieces.add_arguments(block.piece, fragment),) if fragment else ()
            case "thinking_delta":
                block.piece.chunks.append(delta["thinking"])
                return (ThinkingDelta(delta["thinking"]),) if delta["thinking"] else ()
            case "signature_delta":
                block.signature.append(delta["signature"])
                return ()
            case _:
                return ()

    def _block_start(self, event: Json) -> Sequence[StreamEvent]:
        start: Json = event["content_block"]
        key = (event["index"],)
        if start.get("type") == "tool_use":
            piece, began = self._pieces.start_call(key, start["id"], start["name"])
            self._blocks[event["index"]] = _Block(start, piece)
            return (began,)
        self._blocks[event["index"]] = _Block(start, self._pieces.piece(key, Kind.OPAQUE))
        match start.get("type"):
            case "text" if start.get("text"):
                return (TextDelta(start["text"]),)
            case "thinking" if start.get("thinking"):
                return (ThinkingDelta(start["thinking"]),)
            case _:
                return ()

    def _block_stop(self, event: Json) -> Sequence[StreamEvent]:
        block = self._blocks[event["index"]]
        block.complete = True
        if not block.call:
            return ()
        if not block.piece.text.strip() and block.start.get("input"):
            self._pieces.add_arguments(block.piece, to_json(block.start["input"]).decode())
        return (self._pieces.end_call(block.piece),)

    def _message_start(self, event: Json) -> Sequence[StreamEvent]:
        message: Json = event["message"]
        self._model = message.get("model") or ""
        self._usage = dict(message.get("usage") or {})
        return (UsageEvent(read_usage(self._usage)),)

    def _message_delta(self, event: Json) -> Sequence[StreamEvent]:
        """Cumulative: what is not null replaces what was known."""
        delta: Json = event.get("delta") or {}
        self._stop = delta.get("stop_reason") or self._stop
        usage: Json = event.get("usage") or {}
        self._usage |= {name: value for name, value in usage.items() if value is not None}
        return (UsageEvent(read_usage(self._usage)),)

    def _message_stop(self, event: Json) -> Sequence[StreamEvent]:
        del event
        self.done = True
        return ()

    def _error(self, event: Json) -> Sequence[StreamEvent]:
        raise WireFault(find_fault(event) or Fault(message="the provider gave no message"))

    def end(self) -> Sequence[StreamEvent]:
        """The remaining event, once the end marker was seen."""
        if not self.done:
            raise WireFault(
                Fault(
                    message="the stream ended before its answer was complete",
                    code="truncated_stream",
                    kind=ErrorKind.TRANSIENT,
                )
            )
        calls = any(block.call for block in self._blocks.values())
        return (FinishEvent(finish_reason(self._stop, calls=calls)),)

    def response(self, meta: ResponseMeta) -> Response:
        """What has been received so far; calls only when they are complete."""
        blocks = [
            block.whole()
            for _, block in sorted(self._blocks.items())
            if block.complete or not block.call
        ]
        return build_response(
            blocks, stop_reason=self._stop, usage=self._usage, model=self._model, meta=meta
        )
