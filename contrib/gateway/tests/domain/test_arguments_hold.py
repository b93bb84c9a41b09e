"""Whatever a schema is, checking ends in time, with a verdict or a sentence: generated cases."""

import pytest
from executus_gateway.domain import MisfitArguments, arguments_digest, bind, check
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(st.text(max_size=5), VALUES, max_size=4)
KEYWORDS = st.sampled_from(
    [
        "type",
        "properties",
        "required",
        "enum",
        "items",
        "minimum",
        "maxLength",
        "pattern",
        "anyOf",
        "additionalProperties",
        "$ref",
        "not",
        "multipleOf",
        "uniqueItems",
        "if",
        "$defs",
        "format",
    ]
)
SCHEMAS = st.recursive(
    st.booleans() | st.sampled_from([{}, {"type": "string"}, {"$ref": "#"}, {"type": "nothing"}]),
    lambda inner: st.dictionaries(
        KEYWORDS, inner | VALUES | st.lists(inner, max_size=2), max_size=4
    ),
    max_leaves=8,
).filter(lambda schema: isinstance(schema, dict))
PLAIN = {
    "type": "object",
    "properties": {
        "n": {"type": "integer", "minimum": 0},
        "s": {"type": "string", "maxLength": 5},
        "l": {"type": "array", "items": {"type": "boolean"}},
    },
    "required": ["n"],
    "additionalProperties": False,
}


@settings(max_examples=100, deadline=None)
@given(SCHEMAS, ARGUMENTS)
def test_any_schema_gives_a_verdict_or_a_bounded_sentence(schema, arguments):
    try:
        check(schema, arguments)
    except MisfitArguments as error:
        assert 0 < len(str(error)) <= 5 * 302


@settings(deadline=None)
@given(
    st.fixed_dictionaries(
        {"n": st.integers(0)},
        optional={"s": st.text(max_size=5), "l": st.lists(st.booleans(), max_size=3)},
    )
)
def test_what_fits_passes(arguments):
    check(PLAIN, arguments)


@settings(deadline=None)
@given(
    st.fixed_dictionaries({"n": st.integers(0)}),
    st.sampled_from(["n", "s", "l", "other"]),
    VALUES,
)
def test_one_wrong_value_is_found_and_its_place_named(arguments, name, value):
    wrong = {
        "n": not isinstance(value, bool) and isinstance(value, int | float) and value >= 0
        and float(value).is_integer(),
        "s": isinstance(value, str) and len(value) <= 5,
        "l": isinstance(value, list) and all(isinstance(item, bool) for item in value),
        "other": False,
    }  # fmt: skip
    made = {**arguments, name: value}
    if wrong[name]:
        check(PLAIN, made)
    else:
        with pytest.raises(MisfitArguments, match=name):
            check(PLAIN, made)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"pattern": "(a+)+$"}}},
        {"properties": {"a": {"patternProperties": {"(a+)+$": False}}}},
        {"patternProperties": {"(a+)+$": {}}, "additionalProperties": False},
        {"propertyNames": {"pattern": "(a+)+$"}},
        {"properties": {"a": {"pattern": r"^\p{L}+$"}}},
        {"properties": {"a": {"pattern": "["}}},
    ],
)
def test_no_pattern_of_a_schema_is_run(schema):
    check(schema, {"a": "a" * 40 + "!", "a" * 40 + "!": 1})


@given(ARGUMENTS, ARGUMENTS)
def test_binding_puts_names_over_the_dictionary(first, second):
    assert bind((first,), second) == {**first, **second}


@given(ARGUMENTS)
def test_a_digest_is_of_the_value_not_of_its_writing(arguments):
    again = from_json(to_json(dict(reversed(arguments.items()))))
    assert arguments_digest(again) == arguments_digest(arguments)
