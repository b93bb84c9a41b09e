"""Output schemas in the subset that Messages enforces (wire/anthropic §7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from majordomo.providers.text import dump

__all__ = ["native_schema"]

Json = dict[str, Any]

_KEPT = ("type", "properties", "required", "items", "enum", "const", "anyOf", "allOf", "$defs")
_LABELS = ("title", "description")
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"}
)
_SILENT = frozenset({"$schema", "$id", "$comment", "discriminator", "additionalProperties"})
_SHAPES = frozenset({"type", "enum", "const", "anyOf", "allOf"})
_REFERENCE = "#/$defs/"


class _NoWords(Exception):
    """The subset cannot say this without forbidding valid answers."""


def native_schema(schema: Mapping[str, Any]) -> Json | None:
    """The schema as the wire takes it, or None when the wire has no words for it.

    Constraints outside the subset move into descriptions. None for what would be refused, or would
    forbid valid answers: references that recurse or lead outside, free-form objects, tuples,
    values of any type, enumerated objects.
    """
    root = dict(schema)
    if not _references_end(root):
        return None
    while "$ref" in root:
        # The root must be an object itself.
        root = {**root["$defs"][_name(root["$ref"])], "$defs": root["$defs"]}
    try:
        return _node(root)
    except _NoWords:
        return None


def _node(schema: Any) -> Json:
    if not isinstance(schema, Mapping):
        raise _NoWords
    found = cast("Mapping[str, Any]", schema)
    if "$ref" in found:
        return {"$ref": found["$ref"]}  # siblings are dropped by the server
    out = {key: _child(key, found[key]) for key in _KEPT if key in found}
    if "oneOf" in found:
        out["anyOf"] = _child("anyOf", found["oneOf"])
    if not _SHAPES & out.keys():
        raise _NoWords
    _values(out)
    _object(out, found)
    _array(out, found)
    return _described(out, found)


def _child(key: str, value: Any) -> Any:
    if key in ("properties", "$defs"):
        return {name: _node(child) for name, child in value.items()}
    if key in ("anyOf", "allOf"):
        return [_node(child) for child in value]
    return _node(value) if key == "items" else value


def _values(out: Json) -> None:
    """Enumerated values must be primitives, and carry no type."""
    values = [*out.get("enum", ()), *([out["const"]] if "const" in out else ())]
    if any(isinstance(value, dict | list) for value in values):
        raise _NoWords
    if values:
        out.pop("type", None)


def _object(out: Json, schema: Mapping[str, Any]) -> None:
    if not _is(out, "object"):
        return
    free = "properties" not in out and schema.get("additionalProperties") is not False
    if free or "patternProperties" in schema:
        raise _NoWords
    out["additionalProperties"] = False


def _array(out: Json, schema: Mapping[str, Any]) -> None:
    if _is(out, "array") and ("items" not in out or "prefixItems" in schema):
        raise _NoWords
    if schema.get("minItems") in (0, 1):
        out["minItems"] = schema["minItems"]


def _is(out: Json, name: str) -> bool:
    kind = out.get("type")
    return name in cast("list[str]", kind) if isinstance(kind, list) else kind == name


def _described(out: Json, schema: Mapping[str, Any]) -> Json:
    """Labels, and in words what the subset leaves out."""
    if schema.get("format") in _FORMATS:
        out["format"] = schema["format"]
    out |= {label: schema[label] for label in _LABELS if label in schema}
    said = {*out, *_KEPT, *_SILENT, "oneOf"}
    left = [f"{key}: {dump(value).decode()}" for key, value in schema.items() if key not in said]
    if left:
        out["description"] = f"{out.get('description', '')} ({', '.join(left)})".strip()
    return out


def _references_end(root: Json) -> bool:
    """Whether every reference leads to a definition and none leads back to itself."""
    definitions: Json = root.get("$defs", {})
    links = {name: set(_references(node)) for name, node in definitions.items()}
    waiting = set(_references(root))
    if any(_name(reference) not in links for reference in waiting):
        return False
    # Take away definitions that refer to nothing left, until none or only circles remain.
    left = {name: {_name(reference) for reference in found} for name, found in links.items()}
    while ended := [name for name, found in left.items() if not found & left.keys()]:
        for name in ended:
            del left[name]
    return not left


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in cast("Json", node).items():
            if key == "$ref" and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from _references(item)


def _name(reference: str) -> str:
    return reference.removeprefix(_REFERENCE) if reference.startswith(_REFERENCE) else ""
