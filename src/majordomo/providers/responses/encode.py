"""A request as the Responses API takes it (wire/responses §2, §7)."""

from __future__ import annotations

from typing import Any, cast

from majordomo.errors import UnsupportedRequest
from majordomo.llm.request import OutputSchema, Request, Settings
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.responses.items import WIRE
from majordomo.providers.responses.messages import join_messages
from majordomo.providers.responses.options import ResponsesOptions
from majordomo.providers.text import dump
from majordomo.providers.toolbytes import encoded_tools
from majordomo.providers.wire import WireCall

__all__ = ["encode_request"]

Json = dict[str, Any]


def encode_request(
    request: Request, target: Target, options: ResponsesOptions, *, streaming: bool
) -> WireCall:
    """The request's path and body; what was encoded before in this run is only copied.

    `seed` has no word on this wire and is left out.

    Raises:
        UnsupportedRequest: It has stop texts, or a value JSON cannot carry.
    """
    settings, extra = request.settings, request.settings.extra
    if settings.stop:
        raise UnsupportedRequest(
            "the Responses API has no stop texts; leave `stop` out or use another wire",
            provider=target.provider,
            model=target.model,
        )
    stored = extra.get("store", options.store) is not False
    body: Json = {
        "model": target.model,
        **_settings(settings, options, stored=stored),
        **_output(request.output),
        **_tool_choice(request),
    }
    if streaming:
        body["stream"] = True
    body |= {name: _merged(body.get(name), value) for name, value in extra.items()}
    members: list[bytes] = []
    if "input" not in body:
        members.append(b'"input":[' + _input(request, target, body, stored=stored) + b"]")
    elif request.system:
        body.setdefault("instructions", request.system)
    if request.tools and "tools" not in body:
        tools = encoded_tools(
            request.tools, request.fragments, WIRE, lambda tool: _tool(tool, target)
        )
        members.append(b'"tools":[' + b",".join(tools) + b"]")
    members.insert(0, dump(body, target)[:-1])
    return WireCall(path="/responses", body=b",".join(members) + b"}")


def _merged(ours: object, theirs: object) -> object:
    """A field of `extra`, which wins; an object adds to ours (`text`, `reasoning`)."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return {**cast("Json", ours), **cast("Json", theirs)}
    return theirs


def _input(request: Request, target: Target, body: Json, *, stored: bool) -> bytes:
    """The items; all system text goes into the body's `instructions`."""
    conversation = join_messages(request.messages, request.fragments, target, stored=stored)
    system = "\n\n".join(text for text in (request.system, *conversation.system_texts) if text)
    items = conversation.encoded()
    if not items and system:  # instructions alone are no input, and some is needed
        return dump({"role": "developer", "content": system})
    if system:
        body.setdefault("instructions", system)
    return items


def _settings(settings: Settings, options: ResponsesOptions, *, stored: bool) -> Json:
    reasoning = {"effort": settings.reasoning_effort, "summary": options.summary}
    fields: Json = {
        "max_output_tokens": settings.max_tokens,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "reasoning": {name: value for name, value in reasoning.items() if value} or None,
        "service_tier": settings.service_tier,
        "store": options.store,  # omitted, it would mean yes
        "include": None if stored else ["reasoning.encrypted_content"],
    }
    return {name: value for name, value in fields.items() if value is not None}


def _output(output: OutputSchema | None) -> Json:
    if output is None:
        return {}
    written: Json = {"type": "json_schema", "name": output.name, "schema": dict(output.schema)}
    if output.description:
        written["description"] = output.description
    return {"text": {"format": {**written, "strict": output.strict}}}


def _tool_choice(request: Request) -> Json:
    """The choice, and whether several calls may come; neither without tools."""
    if not request.tools and not request.settings.extra.get("tools"):
        return {}
    fields: Json = {}
    choice = request.tool_choice
    if isinstance(choice, Tool):
        fields["tool_choice"] = {"type": "function", "name": choice.name}
    elif choice != "auto":
        fields["tool_choice"] = choice
    if request.settings.parallel_tool_calls is not None:
        fields["parallel_tool_calls"] = request.settings.parallel_tool_calls
    return fields


def _tool(tool: Tool, target: Target) -> bytes:
    """A tool; an omitted `strict` would let the server change its schema."""
    body: Json = {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": {"type": "object", "properties": {}} | dict(tool.parameters),
        "strict": False,
    }
    return dump(body, target)
