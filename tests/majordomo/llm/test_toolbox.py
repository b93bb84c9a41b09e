"""Every fault of a tool or of the model's call is a result, never an exception."""

import math
from dataclasses import replace

import anyio
import pytest

from majordomo.errors import ToolDefinitionError
from majordomo.llm import (
    ImagePart,
    TextPart,
    Tool,
    Toolbox,
    ToolCallPart,
    ToolContext,
    ToolResultPart,
    tool,
)

PICTURE = ImagePart(data=b"x", mime="image/png")


class Elapsed:
    """A clock whose deadlines have passed already; it notes what they were."""

    def __init__(self):
        self.asked = []

    def deadline(self, seconds):
        self.asked.append(seconds)
        scope = anyio.CancelScope()
        scope.cancel()
        return scope


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool(inline=True)
def fail() -> None:
    """Fail."""
    raise KeyError("lost")


@tool(timeout_s=1.5)
async def stall() -> None:
    """Stall."""
    await anyio.sleep_forever()


BOX = Toolbox([add, fail])


def asked(name, arguments="{}"):
    return ToolCallPart(id="c1", name=name, arguments=arguments)


async def test_a_result_is_addressed_to_its_call():
    result = await BOX.execute(asked("add", '{"a": 1, "b": 2}'))
    assert result == ToolResultPart(call_id="c1", name="add", text="3")


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (asked("sub"), "there is no tool named 'sub'; available: add, fail"),
        (asked("add", '{"a": 1}'), "invalid arguments for add: b: Field required"),
        (asked("add", "{"), "invalid arguments for add: Invalid JSON"),
        (asked("fail"), "fail failed: KeyError: 'lost'"),
    ],
)
async def test_each_fault_tells_the_model_what_to_change(call, text):
    result = await BOX.execute(call)
    assert result.is_error
    assert result.text.startswith(text)
    assert (result.call_id, result.name) == ("c1", call.name)


async def test_without_tools_the_model_is_told_to_answer():
    result = await Toolbox().execute(asked("x"))
    assert result.text.endswith("no tools are available, answer in text")


async def test_a_long_list_of_names_is_cut():
    async def handler(arguments):
        return arguments

    many = [Tool.from_schema(f"t{i}", "", {"type": "object"}, handler) for i in range(45)]
    result = await Toolbox(many).execute(asked("x"))
    assert result.text.endswith("t39 and 5 more")


async def test_spaces_around_a_name_are_forgiven():
    result = await BOX.execute(asked(" add ", '{"a": 1, "b": 2}'))
    assert (result.text, result.is_error, result.name) == ("3", False, " add ")


async def test_a_tool_that_outlives_its_timeout_is_a_fault():
    clock = Elapsed()
    result = await Toolbox([stall], clock=clock).execute(asked("stall"))
    assert result.is_error
    assert result.text == "stall gave no answer within 1.5 s"
    assert clock.asked == [1.5]


async def test_a_tool_without_a_timeout_asks_no_clock():
    clock = Elapsed()
    await Toolbox([add], clock=clock).execute(asked("add", '{"a": 1, "b": 2}'))
    assert clock.asked == []


async def test_cancellation_passes_through():
    with anyio.CancelScope() as scope:
        scope.cancel()
        await Toolbox([tool(name="stall")(stall.fn)]).execute(asked("stall"))
        pytest.fail("a cancelled call has no result")
    assert scope.cancelled_caught


async def test_a_long_error_is_cut():
    @tool(inline=True)
    def loud() -> None:
        """Shout."""
        raise ValueError("x" * 10_000)

    result = await Toolbox([loud]).execute(asked("loud"))
    assert len(result.text) == 2000


def returning(value):
    async def handler(_arguments):
        return value

    return Toolbox([Tool.from_schema("give", "", {"type": "object"}, handler)])


OTHER = ToolResultPart(call_id="other", name="other", text="t", images=(PICTURE,), is_error=True)


@pytest.mark.parametrize(
    ("value", "text", "images"),
    [
        ("text", "text", ()),
        (None, "(no output)", ()),
        (5, "5", ()),
        (True, "true", ()),
        ({"a": [1, None]}, '{"a":[1,null]}', ()),
        ([], "[]", ()),
        (math.inf, '"Infinity"', ()),
        (OTHER.name.__class__, "\"<class 'str'>\"", ()),
        (TextPart("x"), "x", ()),
        (PICTURE, "", (PICTURE,)),
        (["see", PICTURE, TextPart("it"), 3], "see\nit\n3", (PICTURE,)),
        ((PICTURE, PICTURE), "", (PICTURE, PICTURE)),
    ],
)
async def test_what_a_tool_returns_becomes_a_result(value, text, images):
    result = await returning(value).execute(asked("give"))
    assert result == ToolResultPart(call_id="c1", name="give", text=text, images=images)


async def test_a_result_a_tool_made_itself_is_addressed_to_the_call():
    result = await returning(OTHER).execute(asked("give"))
    assert result == ToolResultPart(
        call_id="c1", name="give", text="t", images=(PICTURE,), is_error=True
    )


async def test_a_value_that_is_no_json_is_the_tools_fault():
    looped = []
    looped.append(looped)
    for value in (looped, b"\xff", {"x": b"\xff"}):
        result = await returning(value).execute(asked("give"))
        assert result.is_error
        assert result.text.startswith("give failed: ")


async def test_deps_and_run_reach_the_context():
    seen = []

    @tool(inline=True)
    def look(ctx: ToolContext[str]) -> None:
        """Look."""
        seen.append((ctx.deps, ctx.run, ctx.call))

    call = asked("look")
    await Toolbox([look]).execute(call, deps="d", run="r")
    assert seen == [("d", "r", call)]


def test_a_toolbox_keeps_order_and_finds_by_name():
    assert list(BOX) == [add, fail]
    assert (len(BOX), BOX.get("fail"), BOX.get("x")) == (2, fail, None)


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(ToolDefinitionError, match=r"two tools are named 'add'; rename one"):
        Toolbox([add, fail, add])


async def test_an_inline_function_that_returns_an_awaitable_is_bounded_by_the_timeout():
    @tool(inline=True, timeout_s=1.5)
    def wrapper() -> str:
        """Wait."""
        return anyio.sleep_forever()

    clock = Elapsed()
    result = await Toolbox([wrapper], clock=clock).execute(asked("wrapper"))
    assert result.is_error
    assert result.text == "wrapper gave no answer within 1.5 s"
    assert clock.asked == [1.5]


async def test_an_inline_function_that_only_computes_sets_no_deadline_it_could_not_keep():
    clock = Elapsed()
    result = await Toolbox([replace(add, timeout_s=1.5)], clock=clock).execute(
        asked("add", '{"a": 1, "b": 2}')
    )
    assert (result.text, clock.asked) == ("3", [])


async def test_another_invoke_given_to_an_inline_tool_is_the_one_called():
    async def instead(arguments, context):
        return "another"

    changed = replace(add, invoke=instead)
    result = await Toolbox([changed]).execute(asked("add", '{"a": 1, "b": 2}'))
    assert result.text == "another"
