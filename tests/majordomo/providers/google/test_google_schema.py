"""Schemas in the keywords Gemini reads."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from executus.testing.server.google_schemas import find_broken_schema
from majordomo.llm import schema_for
from majordomo.providers.google.schema import adapted_schema, can_enforce

STRING = {"type": "string"}
NUMBER = {"type": "number"}

CASES = {
    "labels go": (
        {
            "$schema": "x",
            "$id": "x",
            "title": "T",
            "type": "string",
            "default": "a",
            "examples": ["a"],
            "deprecated": True,
        },
        STRING,
    ),
    "properties named like labels stay": (
        {"type": "object", "properties": {"title": STRING, "default": NUMBER, "const": STRING}},
        {"type": "object", "properties": {"title": STRING, "default": NUMBER, "const": STRING}},
    ),
    "kept": (
        {
            "type": ["array", "null"],
            "items": {"type": "integer", "minimum": 1, "maximum": 5},
            "minItems": 1,
            "maxItems": 3,
            "description": "d",
        },
        {
            "type": ["array", "null"],
            "items": {"type": "integer", "minimum": 1, "maximum": 5},
            "minItems": 1,
            "maxItems": 3,
            "description": "d",
        },
    ),
    "const": ({"const": "a"}, {"type": "string", "enum": ["a"]}),
    "const with a type": (
        {"const": 1, "type": "number"},
        {"type": "number", "enum": [1]},
    ),
    "const null": ({"const": None}, {"type": "null", "enum": [None]}),
    "const false": ({"const": False}, {"type": "boolean", "enum": [False]}),
    "enum of two types": ({"enum": ["a", 1]}, {"enum": ["a", 1]}),
    "enum": ({"enum": ["a", "b"]}, {"type": "string", "enum": ["a", "b"]}),
    "oneOf": (
        {"oneOf": [STRING, {"const": 1}], "discriminator": {"propertyName": "k"}},
        {"anyOf": [STRING, {"type": "integer", "enum": [1]}]},
    ),
    "what has no keyword is said": (
        {
            "type": "string",
            "description": "A name",
            "minLength": 2,
            "pattern": "^a",
            "format": "uuid",
        },
        {"type": "string", "description": 'A name (minLength: 2, pattern: "^a", format: "uuid")'},
    ),
    "said without a description": (
        {"type": "number", "exclusiveMinimum": 0, "multipleOf": 2},
        {"type": "number", "description": "(exclusiveMinimum: 0, multipleOf: 2)"},
    ),
    "a reference stands alone": (
        {
            "type": "object",
            "properties": {"p": {"$ref": "#/$defs/P", "description": "d", "title": "P"}},
            "$defs": {"P": {"type": "object", "properties": {"x": {"const": 1}}}},
        },
        {
            "type": "object",
            "properties": {"p": {"$ref": "#/$defs/P"}},
            "$defs": {
                "P": {"type": "object", "properties": {"x": {"type": "integer", "enum": [1]}}}
            },
        },
    ),
    "a reference at the root": (
        {"$ref": "#/$defs/P", "$defs": {"P": STRING}, "title": "x"},
        {"$ref": "#/$defs/P", "$defs": {"P": STRING}},
    ),
    "definitions of an older draft": (
        {
            "type": "object",
            "properties": {"p": {"$ref": "#/definitions/P"}},
            "definitions": {"P": STRING},
        },
        {
            "type": "object",
            "properties": {"p": {"$ref": "#/$defs/P"}},
            "$defs": {"P": STRING},
        },
    ),
    "allOf": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": STRING}, "required": ["a"]},
                {"properties": {"b": NUMBER}, "required": ["b", "a"]},
            ],
            "description": "d",
        },
        {
            "type": "object",
            "properties": {"a": STRING, "b": NUMBER},
            "required": ["b", "a"],
            "description": "d",
        },
    ),
    "allOf with references": (
        {
            "allOf": [{"$ref": "#/$defs/A"}, {"properties": {"b": NUMBER}}],
            "$defs": {"A": {"type": "object", "properties": {"a": STRING}}},
        },
        {
            "type": "object",
            "properties": {"a": STRING, "b": NUMBER},
            "$defs": {"A": {"type": "object", "properties": {"a": STRING}}},
        },
    ),
    "allOf of one reference is that reference": (
        {
            "type": "object",
            "properties": {"p": {"allOf": [{"$ref": "#/$defs/P"}], "description": "d"}},
            "$defs": {"P": STRING},
        },
        {
            "type": "object",
            "properties": {"p": {"$ref": "#/$defs/P"}},
            "$defs": {"P": STRING},
        },
    ),
    "allOf in a circle": (
        {
            "allOf": [{"$ref": "#/$defs/A"}, {"minimum": 1}, True],
            "$defs": {"A": {"allOf": [{"$ref": "#/$defs/A"}, NUMBER, {}]}},
        },
        {"type": "number", "minimum": 1, "$defs": {"A": NUMBER}},
    ),
    "anything": (
        {"type": "array", "items": True, "prefixItems": [True, {}]},
        {"type": "array", "items": {}, "prefixItems": [{}, {}]},
    ),
    "additional properties": (
        {"type": "object", "additionalProperties": {"const": 1}},
        {"type": "object", "additionalProperties": {"type": "integer", "enum": [1]}},
    ),
    "no more properties": (
        {"type": "object", "properties": {}, "additionalProperties": False},
        {"type": "object", "properties": {}, "additionalProperties": False},
    ),
}


def complaint(schema):
    config = {"responseMimeType": "application/json", "responseJsonSchema": schema}
    return find_broken_schema({"generationConfig": config}, "gemini-3.8-flash", gemini_3=True)


@pytest.mark.parametrize(("given_schema", "expected"), CASES.values(), ids=CASES)
def test_adapted_schemas(given_schema, expected):
    adapted = adapted_schema(given_schema)
    assert adapted == expected
    assert complaint(adapted) is None
    assert adapted_schema(adapted) == adapted


class Leaf(BaseModel):
    """A leaf."""

    kind: Literal["leaf"]
    size: int = Field(gt=0, le=9, multiple_of=3)
    code: str = Field(min_length=2, pattern="^x", examples=["x1"])


class Node(BaseModel):
    kind: Literal["node"]
    children: "list[Node | Leaf]" = []
    one: "Node | Leaf | None" = Field(None, discriminator="kind")
    pair: tuple[int, str] = (1, "a")
    more: dict[str, Any] = {}


def test_schemas_of_models_are_taken():
    for made in (TypeAdapter(Node).json_schema(), TypeAdapter(Leaf).json_schema()):
        assert complaint(made)
        assert complaint(adapted_schema(made)) is None


JSON_SCHEMAS = st.recursive(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["string", "object", "array", ["integer", "null"]]),
            "const": st.sampled_from([1, "a", None, [1]]),
            "minLength": st.integers(0, 3),
            "title": st.just("T"),
            "description": st.just("d"),
            "$ref": st.just("#/$defs/A"),
            "default": st.none(),
            "additionalProperties": st.booleans(),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(st.sampled_from(["a", "title", "$ref"]), inner),
            "items": inner | st.booleans(),
            "oneOf": st.lists(inner, max_size=2),
            "anyOf": st.lists(inner, max_size=2),
            "allOf": st.lists(inner | st.booleans(), max_size=3),
            "not": inner,
            "patternProperties": st.dictionaries(st.just("^a"), inner),
            "additionalProperties": inner,
            "$defs": st.dictionaries(st.sampled_from(["A", "B"]), inner),
        },
    ),
    max_leaves=8,
)


@given(JSON_SCHEMAS)
def test_any_schema_becomes_one_that_is_taken(given_schema):
    assert complaint(adapted_schema(given_schema)) is None


ENFORCED = {
    "closed": (dict[str, int] | None, False),
    "model": (Leaf, True),
    "list": (list[str], True),
    "list of anything": (list[Any], False),
    "map": (dict[str, str], False),
    "anything": (Any, False),
    "tuple": (tuple[int, str], True),
    "union": (int | str, True),
    "literal": (Literal["a", 1], True),
}


@pytest.mark.parametrize(("type_", "enforced"), ENFORCED.values(), ids=ENFORCED)
def test_what_an_answer_can_be_held_to(type_, enforced):
    class Holder(BaseModel):
        value: type_

    assert can_enforce(adapted_schema(schema_for(Holder).schema)) is enforced
    assert can_enforce(adapted_schema(TypeAdapter(Holder).json_schema())) is enforced


def test_an_object_without_properties_is_not_to_be_asked_for():
    assert not can_enforce({"type": "object"})
    assert not can_enforce({"type": ["object", "null"], "properties": {}})
    assert not can_enforce({})


def test_an_object_with_more_properties_than_it_names_is_not_to_be_asked_for():
    named = {"type": "object", "properties": {"a": STRING}}
    assert can_enforce({**named, "additionalProperties": False})
    assert not can_enforce({**named, "additionalProperties": STRING})
    assert not can_enforce({**named, "additionalProperties": True})
