"""Tool parameters: what the server would drop is put in place or said in words."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from majordomo.providers.ollama.schema import tool_parameters

COLOUR = {"enum": ["red", "blue"], "type": "string", "title": "Colour"}


def parameters(properties, **fields):
    return tool_parameters({"type": "object", "properties": properties, **fields})[0]


def node(schema, **fields):
    return parameters({"x": schema}, **fields)["properties"]["x"]


NODES = {
    "plain": ({"type": "string", "description": "A."}, {"type": "string", "description": "A."}),
    "titles go": ({"type": "string", "title": "X"}, {"type": "string"}),
    "const": ({"const": "a"}, {"enum": ["a"]}),
    "oneOf": ({"oneOf": [{"type": "string"}]}, {"anyOf": [{"type": "string"}]}),
    "anyOf": (
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "default": None},
        {"anyOf": [{"type": "integer", "description": "(minimum: 1)"}, {"type": "null"}]},
    ),
    "several types": ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
    "constraints": (
        {"type": "integer", "minimum": 0, "maximum": 9, "description": "N.", "default": 3},
        {"type": "integer", "description": "N. (minimum: 0, maximum: 9, default: 3)"},
    ),
    "pattern": (
        {"type": "string", "pattern": "^a", "format": "date"},
        {"type": "string", "description": '(pattern: "^a", format: "date")'},
    ),
    "items": (
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        {
            "type": "array",
            "items": {"type": "string", "description": "(minLength: 1)"},
            "description": "(minItems: 1)",
        },
    ),
    "nested": (
        {"type": "object", "properties": {"y": {"const": 1}}, "required": ["y"]},
        {"type": "object", "properties": {"y": {"enum": [1]}}, "required": ["y"]},
    ),
    "closed": ({"type": "object", "additionalProperties": False}, {"type": "object"}),
    "open": ({"type": "object", "additionalProperties": True}, {"type": "object"}),
    "free keys": (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "description": '(additionalProperties: {"type":"integer"})'},
    ),
    "anything": (True, {}),
    "allOf": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
                {"properties": {"b": {"type": "string"}}, "required": ["b", "a"]},
            ]
        },
        {
            "type": "object",
            "properties": {"b": {"type": "string"}, "a": {"type": "string"}},
            "required": ["a", "b"],
        },
    ),
}


@pytest.mark.parametrize(("schema", "expected"), NODES.values(), ids=NODES)
def test_a_property_in_what_the_server_keeps(schema, expected):
    assert node(schema) == expected


def test_references_are_put_in_place():
    found = node(
        {"$ref": "#/$defs/Box", "description": "Mine."},
        **{"$defs": {"Box": {"properties": {"c": {"$ref": "#/$defs/Colour"}}}, "Colour": COLOUR}},
    )
    assert found == {
        "properties": {"c": {"enum": ["red", "blue"], "type": "string"}},
        "description": "Mine.",
    }


def test_references_through_all_of_and_escaped_names_are_put_in_place():
    found = node({"allOf": [{"$ref": "#/$defs/a~1b"}]}, **{"$defs": {"a/b": COLOUR}})
    assert found == {"enum": ["red", "blue"], "type": "string"}


def test_a_type_that_holds_itself_ends():
    tree = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Tree"}}}
    found = node({"$ref": "#/$defs/Tree"}, **{"$defs": {"Tree": tree}})
    assert found["properties"]["next"] == {"type": "object", "description": "a Tree"}


@pytest.mark.parametrize("reference", ["#/$defs/Gone", "https://x/y.json", "#", ""])
def test_a_reference_to_nowhere_or_everything_is_any_object(reference):
    assert node({"$ref": reference})["type"] == "object"


@pytest.mark.parametrize("form", ["properties", "allOf"])
def test_references_that_multiply_are_cut(form):
    def twice(name):
        one = {"$ref": f"#/$defs/{name}"}
        return {"allOf": [one, one]} if form == "allOf" else {"properties": {"a": one, "b": one}}

    definitions = {f"D{n}": twice(f"D{n + 1}") for n in range(60)}
    found = node({"$ref": "#/$defs/D0"}, **{"$defs": definitions})
    assert len(json.dumps(found)) < 1_000_000


def test_the_root_is_an_object_with_properties():
    assert tool_parameters({"type": "object"}) == ({"type": "object", "properties": {}}, "")
    root = {"type": "object", "$ref": "#/$defs/A", "$defs": {"A": {"properties": {"x": COLOUR}}}}
    assert tool_parameters(root)[0]["properties"]["x"]["enum"] == ["red", "blue"]


def test_what_the_root_cannot_say_is_said_in_words():
    schema = {
        "type": "object",
        "properties": {},
        "description": "As the tool's own.",
        "minProperties": 1,
        "anyOf": [{"required": ["a"]}],
        "additionalProperties": False,
    }
    kept, words = tool_parameters(schema)
    assert kept == {"type": "object", "properties": {}}
    assert words == 'minProperties: 1, anyOf: [{"required":["a"]}]'


def test_long_words_are_cut():
    described = node({"type": "string", "examples": ["x" * 1000]})["description"]
    assert len(described) < 210
    assert described.endswith("…)")


KEPT = {"type", "anyOf", "items", "description", "enum", "properties", "required"}
SCHEMAS = st.recursive(
    st.sampled_from([{"type": "string", "maxLength": 3}, {"const": 1}, {"$ref": "#/$defs/D"}]),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.text(), inner)}
        ),
    ),
    max_leaves=8,
)


def nodes(schema):
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ())):
        yield from nodes(inner)
    if "items" in schema:
        yield from nodes(schema["items"])


@settings(deadline=None)
@given(SCHEMAS, SCHEMAS)
def test_nothing_is_left_that_the_server_would_drop(schema, definition):
    found = parameters({"x": schema}, **{"$defs": {"D": definition}})
    assert all(part.keys() <= KEPT for part in nodes(found))
