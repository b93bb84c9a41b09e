"""Whole answers of Chat Completions and its compatibles (wire/openai §7, §11)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, cast

from pydantic_core import to_json

from majordomo.errors import ErrorKind
from majordomo.llm.message import Message, ProviderState, Role
from majordomo.llm.parts import Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Response, Target, Usage
from majordomo.providers.faults import Fault, WireFault, find_fault
from majordomo.providers.openai.usage import find_usage
from majordomo.providers.wire import ResponseMeta

__all__ = [
    "WIRE",
    "arguments_text",
    "decode_response",
    "finish_reason",
    "make_state",
    "new_call_id",
    "thinking_of",
    "visible_text",
]

WIRE = "openai"

Json = dict[str, Any]

_FINISH = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}

# Fields of an assistant message that their server wants back unchanged on tool turns.
STATE_FIELDS = ("reasoning_content", "reasoning_details")


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer.

    Raises:
        WireFault: The body is an error, or holds no answer.
    """
    fault = find_fault(body)
    if fault is not None:
        raise WireFault(fault)
    answer = cast("Json", body)
    choices = answer.get("choices")
    if not choices:
        raise WireFault(no_answer())
    choice: Json = choices[0]
    message: Json = choice.get("message") or {}
    calls = [_call(raw) for raw in message.get("tool_calls") or ()]
    parts = (*_texts(message), *(part for part, _ in calls))
    extras = {part.id: extra for part, extra in calls if extra is not None}
    return Response(
        message=Message(
            role=Role.ASSISTANT, parts=parts, state=make_state(message, extras, meta.target)
        ),
        finish_reason=finish_reason(
            choice.get("finish_reason"), calls=bool(calls), refused=bool(message.get("refusal"))
        ),
        usage=find_usage(answer) or Usage(requests=1),
        target=meta.target,
        served_model=answer.get("model") or "",
        request_id=meta.request_id,
        raw=meta.raw,
    )


def no_answer() -> Fault:
    """The fault of a body without a choice."""
    return Fault(
        message="the answer has no choices", code="malformed_response", kind=ErrorKind.TRANSIENT
    )


def _texts(message: Json) -> Iterator[Part]:
    thinking = thinking_of(message)
    if thinking:
        yield ThinkingPart(thinking)
    text = visible_text(message.get("content")) + (message.get("refusal") or "")
    if text:
        yield TextPart(text)


def thinking_of(message: Json) -> str:
    """Reasoning text in any of its spellings, of a message or of a delta."""
    found = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(found, str):
        return found
    content = message.get("content")
    if isinstance(content, list):
        parts = cast("list[Json]", content)
        return "".join(_typed_text(p.get("thinking")) for p in parts if p.get("type") == "thinking")
    details = cast("list[Json]", message.get("reasoning_details") or [])
    return "".join(str(d.get("text") or d.get("summary") or "") for d in details)


def visible_text(content: object) -> str:
    """Content as text: a string, null, or a list of typed parts."""
    if isinstance(content, list):
        parts = cast("list[Json]", content)
        return "".join(_typed_text(p.get("text")) for p in parts if p.get("type") != "thinking")
    return cast("str", content) if content else ""


def _typed_text(value: object) -> str:
    if isinstance(value, list):
        return "".join(str(p.get("text", "")) for p in cast("list[Json]", value))
    return value if isinstance(value, str) else ""


def _call(raw: Json) -> tuple[ToolCallPart, object]:
    function: Json = raw["function"]
    part = ToolCallPart(
        id=raw.get("id") or new_call_id(),
        name=function["name"],
        arguments=arguments_text(function.get("arguments")) or "{}",
    )
    return part, raw.get("extra_content")


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text; some servers send the object itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else to_json(arguments).decode()


def new_call_id() -> str:
    """An id for a call whose server gave none; unique in any transcript."""
    return f"call_{uuid.uuid4().hex[:24]}"


def make_state(message: Json, extras: Json, target: Target) -> ProviderState | None:
    """What the server wants back of its own turn, or None."""
    fields: Json = {name: message[name] for name in STATE_FIELDS if message.get(name)}
    if extras:
        fields["tool_calls"] = extras
    if not fields:
        return None
    return ProviderState(
        wire=WIRE, provider=target.provider, model=target.model, data=to_json(fields).decode()
    )


def finish_reason(reported: str | None, *, calls: bool, refused: bool) -> FinishReason:
    """The canonical reason; what the answer holds beats what the server says of it.

    Raises:
        WireFault: The server reports an error as its reason.
    """
    if reported == "error":
        raise WireFault(Fault(message="the provider ended the answer with an error", status=500))
    reason = _FINISH.get(reported or "stop", FinishReason.OTHER)
    if calls and reason is not FinishReason.LENGTH:
        return FinishReason.TOOL_CALLS
    if refused and reason is FinishReason.STOP:
        return FinishReason.REFUSAL
    if reason is FinishReason.TOOL_CALLS:
        return FinishReason.STOP  # announced, but there is none
    return reason
