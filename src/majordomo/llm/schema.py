"""JSON Schema from Python types: strict-compatible for outputs, natural for tool parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter
from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import SchemaError

from majordomo.errors import ConfigError

__all__ = ["JsonSchema", "schema_for", "without_titles"]

Json = dict[str, Any]

# Keywords OpenAI's strict mode refuses (wire/openai §6); said in the description instead, and
# checked here after the answer came.
_DESCRIBED = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "uniqueItems": "items are unique",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "contentEncoding": "encoded as {}",
}
# Patterns with a look around, which strict modes refuse, too.
_LOOKS = re.compile(r"\(\?<?[=!]")
_TYPES: Mapping[type, str] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    type(None): "null",
}
_DROPPED = {"title", "default", "examples", "deprecated", "readOnly", "writeOnly", "discriminator"}
_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)
# The last two are how pydantic fails where it is given an object instead of a type.
_NO_SCHEMA = (
    PydanticUserError,
    PydanticUndefinedAnnotation,
    SchemaError,
    AttributeError,
    TypeError,
)
_MOST_TOLD = 300
_NOT_STRICT = frozenset(
    {"patternProperties", "propertyNames", "prefixItems", "not", "if", "contains"}
)


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """A schema and whether it keeps to the subset that strict modes accept."""

    schema: Mapping[str, Any]
    strict: bool


def schema_for(tp: Any) -> JsonSchema:
    """The JSON Schema of a Python type, fit for strict structured output.

    Every object closes its properties and requires them all; what may be missing is nullable or
    has its default described. References are inlined. Constraints that strict modes refuse move
    into the description. Free-form mappings, `Any` and fixed tuples make the schema non-strict.

    Args:
        tp: Anything pydantic can validate: a model, dataclass, TypedDict, enum, scalar, list,
            union, `Annotated[…]`.

    Raises:
        ConfigError: The type refers to itself (the message shows the path), or pydantic has no
            JSON Schema for it.
    """
    try:
        raw = TypeAdapter[Any](tp).json_schema()
    except _NO_SCHEMA as error:
        raise ConfigError(f"no JSON Schema for {tp!r:.100}: {_reason(error)}") from error
    walk = _Strictener(raw.pop("$defs", {}))
    return JsonSchema(walk.node(raw, ("$",)), walk.strict)


def _reason(error: Exception) -> str:
    said, _, _ = str(error).partition("For further information")
    return " ".join(said.split())[:_MOST_TOLD]


class _Strictener:
    """Rewrites one schema; remembers whether all of it could be expressed."""

    def __init__(self, definitions: Json) -> None:
        self.definitions = definitions
        self.strict = True
        self._open: list[str] = []

    def node(self, schema: Json, path: tuple[str, ...]) -> Json:
        if "$ref" in schema:
            return self._reference(schema, path)
        described = _describe(schema)
        out = {k: v for k, v in schema.items() if k not in _DROPPED and k not in _DESCRIBED}
        if described:
            out["description"] = described
        if out.get("format") not in _FORMATS:
            out.pop("format", None)
        if _looks(schema):
            out.pop("pattern")
        _add_type(out)
        self._loose(out, path)
        self._combine(out, path)
        if out.get("type") == "object":
            self._object(out, path)
        elif out.get("type") == "array":
            self._array(out, path)
        elif not {"type", "enum", "const", "anyOf"} & out.keys():
            self.strict = False  # Any: no strict mode has a word for it
        return out

    def _reference(self, schema: Json, path: tuple[str, ...]) -> Json:
        name = str(schema["$ref"]).rpartition("/")[2]
        if name in self._open:
            way = " → ".join([*self._open[self._open.index(name) :], name])
            raise ConfigError(
                f"the type refers to itself at {'.'.join(path)} ({way}); "
                "strict output needs a type of bounded depth"
            )
        self._open.append(name)
        found = self.node({**self.definitions[name], **_siblings(schema)}, path)
        self._open.pop()
        return found

    def _combine(self, out: Json, path: tuple[str, ...]) -> None:
        options = out.pop("oneOf", None) or out.pop("anyOf", None)
        if options is not None:
            out["anyOf"] = [self.node(o, (*path, f"|{i}")) for i, o in enumerate(options)]
        if "allOf" in out:
            self.strict = False
            out["allOf"] = [self.node(o, (*path, f"&{i}")) for i, o in enumerate(out["allOf"])]

    def _loose(self, out: Json, path: tuple[str, ...]) -> None:
        """Keywords no strict mode knows: kept, with their references inlined."""
        for key in _NOT_STRICT & out.keys():
            self.strict = False
            value = out[key]
            if key == "patternProperties":
                out[key] = {k: self.node(v, (*path, k)) for k, v in value.items()}
            elif isinstance(value, list):
                items = cast("list[Json]", value)
                out[key] = [self.node(v, (*path, f"[{i}]")) for i, v in enumerate(items)]
            elif isinstance(value, dict):
                out[key] = self.node(cast("Json", value), (*path, key))

    def _object(self, out: Json, path: tuple[str, ...]) -> None:
        properties: Json | None = out.get("properties")
        if properties is None:
            if out.get("additionalProperties") is not False:
                self.strict = False
                extra = out.get("additionalProperties")
                if isinstance(extra, dict):
                    out["additionalProperties"] = self.node(cast("Json", extra), (*path, "*"))
            return
        out["properties"] = {k: self.node(v, (*path, k)) for k, v in properties.items()}
        out["required"] = list(properties)
        if out.get("additionalProperties"):
            self.strict = False
        else:
            out["additionalProperties"] = False

    def _array(self, out: Json, path: tuple[str, ...]) -> None:
        if isinstance(out.get("items"), dict):
            out["items"] = self.node(out["items"], (*path, "[]"))
        else:
            self.strict = False


def _looks(schema: Json) -> bool:
    return _LOOKS.search(schema.get("pattern", "")) is not None


def _add_type(out: Json) -> None:
    """Values of several types have no type of their own, and strict modes want one."""
    values: list[object] = out.get("enum") or []
    names = list(dict.fromkeys(_TYPES.get(type(value), "") for value in values))
    if names and "type" not in out and all(names):
        out["type"] = names[0] if len(names) == 1 else names


def _siblings(schema: Json) -> Json:
    return {k: v for k, v in schema.items() if k != "$ref"}


def _describe(schema: Json) -> str:
    """The description plus what the schema may no longer say in keywords."""
    facts = [str(schema["description"]).rstrip(".")] if schema.get("description") else []
    facts += [text.format(schema[key]) for key, text in _DESCRIBED.items() if schema.get(key)]
    if _looks(schema):
        facts.append(f"matches {schema['pattern']}")
    if schema.get("format") and schema["format"] not in _FORMATS:
        facts.append(f"format {schema['format']}")
    if schema.get("default") is not None:
        facts.append(f"default {schema['default']!r}")
    only = len(facts) == 1 and bool(schema.get("description"))
    return str(schema["description"]) if only else ". ".join(facts)


def without_titles(schema: Json) -> Json:
    """The schema without pydantic's generated titles: they cost tokens and say nothing."""
    return cast(
        "Json", _strip(schema, lambda key, value: key == "title" and isinstance(value, str))
    )


def _strip(node: object, drop: Callable[[str, object], bool]) -> object:
    if isinstance(node, dict):
        items = cast("Json", node).items()
        return {
            k: (
                {p: _strip(s, drop) for p, s in cast("Json", v).items()}
                if k == "properties"
                else _strip(v, drop)
            )
            for k, v in items
            if not drop(k, v)
        }
    if isinstance(node, list):
        return [_strip(item, drop) for item in cast("list[object]", node)]
    return node
