"""Python types as strict JSON Schema."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired

import pytest
from pydantic import BaseModel, Field, field_validator
from typing_extensions import TypedDict

from majordomo.errors import ConfigError
from majordomo.llm import schema_for
from majordomo.llm.schema import without_titles


class Color(Enum):
    RED = "red"
    BLUE = "blue"


class Point(BaseModel):
    """A place."""

    x: int
    y: int = 0


POINT = {
    "description": "A place.",
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "integer", "description": "default 0"}},
    "required": ["x", "y"],
    "additionalProperties": False,
}


@dataclass
class Line:
    start: Point
    end: Point


class Row(TypedDict):
    a: int
    b: NotRequired[str]


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


def closed(**properties):
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


KIND_CAT = closed(kind={"const": "cat", "type": "string"})
KIND_DOG = closed(kind={"const": "dog", "type": "string"})

STRICT = [
    (int, {"type": "integer"}),
    (bool, {"type": "boolean"}),
    (Color, {"enum": ["red", "blue"], "type": "string"}),
    (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}),
    (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (list[int], {"type": "array", "items": {"type": "integer"}}),
    (Point, POINT),
    (list[Point], {"type": "array", "items": POINT}),
    (datetime, {"type": "string", "format": "date-time"}),
    (timedelta, {"type": "string", "format": "duration"}),
    (Row, closed(a={"type": "integer"}, b={"type": "string"})),
    (
        Annotated[int, Field(description="How many.")],
        {"type": "integer", "description": "How many."},
    ),
    (Annotated[int, Field(ge=1, le=5)], {"type": "integer", "minimum": 1, "maximum": 5}),
    (
        Annotated[str, Field(min_length=2, max_length=5, description="A code.")],
        {"type": "string", "description": "A code. at least 2 characters. at most 5 characters"},
    ),
    (
        Annotated[Cat | Dog, Field(discriminator="kind")],
        {"anyOf": [KIND_CAT, KIND_DOG]},
    ),
]


@pytest.mark.parametrize(("tp", "schema"), STRICT)
def test_what_strict_mode_can_say_is_said_strictly(tp, schema):
    found = schema_for(tp)
    assert found.schema == schema
    assert found.strict


LOOSE = [
    (Any, {}),
    (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (dict[str, Point], {"type": "object", "additionalProperties": POINT}),
    (list, {"type": "array", "items": {}}),
    (
        tuple[Point, int],
        {
            "type": "array",
            "minItems": 2,
            "maxItems": 2,
            "prefixItems": [POINT, {"type": "integer"}],
        },
    ),
    (
        dict[Color, int],
        {
            "type": "object",
            "additionalProperties": {"type": "integer"},
            "propertyNames": {"enum": ["red", "blue"], "type": "string"},
        },
    ),
]


@pytest.mark.parametrize(("tp", "schema"), LOOSE)
def test_what_strict_mode_cannot_say_marks_the_schema(tp, schema):
    found = schema_for(tp)
    assert found.schema == schema
    assert not found.strict


def test_one_loose_field_makes_the_whole_schema_loose():
    class Bag(BaseModel):
        point: Point
        rest: dict[str, Any]

    assert not schema_for(Bag).strict


def test_an_open_object_is_loose():
    class Open(BaseModel, extra="allow"):
        x: int

    found = schema_for(Open)
    assert (found.strict, found.schema["additionalProperties"]) == (False, True)


def test_references_are_inlined_each_time_they_are_used():
    assert schema_for(Line).schema == closed(start=POINT, end=POINT)


def test_a_fields_own_description_wins_over_its_types():
    class Spot(BaseModel):
        where: Point = Field(description="Here.")

    assert schema_for(Spot).schema["properties"]["where"]["description"] == "Here."


def test_properties_may_be_named_like_keywords():
    class Odd(BaseModel):
        title: str
        default: int
        format: str

    schema = schema_for(Odd).schema
    assert schema["required"] == ["title", "default", "format"]
    assert schema["properties"]["title"] == {"type": "string"}


def test_formats_strict_mode_refuses_are_described():
    class Contact(BaseModel):
        site: Annotated[str, Field(json_schema_extra={"format": "uri"})]

    assert schema_for(Contact).schema["properties"]["site"] == {
        "type": "string",
        "description": "format uri",
    }


class Tree(BaseModel):
    name: str
    children: list["Tree"]


class Left(BaseModel):
    right: "Right"


class Right(BaseModel):
    left: Left | None


@pytest.mark.parametrize(
    ("tp", "where", "way"),
    [
        (Tree, "$.children.[]", "Tree → Tree"),
        (Left, "$.right.left.|0", "Left → Right → Left"),
        (dict[str, Tree], "$.*.children.[]", "Tree → Tree"),
        (tuple[Tree, int], "$.[0].children.[]", "Tree → Tree"),
    ],
)
def test_recursion_is_refused_with_its_path(tp, where, way):
    with pytest.raises(ConfigError) as caught:
        schema_for(tp)
    assert f"at {where} ({way})" in str(caught.value)


class Foreign:
    pass


def test_a_type_pydantic_does_not_know_is_refused():
    with pytest.raises(ConfigError, match=r"no JSON Schema for .*Foreign"):
        schema_for(Foreign)


def test_validators_do_not_disturb_the_schema():
    class Even(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def even(cls, n):
            return n

    assert schema_for(Even).schema == closed(n={"type": "integer"})


def test_titles_go_but_properties_of_that_name_stay():
    schema = {"title": "T", "properties": {"title": {"title": "Title", "type": "string"}}}
    assert without_titles(schema) == {"properties": {"title": {"type": "string"}}}
