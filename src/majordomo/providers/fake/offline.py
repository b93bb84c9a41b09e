"""The offline model: answers from the transcript alone, the same way every time.

It calls, once each and in order, every tool on offer that the last user text seems to be about and
whose required arguments the text can fill; then it answers with the last result. When no tool fits
it echoes. Nothing is remembered between calls, so that concurrent runs do not meet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic_core import to_json

from majordomo.llm.message import Message, Role
from majordomo.llm.output import ANSWER_TOOL, OutputMode
from majordomo.llm.request import Request
from majordomo.llm.tool import Tool
from majordomo.providers.fake.filling import Filler, Unfillable
from majordomo.providers.fake.reading import (
    GENERIC_ARITHMETIC,
    Reading,
    operator_words,
    words_of,
)
from majordomo.providers.fake.script import Reply

__all__ = ["answer"]


@dataclass(frozen=True, slots=True)
class _Turn:
    """What happened since the user spoke last."""

    text: str
    called: frozenset[str]
    result: str | None


def answer(request: Request, mode: OutputMode = OutputMode.NATIVE) -> Reply:
    """Take the offline model's next turn.

    Args:
        request: The request as it was made.
        mode: How an output schema is answered: as text, or as a call of the answer tool.
    """
    turn = _last_turn(request.messages)
    call = _next_call(request, turn)
    if call is not None:
        return Reply(calls=[call])
    if request.output is None:
        return Reply(text=turn.text if turn.result is None else turn.result)
    # What a tool found comes first: it is the answer, and the question only its cause.
    source = turn.text if turn.result is None else f"{turn.result}\n{turn.text}"
    value = Filler(Reading(source), request.output.schema, lenient=True).fill()
    if mode is OutputMode.TOOL:
        return Reply(calls=[(ANSWER_TOOL, value)])
    return Reply(text=to_json(value).decode())


def _last_turn(messages: Sequence[Message]) -> _Turn:
    spoken = [i for i, m in enumerate(messages) if m.role is Role.USER and m.text.strip()]
    start = spoken[-1] if spoken else -1
    later = messages[start + 1 :]
    results = [result.text for message in later for result in message.tool_results]
    return _Turn(
        text=messages[start].text.strip() if spoken else "",
        called=frozenset(call.name for message in later for call in message.tool_calls),
        result=results[-1] if results else None,
    )


def _next_call(request: Request, turn: _Turn) -> tuple[str, Mapping[str, Any]] | None:
    choice = request.tool_choice
    if choice == "none":
        return None
    tools = [choice] if isinstance(choice, Tool) else request.tools
    forced = isinstance(choice, Tool) or (choice == "required" and not turn.called)
    reading = Reading(turn.text)
    for must in (False, True) if forced else (False,):
        for tool in tools:
            if tool.name in turn.called:
                continue
            arguments = _arguments(tool, reading, must=must)
            if arguments is not None:
                return tool.name, arguments
    return None


def _arguments(tool: Tool, reading: Reading, *, must: bool) -> dict[str, Any] | None:
    """The arguments of a call, or None when the text is not about this tool or cannot fill it."""
    about = words_of(f"{tool.name} {tool.description}")
    shared = about & reading.words
    if not (must or shared or about & operator_words(reading.operators)):
        return None
    if (only := _only_string(tool)) is not None:
        arithmetic = bool(about & GENERIC_ARITHMETIC)
        text = reading.expression if arithmetic else _phrase(tool, reading, shared)
        return {only: text} if text else None
    try:
        filler = Filler(reading, tool.parameters, lenient=False, ignored=shared)
        return cast("dict[str, Any]", filler.fill())
    except Unfillable:
        return None


def _phrase(tool: Tool, reading: Reading, shared: frozenset[str]) -> str:
    return Filler(reading, tool.parameters, lenient=False, ignored=shared).phrase()


def _only_string(tool: Tool) -> str | None:
    """The name of the one required parameter when that is a plain string."""
    required = list(tool.parameters.get("required", ()))
    properties = cast("Mapping[str, Mapping[str, Any]]", tool.parameters.get("properties", {}))
    if len(required) != 1 or len(properties) != 1:
        return None
    schema = properties[required[0]]
    plain = schema.get("type") == "string" and not {"enum", "const", "format"} & schema.keys()
    zone = "zone" in required[0] or required[0] == "tz"
    return required[0] if plain and not zone else None
