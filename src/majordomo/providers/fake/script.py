"""What a scripted call may do: answer, fail, break, wait, or decide by the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic_core import to_json

from majordomo.llm.message import Message, Role
from majordomo.llm.parts import Part, TextPart, ThinkingPart, ToolCallPart, ToolResultPart
from majordomo.llm.request import Request
from majordomo.llm.response import FinishReason, Response, Target, Usage

__all__ = ["Delay", "Hang", "Outcome", "Reply", "StreamBreak", "build_response"]

_CHARS_PER_TOKEN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, in the fewest words.

    Attributes:
        text: The answer's text, after the reasoning and before the calls.
        calls: (tool name, arguments) in order; arguments given as text are sent as they are.
        thinking: Reasoning text.
        usage: Token counts; by default characters divided by four.
        finish_reason: `TOOL_CALLS` by default when there are calls, else `STOP`.
    """

    text: str = ""
    calls: Sequence[tuple[str, Mapping[str, Any] | str]] = ()
    thinking: str = ""
    usage: Usage | None = None
    finish_reason: FinishReason | None = None


@dataclass(frozen=True, slots=True)
class StreamBreak:
    """A stream that fails on its way; `complete` just raises the error.

    Attributes:
        after: Events that arrive first; all of them when the answer has fewer.
        error: What then happens; an `APIError` becomes `StreamInterrupted` once content came.
        outcome: The answer that breaks off: a text, `Reply` or `Response`.
    """

    after: int
    error: Exception
    outcome: str | Reply | Response = "This answer breaks off before its end."


@dataclass(frozen=True, slots=True)
class Hang:
    """Never answers; ends when it is cancelled."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Waits on the provider's clock before the outcome.

    Attributes:
        seconds: How long.
        outcome: What happens then.
    """

    seconds: float
    outcome: Outcome


Outcome: TypeAlias = (
    str | Reply | Response | Exception | StreamBreak | Hang | Delay | Callable[[Request], Any]
)
"""A text answers, an exception is raised before content, a callable (sync or async) gets the
request and returns another outcome."""


def build_response(reply: str | Reply | Response, request: Request, target: Target) -> Response:
    """The response a reply stands for; a `Response` is taken as it is."""
    if isinstance(reply, Response):
        return reply
    if isinstance(reply, str):
        reply = Reply(text=reply)
    message = Message(role=Role.ASSISTANT, parts=_parts(reply, request))
    default = FinishReason.TOOL_CALLS if reply.calls else FinishReason.STOP
    return Response(
        message=message,
        finish_reason=reply.finish_reason or default,
        usage=reply.usage or _usage(request, message),
        target=target,
        served_model=target.model,
    )


def _parts(reply: Reply, request: Request) -> tuple[Part, ...]:
    parts: list[Part] = []
    if reply.thinking:
        parts.append(ThinkingPart(reply.thinking))
    if reply.text:
        parts.append(TextPart(reply.text))
    # Numbered through the transcript: unique in it, and the same when the run is repeated.
    first = 1 + sum(len(message.tool_calls) for message in request.messages)
    for number, (name, arguments) in enumerate(reply.calls, first):
        text = arguments if isinstance(arguments, str) else to_json(arguments).decode()
        parts.append(ToolCallPart(id=f"call_{number}", name=name, arguments=text))
    return tuple(parts)


def _usage(request: Request, answer: Message) -> Usage:
    tools = sum(len(tool.name) + len(tool.description) for tool in request.tools)
    asked = len(request.system) + tools + sum(_chars(message) for message in request.messages)
    return Usage(input=_tokens(asked), output=_tokens(_chars(answer)), requests=1)


def _tokens(chars: int) -> int:
    return -(-chars // _CHARS_PER_TOKEN)


def _chars(message: Message) -> int:
    return sum(map(_part_chars, message.parts))


def _part_chars(part: Part) -> int:
    match part:
        case TextPart() | ThinkingPart() | ToolResultPart():
            return len(part.text)
        case ToolCallPart():
            return len(part.name) + len(part.arguments)
        case _:
            return 0  # media and foreign blocks: no honest count without a tokenizer
