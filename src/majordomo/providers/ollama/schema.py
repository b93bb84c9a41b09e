"""Tool parameters in the little that the server hands on to the model (wire/ollama §4).

It keeps types, properties, items, enumerations, `anyOf` and descriptions, and drops the rest
silently: references are put in place, other constraints are said in words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from majordomo.providers.text import dump

__all__ = ["tool_parameters"]

Json = dict[str, Any]

_VERBATIM = ("type", "enum", "required")
_NODES = ("items",)
_SILENT = frozenset(
    {"$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "discriminator"}
)
_SAID = frozenset({*_VERBATIM, *_NODES, *_SILENT, "properties", "anyOf", "oneOf", "const", "allOf"})
_MOST_NODES = 2000  # references to references may grow without bound
_MOST_CHARS = 200


def tool_parameters(schema: Mapping[str, Any]) -> tuple[Json, str]:
    """The parameters of a tool, and in words what their root cannot say.

    Args:
        schema: JSON Schema with an object at its root.
    """
    inliner = _Inliner(schema)
    root, inside = inliner.flatten(schema, ())
    parameters: Json = {"type": "object", "properties": {}}
    parameters |= inliner.kept(root, inside)
    choices = {"anyOf": parameters.pop("anyOf", None), "enum": parameters.pop("enum", None)}
    words = [*_words(root), *_texts({k: v for k, v in choices.items() if v is not None})]
    return parameters, ", ".join(words)


class _Inliner:
    """Puts the definitions of one schema where they are referred to."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._left = _MOST_NODES

    def node(self, schema: Any, inside: tuple[str, ...]) -> Json:
        """A part of the schema as the server takes it.

        Args:
            schema: Usually an object; `True` allows anything.
            inside: The references that led here: one that comes again has no end.
        """
        if not isinstance(schema, Mapping):
            return {}
        flat, inside = self.flatten(cast("Mapping[str, Any]", schema), inside)
        out = self.kept(flat, inside)
        words = ", ".join(_words(flat))
        described = flat.get("description") or ""
        if words:
            described = f"{described} ({words})".strip()
        return {**out, "description": described} if described else out

    def flatten(
        self, schema: Mapping[str, Any], inside: tuple[str, ...]
    ) -> tuple[Json, tuple[str, ...]]:
        """The schema with its own reference and its `allOf` merged into it, and what led here."""
        self._left -= 1
        flat = dict(schema)
        reference = flat.pop("$ref", None)
        if isinstance(reference, str):
            definition, inside = self._definition(reference, inside)
            flat = {**definition, **flat}
        for part in cast("Sequence[Any]", flat.pop("allOf", ())):
            if isinstance(part, Mapping):
                more, inside = self.flatten(cast("Mapping[str, Any]", part), inside)
                flat = _merged(flat, more)
        return flat, inside

    def _definition(self, reference: str, inside: tuple[str, ...]) -> tuple[Json, tuple[str, ...]]:
        name = reference.rpartition("/")[2]
        target: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            known: Json = (
                dict(cast("Mapping[str, Any]", target)) if isinstance(target, Mapping) else {}
            )
            target = known.get(step.replace("~1", "/").replace("~0", "~"))
        if not isinstance(target, Mapping) or reference in inside or self._left <= 0:
            unknown = {"description": f"a {name}"} if name else {}
            return {"type": "object", **unknown}, inside
        return self.flatten(cast("Mapping[str, Any]", target), (*inside, reference))

    def kept(self, flat: Json, inside: tuple[str, ...]) -> Json:
        """What the server keeps of a flat schema, except its description."""
        out = {name: flat[name] for name in _VERBATIM if name in flat}
        if "const" in flat:
            out["enum"] = [flat["const"]]
        if "items" in flat:
            out["items"] = self.node(flat["items"], inside)
        if isinstance(flat.get("properties"), Mapping):
            properties = cast("Mapping[str, Any]", flat["properties"])
            out["properties"] = {k: self.node(v, inside) for k, v in properties.items()}
        choices = [*(flat.get("anyOf") or ()), *(flat.get("oneOf") or ())]
        if choices:
            out["anyOf"] = [self.node(choice, inside) for choice in choices]
        return out


def _merged(one: Json, other: Json) -> Json:
    """Both at once, as `allOf` means it."""
    both = {**other, **one}
    if "properties" in one and "properties" in other:
        both["properties"] = {**other["properties"], **one["properties"]}
    if "required" in one and "required" in other:
        both["required"] = list(dict.fromkeys([*one["required"], *other["required"]]))
    return both


def _words(flat: Json) -> Iterator[str]:
    """What of a flat schema the server would drop."""
    return _texts({name: value for name, value in flat.items() if _matters(name, value)})


def _matters(name: str, value: object) -> bool:
    if name in _SAID or (name == "default" and value is None):
        return False
    # That more properties may come, or not, is no help; what they must be is.
    return name != "additionalProperties" or bool(value and isinstance(value, Mapping))


def _texts(left: Json) -> Iterator[str]:
    for name, value in left.items():
        text = f"{name}: {dump(value).decode()}"
        yield text if len(text) <= _MOST_CHARS else f"{text[: _MOST_CHARS - 1]}…"
