"""The main job over real HTTP: one agent, ten tool turns, streamed, on both wires."""

import pytest

from executus import Executor, Invocation, Limits, RunnableAgent, RunStatus
from executus.testing import AnthropicServer, OpenAIServer, Turn
from majordomo.llm import dump_messages, load_messages, tool
from majordomo.providers.anthropic import anthropic_provider
from majordomo.providers.openai import openai_provider

KEY = "sk-canary-7f3a"
TURNS = 10


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


def turns(*, thinking):
    extra = [{}] * TURNS
    if thinking:
        extra = [{"thinking": f"step {n}", "signature": f"sig-{n}"} for n in range(TURNS)]
    calls = [Turn.calls(("add", {"a": n, "b": n}), **extra[n]) for n in range(TURNS)]
    return [*calls, Turn.text("the sum is 90"), Turn.text("still 90")]


def openai():
    server = OpenAIServer(turns(thinking=False), require_key=KEY)
    return server, lambda: openai_provider(KEY, base_url=server.base_url).model("gpt-6-sol")


def anthropic():
    server = AnthropicServer(turns(thinking=True), require_key=KEY)
    make = lambda: anthropic_provider(KEY, base_url=server.base_url).model("claude-sonnet-5-5")  # noqa: E731
    return server, make


WIRES = pytest.mark.parametrize("wire", [openai, anthropic], ids=["openai", "anthropic"])


@WIRES
@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "whole"])
async def test_ten_tool_turns(wire, streaming):
    server, make_model = wire()
    async with server:
        agent = RunnableAgent(
            name="sums", model=make_model(), tools=[add], limits=Limits(max_steps=20)
        )
        if streaming:
            async with Executor().stream(agent, "add them up") as run:
                events = [event async for event in run]
                result = await run.wait()
            assert "".join(e.text for e in events if e.kind == "text") == "the sum is 90"
            assert sum(e.kind == "tool_answered" for e in events) == TURNS
        else:
            result = await Executor().run(agent, "add them up")
        assert result.status is RunStatus.OK, result.error
        assert result.output == "the sum is 90"
        assert len(result.steps) == TURNS + 1
        assert result.usage.requests == TURNS + 1
        assert result.usage.input is not None
        sent = [request.json for request in server.requests]
        assert all(bool(body.get("stream")) is streaming for body in sent)
        assert len(sent[-1]["messages"]) >= 2 * TURNS


@WIRES
async def test_a_stored_conversation_goes_on(wire):
    """The transcript, dumped and loaded in between, is accepted by a server that checks it."""
    server, make_model = wire()
    async with server:
        agent = RunnableAgent(model=make_model(), tools=[add], limits=Limits(max_steps=20))
        first = await Executor().run(agent, "add them up")
        stored = load_messages(dump_messages(first.messages))
        assert stored == list(first.messages)
        again = Invocation("and again?", history=stored)
        second = await Executor().run(agent, again)
        assert second.status is RunStatus.OK, second.error


@WIRES
async def test_a_refused_key_is_one_sentence_without_the_key(wire):
    server, _ = wire()
    async with server:
        bad = "sk-canary-wrong"
        make = openai_provider if wire is openai else anthropic_provider
        model = make(bad, base_url=server.base_url).model("m")
        result = await Executor().run(RunnableAgent(model=model), "go")
    assert result.status is RunStatus.FAILED
    text = str(result.error)
    assert "401" in text
    assert "\n" not in text
    assert bad not in text
    assert bad not in repr(result)
