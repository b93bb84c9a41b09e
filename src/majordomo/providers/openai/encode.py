"""A request as Chat Completions takes it (wire/openai §3, §5, §6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from majordomo.llm.output import OutputMode
from majordomo.llm.request import OutputSchema, Request, Settings
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.openai.dialect import Dialect
from majordomo.providers.openai.messages import join_messages
from majordomo.providers.openai.reasoning import WIRE
from majordomo.providers.text import dump
from majordomo.providers.toolbytes import encoded_tools
from majordomo.providers.wire import WireCall

__all__ = ["encode_request"]

# Servers refuse to get both, so one in `Settings.extra` stands for ours.
_CAPS = frozenset({"max_tokens", "max_completion_tokens"})


def encode_request(
    request: Request, target: Target, dialect: Dialect, *, streaming: bool
) -> WireCall:
    """The request's path and body; messages and tools encoded before in this run are only copied.

    Raises:
        UnsupportedRequest: The dialect has no word for something the request needs.
    """
    extra = request.settings.extra
    fields = {
        "model": target.model,
        **_settings(request.settings, dialect),
        **_output(request.output, dialect),
        **_tool_choice(request, dialect),
        **_streaming(dialect, streaming=streaming),
        **extra,
    }
    pieces = [dump(fields, target)[:-1]]
    if request.tools and "tools" not in extra:
        tools = encoded_tools(
            request.tools, request.fragments, WIRE, lambda tool: _tool(tool, target)
        )
        pieces += (b',"tools":[', b",".join(tools), b"]")
    if "messages" not in extra:
        conversation = join_messages(request.messages, request.fragments, dialect, target)
        system = _system(request.system, conversation.system_texts, dialect)
        joined = b",".join(part for part in (system, conversation.encoded()) if part)
        pieces += (b',"messages":[', joined, b"]")
    pieces.append(b"}")
    # Joined at once: each `+` would copy the whole conversation, into memory that is new each time.
    return WireCall(path="/chat/completions", body=b"".join(pieces))


def _system(first: str, others: Sequence[str], dialect: Dialect) -> bytes:
    """All system text in one leading message: more or later ones are refused by some servers."""
    text = "\n\n".join(text for text in (first, *others) if text)
    return dump({"role": dialect.system_role, "content": text}) if text else b""


def _settings(settings: Settings, dialect: Dialect) -> dict[str, Any]:
    cap = "max_tokens" if dialect.legacy_max_tokens else "max_completion_tokens"
    fields: dict[str, Any] = {
        cap: None if _CAPS & settings.extra.keys() else settings.max_tokens,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "stop": list(settings.stop) or None,
        "reasoning_effort": settings.reasoning_effort,
    }
    if dialect.sampling_extras:
        fields |= {"seed": settings.seed, "service_tier": settings.service_tier}
    return {name: value for name, value in fields.items() if value is not None}


def _streaming(dialect: Dialect, *, streaming: bool) -> dict[str, Any]:
    if not streaming:
        return {}
    usage = {"stream_options": {"include_usage": True}} if dialect.stream_usage else {}
    return {"stream": True, **usage}


def _output(output: OutputSchema | None, dialect: Dialect) -> dict[str, Any]:
    if output is None:
        return {}
    if dialect.output is OutputMode.JSON_OBJECT:
        return {"response_format": {"type": "json_object"}}
    schema: dict[str, Any] = {"name": output.name, "schema": dict(output.schema)}
    if output.description:
        schema["description"] = output.description
    if dialect.strict:
        schema["strict"] = output.strict
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _tool_choice(request: Request, dialect: Dialect) -> dict[str, Any]:
    """Both fields are refused without tools (wire/openai §3)."""
    if not request.tools and not request.settings.extra.get("tools"):
        return {}
    fields: dict[str, Any] = {}
    choice = request.tool_choice
    if choice == "none" or (choice == "required" and dialect.forced_tool_choice):
        fields["tool_choice"] = choice
    elif isinstance(choice, Tool) and dialect.forced_tool_choice:
        fields["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    parallel = request.settings.parallel_tool_calls
    if parallel is not None and dialect.parallel_tool_calls:
        fields["parallel_tool_calls"] = parallel
    return fields


def _tool(tool: Tool, target: Target) -> bytes:
    function: dict[str, Any] = {
        "name": tool.name,
        "description": tool.description,
        "parameters": {"type": "object", "properties": {}} | dict(tool.parameters),
    }
    return dump({"type": "function", "function": function}, target)
