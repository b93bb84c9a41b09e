import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majordomo.errors import UnsupportedRequest
from majordomo.llm.response import Target
from majordomo.providers.text import arguments_object, dump, is_cut_json, is_json

ANY_TEXT = st.text(st.characters(exclude_categories=()))
CYCLE = []
CYCLE.append(CYCLE)


def loads(data):
    return json.loads(data, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, True, None, 'é😀\u2028\x00"\\'], "b": {}},
        [],
        "NaN",
        {"Infinity": "-Infinity"},
        {"NaN": 1},
        10**30,
    ],
)
def test_a_value_comes_back_as_it_was(value):
    assert loads(dump(value)) == value


def test_the_bytes_are_compact_utf_8():
    assert dump({"a": ["é", 1]}) == '{"a":["é",1]}'.encode()


def test_a_tuple_is_a_list():
    assert loads(dump({"a": (1, ("b",))})) == {"a": [1, ["b"]]}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a\ud800b", "a?b"),
        ({"a\udfff": ["\ud83d", ("\ude00", 1)]}, {"a?": ["?", ["?", 1]]}),
        ({"x": {"y": "\ud800"}, "z": None}, {"x": {"y": "?"}, "z": None}),
    ],
)
def test_lone_surrogates_become_question_marks(value, sent):
    assert loads(dump(value)) == sent


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "place",
    [
        lambda n: n,
        lambda n: {"a": n},
        lambda n: [1, (n,)],
        lambda n: {"a": n, "b": "\ud800"},
        lambda n: {"a": {n}},
    ],
)
def test_numbers_without_json_are_refused(place, number):
    with pytest.raises(UnsupportedRequest, match="infinite number or NaN"):
        dump(place(number))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "object"),
        ({"a": [object()]}, "object"),
        ({"a": "\ud800", "b": object()}, "object"),
        (CYCLE, "Circular"),
    ],
)
def test_what_is_no_json_is_refused(value, why):
    with pytest.raises(UnsupportedRequest, match=f"cannot be written as JSON: .*{why}") as caught:
        dump(value, Target("openai", "m"))
    assert (caught.value.provider, caught.value.model) == ("openai", "m")


@given(st.recursive(ANY_TEXT | st.integers(-(2**60), 2**60), st.lists))
def test_any_text_becomes_bytes_every_server_can_read(value):
    loads(dump(value).decode("utf-8"))


@pytest.mark.parametrize("text", ['{"q": "x"}', "{}", ' {"a":\n{"b":[1e3]}} ', '{"é": "\\u00e9"}'])
def test_an_object_is_replayed_as_it_was_written(text):
    assert arguments_object(text) == text


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_no_arguments_are_an_empty_object(text):
    assert arguments_object(text) == "{}"


@pytest.mark.parametrize(
    "text",
    ['{"q":', "[1]", "null", '"x"', "7", "{'q': 1}", '{"q": NaN}', "{} {}", '{"a":"\\ud800"}'],
)
def test_anything_else_is_replayed_inside_an_object(text):
    assert loads(arguments_object(text)) == {"invalid_arguments": text}


@given(ANY_TEXT | st.builds('{{"a": "{}"}}'.format, ANY_TEXT))
def test_arguments_are_always_an_object_every_server_can_read(text):
    replayed = arguments_object(text)
    assert isinstance(loads(replayed.encode("utf-8")), dict)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANY_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    )
)
def test_every_beginning_of_an_object_is_cut_and_the_whole_is_not(value):
    whole = dump({"a": value}).decode()
    assert is_json(whole)
    assert not is_cut_json(whole)
    for end in range(1, len(whole)):
        assert is_cut_json(whole[:end]), whole[:end]
        assert not is_json(whole[:end])


@pytest.mark.parametrize("text", ["", " ", "{q: 1}", '{"q": 1}}', "snow", "{'q': 1}", "nul!"])
def test_what_is_written_wrongly_is_not_cut(text):
    assert not is_json(text)
    assert not is_cut_json(text)
