"""A request as the Messages API takes it (wire/anthropic §2, §5, §6, §7, §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from majordomo.errors import UnsupportedRequest
from majordomo.llm.output import OutputMode, lower_output
from majordomo.llm.request import Request, Settings
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.anthropic.content import WIRE
from majordomo.providers.anthropic.messages import call_names, join_messages
from majordomo.providers.anthropic.models import Family, family_of
from majordomo.providers.anthropic.options import AnthropicOptions
from majordomo.providers.anthropic.schema import native_schema
from majordomo.providers.anthropic.thinking import set_thinking
from majordomo.providers.text import dump
from majordomo.providers.toolbytes import encoded_tools
from majordomo.providers.wire import WireCall

__all__ = ["encode_request"]

Json = dict[str, Any]


def encode_request(
    request: Request, target: Target, options: AnthropicOptions, *, streaming: bool
) -> WireCall:
    """The request's path, headers and body; what was encoded before in this run is only copied.

    `seed` has no word on this wire and is left out. A schema outside the wire's subset is said as
    an instruction. A forced tool choice is said in words where it would be refused (§5). When the
    history holds calls but no tools are offered, their names are declared and calling forbidden.

    Raises:
        UnsupportedRequest: A setting has a value this wire has no form for.
    """
    _check_settings(request.settings, target)
    request, config = _output(request)
    family = family_of(target.model)
    body = {"model": target.model, **_settings(request.settings, family, options, config)}
    if streaming:
        body["stream"] = True
    body |= request.settings.extra
    forced = family.forced_tools and not _thinks(body)
    conversation = join_messages(request.messages, request.fragments, target, options)
    _set_missing(body, "system", _system(request, conversation.system_texts, forced=forced))
    tools = [] if "tools" in body else _tools(request)
    if tools:
        _set_missing(body, "tool_choice", _tool_choice(request, forced=forced))
    written = dump(body, target)[:-1]
    if tools:
        written += b',"tools":[%b]' % b",".join(tools)
    if "messages" not in body:
        written += b',"messages":[%b]' % conversation.encoded()
    return WireCall(path="/v1/messages", headers=_headers(options), body=written + b"}")


def _headers(options: AnthropicOptions) -> tuple[tuple[str, str], ...]:
    betas = (("anthropic-beta", ",".join(options.betas)),) if options.betas else ()
    return (("anthropic-version", options.api_version), *betas)


def _set_missing(body: Json, name: str, value: object) -> None:
    """Set a field that has a value, unless the caller's `extra` already has."""
    if value:
        body.setdefault(name, value)


def _check_settings(settings: Settings, target: Target) -> None:
    if any(not text.strip() for text in settings.stop):
        raise UnsupportedRequest(
            "a stop text of white space alone is refused by this API",
            provider=target.provider,
            model=target.model,
        )


def _output(request: Request) -> tuple[Request, Json]:
    """The request and the start of `output_config`."""
    if request.output is None:
        return request, {}
    schema = native_schema(request.output.schema)
    if schema is None:
        return lower_output(request, OutputMode.INSTRUCTION), {}
    return request, {"format": {"type": "json_schema", "schema": schema}}


def _settings(settings: Settings, family: Family, options: AnthropicOptions, config: Json) -> Json:
    cap = settings.max_tokens
    fields: Json = {
        "max_tokens": options.default_max_tokens if cap is None else cap,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "stop_sequences": list(settings.stop) or None,
        "service_tier": settings.service_tier,
        "cache_control": {"type": "ephemeral"} if settings.prompt_caching else None,
    }
    set_thinking(settings.reasoning_effort, family, fields, config)
    fields["output_config"] = config or None
    return {name: value for name, value in fields.items() if value is not None}


def _thinks(body: Json) -> bool:
    thinking = body.get("thinking")
    return isinstance(thinking, dict) and cast("Json", thinking).get("type") != "disabled"


def _system(request: Request, others: Sequence[str], *, forced: bool) -> str:
    texts = [request.system, *others]
    if request.tools and not forced:
        if request.tool_choice == "required":
            texts.append("Answer by calling one of the tools.")
        elif isinstance(request.tool_choice, Tool):
            texts.append(f"Answer by calling the tool {request.tool_choice.name}.")
    return "\n\n".join(text for text in texts if text.strip())


def _tool_choice(request: Request, *, forced: bool) -> Json:
    """The choice; empty when it is the server's default."""
    wanted = request.tool_choice
    if wanted == "none" or not request.tools:
        return {"type": "none"}
    choice: Json = {}
    if forced and wanted == "required":
        choice = {"type": "any"}
    elif forced and isinstance(wanted, Tool):
        choice = {"type": "tool", "name": wanted.name}
    if request.settings.parallel_tool_calls is False:
        choice = {"type": "auto", **choice, "disable_parallel_tool_use": True}
    return choice


def _tools(request: Request) -> list[bytes]:
    if not request.tools:
        return [_declared(name) for name in call_names(request.messages)]
    return list(encoded_tools(request.tools, request.fragments, WIRE, _tool))


def _tool(tool: Tool) -> bytes:
    described = {"description": tool.description} if tool.description.strip() else {}
    return dump({"name": tool.name, **described, "input_schema": dict(tool.parameters)})


def _declared(name: str) -> bytes:
    """A tool that is only remembered: the history calls it, nobody offers it any more (§4)."""
    schema: Json = {"type": "object", "properties": {}}
    described = "Not available any more."
    return dump({"name": name, "description": described, "input_schema": schema})
