"""What Gemini refuses in a request. Source: wire/google.md §2-§5, §7, §10."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from executus.testing.server.google_schemas import find_broken_schema
from executus.testing.server.turn import Turn

__all__ = ["find_broken_rule", "is_gemini_3"]

Json = dict[str, Any]

DUMMIES = frozenset(
    {"skip_thought_signature_validator", "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="}
)
_BODY = frozenset(
    {
        "systemInstruction",
        "contents",
        "tools",
        "toolConfig",
        "safetySettings",
        "generationConfig",
        "cachedContent",
        "serviceTier",
        "store",
        "labels",
        "continuationToken",
    }
)
_DATA = frozenset(
    {
        "text",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
        "executableCode",
        "codeExecutionResult",
        "toolCall",
        "toolResponse",
    }
)
_BESIDE = frozenset({"thought", "thoughtSignature", "partMetadata", "mediaResolution"})
_MIMES = re.compile(r"image/(?:png|jpeg|webp|heic|heif)|application/pdf|(?:audio|video|text)/.+")
_RESULT_MIMES = frozenset({"image/png", "image/jpeg", "image/webp", "application/pdf"})


def is_gemini_3(model: str) -> bool:
    """Whether a model id belongs to Gemini 3 or later."""
    return bool(re.match(r"(?:models/)?gemini-(?![12]\b)", model))


def find_broken_rule(body: Any, model: str, turns: Sequence[Turn]) -> str | None:
    """The vendor's complaint about a request body, or None.

    Args:
        body: Parsed JSON.
        model: The model asked.
        turns: The script, whose signatures must come back on the parts they were issued with.
    """
    if not isinstance(body, dict):
        return "Invalid JSON payload received."
    request = cast("Json", body)
    if unknown := sorted(request.keys() - _BODY):
        return f'Invalid JSON payload received. Unknown name "{unknown[0]}": Cannot find field.'
    system = request.get("systemInstruction")
    if system is not None and not any(part.get("text") for part in system.get("parts") or ()):
        return "system_instruction must not be empty"
    contents: list[Json] = request.get("contents") or []
    checks = (
        lambda: _bad_contents(contents),
        lambda: _bad_turns(contents),
        lambda: _bad_signatures(contents, model, turns),
        lambda: _bad_media(contents, model),
        lambda: find_broken_schema(request, model, gemini_3=is_gemini_3(model)),
    )
    return next(filter(None, (check() for check in checks)), None)


def _bad_contents(contents: list[Json]) -> str | None:
    if not contents:
        return "contents is not specified"
    for at, content in enumerate(contents):
        if content.get("role") not in ("user", "model"):
            return "Please use a valid role: user, model."
        if not content.get("parts"):
            return f"contents[{at}].parts must not be empty"
        for part in content["parts"]:
            if complaint := _bad_part(part):
                return f"contents[{at}]: {complaint}"
    return None


def _bad_part(part: Json) -> str | None:
    if unknown := sorted(part.keys() - _DATA - _BESIDE):
        return f'Unknown name "{unknown[0]}": Cannot find field.'
    if len(part.keys() & _DATA) != 1:
        return "required oneof field 'data' must have one initialized field"
    if part.get("text") == "" and "thoughtSignature" not in part:
        return "empty text parameter"
    values = (part.get("functionCall", {}).get("args", {}), _response(part).get("response", {}))
    if not all(isinstance(value, dict) for value in values):
        return "Proto field is not repeating, cannot start list."
    return None


def _response(part: Json) -> Json:
    return part.get("functionResponse", {})


def _each(content: Json, name: str) -> list[Json]:
    return [part[name] for part in content["parts"] if name in part]


def _bad_turns(contents: list[Json]) -> str | None:
    """Calls are answered by as many responses, directly after them and in their order."""
    asked: list[Json] = []
    before = ""
    for content in contents:
        calls, given = _each(content, "functionCall"), _each(content, "functionResponse")
        if content["role"] == before:
            return "Please ensure that multiturn requests alternate between user and model."
        if calls and before != "user":
            return (
                "Please ensure that function call turn comes immediately after a user turn or "
                "after a function response turn."
            )
        if len(given) != len(asked):
            return (
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
        for call, response in zip(asked, given, strict=True):
            if call["name"] != response.get("name") or call.get("id") != response.get("id"):
                return "function response does not match its function call"
        if any("functionResponse" in part for part in content["parts"][len(given) :]):
            return "function response parts must come first"
        asked, before = calls, content["role"]
    return "function calls must be answered" if asked else None


def _bad_signatures(contents: list[Json], model: str, turns: Sequence[Turn]) -> str | None:
    for part in _model_parts(contents):
        signature = part.get("thoughtSignature")
        if signature is not None and not _is_issued(part, signature, turns):
            return "Thought signature is not valid."
    if not is_gemini_3(model):
        return None
    for content in contents[_current_turn(contents) :]:
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and "thoughtSignature" not in calls[0]:
            return (
                "Function call is missing a thought_signature in functionCall parts. This is "
                "required for tools to work correctly."
            )
    return None


def _model_parts(contents: list[Json]) -> Iterator[Json]:
    return (part for content in contents if content["role"] == "model" for part in content["parts"])


def _current_turn(contents: list[Json]) -> int:
    """Where the turn begins: behind the last content in which the user says something."""
    said = [
        at
        for at, content in enumerate(contents)
        if content["role"] == "user" and len(_each(content, "functionResponse")) == 0
    ]
    return said[-1] if said else 0


def _is_issued(part: Json, signature: str, turns: Sequence[Turn]) -> bool:
    if signature in DUMMIES:
        return "functionCall" in part
    for turn in turns:
        if turn.signature == signature:
            name = turn.tool_calls[0][0] if turn.tool_calls else None
            return part.get("functionCall", {}).get("name") == name
    return False


def _bad_media(contents: list[Json], model: str) -> str | None:
    for content in contents:
        for data in _each(content, "inlineData"):
            if not _MIMES.fullmatch(data["mimeType"]):
                return f"Unsupported MIME type: {data['mimeType']}"
        for response in _each(content, "functionResponse"):
            if complaint := _bad_result_parts(response, model):
                return complaint
    return None


def _bad_result_parts(response: Mapping[str, Any], model: str) -> str | None:
    parts: list[Json] = response.get("parts") or []
    if parts and not is_gemini_3(model):
        return "Multimodal function responses are not supported for this model."
    wrong = [p for p in parts if p.get("inlineData", {}).get("mimeType") not in _RESULT_MIMES]
    return "Unsupported MIME type in a function response" if wrong else None
