"""Inputs from a schema, values from what was typed, and texts whose every character is seen."""

import pytest
from executus_gateway.domain import MisfitArguments
from executus_gateway.web.arguments import shown_arguments
from executus_gateway.web.schemaforms import inputs_of, values_of
from executus_gateway.web.visible import visible
from executus_gateway.web.words import first_line, pretty_json


def form(**properties):
    return {"type": "object", "properties": properties}


LOOKS = [
    ({"type": "string"}, "line", "text", ["x"], "x"),
    ({"type": "string", "format": "email"}, "line", "email", ["a@b"], "a@b"),
    ({"type": "string", "maxLength": 5000}, "text", "text", ["a\nb"], "a\nb"),
    ({"type": "integer"}, "number", "number", ["-3"], -3),
    ({"type": "number"}, "number", "number", ["1.5"], 1.5),
    ({"type": ["integer", "null"]}, "number", "number", ["1"], 1),
    ({"type": "boolean"}, "choice", "text", ["false"], False),
    ({"type": "string", "enum": ["a", "b"]}, "choice", "text", ['"b"'], "b"),
    ({"enum": [1, None]}, "choice", "text", ["null"], None),
    ({"oneOf": [{"const": "a", "title": "A"}]}, "choice", "text", ['"a"'], "a"),
    (
        {"type": "array", "items": {"enum": ["a", "b"]}},
        "choices",
        "text",
        ['"a"', '"b"'],
        ["a", "b"],
    ),
    ({"type": "array", "items": {"type": "string"}}, "lines", "text", ["a\n\nb "], ["a", "b "]),
    ({"type": "object"}, "json", "text", ['{"a": 1}'], {"a": 1}),
    ({}, "json", "text", ["[1]"], [1]),
    (True, "json", "text", ["1"], 1),
]


@pytest.mark.parametrize(("about", "look", "kind", "typed", "value"), LOOKS)
def test_a_propertys_schema_is_an_input_and_its_text_a_value(about, look, kind, typed, value):
    schema = form(it=about)
    (one,) = inputs_of(schema)
    assert (one.look, one.type) == (look, kind)
    assert values_of(schema, {"it": typed}) == {"it": value}


def test_bounds_defaults_titles_and_hints_are_those_of_the_schema():
    number = {
        "type": "integer",
        "minimum": 1,
        "maximum": 9,
        "default": 2,
        "title": "T",
        "description": "D",
    }
    text = {"type": "string", "minLength": 1, "maxLength": 5, "default": "x"}
    choice = {"enum": ["a", "b"], "default": "b"}
    first, second, third = inputs_of({**form(n=number, t=text, c=choice), "required": ["t"]})
    assert (first.label, first.hint, first.value, first.required) == ("T", "D", "2", False)
    assert first.bounds == {"min": "1", "max": "9", "step": "1"}
    assert (second.label, second.bounds, second.required) == (
        "t",
        {"minlength": "1", "maxlength": "5"},
        True,
    )
    assert [one.chosen for one in third.choices] == [False, True]


@pytest.mark.parametrize(
    ("about", "typed", "sentence"),
    [
        ({"type": "integer"}, "two", "it: this is not a number"),
        ({"type": "number"}, "NaN", "it: this is not a number"),
        ({"type": "integer"}, "1.5", "is not of type 'integer'"),
        ({"type": "integer", "maximum": 3}, "4", "maximum"),
        ({"enum": ["a"]}, '"b"', "is not one of"),
        ({"type": "object"}, "{", "it: this is not JSON"),
        ({"type": "string", "maxLength": 2}, "abc", "too long"),
    ],
)
def test_what_does_not_fit_is_said(about, typed, sentence):
    with pytest.raises(MisfitArguments, match=sentence):
        values_of(form(it=about), {"it": [typed]})


def test_what_was_left_empty_or_is_no_field_is_left_out():
    assert values_of(form(a={"type": "string"}), {"a": [""], "b": ["x"]}) == {}
    assert values_of(None, {"a": ["x"]}) == {}
    assert inputs_of({"properties": "none"}) == []


def test_every_argument_is_shown_whole_and_a_text_of_lines_as_lines():
    shown = shown_arguments('{"a":"5","b":5,"c":"x\\ny","d":{"e":[]},"__proto__":null}')
    assert [(one.name, one.shown, one.lines) for one in shown.arguments] == [
        ("a", '"5"', 1),
        ("b", "5", 1),
        ("c", "x\ny", 2),
        ("d", '{\n  "e": []\n}', 3),
        ("__proto__", "null", 1),
    ]


@pytest.mark.parametrize("text", ['{"a": "cut', "", "[" * 5000])
def test_arguments_that_were_cut_are_told_to_be_cut(text):
    shown = shown_arguments(text)
    assert (shown.arguments, shown.cut) == ((), text)


def test_arguments_that_are_no_object_are_shown():
    (one,) = shown_arguments("[1]").arguments
    assert one.shown == "[\n  1\n]"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain, ünïcödé 漢字\n\t", "plain, ünïcödé 漢字\n\t"),
        ("no\u00a0break", "no\u00a0break"),
        ("\r\x00\x7f\x9b", "⟨U+000D⟩⟨U+0000⟩⟨U+007F⟩⟨U+009B⟩"),
        ("\u202e\u2066\u200f\u061c", "⟨U+202E⟩⟨U+2066⟩⟨U+200F⟩⟨U+061C⟩"),
        ("\u200b\u200d\u2060\ufeff\u00ad", "⟨U+200B⟩⟨U+200D⟩⟨U+2060⟩⟨U+FEFF⟩⟨U+00AD⟩"),
        ("\U000e0041\U000e0101\ue000", "⟨U+E0041⟩⟨U+E0101⟩⟨U+E000⟩"),
        ("\u2028\u2029\ud800", "⟨U+2028⟩⟨U+2029⟩⟨U+D800⟩"),
    ],
)
def test_what_hides_or_reorders_is_told_by_its_code(text, seen):
    assert visible(text) == seen


def test_texts_are_shortened_and_json_is_laid_out():
    assert first_line("\n  \n first\nsecond") == "first"
    assert len(first_line("x" * 500)) == 120
    assert pretty_json('{"a":1') == '{"a":1'
    assert pretty_json('{"a":"é"}') == '{\n  "a": "é"\n}'
