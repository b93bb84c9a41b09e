"""The unscripted fake: a small model that needs no network."""

from enum import Enum
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from majordomo.llm import (
    OutputSchema,
    Request,
    Tool,
    Toolbox,
    ToolCallPart,
    assistant,
    schema_for,
    tool,
    tool_result,
    user,
)
from majordomo.llm.output import OutputMode
from majordomo.llm.outputtype import OutputType
from majordomo.providers.fake import FakeProvider
from majordomo.providers.fake.offline import answer
from majordomo.providers.fake.reading import Reading
from majordomo.skill import calc_skill, clock_skill


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


@tool(inline=True)
def subtract(a: float, b: float) -> float:
    """Subtract b from a."""
    return a - b


@tool(inline=True)
def search(query: str) -> str:
    """Search the web."""
    return f"found {query}"


@tool(inline=True)
def paint(color: Literal["red", "blue"], gloss: bool, coats: int = 1) -> str:
    """Paint the wall."""
    return color


@tool(inline=True)
def total(numbers: list[float]) -> float:
    """Sum up."""
    return sum(numbers)


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@tool(inline=True)
def order(item: str, size: Size, note: str | None, mood: Literal["calm", "wild"] = "calm") -> str:
    """Order a pizza."""
    return item


CALCULATE = calc_skill().tools[0]
TIME_NOW, TIME_CONVERT = clock_skill().tools


async def play(text, tools, **fields):
    """The calls and the answer of a whole run."""
    messages, calls = [user(text)], []
    model = FakeProvider().model("m")
    while True:
        response = await model.complete(Request(messages=messages, tools=tools, **fields))
        if not response.tool_calls:
            return calls, response.text
        (call,) = response.tool_calls
        calls.append((call.name, call.arguments))
        result = await Toolbox(tools).execute(call)
        assert not result.is_error, result.text
        messages += [response.message, tool_result(call, result.text)]
        assert len(calls) < 10


async def test_a_sum_calls_the_tool_and_answers_with_its_result():
    assert await play("2+3?", [add]) == ([("add", '{"a":2,"b":3}')], "5")


@pytest.mark.parametrize(
    ("text", "tools", "calls"),
    [
        ("please add 4 to -6", [add], [("add", '{"a":4,"b":-6}')]),
        ("5-3", [subtract], [("subtract", '{"a":5,"b":3}')]),
        ("5 - 3", [subtract, add], [("subtract", '{"a":5,"b":3}')]),
        ("5 * -3", [add, subtract], []),
        ("what is 12*(3+4)?", [CALCULATE], [("calculate", '{"expression":"12*(3+4)"}')]),
        ("(what is 2+3)?", [CALCULATE], [("calculate", '{"expression":"2+3"}')]),
        ("calculate something", [CALCULATE], []),
        (
            "search for the lord of the rings",
            [search],
            [("search", '{"query":"lord of the rings"}')],
        ),
        ('search "my cat" please', [search], [("search", '{"query":"my cat"}')]),
        ("search", [search], []),
        ("paint it blue", [paint], [("paint", '{"color":"blue","gloss":false}')]),
        ("paint it green", [paint], []),
        ("sum 1, 2.5 and 3", [total], [("total", '{"numbers":[1,2.5,3]}')]),
        ("sum it", [total], []),
        ("add 2.5 and 3", [add], []),
        ("add 2", [add], []),
        (
            'order a large "quattro stagioni" with olives, wild',
            [order],
            [("order", '{"item":"quattro stagioni","size":"large","note":"large","mood":"wild"}')],
        ),
        ("hello there", [add, search, paint], []),
        ("what is the time of it all", [add, search], []),
    ],
)
async def test_calls_follow_from_the_text(text, tools, calls):
    found, said = await play(text, tools)
    assert found == calls
    assert calls or said == text


def next_call(text, *tools):
    (call,) = answer(Request(messages=[user(text)], tools=tools)).calls or [None]
    return call


def test_the_time_is_asked_without_a_zone_unless_one_is_named():
    both = (TIME_NOW, TIME_CONVERT)
    assert next_call("What's the time?", *both) == ("time_now", {})
    assert next_call("what time is it in Europe/Oslo?", *both) == (
        "time_now",
        {"timezone": "Europe/Oslo"},
    )


def test_zones_and_times_find_their_parameters():
    text = "convert 12:30 from Europe/Oslo to Asia/Tokyo"
    assert next_call(text, TIME_NOW, TIME_CONVERT) == (
        "time_convert",
        {"time": "12:30", "from_timezone": "Europe/Oslo", "to_timezone": "Asia/Tokyo"},
    )


async def test_every_fitting_tool_is_called_once_in_order_and_the_last_result_answers():
    calls, said = await play("add the sum 2+3", [add, CALCULATE, total])
    assert [name for name, _ in calls] == ["add", "calculate", "total"]
    assert said == "5.0"


async def test_state_is_read_from_the_transcript_after_the_last_user_message():
    call = ToolCallPart(id="call_1", name="add")
    earlier = [user("2+3?"), assistant(call), tool_result(call, "5"), assistant("5")]
    request = Request(messages=[*earlier, user("and 4+5?")], tools=[add])
    reply = answer(request)
    assert reply.calls == [("add", {"a": 4, "b": 5})]
    assert answer(request) == reply


def test_without_any_user_text_it_says_nothing():
    assert answer(Request(messages=[])).text == ""


def test_tool_choice_none_calls_nothing():
    assert not answer(Request(messages=[user("2+3")], tools=[add], tool_choice="none")).calls


def test_a_required_call_is_made_although_no_word_matches():
    request = Request(messages=[user("1 2")], tools=[search, add], tool_choice="required")
    assert answer(request).calls == [("search", {"query": "1 2"})]
    assert answer(Request(messages=[user("1 2")], tools=[search, add], tool_choice=add)).calls == [
        ("add", {"a": 1, "b": 2})
    ]


class Person(BaseModel):
    name: str
    age: Annotated[int, Field(ge=18)]
    size: Size
    tags: list[str]
    weight: float | None
    alive: bool


@pytest.mark.parametrize(
    "tp", [Person, list[Person], int, str | None, Size, dict[str, int], Literal[7], list[list[int]]]
)
def test_typed_answers_are_valid(tp):
    output = OutputType(tp)
    schema = output.schema or OutputSchema(name="x", schema=schema_for(tp).schema)
    output.parse(answer(Request(messages=[user("Ada is 36")], output=schema)).text)


def test_typed_answers_take_their_values_from_the_text():
    request = Request(messages=[user("Ada is 36, 1.5")], output=OutputType(Person).schema)
    person = OutputType(Person).parse(answer(request).text)
    assert person == Person(
        name="Ada is 36, 1.5",
        age=36,
        size=Size.SMALL,
        tags=["Ada is 36, 1.5"],
        weight=1.5,
        alive=False,
    )
    small = Request(messages=[user("large, 3")], output=OutputType(Person).schema)
    assert OutputType(Person).parse(answer(small).text).age == 18
    assert OutputType(Person).parse(answer(small).text).size is Size.LARGE


async def test_a_typed_answer_prefers_what_the_tool_found():
    output = OutputType(int)
    _, said = await play("2+3?", [add], output=output.schema)
    assert output.parse(said) == 5


def test_in_tool_mode_a_typed_answer_is_a_call_of_the_answer_tool():
    request = Request(messages=[user("it is 4")], output=OutputType(int).schema)
    assert answer(request, OutputMode.TOOL).calls == [("final_answer", {"value": 4})]


def test_a_schema_that_contains_itself_ends():
    schema = {
        "type": "object",
        "properties": {"more": {"$ref": "#/$defs/Node"}},
        "required": ["more"],
        "$defs": {"Node": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    }
    reply = answer(Request(messages=[user("x")], output=OutputSchema(name="x", schema=schema)))
    assert reply.text.startswith('{"more":[')


async def _never(_arguments):
    raise AssertionError


def test_a_tool_with_an_unfillable_recursive_argument_is_not_called():
    node = {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}, "required": ["n"]}
    looped = Tool.from_schema("grow", "Grow a tree.", {**node, "$defs": {"N": node}}, _never)
    assert next_call("grow 1", looped) is None


def test_an_option_that_cannot_be_filled_gives_its_numbers_back():
    many = {"type": "array", "items": {"type": "number"}, "minItems": 3}
    properties = {"at": {"anyOf": [many, {"type": "number"}]}}
    schema = {"type": "object", "properties": properties, "required": ["at"]}
    move = Tool.from_schema("move", "Move there.", schema, _never)
    assert next_call("move 1 2", move) == ("move", {"at": 1})
    assert next_call("move 1 2 3", move) == ("move", {"at": [1, 2, 3]})


def test_dates_and_quotations_are_no_sums():
    assert Reading("on 2026-01-02 and '3+4'").operators == frozenset()
    assert Reading("3 \u2212 4 \u00d7 5").operators == {"-", "*"}
