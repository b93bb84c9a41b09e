"""Whole answers of Chat Completions and its compatibles (wire/openai §7, §11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from pydantic_core import to_json

from majordomo.errors import ErrorKind
from majordomo.llm.message import Message, Role
from majordomo.llm.parts import Part, TextPart, ThinkingPart, ToolCallPart
from majordomo.llm.response import FinishReason, Response, Usage
from majordomo.providers.callids import new_call_id
from majordomo.providers.faults import Fault, WireFault, find_fault, text_fault
from majordomo.providers.members import call_id, call_name
from majordomo.providers.openai.reasoning import ReasoningFields, make_state, thinking_of
from majordomo.providers.openai.usage import find_usage
from majordomo.providers.text import is_cut_json
from majordomo.providers.wire import ResponseMeta

__all__ = [
    "arguments_text",
    "check_error",
    "decode_response",
    "finish_reason",
    "reported_reason",
    "visible_text",
]

Json = dict[str, Any]

_FINISH = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "tool_use": FinishReason.TOOL_CALLS,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
    "refusal": FinishReason.REFUSAL,
}

_BROKEN_OFF = Fault(
    message="the answer breaks off within a tool call and does not say why",
    code="malformed_response",
    kind=ErrorKind.TRANSIENT,
)


def decode_response(body: Any, meta: ResponseMeta) -> Response:
    """Decode a whole answer.

    Raises:
        WireFault: The body is an error, holds no answer, or one that breaks off within a call and
            gives no reason.
    """
    check_error(body)
    answer = cast("Json", body)
    choice = _choice(answer)
    message: Json = choice.get("message") or {}
    calls = [_call(raw) for raw in message.get("tool_calls") or ()]
    reported = reported_reason(choice)
    if reported is None and any(is_cut_json(part.arguments) for part, _ in calls):
        raise WireFault(_BROKEN_OFF)
    reasoning = ReasoningFields()
    reasoning.add(message)
    extras = {part.id: extra for part, extra in calls if extra is not None}
    return Response(
        message=Message(
            role=Role.ASSISTANT,
            parts=(*_texts(message), *(part for part, _ in calls)),
            state=make_state(reasoning.fields, extras, meta.target),
        ),
        finish_reason=finish_reason(
            reported, calls=bool(calls), refused=bool(message.get("refusal"))
        ),
        usage=find_usage(answer) or Usage(requests=1),
        target=meta.target,
        served_model=answer.get("model") or "",
        request_id=meta.request_id,
        raw=meta.raw,
    )


def check_error(body: Any) -> None:
    """Raise the error a body or a chunk holds, whatever stands beside it.

    Raises:
        WireFault: It holds one.
    """
    fault = find_fault(body)
    found = cast("Json", body) if isinstance(body, dict) else {"error": fault}
    if error := found.get("error"):
        said = found.get("message") or error
        raise WireFault(fault or Fault(message=str(said)[:500]))


def _choice(answer: Json) -> Json:
    choices = cast("list[Json] | None", answer.get("choices"))
    choice = choices[0] if choices else {}
    # A content filter may leave out the message, but not the reason.
    if choice.get("message") is None and not choice.get("finish_reason"):
        raise WireFault(_no_answer(answer))
    return choice


def _no_answer(found: Json) -> Fault:
    """The fault of a body that holds no answer: in its own words, where it has any."""
    said = found.get("message") or found.get("detail")
    fault = text_fault(to_json(found), 200) if said else Fault(message="the answer has no choices")
    return replace(fault, code="malformed_response", kind=ErrorKind.TRANSIENT)


def _texts(message: Json) -> tuple[Part, ...]:
    thinking = thinking_of(message)
    text = visible_text(message.get("content")) + (message.get("refusal") or "")
    parts: list[Part] = [ThinkingPart(thinking)] if thinking else []
    return (*parts, TextPart(text)) if text else tuple(parts)


def visible_text(content: object) -> str:
    """Content as text: a string, null, or a list of typed parts (Mistral)."""
    if isinstance(content, list):
        return "".join(_part_text(part) for part in cast("list[Any]", content))
    return cast("str", content) if content else ""


def _part_text(part: Any) -> str:
    if isinstance(part, str):
        return part
    return "" if part.get("type") == "thinking" else part.get("text") or part.get("refusal") or ""


def _call(raw: Json) -> tuple[ToolCallPart, object]:
    function: Json = raw["function"]
    part = ToolCallPart(
        id=call_id(raw) or new_call_id(),
        name=call_name(function),
        arguments=arguments_text(function.get("arguments")) or "{}",
    )
    return part, raw.get("extra_content")


def arguments_text(arguments: object) -> str:
    """Arguments as JSON text; some servers send the object itself, and null for none."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else to_json(arguments).decode()


def reported_reason(choice: Json) -> str | None:
    """The reason a choice gives, in lower case.

    Raises:
        WireFault: The reason is an error.
    """
    reported = choice.get("finish_reason")
    if not reported:
        return None
    if reported == "error":
        check_error(choice)
        raise WireFault(Fault(message="the provider ended the answer with an error", status=500))
    return cast("str", reported).lower()


def finish_reason(reported: str | None, *, calls: bool, refused: bool) -> FinishReason:
    """The canonical reason; what the answer holds beats what the server says of it."""
    reason = _FINISH.get(reported or "stop", FinishReason.OTHER)
    if reason is FinishReason.LENGTH:
        return reason
    if calls:
        return FinishReason.TOOL_CALLS
    if refused and reason is FinishReason.STOP:
        return FinishReason.REFUSAL
    if reason is FinishReason.TOOL_CALLS:
        return FinishReason.STOP  # announced, but there is none
    return reason
