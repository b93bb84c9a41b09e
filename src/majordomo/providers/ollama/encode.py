"""A request as `/api/chat` takes it (wire/ollama §2, §4, §6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from majordomo.llm.request import Request, Settings
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.ollama.messages import join_messages
from majordomo.providers.ollama.models import think_value
from majordomo.providers.ollama.options import OllamaOptions
from majordomo.providers.ollama.schema import tool_parameters
from majordomo.providers.ollama.thinking import WIRE
from majordomo.providers.text import dump
from majordomo.providers.toolbytes import encoded_tools
from majordomo.providers.wire import WireCall

__all__ = ["encode_request"]

Json = dict[str, Any]


def encode_request(
    request: Request, target: Target, options: OllamaOptions, *, streaming: bool
) -> WireCall:
    """The request's path and body; what was encoded before in this run is only copied.

    `parallel_tool_calls`, `prompt_caching` and `service_tier` have no word on this wire and are
    left out. Calling is forbidden by offering no tools, and asked for in words: it cannot be
    enforced. An output schema constrains the answer only when no tools are offered, for it would
    keep the model from calling them. `extra["options"]` adds to the options made of the settings.
    Without any message or system text the server only loads the model.

    Raises:
        UnsupportedRequest: It holds a document, or a value JSON cannot carry.
    """
    tools = _offered(request)
    body: Json = {
        "model": target.model,
        "stream": streaming,  # omitted, it would mean yes
        **_fields(request, target, options),
        **request.settings.extra,
    }
    sampling = {**_sampling(request.settings, options), **_extra_options(request.settings)}
    if sampling:
        body["options"] = sampling
    if request.output is not None and not tools:
        body.setdefault("format", dict(request.output.schema))
    members = [dump(body, target)[:-1]]
    if tools and "tools" not in body:
        encoded = encoded_tools(tools, request.fragments, WIRE, lambda tool: _tool(tool, target))
        members.append(b'"tools":[' + b",".join(encoded) + b"]")
    if "messages" not in body:
        members.append(b'"messages":[' + _messages(request, target) + b"]")
    return WireCall(path="/api/chat", body=b",".join(members) + b"}")


def _fields(request: Request, target: Target, options: OllamaOptions) -> Json:
    fields: Json = {
        "think": think_value(request.settings.reasoning_effort, target.model),
        "keep_alive": options.keep_alive,
        "truncate": options.truncate,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _sampling(settings: Settings, options: OllamaOptions) -> Json:
    fields: Json = {
        "num_ctx": options.num_ctx,
        "num_predict": settings.max_tokens,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "seed": settings.seed,
        "stop": list(settings.stop) or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _extra_options(settings: Settings) -> Json:
    extra = settings.extra.get("options")
    return dict(cast("Mapping[str, Any]", extra)) if isinstance(extra, Mapping) else {}


def _offered(request: Request) -> Sequence[Tool]:
    """The tools to send: the only one it may call, where one is named."""
    choice = request.tool_choice
    if choice == "none":
        return ()
    return (choice,) if isinstance(choice, Tool) else request.tools


def _messages(request: Request, target: Target) -> bytes:
    """All system text in one leading message, which no template overlooks, then the rest."""
    conversation = join_messages(request.messages, request.fragments, target)
    texts = [request.system, *conversation.system_texts, _wish(request)]
    text = "\n\n".join(text for text in texts if text)
    system = dump({"role": "system", "content": text}) if text else b""
    return b",".join(part for part in (system, conversation.encoded()) if part)


def _wish(request: Request) -> str:
    """A forced tool choice in words."""
    choice = request.tool_choice
    if isinstance(choice, Tool):
        return f"Answer by calling the tool {choice.name}."
    return "Answer by calling one of the tools." if choice == "required" and request.tools else ""


def _tool(tool: Tool, target: Target) -> bytes:
    parameters, words = tool_parameters(tool.parameters)
    description = f"{tool.description} ({words})".lstrip() if words else tool.description
    function = {"name": tool.name, "description": description, "parameters": parameters}
    return dump({"type": "function", "function": function}, target)
