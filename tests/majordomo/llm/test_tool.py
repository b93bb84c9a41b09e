"""A typed function becomes a tool."""

import functools
import sys
import threading
import typing
from dataclasses import dataclass
from typing import Annotated, Literal

import pytest
from pydantic import Field

from majordomo.errors import ToolDefinitionError
from majordomo.llm import BadArguments, Tool, ToolCallPart, ToolContext, tool

CONTEXT = ToolContext(deps="deps", call=ToolCallPart(id="1", name="t"))


async def call(made, arguments="{}", context=CONTEXT):
    return await made.invoke(arguments, context)


@tool(inline=True)
def greet(name: str, times: int = 1, mood: Literal["calm", "wild"] = "calm") -> str:
    """Greet someone.

    Politely, in every
    of the following cases:
    always.

    Args:
        name: Who is greeted,
            and by which name.
        times (int): How often.

    Returns:
        The greeting.
    """
    return f"{name} {times} {mood}"


def test_name_description_and_schema_come_from_the_function():
    assert greet.name == "greet"
    assert greet.description == (
        "Greet someone.\n\nPolitely, in every\nof the following cases:\nalways."
    )
    assert greet.parameters == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "Who is greeted, and by which name."},
            "times": {"type": "integer", "description": "How often.", "default": 1},
            "mood": {"enum": ["calm", "wild"], "type": "string", "default": "calm"},
        },
        "required": ["name"],
        "additionalProperties": False,
    }


async def test_the_function_gets_validated_arguments_and_its_own_defaults():
    assert await call(greet, '{"name": "Ada", "times": "2"}') == "Ada 2 calm"
    assert greet.fn("Bob") == "Bob 1 calm"


def test_a_capitalised_line_ending_in_a_colon_does_not_end_the_docstring():
    @tool
    def pick(x: int) -> int:
        """Pick.

        Use one of the following:
        one or two.

        Args:
            x: Which.
        """
        return x

    assert pick.description == "Pick.\n\nUse one of the following:\none or two."
    assert pick.parameters["properties"]["x"]["description"] == "Which."


def test_sphinx_descriptions_are_read_and_other_fields_left_out():
    @tool
    def move(x: int, speed: float = 1.0) -> None:
        """Move.

        :param int x: where to,
            in metres
        :param speed: how fast
        :returns: nothing
        :rtype: None

        Then stop.
        """

    assert move.description == "Move.\n\nThen stop."
    properties = move.parameters["properties"]
    assert properties["x"]["description"] == "where to, in metres"
    assert properties["speed"]["description"] == "how fast"


def test_an_annotated_description_wins_over_the_docstring():
    @tool
    def f(a: Annotated[int, Field(description="from Field", ge=0)], b: Annotated[int, Field(le=9)]):
        """Do.

        Args:
            a: from the docstring
            b: second
        """

    properties = f.parameters["properties"]
    assert properties["a"] == {"type": "integer", "minimum": 0, "description": "from Field"}
    assert properties["b"] == {"type": "integer", "maximum": 9, "description": "second"}


def test_name_and_description_can_be_given():
    made = tool(name="other", description="", timeout_s=3)(greet.fn)
    assert (made.name, made.description, made.timeout_s) == ("other", "", 3)


def test_a_function_without_parameters_has_an_empty_closed_object():
    @tool
    def now() -> str:
        return ""

    assert now.parameters == {"type": "object", "properties": {}, "additionalProperties": False}


def test_models_and_dataclasses_as_parameters_keep_their_shape():
    @dataclass
    class Point:
        x: int

    @tool
    def plot(points: list[Point]) -> None:
        """Plot."""

    schema = plot.parameters["properties"]["points"]
    assert schema == {"type": "array", "items": {"$ref": "#/$defs/Point"}}
    assert plot.parameters["$defs"]["Point"]["required"] == ["x"]


def untyped(x, y: int):
    """Nothing."""


def variadic(*values: int):
    """Nothing."""


def keywords(**options: int):
    """Nothing."""


def positional(x: int, /):
    """Nothing."""


def late_context(x: int, context: ToolContext):
    """Nothing."""


def unresolved(x: "Nowhere"):  # noqa: F821
    """Nothing."""


def foreign(x: threading.Lock):
    """Nothing."""


@pytest.mark.parametrize(
    ("fn", "said"),
    [
        (untyped, "'untyped': parameter 'x' has no type"),
        (variadic, "'variadic': *values cannot be offered"),
        (keywords, "'keywords': *options cannot be offered"),
        (positional, "'positional': parameter 'x' is positional-only"),
        (late_context, "must be the first parameter, not 'context'"),
        (unresolved, "an annotation names 'Nowhere'"),
        (foreign, "'foreign'"),
        (lambda: None, "tool name '<lambda>' is not portable"),
        ("calc.*", r"a tool is a typed function or a Tool, not 'calc.*'"),
        (5, "not 5"),
    ],
)
def test_a_function_no_model_can_call_is_refused_by_name(fn, said):
    with pytest.raises(ToolDefinitionError) as caught:
        tool(fn)
    assert said in str(caught.value)


class Old(typing.TypedDict):
    x: int


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes it from there on")
def test_a_typed_dict_that_pydantic_does_not_take_is_told_in_one_sentence():
    def look(old: Old) -> str:
        """Look."""
        return str(old)

    with pytest.raises(
        ToolDefinitionError, match=r"'look': Please use `typing_extensions"
    ) as caught:
        tool(look)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "2x", "-x", "a b", "é", "x" * 65, "a.b"])
def test_a_name_some_provider_would_refuse_is_refused(name):
    with pytest.raises(ToolDefinitionError, match="is not portable"):
        Tool(name=name, description="", parameters={"type": "object"}, invoke=greet.invoke)


@pytest.mark.parametrize("name", ["x", "_x", "a-b_C9", "x" * 64])
def test_portable_names_are_taken(name):
    made = Tool(name=name, description="", parameters={"type": "object"}, invoke=greet.invoke)
    assert made.name == name


def test_a_schema_must_be_an_object_at_its_root():
    with pytest.raises(ToolDefinitionError, match="root must have type 'object'"):
        Tool(name="x", description="", parameters={"type": "array"}, invoke=greet.invoke)


@pytest.mark.parametrize("annotation", [ToolContext, ToolContext[str]])
async def test_a_context_is_injected_and_hidden(annotation):
    def who(ctx: annotation, x: int) -> str:
        """Tell."""
        return f"{ctx.deps} {x}"

    made = tool(who)
    assert list(made.parameters["properties"]) == ["x"]
    assert await call(made, '{"x": 1}') == "deps 1"


async def test_a_model_cannot_pass_the_context_itself():
    @tool(inline=True)
    def who(ctx: ToolContext[str]) -> str:
        """Tell."""
        return ctx.deps

    with pytest.raises(BadArguments, match="ctx: Extra inputs are not permitted"):
        await call(who, '{"ctx": "mine"}')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("{}", "name: Field required"),
        ('{"name": 5}', "name: Input should be a valid string (got 5)"),
        ('{"name": "a", "x": 1}', "x: Extra inputs are not permitted"),
        ('{"name": "a", "mood": "odd"}', "mood: Input should be 'calm' or 'wild' (got 'odd')"),
        ("[]", "Input should be an object"),
        ('{"name', "Invalid JSON"),
        ('{"name": 1, "times": "x"}', "; times: "),
    ],
)
async def test_bad_arguments_say_what_to_change(arguments, said):
    with pytest.raises(BadArguments) as caught:
        await call(greet, arguments)
    assert said in str(caught.value)


async def test_a_long_wrong_value_is_cut():
    with pytest.raises(BadArguments) as caught:
        await call(greet, '{"name": "a", "mood": "' + "x" * 500 + '"}')
    assert len(str(caught.value)) < 200


async def test_empty_argument_text_is_an_empty_object():
    @tool(inline=True)
    def now() -> str:
        return "noon"

    assert await call(now, "") == "noon"


async def test_synchronous_functions_run_in_a_thread_unless_inline():
    def where() -> int:
        """Tell."""
        return threading.get_ident()

    assert await call(tool(where)) != threading.get_ident()
    assert await call(tool(inline=True)(where)) == threading.get_ident()


async def test_async_functions_are_awaited_on_the_loop():
    async def where() -> int:
        """Tell."""
        return threading.get_ident()

    assert await call(tool(where)) == threading.get_ident()


@pytest.mark.parametrize("inline", [False, True])
async def test_a_synchronous_wrapper_around_an_async_function_is_awaited(inline):
    async def real(x: int) -> int:
        """Double."""
        return 2 * x

    @functools.wraps(real)
    def wrapper(*args, **values):
        return real(*args, **values)

    assert await call(tool(inline=inline)(wrapper), '{"x": 2}') == 4


class Scaler:
    def __init__(self, factor):
        self.factor = factor

    async def __call__(self, x: int) -> int:
        """Scale x."""
        return self.factor * x

    def scale(self, x: int) -> int:
        """Scale x, too."""
        return self.factor * x


async def test_methods_callable_objects_and_partials_are_functions():
    def power(base: int, exponent: int) -> int:
        """Raise."""
        return base**exponent

    scaler, fixed = tool(name="scaler")(Scaler(3)), tool(name="two")(functools.partial(power, 2))
    assert (await call(scaler, '{"x": 2}'), scaler.description) == (6, "Scale x.")
    assert await call(tool(Scaler(3).scale), '{"x": 2}') == 6
    assert (list(fixed.parameters["properties"]), fixed.description) == (["exponent"], "Raise.")
    assert await call(fixed, '{"exponent": 5}') == 32


async def test_a_tool_from_a_schema_gets_the_parsed_object():
    async def handler(arguments):
        return arguments

    made = Tool.from_schema("raw", "Raw.", {"type": "object"}, handler, timeout_s=2)
    assert await call(made, '{"a": [1]}') == {"a": [1]}
    assert await call(made, "") == {}
    assert made.timeout_s == 2
    with pytest.raises(BadArguments, match="must be a JSON object, not list"):
        await call(made, "[]")
    with pytest.raises(BadArguments, match="not valid JSON"):
        await call(made, "{")
