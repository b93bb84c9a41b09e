"""Fills a JSON Schema from a text: strictly for tool arguments, leniently for typed answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from majordomo.providers.fake.reading import Kind, Reading, Token

__all__ = ["Filler", "Unfillable"]

Json = Mapping[str, Any]

MAX_DEPTH = 20

_FORMATS = {
    "date-time": "2000-01-01T00:00:00Z",
    "date": "2000-01-01",
    "time": "00:00:00Z",
    "duration": "PT0S",
    "email": "user@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class Unfillable(Exception):
    """The text does not hold what the schema requires."""


class Filler:
    """Takes values out of one text; each token is used once.

    Args:
        reading: The text.
        root: The schema that `$ref`s point into.
        lenient: Make up what the text does not hold, and let a string be the whole text.
        ignored: Stems of words that are not arguments: those that named the tool.
    """

    def __init__(
        self,
        reading: Reading,
        root: Json,
        *,
        lenient: bool,
        ignored: frozenset[str] = frozenset(),
    ) -> None:
        self._reading = reading
        self._root = root
        self._lenient = lenient
        self._ignored = ignored
        self._left = list(reading.tokens)

    def fill(self) -> Any:
        """A value for the root schema.

        Raises:
            Unfillable: The text lacks something required; never when lenient.
        """
        return self._value("", self._root, 0)

    def _value(self, name: str, schema: Json, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise Unfillable
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"])
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self._option(name, options, depth)
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._option(name, [{**schema, "type": one} for one in cast("Any", kind)], depth)
        return self._typed(kind, name, schema, depth)

    def _typed(self, kind: object, name: str, schema: Json, depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(name, schema, depth)
            case "integer" | "number":
                return self._number(schema, whole=kind == "integer")
            case "boolean":
                return False
            case "null":
                return None
            case _:
                return self._string(name, schema)

    def _resolved(self, schema: Json) -> Json:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        found: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return cast("Json", found)

    def _option(self, name: str, options: Sequence[Json], depth: int) -> Any:
        """The first option that can be filled; null comes last."""
        ordered = sorted(options, key=lambda option: option.get("type") == "null")
        for option in ordered:
            kept = list(self._left)
            try:
                return self._value(name, option, depth + 1)
            except Unfillable:
                self._left = kept
        raise Unfillable

    def _choice(self, values: Sequence[Any]) -> Any:
        said = {t.text.lower() for t in self._reading.tokens}
        mentioned = [v for v in values if str(v).lower() in said]
        if mentioned:
            return mentioned[0]
        if self._lenient:
            return values[0]
        raise Unfillable

    def _object(self, schema: Json, depth: int) -> dict[str, Any]:
        properties = cast("Mapping[str, Json]", schema.get("properties", {}))
        required = schema.get("required", ())
        filled: dict[str, Any] = {}
        for name, child in properties.items():
            if name in required or (not self._lenient and self._is_named(name, child)):
                filled[name] = self._value(name, child, depth + 1)
        return filled

    def _is_named(self, name: str, schema: Json) -> bool:
        """Whether the text names a value for an optional argument; guessing would surprise."""
        if _is_zone(name):
            return any(token.kind is Kind.ZONE for token in self._left)
        said = {token.text.lower() for token in self._reading.tokens}
        return any(str(value).lower() in said for value in self._resolved(schema).get("enum", ()))

    def _array(self, name: str, schema: Json, depth: int) -> list[Any]:
        items = cast("Json", schema.get("items", {}))
        wanted = max(1, int(schema.get("minItems", 1)))
        if self._lenient:
            return self._some(name, items, wanted, depth)
        found: list[Any] = []
        while self._left and len(found) < int(schema.get("maxItems", 100)):
            before = len(self._left)
            try:
                found.append(self._value(name, items, depth + 1))
            except Unfillable:
                break
            if len(self._left) == before:
                break  # an item that takes nothing from the text would be repeated for ever
        if len(found) < wanted:
            raise Unfillable
        return found

    def _some(self, name: str, items: Json, wanted: int, depth: int) -> list[Any]:
        try:
            return [self._value(name, items, depth + 1) for _ in range(wanted)]
        except Unfillable:
            return []  # a type that contains lists of itself ends here

    def _number(self, schema: Json, *, whole: bool) -> int | float:
        token = next((t for t in self._left if t.kind is Kind.NUMBER), None)
        if token is None or (whole and not float(token.text).is_integer()):
            if not self._lenient:
                raise Unfillable
            return _within(0, schema)
        self._left.remove(token)
        value = int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)
        value = int(value) if whole else value
        return _within(value, schema) if self._lenient else value

    def _string(self, name: str, schema: Json) -> str:
        if self._lenient:
            return self._lenient_string(schema)
        wanted = self._wanted(name)
        if wanted is None:
            raise Unfillable
        self._left.remove(wanted)
        return wanted.text

    def _lenient_string(self, schema: Json) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        quoted = next((t for t in self._left if t.kind is Kind.QUOTED), None)
        if quoted is not None:
            self._left.remove(quoted)
            return quoted.text
        return self._reading.text

    def _wanted(self, name: str) -> Token | None:
        free = [t for t in self._left if self._is_free(t)]
        order = [Kind.QUOTED, Kind.WORD, Kind.STAMP, Kind.ZONE]
        if _is_zone(name):
            order = [Kind.ZONE]
        elif "time" in name or "date" in name:
            order = [Kind.STAMP, Kind.QUOTED]
        return next((t for kind in order for t in free if t.kind is kind), None)

    def _is_free(self, token: Token) -> bool:
        return not token.trivial and token.stem not in self._ignored

    def phrase(self) -> str:
        """All remaining words as one phrase, or the first quotation; empty when there is none."""
        quoted = next((t for t in self._left if t.kind is Kind.QUOTED), None)
        if quoted is not None:
            return quoted.text
        rest = [t for t in self._left if t.stem not in self._ignored]
        while rest and rest[0].trivial:
            rest.pop(0)
        while rest and rest[-1].trivial:
            rest.pop()
        return " ".join(token.text for token in rest)


def _is_zone(name: str) -> bool:
    return "zone" in name or name == "tz"


def _within(value: float, schema: Json) -> int | float:
    """The value, moved into the schema's bounds."""
    if (least := schema.get("minimum")) is not None:
        value = max(value, least)
    if (above := schema.get("exclusiveMinimum")) is not None and value <= above:
        value = above + 1
    if (most := schema.get("maximum")) is not None:
        value = min(value, most)
    if (below := schema.get("exclusiveMaximum")) is not None and value >= below:
        value = below - 1
    return value
