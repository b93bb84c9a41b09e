"""What Gemini refuses in tools, schemas and generation settings. Source: wire/google.md §2-§7."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

__all__ = ["find_broken_schema"]

Json = dict[str, Any]

_CONFIG = frozenset(
    {
        "temperature",
        "topP",
        "topK",
        "candidateCount",
        "maxOutputTokens",
        "stopSequences",
        "presencePenalty",
        "frequencyPenalty",
        "seed",
        "responseMimeType",
        "responseSchema",
        "responseJsonSchema",
        "responseLogprobs",
        "logprobs",
        "responseModalities",
        "mediaResolution",
        "thinkingConfig",
        "imageConfig",
        "speechConfig",
    }
)
_KEYWORDS = frozenset(
    {
        "$id",
        "$defs",
        "$ref",
        "$anchor",
        "type",
        "format",
        "title",
        "description",
        "enum",
        "items",
        "prefixItems",
        "minItems",
        "maxItems",
        "minimum",
        "maximum",
        "anyOf",
        "oneOf",
        "properties",
        "additionalProperties",
        "required",
        "propertyOrdering",
    }
)
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,127}")
_NO_LEVEL = re.compile(r"gemini-2\.5")
_NO_THINKING = re.compile(r"gemini-(?:1|2\.0)")
_NO_MINIMAL = re.compile(r"gemini-3(?:\.1)?-pro|gemini-3\.[78]-flash")


def find_broken_schema(body: Json, model: str, *, gemini_3: bool) -> str | None:
    """The vendor's complaint about what is asked for, or None."""
    config: Json = body.get("generationConfig") or {}
    if unknown := sorted(config.keys() - _CONFIG):
        return f"Unknown name \"{unknown[0]}\" at 'generation_config': Cannot find field."
    if len(config.get("stopSequences") or ()) > 5:
        return "stop_sequences: at most 5"
    declared = [
        item for tool in body.get("tools") or () for item in tool.get("functionDeclarations") or ()
    ]
    checks = (
        lambda: _bad_thinking(config.get("thinkingConfig") or {}, model),
        lambda: _bad_tools(declared),
        lambda: _bad_output(config, body, gemini_3=gemini_3),
    )
    return next(filter(None, (check() for check in checks)), None)


def _bad_thinking(thinking: Json, model: str) -> str | None:
    level, budget = thinking.get("thinkingLevel"), thinking.get("thinkingBudget")
    if level is not None and budget is not None:
        return "You can only set only one of thinking budget and thinking level."
    if thinking and _NO_THINKING.match(model):
        return "Thinking is not supported by this model."
    if level is not None and _NO_LEVEL.match(model):
        return "Thinking level is not supported for this model."
    if level == "MINIMAL" and _NO_MINIMAL.match(model):
        return "Thinking level MINIMAL is not supported for this model."
    if budget == 0 and model.startswith("gemini-2.5-pro"):
        return "Budget 0 is invalid. This model only works in thinking mode."
    return None


def _bad_tools(declared: list[Json]) -> str | None:
    for tool in declared:
        if not _NAME.fullmatch(tool.get("name", "")):
            return "Invalid function name. Must start with a letter or an underscore."
        if "parameters" in tool and "parametersJsonSchema" in tool:
            return "parameters and parameters_json_schema exclude each other"
        if complaint := _bad_schema(tool.get("parametersJsonSchema")):
            return complaint
    return None


def _bad_output(config: Json, body: Json, *, gemini_3: bool) -> str | None:
    if "responseSchema" in config and "responseJsonSchema" in config:
        return "Only one of response_schema and response_json_schema may be set."
    if "responseJsonSchema" in config and config.get("responseMimeType") != "application/json":
        return "response_mime_type must be application/json"
    choice: Json = body.get("toolConfig") or {}
    calling: Json = choice.get("functionCallingConfig") or {}
    if config.get("responseMimeType") == "application/json" and body.get("tools"):
        if not gemini_3:
            return "Function calling with a response mime type: 'application/json' is unsupported"
        if calling.get("mode") == "ANY":
            return "Forced function calling with a response schema is unsupported"
    return _bad_schema(config.get("responseJsonSchema"))


def _bad_schema(schema: Any) -> str | None:
    for node in _nodes(schema):
        if unknown := sorted(node.keys() - _KEYWORDS):
            return f'Unknown name "{unknown[0]}" in the schema: Cannot find field.'
        if "$ref" in node and any(not key.startswith("$") for key in node):
            return "a schema with $ref may have no other fields"
    return None


def _nodes(schema: Any) -> Iterator[Json]:
    if isinstance(schema, list):
        for item in cast("list[Any]", schema):
            yield from _nodes(item)
    elif isinstance(schema, dict):
        node = cast("Json", schema)
        yield node
        for key in ("properties", "$defs"):
            named: Json = node.get(key) or {}
            yield from _nodes(list(named.values()))
        for key in ("anyOf", "oneOf", "prefixItems", "items", "additionalProperties"):
            yield from _nodes(node.get(key))
