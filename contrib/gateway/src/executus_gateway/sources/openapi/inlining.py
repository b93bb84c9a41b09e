"""References of a document as definitions of one self-contained schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final, cast

from executus_gateway.sources.jsonobjects import as_list, as_object

__all__ = ["Inliner"]

MAX_DEFINITIONS = 150
MAX_DEPTH = 60
MAX_OPENED = 200

_LEFT_OUT: Final = frozenset(
    {"example", "examples", "xml", "externalDocs", "nullable", "deprecated"}
)
_BY_NAME: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
_AS_IT_IS: Final = frozenset({"enum", "const", "default", "required", "dependentRequired"})
_COMBINED: Final = frozenset({"allOf", "anyOf", "oneOf", "const"})
_OPEN: Final = ("patternProperties", "allOf", "anyOf", "oneOf", "unevaluatedProperties")
_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]")


class Inliner:
    """Collects what schemas refer to, in JSON Schema's words.

    Args:
        read: Gives a component by `section/name`, or None.
        most: Definitions that are made, the nearest first; in place of others stands anything.
    """

    def __init__(self, read: Callable[[str], Any], *, most: int = MAX_DEFINITIONS) -> None:
        self._read = cache(read)
        self._most = most
        self._keys: dict[str, str] = {}
        self._definitions: dict[str, Any] = {}
        self._opened = 0

    def resolve(self, value: Any) -> Mapping[str, Any]:
        """A parameter, body or answer, its own reference followed."""
        for _ in range(MAX_DEPTH):
            if not isinstance(value, dict):
                return {}
            found = cast("dict[str, Any]", value)
            if "$ref" not in found:
                return found
            value = self._read(_key(found["$ref"]))
        return {}

    def schema(self, value: Any, depth: int = 0) -> Any:
        """A schema, its references made to point into `definitions`."""
        if depth > MAX_DEPTH:
            return {}
        if isinstance(value, list):
            return [self.schema(item, depth + 1) for item in cast("list[Any]", value)]
        if not isinstance(value, dict):
            return value
        found = cast("dict[str, Any]", value)
        if isinstance(reference := found.get("$ref"), str):
            return self._referred(reference, found)
        found, names = self._unclosed(found)
        made = {
            key: self._part(key, item, depth)
            for key, item in found.items()
            if key not in _LEFT_OUT and not key.startswith("x-")
        }
        if "required" in made:
            made["required"] = self.required(found)
        if names:
            made["propertyNames"] = {"enum": names}
        return _modern(made, nullable=found.get("nullable") is True)

    def required(self, schema: Mapping[str, Any]) -> list[str]:
        """What must be sent: a property that is only read need not be, whatever is required."""
        properties = as_object(schema.get("properties"))
        return [
            name
            for name in as_list(schema.get("required"))
            if isinstance(name, str)
            and self.resolve(properties.get(name)).get("readOnly") is not True
        ]

    def definitions(self) -> Mapping[str, Any]:
        """All that was referred to, transitively."""
        while todo := [name for name in self._keys if name not in self._definitions]:
            for name in todo:
                self._definitions[name] = self.schema(self._read(self._keys[name]) or {})
        return self._definitions

    def _part(self, key: str, item: Any, depth: int) -> Any:
        if key in _BY_NAME and isinstance(item, dict):
            named = cast("dict[str, Any]", item)
            return {name: self.schema(schema, depth + 1) for name, schema in named.items()}
        if key in _AS_IT_IS:
            return item
        if key == "discriminator":
            return _discriminator(as_object(item))
        return self.schema(item, depth + 1)

    def _unclosed(self, schema: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
        """Branches of `allOf` that are closed, opened; and the names all of them have together.

        Closed ones would refuse each other's properties. Nobody means that: a service that takes
        the whole takes the properties of all its parts.
        """
        if "allOf" not in schema:
            return schema, ()
        branches = [self.resolve(branch) for branch in as_list(schema["allOf"])]
        parts = [schema, *branches]
        if not branches or all(part.get("additionalProperties") is not False for part in parts):
            return schema, ()
        self._opened += 1
        if self._opened > MAX_OPENED:
            return {}, ()
        opened = [_without(branch, "additionalProperties") for branch in branches]
        known = not any(key in branch for branch in branches for key in _OPEN)
        names = {name for part in parts for name in as_object(part.get("properties"))}
        open_ones = any(branch.get("additionalProperties") for branch in branches)
        whole = {**_without(schema, "additionalProperties"), "allOf": opened}
        return whole, sorted(names) if known and not open_ones else ()

    def _referred(self, reference: str, beside: Mapping[str, Any]) -> Any:
        made = self._definition(reference)
        if isinstance(told := beside.get("description"), str):
            made["description"] = told
        return {"anyOf": [made, {"type": "null"}]} if beside.get("nullable") is True else made

    def _definition(self, reference: str) -> dict[str, Any]:
        key = _key(reference)
        name = _definition_name(key)
        if name not in self._keys and len(self._keys) >= self._most:
            return {}
        if self._keys.setdefault(name, key) != key:
            return {}  # two names that only differ in what a definition's name cannot have
        return {"$ref": f"#/$defs/{name}"}


def _definition_name(key: str) -> str:
    return _FOREIGN.sub("_", key.removeprefix("schemas/"))


def _discriminator(declared: Mapping[str, Any]) -> Any:
    """Which property says what an object is; values lead to definitions."""
    mapping = {
        value: f"#/$defs/{_definition_name(_key(reference))}"
        for value, reference in as_object(declared.get("mapping")).items()
    }
    made = {"propertyName": str(declared.get("propertyName", ""))}
    return {**made, "mapping": mapping} if mapping else made


def _without(schema: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}


def _key(reference: object) -> str:
    text = str(reference).removeprefix("#/components/")
    return text.replace("~1", "/").replace("~0", "~")


def _modern(schema: dict[str, Any], *, nullable: bool) -> dict[str, Any]:
    """OpenAPI 3.0's dialect as JSON Schema."""
    for limit, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flag = schema.get(exclusive)
        if isinstance(flag, bool):
            del schema[exclusive]
            if flag and limit in schema:
                schema[exclusive] = schema.pop(limit)
    if nullable and not _COMBINED & schema.keys() and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    elif nullable:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema
