"""What Ollama refuses in a request, and what its templates would misread. Source: wire/ollama.md.

The server itself takes results in any order and number; its templates match them to calls by their
place, so results out of place are refused here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, cast

__all__ = ["Refusal", "find_broken_rule"]

Json = dict[str, Any]
Refusal = tuple[int, str]
"""Status and the vendor's words."""

_LEVELS = ("low", "medium", "high", "max")
_ROLES = ("system", "user", "assistant", "tool")
_INTEGERS = ("num_predict", "num_ctx", "seed", "top_k", "num_keep", "num_batch", "num_gpu")
_CANNOT = "json: cannot unmarshal {} into Go struct field {} of type {}"


def find_broken_rule(body: Any) -> Refusal | None:
    """The complaint about a request body, or None."""
    if not isinstance(body, dict):
        return 400, "invalid character looking for beginning of value"
    body = cast("Json", body)
    if not body.get("model"):
        return 400, "model is required"
    complaint = _bad_fields(body) or _bad_messages(body) or _bad_tools(body)
    return (400, complaint) if complaint else _bad_options(body)


def _bad_fields(body: Json) -> str | None:
    think = body.get("think")
    if think is not None and not isinstance(think, bool) and think not in _LEVELS:
        return f'invalid think value: "{think}" (must be "high", "medium", "low", "max", or a bool)'
    form = body.get("format")
    if form not in (None, "", "json") and not isinstance(form, dict):
        return f"invalid format: {form!r}; expected 'json' or a JSON schema"
    if not isinstance(body.get("stream", True), bool):
        return _CANNOT.format("string", "ChatRequest.stream", "bool")
    return None


def _bad_options(body: Json) -> Refusal | None:
    options: Json = body.get("options") or {}
    for name in _INTEGERS:
        value = options.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int):
            return 500, f'option "{name}" must be of type integer'
    if not isinstance(options.get("stop", []), list):
        return 500, 'option "stop" must be of type array'
    return None


def _bad_tools(body: Json) -> str | None:
    for tool in cast("list[Json]", body.get("tools") or []):
        parameters: Json = tool["function"].get("parameters") or {}
        if not isinstance(parameters.get("properties"), Mapping):
            return _CANNOT.format("null", "ToolFunctionParameters.properties", "map")
    return None


def _bad_messages(body: Json) -> str | None:
    messages: list[Json] = body.get("messages") or []
    for message in messages:
        complaint = _bad_message(message)
        if complaint:
            return complaint
    return _bad_results(messages)


def _bad_message(message: Json) -> str | None:
    if message.get("role") not in _ROLES:
        return f"unknown role {message.get('role')!r}"
    if not isinstance(message.get("content", ""), str):
        return _CANNOT.format("array", "ChatRequest.messages.content", "string")
    for image in message.get("images") or ():
        try:
            base64.b64decode(image, validate=True)
        except binascii.Error:
            return "illegal base64 data at input byte 4"
    for call in message.get("tool_calls") or ():
        if not isinstance(call["function"].get("arguments"), dict):
            return _CANNOT.format("string", "ToolCallFunction.arguments", "object")
    return None


def _bad_results(messages: list[Json]) -> str | None:
    """The results of a turn's calls follow it in the order of the calls."""
    asked: list[tuple[str, str]] = []
    for message in messages:
        if message["role"] == "tool":
            given = (message.get("tool_name", ""), message.get("tool_call_id", ""))
            if not asked or given != asked.pop(0):
                return f"the result {given} is out of place"
            continue
        if asked:
            break
        calls = message.get("tool_calls") or ()
        asked = [(call["function"]["name"], call.get("id", "")) for call in calls]
    return f"calls without results: {asked}" if asked else None
