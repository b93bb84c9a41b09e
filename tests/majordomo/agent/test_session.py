"""A session keeps its transcript through answers, failures and cancellations."""

import anyio
import pytest

from majordomo.agent import Agent, ModelFailed, Session, SessionBusy
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


async def send(session):
    await session.send("two")


async def stream(session):
    async with session.stream("two"):
        pytest.fail("it was let in")


@pytest.mark.parametrize("second", [send, stream])
async def test_a_second_turn_beside_the_first_is_refused_and_costs_it_nothing(second):
    waits, goes_on = anyio.Event(), anyio.Event()

    @tool
    async def look() -> str:
        """Look."""
        waits.set()
        await goes_on.wait()
        return "seen"

    provider, session = session_with(Reply(calls=[("look", {})]), "first", "third", tools=[look])
    async with session.stream("one") as run:
        await waits.wait()
        with pytest.raises(SessionBusy, match="another turn of this session goes on"):
            await second(session)
        goes_on.set()
        assert (await run.result()).output == "first"
    assert (await session.send("three")).output == "third"
    assert [m.text for m in session.messages if m.role == "user"] == ["one", "three"]
    assert len(provider.requests) == 3


async def test_a_tool_cannot_speak_in_the_session_it_is_called_from():
    @tool
    async def say_more() -> str:
        """Say more."""
        return (await session.send("more")).output

    _, session = session_with(Reply(calls=[("say_more", {})]), "done", tools=[say_more])
    result = await session.send("go")
    assert result.output == "done"
    assert result.messages[2].tool_results[0].is_error


async def test_a_turn_that_was_made_before_another_ended_would_forget_it():
    _, session = session_with("first", "second")
    made = session.stream("two")
    await session.send("one")
    with pytest.raises(SessionBusy, match="has ended since this one was made"):
        async with made:
            pytest.fail("it was let in")
    assert (await session.send("again")).output == "second"


async def test_a_turn_that_is_never_begun_holds_nothing_up():
    _, session = session_with("first")
    session.stream("unused")
    assert (await session.send("one")).output == "first"
