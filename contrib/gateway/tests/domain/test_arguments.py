"""Arguments are bound and checked before anything is sent."""

import pytest
from executus_gateway.domain import MisfitArguments, arguments_digest, bind, check

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"$ref": "#/$defs/b"}},
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"b": {"enum": ["x", "y"]}},
}


def test_one_dictionary_or_names_or_both():
    assert bind(({"a": 1},), {"b": "x"}) == {"a": 1, "b": "x"}
    assert bind((1, 2), {}, ["a", "b"]) == {"a": 1, "b": 2}
    with pytest.raises(MisfitArguments, match="named arguments"):
        bind((1,), {})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "'a' is a required"),
        ({"a": "1"}, "a: '1' is not of type 'integer'"),
        ({"a": 1, "b": "z"}, "b: 'z' is not one of"),
        ({"a": 1, "aa": 2}, "did you mean 'a'"),
        ({"a": 1, "zzz": 2}, "it takes a, b"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(arguments, told):
    with pytest.raises(MisfitArguments, match=told):
        check(SCHEMA, arguments)


def test_a_reference_out_of_a_schema_is_not_fetched(monkeypatch):
    def opened(*args, **kwargs):
        raise AssertionError("fetched")

    monkeypatch.setattr("urllib.request.urlopen", opened)
    check({"properties": {"a": {"$ref": "http://127.0.0.1:9/evil.json"}}}, {"a": 1})


def test_a_digest_does_not_depend_on_order():
    assert arguments_digest({"a": 1, "b": {"c": 2, "d": 3}}) == arguments_digest(
        {"b": {"d": 3, "c": 2}, "a": 1}
    )
    assert arguments_digest({"a": 1}) != arguments_digest({"a": 2})
