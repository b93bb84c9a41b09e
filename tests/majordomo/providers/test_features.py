"""What each provider can do, shown at its vendor's server, whole and streamed.

Each test is a row of README's table of features; `featurematrix` says which test holds which cell.
"""

import base64

import pytest
from featurematrix import NOT_ON_THIS_WIRE, PROVIDERS
from featurewires import FEATURE_WIRES, KEY, City

from executus.testing import Turn
from executus.testing.server import PNG
from majordomo.agent import Agent
from majordomo.llm import (
    FinishEvent,
    FinishReason,
    ImagePart,
    Request,
    Settings,
    TextDelta,
    ThinkingDelta,
    ThinkingPart,
    tool,
    user,
)
from majordomo.structured import generate, generate_stream

STREAMED = pytest.mark.parametrize("streaming", [False, True], ids=["whole", "streamed"])
PICTURE = base64.b64encode(PNG).decode()


def wires(feature):
    """The wires that have the feature; what the table says of the others has its reason there."""
    lacking = {provider for row, provider in NOT_ON_THIS_WIRE if row == feature}
    names = [name for name in PROVIDERS if name not in lacking]
    return pytest.mark.parametrize("wire", [FEATURE_WIRES[n] for n in names], ids=names)


@tool(inline=True)
def look(place: str) -> list[str | ImagePart]:
    """Look somewhere."""
    return [f"a cat in {place}", ImagePart.from_bytes(PNG)]


@tool(inline=True)
def count(animal: str) -> str:
    """Count animals."""
    return f"two {animal}s"


async def ask(model, request, *, streaming):
    if not streaming:
        return await model.complete(request)
    async with model.stream(request) as stream:
        return await stream.response()


async def run(model, tools, text="go", *, streaming, **fields):
    agent = Agent(model, tools=tools, **fields)
    if not streaming:
        return await agent.run(text)
    async with agent.stream(text) as running:
        async for _ in running:
            pass
        return await running.result()


@wires("chat")
async def test_chat_answers(wire):
    async with wire.server([Turn.text("Hello there")]) as server:
        history = [user("hi"), user("again")]
        response = await wire.model(server).complete(Request(messages=history, system="Be brief."))
    assert (response.text, response.finish_reason) == ("Hello there", FinishReason.STOP)
    sent = server.requests[0].body.decode()
    assert all(text in sent for text in ("hi", "again", "Be brief."))
    assert KEY in "".join(server.requests[0].headers.values())


@wires("stream")
async def test_a_stream_comes_in_pieces_and_gives_the_whole_answer(wire):
    request = Request(messages=[user("hi")])
    async with wire.server([Turn.text("Hello there")]) as server:
        model = wire.model(server)
        async with model.stream(request) as stream:
            events = [event async for event in stream]
            streamed = await stream.response()
        whole = await model.complete(request)
    texts = [event.text for event in events if isinstance(event, TextDelta)]
    assert len(texts) > 1
    assert "".join(texts) == "Hello there"
    assert events[-1] == FinishEvent(FinishReason.STOP)
    assert (streamed.message, streamed.usage) == (whole.message, whole.usage)


@wires("tools")
@STREAMED
async def test_a_tool_is_called_and_its_result_read(wire, streaming):
    turns = [Turn.calls(("count", {"animal": "cat"})), Turn.text("Two.")]
    async with wire.server(turns) as server:
        result = await run(wire.model(server), [count], streaming=streaming)
    assert result.output == "Two."
    assert "Count animals." in server.requests[0].body.decode()
    assert "two cats" in server.requests[1].body.decode()


@wires("parallel tools")
@STREAMED
async def test_two_calls_of_one_turn_are_answered_in_their_order(wire, streaming):
    calls = [("count", {"animal": animal}) for animal in ("cat", "dog")]
    async with wire.server([Turn.calls(*calls), Turn.text("Four.")]) as server:
        result = await run(wire.model(server), [count], streaming=streaming)
    assert result.output == "Four."
    [asked] = [step.response.tool_calls for step in result.steps if step.response.tool_calls]
    assert len({call.id for call in asked}) == 2
    sent = server.requests[1].body.decode()
    assert 0 < sent.index("two cats") < sent.index("two dogs")


@wires("images in")
@STREAMED
async def test_an_image_is_shown_to_the_model(wire, streaming):
    message = user("what is this?", ImagePart.from_bytes(PNG))
    async with wire.server([Turn.text("A dot.")]) as server:
        request = Request(messages=[message])
        response = await ask(wire.model(server), request, streaming=streaming)
    assert response.text == "A dot."
    assert PICTURE in server.requests[0].body.decode()


@wires("images in tool results")
@STREAMED
async def test_an_image_a_tool_gives_is_shown_to_the_model(wire, streaming):
    turns = [Turn.calls(("look", {"place": "Zug"})), Turn.text("A cat.")]
    async with wire.server(turns) as server:
        result = await run(wire.model(server), [look], streaming=streaming)
    assert result.output == "A cat."
    sent = server.requests[1]
    assert PICTURE in sent.body.decode()
    in_result = any(PICTURE in str(part) for part in wire.results(sent.json))
    assert in_result is wire.images_in_results


@wires("structured output")
@STREAMED
async def test_an_answer_is_held_to_a_schema(wire, streaming):
    async with wire.server([Turn.text('{"name": "Paris", "people": 2}')]) as server:
        model = wire.model(server)
        if streaming:
            async with generate_stream(model, City, "which?") as stream:
                city = await stream.result()
        else:
            city = await generate(model, City, "which?")
    assert city == City("Paris", 2)
    assert set(wire.schema(server.requests[0].json)["properties"]) == {"name", "people"}


@wires("thinking")
@STREAMED
async def test_thinking_is_asked_for_shown_and_sent_back_over_a_tool_turn(wire, streaming):
    turns = [
        Turn.calls(("count", {"animal": "cat"}), thinking="hm one", signature="sig-1"),
        Turn.text("Two.", thinking="hm two", signature="sig-2"),
    ]
    settings = Settings(reasoning_effort="high")
    async with wire.server(turns) as server:
        model = wire.model(server)
        result = await run(model, [count], streaming=streaming, settings=settings)
    thoughts = [
        part.text
        for step in result.steps
        for part in step.response.message.parts
        if isinstance(part, ThinkingPart)
    ]
    assert thoughts == ["hm one", "hm two"]
    assert wire.effort(server.requests[0].json)
    assert wire.kept_thinking in server.requests[1].body.decode()
    assert wire.kept_thinking not in server.requests[0].body.decode()


@wires("thinking")
async def test_thinking_is_streamed_as_it_comes(wire):
    request = Request(messages=[user("hi")], settings=Settings(reasoning_effort="high"))
    turn = Turn.text("Two.", thinking="hm one", signature="sig-1")
    async with wire.server([turn]) as server, wire.model(server).stream(request) as stream:
        events = [event async for event in stream]
    texts = [event.text for event in events if isinstance(event, ThinkingDelta)]
    assert "".join(texts) == "hm one"
    assert len(texts) > 1


@wires("caching")
@STREAMED
async def test_a_cached_prompt_is_counted(wire, streaming):
    request = Request(messages=[user("hi")], settings=Settings(prompt_caching=True))
    async with wire.server() as server:
        wire.enqueue(server, Turn.text("Hello"), streaming=streaming)
        response = await ask(wire.model(server), request, streaming=streaming)
    assert response.usage.cache_read == 8
    assert ("cache_control" in server.requests[0].json) is wire.marks_cache


@wires("usage detail")
@STREAMED
async def test_usage_is_told_in_detail_and_the_same_both_ways(wire, streaming):
    async with wire.server() as server:
        wire.enqueue(server, Turn.text("Hello"), streaming=streaming)
        request = Request(messages=[user("hi")])
        response = await ask(wire.model(server), request, streaming=streaming)
    assert response.usage == wire.counted
