"""From a type to its schema, and from a model's text back to a value."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from majordomo.errors import ConfigError
from majordomo.llm.outputtype import OutputMismatch, OutputType


class Person(BaseModel):
    """Someone."""

    name: str
    age: int


@dataclass
class Point:
    x: int
    y: int = 0


class Row(TypedDict):
    a: int
    b: str


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Tree(BaseModel):
    children: list["Tree"]


ROUND = [
    (Person, '{"name": "Ada", "age": 36}', Person(name="Ada", age=36)),
    (Point, '{"x": 1, "y": 2}', Point(1, 2)),
    (Row, '{"a": 1, "b": "c"}', {"a": 1, "b": "c"}),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (Color, '{"value": "red"}', Color.RED),
    (int, '{"value": 5}', 5),
    (bool, '{"value": true}', True),
    (list[int], '{"value": [1, 2]}', [1, 2]),
    (int | None, '{"value": null}', None),
    (Person | Point, '{"value": {"x": 1, "y": 2}}', Point(1, 2)),
    (Annotated[int, Field(ge=1)], '{"value": 1}', 1),
    (Literal["a", "b"], '{"value": "b"}', "b"),
]


@pytest.mark.parametrize(("tp", "text", "value"), ROUND)
def test_an_answer_becomes_a_value_of_the_type(tp, text, value):
    assert OutputType(tp).parse(text) == value


@pytest.mark.parametrize(("tp", "text", "value"), ROUND)
def test_the_schema_has_an_object_at_its_root(tp, text, value):
    assert OutputType(tp).schema.schema["type"] == "object"


def test_only_what_is_no_object_is_wrapped():
    assert list(OutputType(list[int]).schema.schema["properties"]) == ["value"]
    assert list(OutputType(Point).schema.schema["properties"]) == ["x", "y"]


def test_plain_text_has_no_schema_and_is_given_back_as_it_is():
    text = OutputType(str)
    assert text.schema is None
    assert text.parse(" ```\nkept\n``` ") == " ```\nkept\n``` "
    assert text.parse_partial("so f") == "so f"
    assert text.parse_partial("") is None


@pytest.mark.parametrize(
    ("tp", "name", "sent"),
    [
        (Person, None, "Person"),
        (Person, "my type!", "my_type_"),
        (Person, "x" * 99, "x" * 64),
        (list[int], None, "list"),
        (int | None, None, "answer"),
    ],
)
def test_the_schema_has_a_name_every_wire_takes(tp, name, sent):
    assert OutputType(tp, name=name).schema.name == sent


def test_the_types_description_and_strictness_are_passed_on():
    assert OutputType(Person).schema.description == "Someone."
    assert OutputType(Person).schema.strict
    assert not OutputType(dict[str, int]).schema.strict


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "Ada", "age": 36}',
        '\n  {"name": "Ada", "age": 36}\n',
        '```json\n{"name": "Ada", "age": 36}\n```',
        '```\n{"name": "Ada", "age": 36}\n```',
        'Sure! Here it is:\n```json\n{"name": "Ada", "age": 36}\n```\nAnything else?',
        'The answer is {"name": "Ada", "age": 36}, I think {really}.',
        'For [the] question: {"name": "Ada", "age": 36}',
        'Not {"name": 1} but {"name": "Ada", "age": 36}',
    ],
)
def test_fences_and_prose_around_the_json_are_ignored(text):
    assert OutputType(Person).parse(text) == Person(name="Ada", age=36)


@pytest.mark.parametrize(
    ("tp", "text", "value"),
    [
        (int, "5", 5),
        (list[int], "[1]", [1]),
        (Color, '"red"', Color.RED),
        (bool, "true", True),
        (int, "The count:\n```json\n5\n```", 5),
        (Color, '```\n"red"\n```', Color.RED),
    ],
)
def test_a_forgotten_wrapper_is_forgiven(tp, text, value):
    assert OutputType(tp).parse(text) == value


@pytest.mark.parametrize(
    ("tp", "text", "said"),
    [
        (Person, '{"name": "Ada"}', "age: Field required"),
        (Person, '{"name": "Ada", "age": "old"}', "age: Input should be a valid integer"),
        (Person, '{"name": "Ada", "age": "old"}', "(got 'old')"),
        (Person, '```\n{"name": "Ada"}\n```', "age: Field required"),
        (Person, "", "the answer is empty"),
        (Person, "No idea.", "not valid JSON (expected"),
        (Person, '{"name": "Ada", ', "not valid JSON"),
        (Person, "36", "Input should be an object"),
        (list[int], '{"value": [1, "x"]}', "value.1: Input should be a valid integer"),
        (Color, '{"value": "green"}', "'red' or 'blue'"),
        (Annotated[int, Field(ge=1)], '{"value": 0}', "greater than or equal to 1"),
    ],
)
def test_a_mismatch_tells_the_model_what_is_wrong(tp, text, said):
    with pytest.raises(OutputMismatch) as caught:
        OutputType(tp).parse(text)
    assert said in str(caught.value)


def test_hostile_nesting_is_a_mismatch():
    with pytest.raises(OutputMismatch):
        OutputType(Person).parse("x" + "[" * 100_000)


@pytest.mark.parametrize(
    ("tp", "text", "value"),
    [
        (list[int], "", None),
        (list[int], '{"val', None),
        (list[int], '{"value": [', []),
        (list[int], '{"value": [1, 2, ', [1, 2]),
        (list[Person], '{"value": [{"name": "A", "age": 1}, {"na', [Person(name="A", age=1)]),
        (Row, '{"a": 1, "b": "half of i', {"a": 1, "b": "half of i"}),
        (Person, '{"name": "Ada", ', None),
        (Person, '{"name": "Ada", "age": 36', Person(name="Ada", age=36)),
        (Color, '{"value": "re', None),
        (Color, '{"value": "red"', Color.RED),
        (Person, 'Here: ```json\n{"name": "Ada", "age": 36', Person(name="Ada", age=36)),
        (Person, '{"name": 7, "age": 36', None),
    ],
)
def test_a_partial_is_what_is_valid_so_far(tp, text, value):
    assert OutputType(tp).parse_partial(text) == value


def test_a_type_that_contains_itself_is_refused_when_it_is_given():
    with pytest.raises(ConfigError, match="refers to itself"):
        OutputType(Tree)


def test_validators_are_built_once_per_type():
    first, again = OutputType(Person), OutputType(Person)
    assert first.schema is again.schema
    assert OutputType(Person, name="other").schema.name == "other"


def test_types_with_unhashable_metadata_work():
    assert OutputType(Annotated[int, ["note"]]).parse('{"value": 3}') == 3
