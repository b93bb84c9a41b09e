"""Structured output for targets without a native schema mode: the same request in other words."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from enum import StrEnum
from typing import Any

from pydantic_core import to_json

from majordomo.llm.message import Message
from majordomo.llm.parts import TextPart, ToolCallPart
from majordomo.llm.request import OutputSchema, Request
from majordomo.llm.response import FinishReason, Response
from majordomo.llm.tool import Tool

__all__ = ["ANSWER_TOOL", "OutputMode", "lower_output", "raise_answer"]

ANSWER_TOOL = "final_answer"


class OutputMode(StrEnum):
    """How a target is told the shape of the answer; chosen per target by its wire."""

    NATIVE = "native"
    """A schema field of the wire."""
    JSON_OBJECT = "json_object"
    """A JSON mode without a schema, and the schema as an instruction."""
    TOOL = "tool"
    """A tool whose arguments are the answer."""
    INSTRUCTION = "instruction"
    """Words."""


def lower_output(request: Request, mode: OutputMode) -> Request:
    """The request with its output schema said the way `mode` says it.

    `NATIVE` leaves it alone, and `JSON_OBJECT` keeps `output` for the wire to see. The other modes
    clear `output`: the wire then encodes an ordinary request.
    """
    if request.output is None or mode is OutputMode.NATIVE:
        return request
    if mode is OutputMode.TOOL:
        return _with_answer_tool(request, _answer_tool(request.output))
    system = "\n\n".join(part for part in (request.system, _instruction(request.output)) if part)
    if mode is OutputMode.JSON_OBJECT:
        return replace(request, system=system)
    return replace(request, system=system, output=None)


def raise_answer(response: Response) -> Response:
    """Undo `OutputMode.TOOL`: a call of the answer tool becomes the answer's text."""
    calls = response.tool_calls
    answer = next((call for call in calls if call.name == ANSWER_TOOL), None)
    if answer is None or len(calls) > 1:
        return response
    others = tuple(p for p in response.message.parts if not isinstance(p, ToolCallPart | TextPart))
    message = Message(role=response.message.role, parts=(*others, TextPart(answer.arguments)))
    return replace(response, message=message, finish_reason=FinishReason.STOP)


def _with_answer_tool(request: Request, answer: Tool) -> Request:
    choice = request.tool_choice
    if choice == "auto":
        # More servers know a named choice than `required`, and constrain the arguments by it.
        choice = "required" if request.tools else answer
    tools = (*request.tools, answer)
    return replace(request, output=None, tools=tools, tool_choice=choice)


def _answer_tool(output: OutputSchema) -> Tool:
    def invoke(_arguments: str, _context: Any) -> Awaitable[object]:
        raise AssertionError("the answer tool is never executed")

    described = f" {output.description}" if output.description else ""
    return Tool(
        name=ANSWER_TOOL,
        description=f"Give the final answer by calling this, once.{described}",
        parameters=output.schema,
        invoke=invoke,
    )


def _instruction(output: OutputSchema) -> str:
    schema = to_json(output.schema).decode()
    return (
        "Answer with one JSON value and nothing else: no prose, no code fence. "
        f"It must be valid against this JSON Schema:\n{schema}"
    )
