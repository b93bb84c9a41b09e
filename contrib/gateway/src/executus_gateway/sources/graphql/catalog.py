"""The queries and mutations of a GraphQL schema as a catalog."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from pydantic_core import from_json, to_json

from executus_gateway.domain import identifiers
from executus_gateway.errors import SourceFailed
from executus_gateway.schema import AuthScheme, ToolDescriptor, ToolEffect, ToolSummary
from executus_gateway.sources.graphql.schema import BEARER
from executus_gateway.sources.graphql.selecting import Types, checked, selection, signature

__all__ = ["SELECT", "VERSION", "GraphqlCatalog", "compiled"]

VERSION: Final = "graphql 1"
SELECT: Final = "select"
MAX_SUMMARY = 160

_SCALARS: Final[Mapping[str, Mapping[str, Any]]] = {
    "Int": {"type": "integer"},
    "Float": {"type": "number"},
    "String": {"type": "string"},
    "ID": {"type": ["string", "integer"]},
    "Boolean": {"type": "boolean"},
}
_ROOTS: Final[Sequence[tuple[str, str, ToolEffect]]] = (
    ("queryType", "query", "read"),
    ("mutationType", "mutation", "write"),
)


def compiled(schema: Mapping[str, Any]) -> bytes:
    """An artifact of an introspection."""
    return to_json({"version": VERSION, "schema": schema})


class GraphqlCatalog:
    """A `Catalog`: `query.<field>` and `mutation.<field>`.

    Args:
        artifact: What `compiled` made.

    Raises:
        SourceFailed: It is of another version.
    """

    def __init__(self, artifact: bytes) -> None:
        try:
            read: dict[str, Any] = from_json(artifact, cache_strings="keys")
            schema: dict[str, Any] = {VERSION: read["schema"]}[read["version"]]
        except (ValueError, KeyError, TypeError) as error:
            raise SourceFailed("the stored catalog is of another version: refresh it") from error
        try:
            entries: list[dict[str, Any]] = schema["types"]
            self._types: Types = {entry["name"]: entry for entry in entries}
            self._fields = dict(self._rooted(schema))
            self._summaries = tuple(self._summary(path) for path in self._fields)
        except (KeyError, TypeError, AttributeError) as error:
            raise SourceFailed("the endpoint's schema lacks what every schema has") from error

    @property
    def summaries(self) -> Sequence[ToolSummary]:
        """Queries, then mutations, in the schema's order."""
        return self._summaries

    @property
    def schemes(self) -> Sequence[AuthScheme]:
        """A token, which the schema does not say whether it wants."""
        return (BEARER,)

    @property
    def auth_required(self) -> bool:
        """It could be read."""
        return False

    def describe(self, path: str) -> ToolDescriptor | None:
        """A field in full."""
        if path not in self._fields:
            return None
        operation, effect, field = self._fields[path]
        told = field.get("description") or ""
        properties = {arg["name"]: self._input(arg["type"]) for arg in field["args"]}
        definitions = self._definitions(properties)
        properties[SELECT] = {
            "type": "string",
            "description": f"Fields to get, as in GraphQL; else: {self.document(path, '')[:500]}",
        }
        schema: dict[str, Any] = {
            "type": "object",
            "properties": properties,
            "required": [arg["name"] for arg in field["args"] if _required(arg)],
            "additionalProperties": False,
        }
        if definitions:
            schema["$defs"] = definitions
        return ToolDescriptor(
            path=path,
            origin=f"{operation} {field['name']}",
            description=f"{told}\nGives {signature(field['type'])}".strip(),
            effect=effect,
            input_schema=schema,
        )

    def document(self, path: str, select: str, given: Iterable[str] = ()) -> str:
        """The text of an operation.

        Args:
            path: Of the field.
            select: What to get of it; empty gets its plain fields.
            given: Names of the arguments of the call.

        Raises:
            MisfitArguments: `select` is more than fields.
        """
        operation, _, field = self._fields[path]
        wanted = set(given)
        args: list[Mapping[str, Any]] = [arg for arg in field["args"] if arg["name"] in wanted]
        declared = ", ".join(f"${arg['name']}: {signature(arg['type'])}" for arg in args)
        passed = ", ".join(f"{arg['name']}: ${arg['name']}" for arg in args)
        fields = f"{{ {checked(select)} }}" if select else selection(self._types, field["type"])
        head = f"{operation} ({declared})" if declared else operation
        call = f"{field['name']}({passed})" if passed else field["name"]
        return f"{head} {{ {call} {fields} }}"

    def has(self, path: str) -> bool:
        """Whether there is a field of that path."""
        return path in self._fields

    def check(self, path: str, arguments: Mapping[str, Any]) -> None:
        """Whether `select` is nothing but fields."""
        if path in self._fields and (select := arguments.get(SELECT)):
            checked(str(select))

    def field(self, path: str) -> str:
        """The endpoint's name of a field."""
        return str(self._fields[path][2]["name"])

    def _rooted(
        self, schema: Mapping[str, Any]
    ) -> Iterable[tuple[str, tuple[str, ToolEffect, Mapping[str, Any]]]]:
        for key, operation, effect in _ROOTS:
            root: Mapping[str, Any] = schema.get(key) or {"name": ""}
            owner: Mapping[str, Any] = self._types.get(root["name"], {})
            fields: list[Mapping[str, Any]] = owner.get("fields") or []
            names = identifiers(field["name"] for field in fields)
            for field in fields:
                yield f"{operation}.{names[field['name']]}", (operation, effect, field)

    def _summary(self, path: str) -> ToolSummary:
        _, effect, field = self._fields[path]
        described = str(field.get("description") or "").strip().partition("\n")[0]
        words = " ".join([*(arg["name"] for arg in field["args"]), signature(field["type"])])
        return ToolSummary(path=path, summary=described[:MAX_SUMMARY], effect=effect, words=words)

    def _input(self, kind: Mapping[str, Any]) -> dict[str, Any]:
        """JSON Schema of an input type; a type that may be null says so."""
        if kind["kind"] == "NON_NULL":
            return self._plain(kind["ofType"])
        return {"anyOf": [self._plain(kind), {"type": "null"}]}

    def _plain(self, kind: Mapping[str, Any]) -> dict[str, Any]:
        match kind["kind"]:
            case "LIST":
                return {"type": "array", "items": self._input(kind["ofType"])}
            case "INPUT_OBJECT":
                return {"$ref": f"#/$defs/{kind['name']}"}
            case "ENUM":
                known: Mapping[str, Any] = self._types.get(kind["name"], {})
                values: list[Mapping[str, Any]] = known.get("enumValues") or []
                return {"enum": [value["name"] for value in values]}
            case _:
                return dict(_SCALARS.get(kind["name"], {}))

    def _definitions(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """The input types that properties refer to, and those that these refer to."""
        definitions: dict[str, Any] = {}
        todo = list(_referred(properties))
        while todo:
            name = todo.pop()
            if name not in definitions:
                definitions[name] = self._defined(name)
                todo.extend(_referred(definitions[name]))
        return definitions

    def _defined(self, name: str) -> dict[str, Any]:
        fields: list[Mapping[str, Any]] = self._types.get(name, {}).get("inputFields") or []
        return {
            "type": "object",
            "properties": {field["name"]: self._input(field["type"]) for field in fields},
            "required": [field["name"] for field in fields if _required(field)],
            "additionalProperties": False,
        }


def _required(argument: Mapping[str, Any]) -> bool:
    return argument["type"]["kind"] == "NON_NULL" and argument.get("defaultValue") is None


def _referred(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        found = cast("dict[str, object]", value)
        if isinstance(reference := found.get("$ref"), str):
            yield reference.removeprefix("#/$defs/")
        for item in found.values():
            yield from _referred(item)
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _referred(item)
