"""What fits for certain passes, what cannot be judged passes too; the rest is told."""

import pytest
from executus_gateway.domain import MisfitArguments, check
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "bb", 0.5])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=6,
)
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
SCHEMAS = st.recursive(
    st.fixed_dictionaries({}, optional={"type": TYPES, "enum": st.lists(LEAVES, max_size=2)}),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES,
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "required": st.lists(st.sampled_from("ab"), max_size=1),
            "additionalProperties": st.booleans() | inner,
            "unevaluatedProperties": st.booleans(),
            "items": inner,
            "contains": inner,
            "maxContains": st.integers(0, 1),
            "minimum": st.integers(-1, 1),
            "maxLength": st.integers(0, 1),
            "pattern": st.sampled_from(["^a", "b$"]),
            "multipleOf": st.sampled_from([0.1, 2]),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "$ref": st.sampled_from(["#/$defs/d", "#/$defs/none"]),
        },
    ),
    max_leaves=5,
)


def fits(schema, value):
    try:
        check(schema, value)
    except MisfitArguments:
        return False
    return True


@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCHEMAS, st.dictionaries(st.sampled_from("ab"), VALUES, max_size=2))
def test_what_the_standard_takes_is_never_refused(schema, definition, value):
    schema = {**schema, "$defs": {"d": definition}}
    try:
        valid = Draft202012Validator(schema).is_valid(value)
    except Exception:
        assume(False)
    assert fits(schema, value) or not valid


def nested(schema):
    return {"properties": {"a": schema}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"oneOf": [{"type": "number"}, {"type": "integer"}]}, 1),
        ({"not": {"pattern": "^x"}}, "ab"),
        ({"if": {"pattern": "^x"}, "then": {"maxLength": 1}}, "ab"),
        ({"contains": {"pattern": "x"}, "maxContains": 0}, ["a"]),
        ({"multipleOf": 0.1}, 0.3),
        ({"minimum": 1, "exclusiveMinimum": True}, 1),
        ({"type": "string", "nullable": True}, None),
        ({"required": "name"}, {}),
        ({"enum": "abc"}, "z"),
        ({"items": [{"type": "string"}]}, [1]),
        ({"type": "file"}, "x"),
        ({"format": "email"}, "x"),
        ({"unevaluatedProperties": False}, {"x": 1}),
        ({"$ref": "https://elsewhere.test/x.json"}, 1),
        ({"minLength": "x"}, "a"),
    ],
)
def test_what_cannot_be_judged_here_is_let_through(schema, value):
    check(nested(schema), {"a": value})


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        ({"allOf": [{"required": ["x"]}, {"required": ["y"]}]}, {"y": 1}, "'x' is a required"),
        ({"type": ["string", "null"], "maxLength": 1}, "ab", "'ab' is too long"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, 1, "1 is not"),
        ({"not": {"enum": ["x"]}}, "x", "should not be valid"),
        ({"multipleOf": 0.1}, 0.35, "is not a multiple"),
        ({"minLength": "x", "maxLength": 1}, "ab", "'ab' is too long"),
        ({"type": "file", "enum": ["a"]}, "b", "'b' is not one of"),
        ({"properties": {"name": {}}, "additionalProperties": False}, {"nmae": 1}, "mean 'name'"),
        ({"propertyNames": {"enum": ["x"]}}, {"y": 1}, "'y' is not one of"),
    ],
)
def test_what_is_certain_is_told_with_its_place(schema, value, told):
    with pytest.raises(MisfitArguments, match=told) as caught:
        check(nested(schema), {"a": value})
    assert str(caught.value).startswith("a")


def test_the_branch_that_was_nearly_met_is_told_of():
    card = {"properties": {"card": {"properties": {"number": {"type": "string"}}}}}
    schema = nested({"anyOf": [{"type": "string"}, {"type": "object", **card}]})
    with pytest.raises(MisfitArguments, match=r"a\.card\.number: 5 is not of type 'string'"):
        check(schema, {"a": {"card": {"number": 5}}})


def test_references_that_multiply_end_in_time_and_what_was_found_before_is_told():
    doubling = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(60)}
    schema = {"required": ["x"], "allOf": [{"$ref": "#/$defs/d0"}], "$defs": doubling}
    with pytest.raises(MisfitArguments, match="'x' is a required"):
        check(schema, {"a": 1})
    check({"$ref": "#"}, {"a": 1})
