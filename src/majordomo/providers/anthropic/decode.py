"""Whole answers of the Messages API (wire/anthropic §8)."""

from __future__ import annotations

from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.message import Message, ProviderState, Role
from majordomo.llm.parts import OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Response, Target, Usage
from majordomo.providers.anthropic.messages import WIRE
from majordomo.providers.faults import WireFault, find_fault
from majordomo.providers.wire import ResponseMeta

__all__ = ["answer_parts", "build_response", "decode_response", "finish_reason", "read_usage"]

Json = dict[str, Any]

_FINISH = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "tool_use": FinishReason.TOOL_CALLS,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.REFUSAL,
    "pause_turn": FinishReason.PAUSE,
}
_PLAIN = frozenset({"text", "tool_use"})


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer.

    Raises:
        WireFault: The body is an error.
    """
    fault = find_fault(body)
    if fault is not None:
        raise WireFault(fault)
    answer = cast("Json", body)
    return build_response(
        answer["content"] or [],
        stop_reason=answer.get("stop_reason"),
        usage=answer.get("usage") or {},
        model=answer.get("model") or "",
        meta=meta,
    )


def build_response(
    blocks: list[Json], *, stop_reason: str | None, usage: Json, model: str, meta: ResponseMeta
) -> Response:
    """The response of an answer's content blocks, however they came."""
    parts = answer_parts(blocks)
    calls = any(isinstance(part, ToolCallPart) for part in parts)
    return Response(
        message=Message(role=Role.ASSISTANT, parts=parts, state=_state(blocks, meta.target)),
        finish_reason=finish_reason(stop_reason, calls=calls),
        usage=read_usage(usage),
        target=meta.target,
        served_model=model,
        request_id=meta.request_id,
        raw=meta.raw,
    )


def finish_reason(reported: str | None, *, calls: bool) -> FinishReason:
    """The canonical reason; calls in the answer beat what the server says of it."""
    reason = _FINISH.get(reported or "", FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if calls and reason is not FinishReason.LENGTH else reason


def answer_parts(blocks: list[Json]) -> tuple[Part, ...]:
    """Content blocks as parts; empty text and thinking are left out."""
    parts = (_part(block) for block in blocks)
    return tuple(part for part in parts if part is not None)


def _part(block: Json) -> Part | None:
    match block.get("type"):
        case "text":
            return TextPart(block["text"]) if block["text"] else None
        case "thinking":
            return ThinkingPart(block["thinking"]) if block.get("thinking") else None
        case "tool_use":
            arguments = to_json(block.get("input") or {}).decode()
            return ToolCallPart(id=block["id"], name=block["name"], arguments=arguments)
        case kind:
            return OpaquePart(provider=WIRE, kind=str(kind), data=to_json(block).decode())


def _state(blocks: list[Json], target: Target) -> ProviderState | None:
    """The blocks as received, when parts alone would lose something of them."""
    if all(block.get("type") in _PLAIN for block in blocks):
        return None
    # Empty text is produced but not taken back (§3).
    sent = [b for b in blocks if b.get("type") != "text" or b["text"].strip()]
    return ProviderState(
        wire=WIRE, provider=target.provider, model=target.model, data=to_json(sent).decode()
    )


def read_usage(usage: Json) -> Usage:
    """Token counts; the input the wire reports leaves out what the cache served (§8)."""
    read = _count(usage, "cache_read_input_tokens")
    written = _count(usage, "cache_creation_input_tokens")
    fresh = _count(usage, "input_tokens")
    details = usage.get("output_tokens_details")
    thinking = _count(cast("Json", details), "thinking_tokens") if details else None
    return Usage(
        input=None if fresh is None else fresh + (read or 0) + (written or 0),
        output=_count(usage, "output_tokens"),
        cache_read=read,
        cache_write=written,
        reasoning=thinking,
        requests=1,
    )


def _count(counts: Json, name: str) -> int | None:
    value = counts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
