"""A request as `generateContent` takes it (wire/google §1, §2, §4, §5, §7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import quote

from majordomo.errors import UnsupportedRequest
from majordomo.llm.fragments import Fragments
from majordomo.llm.output import OutputMode, lower_output
from majordomo.llm.request import Request, Settings
from majordomo.llm.response import Target
from majordomo.llm.tool import Tool
from majordomo.providers.google.messages import join_contents
from majordomo.providers.google.models import Family, family_of
from majordomo.providers.google.schema import adapted_schema, can_enforce
from majordomo.providers.google.state import WIRE, continuation
from majordomo.providers.google.thinking import thinking_config
from majordomo.providers.text import dump
from majordomo.providers.wire import WireCall

__all__ = ["encode_request"]

Json = dict[str, Any]

_MOST_STOPS = 5
_COLLECTIONS = ("models/", "tunedModels/")
# What a cached content holds already, and a request that names one may not say again (§2).
_CACHED = ("systemInstruction", "tools", "toolConfig")


def encode_request(request: Request, target: Target, version: str, *, streaming: bool) -> WireCall:
    """The request's path and body; what was encoded before in this run is only copied.

    `generationConfig` in `Settings.extra` is merged with ours field by field; everything else there
    replaces ours. Not on this wire, and left out: `prompt_caching` (automatic) and
    `parallel_tool_calls`. A schema the model cannot be held to, or not beside tools, is said as an
    instruction.

    Raises:
        UnsupportedRequest: The target has no form for something the request needs.
    """
    _check(request.settings, target)
    family = family_of(target.model)
    request, output = _output(request, family)
    messages, token = continuation(request.messages, target)
    conversation = join_contents(messages, request.fragments, target)
    extra = request.settings.extra
    config = _config(request.settings, family, output)
    ours = {
        "systemInstruction": _system([request.system, *conversation.system_texts]),
        "toolConfig": _tool_config(request),
        "generationConfig": config,
        "serviceTier": request.settings.service_tier,
        "continuationToken": token,
    }
    taken = {*extra, *(_CACHED if "cachedContent" in extra else ())} - {"generationConfig"}
    fields = {name: value for name, value in ours.items() if value and name not in taken}
    members = [dump({**extra, **fields}, target)[1:-1]]
    if request.tools and "tools" not in taken:
        declared = b",".join(_tools(request.tools, request.fragments))
        members.append(b'"tools":[{"functionDeclarations":[%b]}]' % declared)
    if "contents" not in taken:
        members.append(b'"contents":[%b]' % conversation.encoded())
    path = _path(target.model, version, streaming=streaming)
    return WireCall(path=path, body=b"{%b}" % b",".join(filter(None, members)))


def _path(model: str, version: str, *, streaming: bool) -> str:
    name = model if model.startswith(_COLLECTIONS) else f"models/{model}"
    method = "streamGenerateContent?alt=sse" if streaming else "generateContent"
    return f"/{version}/{quote(name, safe='/')}:{method}"


def _check(settings: Settings, target: Target) -> None:
    if len(settings.stop) > _MOST_STOPS:
        raise UnsupportedRequest(
            f"Gemini takes at most {_MOST_STOPS} stop texts, not {len(settings.stop)}",
            provider=target.provider,
            model=target.model,
        )


def _output(request: Request, family: Family) -> tuple[Request, Json]:
    """The request, and what its output adds to `generationConfig`."""
    if request.output is None:
        return request, {}
    schema = adapted_schema(request.output.schema)
    beside_tools = not request.tools or (
        family.schema_with_tools and request.tool_choice in ("auto", "none")
    )
    if not beside_tools or not can_enforce(schema):
        return lower_output(request, OutputMode.INSTRUCTION), {}
    return request, {"responseMimeType": "application/json", "responseJsonSchema": schema}


def _config(settings: Settings, family: Family, output: Json) -> Json:
    given = cast("Mapping[str, Any]", settings.extra.get("generationConfig") or {})
    fields: Json = {
        "maxOutputTokens": settings.max_tokens,
        "temperature": settings.temperature,
        "topP": settings.top_p,
        "stopSequences": list(settings.stop) or None,
        "seed": settings.seed,
        "thinkingConfig": thinking_config(settings.reasoning_effort, family),
        **output,
    }
    if "responseSchema" in given:  # the two exclude each other
        fields.pop("responseJsonSchema", None)
    return {name: value for name, value in {**fields, **given}.items() if value is not None}


def _system(texts: Iterable[str]) -> Json:
    text = "\n\n".join(text for text in texts if text.strip())
    return {"parts": [{"text": text}]} if text else {}


def _tool_config(request: Request) -> Json:
    """The choice; empty when it is the server's default."""
    choice = request.tool_choice
    if choice == "auto" or not request.tools:
        return {}
    if isinstance(choice, Tool):
        mode: Json = {"mode": "ANY", "allowedFunctionNames": [choice.name]}
    else:
        mode = {"mode": "NONE" if choice == "none" else "ANY"}
    return {"functionCallingConfig": mode}


def _tools(tools: Iterable[Tool], fragments: Fragments) -> Iterable[bytes]:
    """Declarations; kept for the run like its messages, for tools change as little."""
    known = cast("dict[int, tuple[Tool, bytes]]", fragments.of((WIRE, "tools")))
    for tool in tools:
        if id(tool) not in known:
            known[id(tool)] = (tool, _declaration(tool))
        yield known[id(tool)][1]


def _declaration(tool: Tool) -> bytes:
    declared: Json = {"name": tool.name, "description": tool.description}
    if not tool.description.strip():
        del declared["description"]
    if tool.parameters.get("properties") or tool.parameters.get("additionalProperties"):
        declared["parametersJsonSchema"] = adapted_schema(tool.parameters)
    return dump(declared)
