"""Whole answers of the Messages API (wire/anthropic §8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.message import Message, ProviderState, Role
from majordomo.llm.parts import OpaquePart, Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Response, Target, Usage
from majordomo.providers.anthropic.content import WIRE
from majordomo.providers.anthropic.errors import refine_fault
from majordomo.providers.faults import WireFault, find_fault
from majordomo.providers.members import count_of, object_of
from majordomo.providers.wire import ResponseMeta

__all__ = [
    "block_part",
    "build_response",
    "decode_response",
    "finish_reason",
    "read_usage",
    "required_text",
]

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
# Calls in these answers are cut or withdrawn; in all others they beat what the server reports.
_NO_CALLS = frozenset({FinishReason.LENGTH, FinishReason.REFUSAL})
_PLAIN = frozenset({"text", "tool_use"})


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer.

    Raises:
        WireFault: The body is an error.
    """
    fault = find_fault(body)
    if fault is not None:
        raise WireFault(refine_fault(fault, 0))
    answer = cast("Json", body)
    blocks: list[Json] = answer["content"] or []
    return build_response(
        [block_part(block) for block in blocks],
        blocks,
        stop_reason=answer.get("stop_reason"),
        usage=answer.get("usage"),
        model=answer.get("model"),
        meta=meta,
    )


def build_response(
    parts: Iterable[Part | None],
    blocks: Sequence[Json],
    *,
    stop_reason: str | None,
    usage: Json | None,
    model: str | None,
    meta: ResponseMeta,
) -> Response:
    """The response of an answer, however it came.

    Args:
        parts: Its parts; None for those not worth one.
        blocks: Content blocks the server may be sent back.
        stop_reason: The server's word.
        usage: The server's counts.
        model: The model the server names.
        meta: What is known of the call.
    """
    found = tuple(part for part in parts if part is not None)
    calls = any(isinstance(part, ToolCallPart) for part in found)
    return Response(
        message=Message(role=Role.ASSISTANT, parts=found, state=_state(blocks, meta.target)),
        finish_reason=finish_reason(stop_reason, calls=calls),
        usage=read_usage(usage),
        target=meta.target,
        served_model=model or "",
        request_id=meta.request_id,
        raw=meta.raw,
    )


def finish_reason(reported: str | None, *, calls: bool) -> FinishReason:
    """The canonical reason (wire/README §3)."""
    reason = _FINISH.get(reported or "", FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if calls and reason not in _NO_CALLS else reason


def block_part(block: Json) -> Part | None:
    """A content block as a part; None for empty text and thinking."""
    match block.get("type"):
        case "text":
            return TextPart(required_text(block, "text")) if block.get("text") else None
        case "thinking":
            return ThinkingPart(required_text(block, "thinking")) if block.get("thinking") else None
        case "tool_use":
            given = block.get("input")
            arguments = "{}" if given is None else to_json(given).decode()
            id_, name = required_text(block, "id"), required_text(block, "name")
            return ToolCallPart(id=id_, name=name, arguments=arguments)
        case kind:
            return OpaquePart(provider=WIRE, kind=str(kind), data=to_json(block).decode())


def required_text(block: Json, name: str) -> str:
    """A field without which a block means nothing.

    Raises:
        KeyError: It is missing.
        TypeError: It is no text.
    """
    value = block[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} of a {block.get('type')} block is no text")
    return value


def _state(blocks: Sequence[Json], target: Target) -> ProviderState | None:
    """The blocks as received, when parts alone would lose something of them."""
    if all(block.get("type") in _PLAIN for block in blocks):
        return None
    sent = [_accepted(block) for block in blocks if _is_accepted(block)]
    return ProviderState(
        wire=WIRE, provider=target.provider, model=target.model, data=to_json(sent).decode()
    )


def _is_accepted(block: Json) -> bool:
    """Empty text is produced, but not taken back (§3)."""
    return block.get("type") != "text" or bool((block.get("text") or "").strip())


def _accepted(block: Json) -> Json:
    """The block; a call's input must be an object to be taken back (§4)."""
    if block.get("type") != "tool_use" or isinstance(block.get("input"), dict):
        return block
    given = block.get("input")
    wrong = given if isinstance(given, str) else to_json(given).decode()
    return {**block, "input": {} if given is None else {"invalid_arguments": wrong}}


def read_usage(usage: Json | None) -> Usage:
    """Token counts (wire/README §4): the wire's input leaves out what went through the cache."""
    counts = usage or {}
    read = count_of(counts, "cache_read_input_tokens")
    written = count_of(counts, "cache_creation_input_tokens")
    fresh = count_of(counts, "input_tokens")
    return Usage(
        input=None if fresh is None else fresh + (read or 0) + (written or 0),
        output=count_of(counts, "output_tokens"),
        cache_read=read,
        cache_write=written,
        reasoning=count_of(object_of(counts, "output_tokens_details"), "thinking_tokens"),
        requests=1,
    )
