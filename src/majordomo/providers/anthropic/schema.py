"""Output schemas in the subset that Messages enforces (wire/anthropic §7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

__all__ = ["output_schema"]

_KEPT = frozenset(
    {"type", "properties", "required", "items", "enum", "const", "anyOf", "allOf", "$ref", "$defs"}
    | {"title", "description", "additionalProperties"}
)
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)


def output_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as the wire takes it; what it cannot say moves into descriptions."""
    out = {key: _child(key, value) for key, value in schema.items() if key in _KEPT}
    if "oneOf" in schema:
        out["anyOf"] = _child("anyOf", schema["oneOf"])
    if schema.get("format") in _FORMATS:
        out["format"] = schema["format"]
    if schema.get("minItems") in (0, 1):
        out["minItems"] = schema["minItems"]
    if out.get("type") == "object" or "properties" in out:
        out["additionalProperties"] = False
    left = {key: value for key, value in schema.items() if key not in out and key != "oneOf"}
    if left:
        said = ", ".join(f"{key}: {value}" for key, value in left.items())
        out["description"] = f"{out.get('description', '')} ({said})".strip()
    return out


def _child(key: str, value: Any) -> Any:
    if key in ("properties", "$defs"):
        return {name: output_schema(child) for name, child in value.items()}
    if key == "items" and isinstance(value, dict):
        return output_schema(cast("dict[str, Any]", value))
    if key in ("anyOf", "allOf"):
        return [output_schema(child) for child in value]
    return value
