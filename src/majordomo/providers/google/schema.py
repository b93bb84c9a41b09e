"""JSON Schemas in the keywords Gemini reads (wire/google §7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from majordomo.providers.text import dump

__all__ = ["adapted_schema", "can_enforce"]

Json = dict[str, Any]

_KEPT = frozenset(
    {"type", "enum", "minItems", "maxItems", "minimum", "maximum", "required", "propertyOrdering"}
)
_CHILD = frozenset({"items", "additionalProperties"})
_CHILDREN = frozenset({"anyOf", "prefixItems"})
_NAMED = frozenset({"properties", "$defs"})
# Neither sent nor said: labels, or what is rewritten.
_SILENT = frozenset(
    {
        "$schema",
        "$id",
        "$anchor",
        "$comment",
        "title",
        "description",
        "examples",
        "default",
        "discriminator",
        "deprecated",
        "readOnly",
        "writeOnly",
        "const",
    }
)
_TYPES: dict[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
    list: "array",
    dict: "object",
}


def adapted_schema(schema: Mapping[str, Any]) -> Json:
    """A schema for `parametersJsonSchema` or `responseJsonSchema`.

    `const` becomes an `enum` of one, `oneOf` an `anyOf`; `allOf` is merged. Constraints without a
    keyword move into descriptions; titles, defaults and examples are dropped.
    """
    root = dict(schema)
    definitions: Json = {**root.pop("definitions", {}), **root.pop("$defs", {})}
    if definitions:
        root["$defs"] = definitions
    return _node(root, definitions)


def can_enforce(schema: Mapping[str, Any]) -> bool:
    """Whether an answer can be held to an adapted schema: free-form objects come back empty."""
    return all(map(_is_closed, _nodes(schema)))


def _node(schema: object, definitions: Json) -> Json:
    if not isinstance(schema, Mapping):
        return {}  # `true`: anything
    found = _merged(cast("Mapping[str, Any]", schema), definitions, ())
    if "$ref" in found:
        # No other keyword may stand beside it but those that begin with a dollar.
        out: Json = {"$ref": _reference(found["$ref"])}
        if "$defs" in found:
            out["$defs"] = _child("$defs", found["$defs"], definitions)
        return out
    out = {key: _child(key, value, definitions) for key, value in found.items() if _is_known(key)}
    if "const" in found:
        out["enum"] = [found["const"]]
    _typed_enum(out)
    described = _description(found)
    return {**out, "description": described} if described else out


def _is_known(key: str) -> bool:
    return key in _KEPT or key in _CHILD or key in _CHILDREN or key in _NAMED


def _child(key: str, value: Any, definitions: Json) -> Any:
    if key in _NAMED:
        return {name: _node(child, definitions) for name, child in value.items()}
    if key in _CHILDREN:
        return [_node(child, definitions) for child in value]
    if key in _CHILD and not isinstance(value, bool):
        return _node(value, definitions)
    return {} if key == "items" else value


def _merged(schema: Mapping[str, Any], definitions: Json, seen: tuple[str, ...]) -> Json:
    """A node without `oneOf` and `allOf`; what it is all of is put into one."""
    out = {key: value for key, value in schema.items() if key not in ("oneOf", "allOf")}
    if "oneOf" in schema:
        out["anyOf"] = [*out.get("anyOf", ()), *schema["oneOf"]]
    members = [cast("Json", member) for member in schema.get("allOf") or () if member is not True]
    if len(members) == 1 and members[0] and "$ref" in members[0] and not _is_shape(out):
        return {**out, "$ref": members[0]["$ref"]}
    for member in members:
        out = _both(out, _resolved(member, definitions, seen))
    return out


def _is_shape(schema: Json) -> bool:
    return bool(schema.keys() & {"type", "properties", "anyOf", "enum", "$ref"})


def _resolved(schema: object, definitions: Json, seen: tuple[str, ...]) -> Json:
    """A member of an `allOf`, a reference replaced by what it leads to; a circle ends empty."""
    if not isinstance(schema, Mapping):
        return {}
    found = cast("Json", schema)
    name = str(found.get("$ref", "")).rpartition("/")[2]
    if name:
        if name in seen or name not in definitions:
            return {}
        return _resolved(definitions[name], definitions, (*seen, name))
    return _merged(found, definitions, seen)


def _both(first: Json, second: Json) -> Json:
    """What satisfies both, as far as that can be said; the first is the more specific one."""
    out = {**second, **first}
    if "properties" in first and "properties" in second:
        out["properties"] = {**second["properties"], **first["properties"]}
    if "required" in first and "required" in second:
        out["required"] = list(dict.fromkeys([*second["required"], *first["required"]]))
    return out


def _reference(reference: Any) -> str:
    return str(reference).replace("#/definitions/", "#/$defs/", 1)


def _typed_enum(out: Json) -> None:
    """An enumeration's type, when all its values are of one."""
    if "enum" not in out or "type" in out:
        return
    values = cast("list[object]", out["enum"])
    types = {_TYPES.get(type(value)) for value in values}
    if len(types) == 1 and None not in types:
        out["type"] = types.pop()


def _description(schema: Json) -> str:
    """The description, and in words what has no keyword."""
    own = schema.get("description")
    left = [
        f"{key}: {dump(value).decode()}"
        for key, value in schema.items()
        if not _is_known(key) and key not in _SILENT
    ]
    said = f" ({', '.join(left)})" if left else ""
    return f"{own if isinstance(own, str) else ''}{said}".strip()


def _is_closed(node: Json) -> bool:
    if "$ref" in node or "enum" in node or "anyOf" in node:
        return True
    kind = node.get("type")
    kinds = cast("list[str]", kind) if isinstance(kind, list) else [kind]
    if "object" in kinds:
        return bool(node.get("properties")) and not node.get("additionalProperties")
    if "array" in kinds:
        return bool(node.get("items") or node.get("prefixItems"))
    return kind is not None


def _nodes(schema: Mapping[str, Any]) -> Iterable[Json]:
    """A schema and all schemas inside."""
    yield dict(schema)
    for key in _NAMED & schema.keys():
        for child in schema[key].values():
            yield from _nodes(child)
    for key in _CHILDREN & schema.keys():
        for child in schema[key]:
            yield from _nodes(child)
    for key in _CHILD & schema.keys():
        if isinstance(schema[key], dict):
            yield from _nodes(schema[key])
