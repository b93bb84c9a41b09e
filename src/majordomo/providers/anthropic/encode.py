"""A request as the Messages API takes it (wire/anthropic §2, §5, §6, §7, §10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from majordomo.llm.request import Request
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.anthropic.messages import call_names, join_messages
from majordomo.providers.anthropic.models import Family, family_of
from majordomo.providers.anthropic.options import AnthropicOptions
from majordomo.providers.anthropic.schema import output_schema
from majordomo.providers.text import dump
from majordomo.providers.wire import WireCall

__all__ = ["encode_request"]

# Thinking budgets in tokens of models without adaptive thinking (§6); at least 1,024.
_BUDGET = {"minimal": 1024, "low": 1024, "medium": 4096, "high": 16384, "xhigh": 32768}
_EFFORT = {"minimal": "low", "none": "low"}


def encode_request(
    request: Request, target: Target, options: AnthropicOptions, *, streaming: bool
) -> WireCall:
    """The request's path, headers and body; messages encoded before are only copied.

    `seed` has no word on this wire and is left out.
    """
    family = family_of(target.model)
    fields: dict[str, Any] = {
        "model": target.model,
        **_settings(request, family, options),
        **_tool_choice(request, family),
        **({"stream": True} if streaming else {}),
        **request.settings.extra,
    }
    conversation = join_messages(request.messages, request.fragments, target)
    system = _system(request, conversation.system_texts, family)
    if system and "system" not in fields:
        fields["system"] = system
    tools = _tools(request)
    listed = b',"tools":[' + b",".join(tools) + b"]" if tools else b""
    body = dump(fields)[:-1] + listed + b',"messages":[' + conversation.encoded() + b"]}"
    betas = (("anthropic-beta", ",".join(options.betas)),) if options.betas else ()
    headers = (("anthropic-version", options.api_version), *betas)
    return WireCall(path="/v1/messages", headers=headers, body=body)


def _system(request: Request, others: Sequence[str], family: Family) -> str:
    texts = [request.system, *others]
    if request.tools and not family.forced_tools:
        # A forced choice is refused where thinking cannot be off: say it in words instead (§5).
        if request.tool_choice == "required":
            texts.append("Answer by calling one of the tools.")
        elif isinstance(request.tool_choice, Tool):
            texts.append(f"Answer by calling the tool {request.tool_choice.name}.")
    return "\n\n".join(text for text in texts if text.strip())


def _settings(request: Request, family: Family, options: AnthropicOptions) -> dict[str, Any]:
    settings = request.settings
    fields: dict[str, Any] = {
        "max_tokens": settings.max_tokens or options.default_max_tokens,
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "stop_sequences": list(settings.stop) or None,
        "service_tier": settings.service_tier,
        "cache_control": {"type": "ephemeral"} if settings.prompt_caching else None,
    }
    config: dict[str, Any] = {}
    if settings.reasoning_effort is not None:
        _think(settings.reasoning_effort, family, fields, config)
    if request.output is not None:
        schema = output_schema(request.output.schema)
        config["format"] = {"type": "json_schema", "schema": schema}
    if config:
        fields["output_config"] = config
    return {name: value for name, value in fields.items() if value is not None}


def _think(effort: str, family: Family, fields: dict[str, Any], config: dict[str, Any]) -> None:
    """How much to think, in the words of the model's family (§6)."""
    if effort == "none" and not family.always_thinks:
        fields["thinking"] = {"type": "disabled"}
        return
    if not family.adaptive:
        budget = _BUDGET.get(effort, _BUDGET["xhigh"])
        fields["thinking"] = {"type": "enabled", "budget_tokens": budget}
        if fields["max_tokens"] <= budget:  # the budget counts towards it
            fields["max_tokens"] += budget
        return
    if effort == "none" and family.between_tools:
        fields["thinking"] = {"type": "between_tools"}
    elif effort != "none":
        fields["thinking"] = {"type": "adaptive"}
    if family.effort:
        config["effort"] = _EFFORT.get(effort, effort)


def _tool_choice(request: Request, family: Family) -> dict[str, Any]:
    if not request.tools:
        # Tools of the history are declared so that it is accepted, but must not be called.
        return {"tool_choice": {"type": "none"}} if call_names(request.messages) else {}
    choice: dict[str, Any] = {"type": "auto"}
    if request.tool_choice == "none":
        choice = {"type": "none"}
    elif family.forced_tools and request.tool_choice == "required":
        choice = {"type": "any"}
    elif family.forced_tools and isinstance(request.tool_choice, Tool):
        choice = {"type": "tool", "name": request.tool_choice.name}
    if request.settings.parallel_tool_calls is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    return {"tool_choice": choice} if choice != {"type": "auto"} else {}


def _tools(request: Request) -> Sequence[bytes]:
    if request.tools:
        return [_tool(tool) for tool in request.tools]
    return [_declared(name) for name in call_names(request.messages)]


def _tool(tool: Tool) -> bytes:
    schema = dict(tool.parameters)
    return dump({"name": tool.name, "description": tool.description, "input_schema": schema})


def _declared(name: str) -> bytes:
    """A tool that is only remembered: the history calls it, nobody offers it any more (§4)."""
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    described = "Not available any more."
    return dump({"name": name, "description": described, "input_schema": schema})
