"""References of a document as definitions of one self-contained schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

__all__ = ["Inliner"]

MAX_DEFINITIONS = 150
MAX_DEPTH = 60

_LEFT_OUT: Final = frozenset(
    {"example", "examples", "xml", "externalDocs", "discriminator", "nullable", "deprecated"}
)
_FOREIGN = re.compile(r"[^A-Za-z0-9_.-]")


class Inliner:
    """Collects what schemas refer to, in JSON Schema's words.

    Args:
        read: Gives a component by `section/name`, or None.
    """

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read
        self._definitions: dict[str, Any] = {}

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
            return self._referred(reference)
        made = {
            key: self._part(key, item, depth)
            for key, item in found.items()
            if key not in _LEFT_OUT and not key.startswith("x-")
        }
        return _modern(made, nullable=found.get("nullable") is True)

    def definitions(self) -> Mapping[str, Any]:
        """All that was referred to, transitively."""
        return self._definitions

    def _part(self, key: str, item: Any, depth: int) -> Any:
        if key == "properties" and isinstance(item, dict):
            properties = cast("dict[str, Any]", item)
            return {name: self.schema(schema, depth + 1) for name, schema in properties.items()}
        if key in {"enum", "const", "default", "required"}:
            return item
        return self.schema(item, depth + 1)

    def _referred(self, reference: str) -> Any:
        key = _key(reference)
        name = _FOREIGN.sub("_", key.removeprefix("schemas/"))
        if name not in self._definitions:
            if len(self._definitions) >= MAX_DEFINITIONS:
                return {}
            self._definitions[name] = {}
            self._definitions[name] = self.schema(self._read(key) or {})
        return {"$ref": f"#/$defs/{name}"}


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
    if nullable and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    elif nullable:
        return {"anyOf": [schema, {"type": "null"}]}
    return schema
