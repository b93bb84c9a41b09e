"""Answers of every kind of type, at every provider: the schema keeps its rules, the value comes."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, Optional

import pytest
from featurewires import FEATURE_WIRES, City
from pydantic import BaseModel, Field, RootModel
from typing_extensions import TypedDict

from executus.testing import Turn
from majordomo.agent import Agent
from majordomo.errors import ConfigError
from majordomo.llm.outputtype import OutputType
from majordomo.structured import generate, generate_stream


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    tricks: list[str] = []


class Point(NamedTuple):
    x: int
    y: int


class Hints(TypedDict, total=False):
    first: str
    second: int


class Code(BaseModel):
    """As older releases of pydantic describe exact numbers, too."""

    model_config = {"regex_engine": "python-re"}
    code: str = Field(pattern="^(?!0)[0-9]+$")


class Cities(RootModel[list[City]]):
    """Some cities."""


@dataclass
class Trip:
    to: City | None
    by: Literal["train", "ship"] | None = None
    cost: Decimal | None = None


PARIS = City("Paris", 2)
TOM = Cat(kind="cat", lives=9)
CITY = '{"name":"Paris","people":2}'

# name: (type, what the model answers, the value)
TYPES = {
    "a model or nothing": (City | None, f'{{"value":{CITY}}}', PARIS),
    "nothing of a model": (City | None, '{"value":null}', None),
    "nothing, forgetting the wrapper": (City | None, "null", None),
    "a model, forgetting the wrapper": (Optional[City], CITY, PARIS),  # noqa: UP045 - as users write
    "one of two models": (City | Cat, '{"value":{"kind":"cat","lives":9}}', TOM),
    "one of two by its kind": (
        Annotated[Cat | Dog, Field(discriminator="kind")],
        '{"value":{"kind":"dog","tricks":["sit"]}}',
        Dog(kind="dog", tricks=["sit"]),
    ),
    "one of some words": (Literal["red", "blue"], '{"value":"red"}', "red"),
    "one of mixed values": (Literal["red", 1] | None, '{"value":null}', None),
    "a list of models": (list[City], f'{{"value":[{CITY}]}}', [PARIS]),
    "a list, forgetting the wrapper": (list[City], f"[{CITY}]", [PARIS]),
    "a list of this or that": (list[City | str], f'{{"value":[{CITY},"Rome"]}}', [PARIS, "Rome"]),
    "one of mixed values only": (Literal["red", 1], '{"value":1}', 1),
    "an enum": (Colour, '{"value":"blue"}', Colour.BLUE),
    "an enum of numbers": (Level, '{"value":2}', Level.HIGH),
    "a whole number": (int, '{"value":3}', 3),
    "a bounded number": (Annotated[int, Field(ge=1, le=9)], '{"value":3}', 3),
    "a switch": (bool, '{"value":false}', False),
    "an exact number": (Decimal, '{"value":"0.10"}', Decimal("0.10")),
    "a pattern that looks ahead": (Code, '{"code":"12"}', Code(code="12")),
    "a day": (dt.date, '{"value":"2026-11-21"}', dt.date(2026, 11, 21)),
    "a fixed list": (tuple[int, str], '{"value":[1,"a"]}', (1, "a")),
    "a named tuple": (Point, '{"value":[1,2]}', Point(1, 2)),
    "a set": (set[int], '{"value":[1,2]}', {1, 2}),
    "a mapping": (dict[str, int], '{"a":1}', {"a": 1}),
    "a mapping or nothing": (dict[str, int] | None, '{"value":{"a":1}}', {"a": 1}),
    "a typed dict": (Hints, '{"first":"x","second":2}', {"first": "x", "second": 2}),
    "a list with a name": (Cities, f'{{"value":[{CITY}]}}', Cities([PARIS])),
    "optional fields": (
        Trip,
        f'{{"to":{CITY},"by":null,"cost":"1.5"}}',
        Trip(to=PARIS, cost=Decimal("1.5")),
    ),
    "anything": (Any, '{"value":[1]}', [1]),
}  # fmt: skip
WIRES = ("openai", "openai-responses", "anthropic", "google", "ollama")


@pytest.mark.parametrize("wire", [FEATURE_WIRES[name] for name in WIRES], ids=WIRES)
@pytest.mark.parametrize("name", TYPES)
async def test_an_answer_of_any_type_is_asked_for_by_the_rules_and_read(name, wire):
    tp, text, value = TYPES[name]
    async with wire.server([Turn.text(text)]) as server:
        found = await generate(wire.model(server), tp, "which?")
    assert found == value
    assert type(found) is type(value)
    assert list(faults(wire.name, server.requests[0].json)) == []


@pytest.mark.parametrize("name", TYPES)
async def test_a_stream_and_an_agent_answer_with_any_type(name):
    tp, text, value = TYPES[name]
    wire = FEATURE_WIRES["openai"]
    async with wire.server([Turn.text(text)]) as server:
        async with generate_stream(wire.model(server), tp, "which?") as stream:
            assert await stream.result() == value
        result = await Agent(wire.model(server), output=tp).run("which?")
    assert result.output == value


@pytest.mark.parametrize(
    ("tp", "told"),
    [
        ("City", "no JSON Schema for 'City'"),
        (PARIS, "no JSON Schema for City"),
        (Callable[[], int], "no JSON Schema for"),
        (Annotated[str, Field(pattern="^(?!a)")], "look-around.* is not supported"),
        (list["Nowhere"], "no JSON Schema for"),  # noqa: F821 - that is the mistake
    ],
)
def test_what_is_no_type_of_an_answer_is_refused_in_one_sentence(tp, told):
    with pytest.raises(ConfigError, match=told) as caught:
        OutputType(tp)
    assert "\n" not in str(caught.value)


# The keywords that vendors take in a schema (wire/openai §6, wire/anthropic §7, wire/google §7).
_SHAPES = frozenset({"type", "properties", "required", "additionalProperties", "items", "anyOf"})
_ALL = _SHAPES | {"enum", "description", "format", "minItems"}
_OPENAI = _ALL | {"const", "pattern", "multipleOf", "minimum", "maximum", "maxItems"}
_ANTHROPIC = _ALL | {"const", "allOf"}
_GOOGLE = _ALL | {"prefixItems", "minimum", "maximum", "maxItems", "propertyOrdering"}


def faults(wire, body):
    """What the vendor would complain about in a request's schema."""
    match wire:
        case "openai":
            yield from openai_faults(body["response_format"]["json_schema"])
        case "openai-responses":
            yield from openai_faults(body["text"]["format"])
        case "anthropic":
            told = body.get("output_config", {}).get("format")
            for node in nodes(told["schema"]) if told else ():  # else it is said in words
                yield from anthropic_faults(node)
        case "google":
            for node in nodes(body.get("generationConfig", {}).get("responseJsonSchema", {})):
                yield from node.keys() - _GOOGLE


def openai_faults(told):
    assert told["schema"]["type"] == "object"
    assert len(told["name"]) <= 64
    for node in nodes(told["schema"]) if told["strict"] else ():
        yield from node.keys() - _OPENAI
        if not node.keys() & {"type", "anyOf"}:
            yield f"no type: {node}"
        if "(?" in node.get("pattern", ""):
            yield f"a look around: {node}"
        if node.get("type") == "object":
            closed = node["additionalProperties"] is False
            if not closed or set(node["required"]) != set(node["properties"]):
                yield f"an open object: {node}"


def anthropic_faults(node):
    yield from node.keys() - _ANTHROPIC
    if node.get("type") == "object" and node.get("additionalProperties") is not False:
        yield f"an open object: {node}"
    if node.get("minItems", 0) > 1:
        yield f"too many items: {node}"


def nodes(schema):
    """A schema and those within it."""
    yield schema
    for child in schema.get("properties", {}).values():
        yield from nodes(child)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from nodes(schema[key])
    for key in ("anyOf", "allOf", "prefixItems"):
        for child in schema.get(key, ()):
            yield from nodes(child)
