"""Output schemas: what the wire's subset says, and what it has no words for."""

import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from majordomo.llm import schema_for
from majordomo.providers.anthropic.schema import native_schema


def obj(**properties):
    return {"type": "object", "properties": properties}


def closed(**properties):
    return {**obj(**properties), "additionalProperties": False}


@pytest.mark.parametrize(
    ("node", "native"),
    [
        ({"type": "string", "title": "T", "description": "d"}, None),
        ({"type": ["string", "null"]}, None),
        ({"type": "string", "format": "date-time"}, None),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 1}, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None),
        ({"enum": ["a", 1, None]}, None),
        ({"type": "string", "enum": ["a"]}, {"enum": ["a"]}),
        ({"type": "string", "const": "a"}, {"const": "a"}),
        ({"oneOf": [{"type": "integer"}]}, {"anyOf": [{"type": "integer"}]}),
        (
            {"type": "string", "format": "email"},
            {"type": "string", "format": "email"},
        ),
        (
            {"type": "string", "format": "binary", "description": "Bytes."},
            {"type": "string", "description": 'Bytes. (format: "binary")'},
        ),
        (
            {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
            {"type": "integer", "description": "(minimum: 1, maximum: 9, default: 3)"},
        ),
        (
            {"type": "array", "items": {"type": "string"}, "minItems": 2, "uniqueItems": True},
            {
                "type": "array",
                "items": {"type": "string"},
                "description": "(minItems: 2, uniqueItems: true)",
            },
        ),
        (
            {"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": True},
            closed(a={"type": "null"}),
        ),
        (
            {"type": "object", "additionalProperties": False},
            {"type": "object", "additionalProperties": False},
        ),
        (
            {"$schema": "x", "$id": "y", "$comment": "z", "type": "integer", "discriminator": {}},
            {"type": "integer"},
        ),
    ],
)
def test_nodes(node, native):
    assert native_schema(obj(x=node)) == closed(x=native or node)


@pytest.mark.parametrize(
    "node",
    [
        {},
        True,
        {"description": "anything"},
        {"type": "object"},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {}, "patternProperties": {"^x": {"type": "integer"}}},
        {"type": ["object", "null"]},
        {"type": "array"},
        {"type": "array", "items": {}},
        {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "integer"}},
        {"enum": [{"a": 1}]},
        {"const": [1]},
        {"anyOf": [{"type": "integer"}, {}]},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#"},
        {"$ref": "#/$defs/missing"},
    ],
)
def test_what_has_no_words(node):
    assert native_schema(obj(x=node)) is None


def test_references_stand_alone_and_reach_their_definitions():
    definitions = {"P": obj(n={"type": "integer"}), "Q": obj(p={"$ref": "#/$defs/P"})}
    schema = {**obj(q={"$ref": "#/$defs/Q", "description": "gone"}), "$defs": definitions}
    assert native_schema(schema) == {
        **closed(q={"$ref": "#/$defs/Q"}),
        "$defs": {"P": closed(n={"type": "integer"}), "Q": closed(p={"$ref": "#/$defs/P"})},
    }


@pytest.mark.parametrize("root", ["P", "Alias"])
def test_a_root_reference_is_taken_in(root):
    definitions = {"P": obj(n={"type": "integer"}), "Alias": {"$ref": "#/$defs/P"}}
    assert native_schema({"$ref": f"#/$defs/{root}", "$defs": definitions}) == {
        **closed(n={"type": "integer"}),
        "$defs": {"P": closed(n={"type": "integer"}), "Alias": {"$ref": "#/$defs/P"}},
    }


@pytest.mark.parametrize(
    "definitions",
    [
        {"A": obj(a={"$ref": "#/$defs/A"})},
        {
            "A": obj(b={"type": "array", "items": {"$ref": "#/$defs/B"}}),
            "B": obj(a={"anyOf": [{"$ref": "#/$defs/A"}, {"type": "null"}]}),
        },
    ],
)
def test_recursion_has_no_words(definitions):
    assert native_schema({**obj(a={"$ref": "#/$defs/A"}), "$defs": definitions}) is None
    assert native_schema({"$ref": "#/$defs/A", "$defs": definitions}) is None


def test_the_given_schema_is_not_changed():
    schema = obj(x={"type": "integer", "minimum": 1})
    native_schema(schema)
    assert schema == obj(x={"type": "integer", "minimum": 1})


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Item:
    name: Annotated[str, Field(min_length=1, pattern="^[a-z]+$")]
    price: Annotated[float, Field(ge=0)] = 0.0
    colour: Colour | None = None


class Order(BaseModel):
    items: list[Item]
    kind: Literal["a", "b"]


KEYWORDS = {
    *("type", "properties", "required", "items", "enum", "const", "anyOf", "allOf", "$ref"),
    *("$defs", "title", "description", "format", "minItems", "additionalProperties"),
}


def check_subset(node):
    assert node.keys() <= KEYWORDS
    if node.get("type") == "object":
        assert node["additionalProperties"] is False
    for key in ("properties", "$defs"):
        for child in node.get(key, {}).values():
            check_subset(child)
    for child in [*node.get("anyOf", ()), *node.get("allOf", ())]:
        check_subset(child)
    if "items" in node:
        check_subset(node["items"])


@pytest.mark.parametrize("tp", [Order, Item])
def test_types_stay_in_the_subset(tp):
    for schema in (schema_for(tp).schema, Order.model_json_schema()):
        native = native_schema(schema)
        assert native is not None
        check_subset(native)


@pytest.mark.parametrize("tp", [dict[str, int], list[Any], tuple[int, str]])
def test_loose_types_have_no_words(tp):
    assert native_schema(obj(x=schema_for(tp).schema)) is None
