"""A session keeps its transcript through answers, failures and cancellations."""

import anyio
import pytest

from majordomo.agent import Agent, ModelFailed, Session
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply


def session_with(*outcomes, tools=()):
    provider = FakeProvider()
    provider.enqueue("m", *outcomes)
    return provider, Session(Agent(provider.model("m"), tools=tools))


async def test_turns_share_the_transcript_and_sum_the_usage():
    provider, session = session_with("hello", "still here")
    await session.send("hi")
    await session.send("there?")
    assert [m.text for m in session.messages] == ["hi", "hello", "there?", "still here"]
    assert session.usage.requests == 2
    first, second = (request for _, request in provider.requests)
    assert first.fragments is second.fragments


async def test_a_failed_turn_keeps_what_it_had_and_the_next_goes_on():
    error = APIError("down", provider="p", model="m", kind=ErrorKind.TRANSIENT)
    _, session = session_with(error, "back")
    with pytest.raises(ModelFailed):
        await session.send("one")
    assert (await session.send("two")).output == "back"
    assert [m.text for m in session.messages] == ["one", "two", "back"]


async def test_a_cancelled_turn_leaves_every_call_answered():
    started = anyio.Event()

    @tool
    async def hang() -> str:
        """Never answers."""
        started.set()
        await anyio.sleep_forever()

    _, session = session_with(Reply(calls=[("hang", {})]), "and on", tools=[hang])
    async with session.stream("go") as run:
        await started.wait()
        run.cancel()
    assert session.messages[-1].tool_results[0].is_error
    assert (await session.send("go on")).output == "and on"


async def test_a_stream_of_a_session_keeps_its_answer():
    _, session = session_with("streamed")
    async with session.stream("go") as run:
        assert "".join([piece async for piece in run.text()]) == "streamed"
    assert session.messages[-1].text == "streamed"


def test_send_sync_answers():
    _, session = session_with("fine")
    assert session.send_sync("go").output == "fine"
