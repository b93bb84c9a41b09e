"""Runs over names that mean chains: a dead head and a live tail, over real HTTP."""

import socket
from datetime import timedelta

import anyio
import pytest

from executus import Executor, Invocation, RunnableAgent, RunStatus, events
from executus.testing import AnthropicServer, OpenAIServer, Turn
from majordomo.builtin import default_registry
from majordomo.chain import ChainExhausted
from majordomo.health import HealthState

KEY = "sk-canary-2b"


@pytest.fixture
def dead():
    """An address nobody listens on: bound, so that nobody else takes it, and never listening."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{bound.getsockname()[1]}"


def environment(dead, tail, scheme="openai-compatible"):
    host = tail.url.removeprefix("http://")
    return {
        "LLM_DEAD": f"openai-compatible://{KEY}@{dead}?tls=0",
        "LLM_TAIL": f"{scheme}://{KEY}@{host}?tls=0",
        "LLM_TIER": "dead/m,tail/m",
    }


async def test_the_second_request_of_a_session_does_not_dial_the_benched_head(dead):
    async with OpenAIServer([Turn.text("one"), Turn.text("two")], require_key=KEY) as tail:
        registry = default_registry(environment(dead, tail))
        routes = []
        executor = Executor(
            models=registry, on_event=lambda e: routes.append(e) if e.kind == "route" else None
        )
        agent = RunnableAgent(model="tier")
        first = await executor.run(agent, "first")
        told = [(event.action, event.model) for event in routes]
        routes.clear()
        second = await executor.run(agent, Invocation("second", history=first.messages))
    assert (first.output, second.output) == ("one", "two")
    assert told.count(("attempt", "dead/m")) == 2
    assert ("bench", "dead/m") in told
    assert [(e.action, e.model) for e in routes] == [
        ("skip", "dead/m"),
        ("attempt", "tail/m"),
        ("success", "tail/m"),
    ]
    assert "benched until" in routes[0].reason
    [head] = [h for h in registry.health.snapshot() if str(h.target) == "dead/m"]
    assert head.state is HealthState.BENCHED
    assert head.failures == 2
    assert 0 < head.left_s <= 30
    assert head.benched_until - second.ended < timedelta(seconds=30)


async def test_a_chain_crosses_wires_and_keeps_the_conversation(dead):
    turns = [Turn.text("from the other wire")]
    async with AnthropicServer(turns, require_key=KEY) as tail:
        executor = Executor(models=default_registry(environment(dead, tail, "anthropic")))
        async with executor.stream(RunnableAgent(model="dead/m,tail/claude-x"), "hi") as run:
            kinds = [event.kind async for event in run]
        result = await run.wait()
    assert result.answer == "from the other wire"
    assert kinds.count("answer_started") == 1  # one call, whoever answered it
    assert result.steps[0].response.target.provider == "tail"


async def test_exhaustion_names_every_target_and_why(dead):
    environ = {
        "LLM_A": f"openai-compatible://{KEY}@{dead}?tls=0",
        "LLM_B": f"openai-compatible://{KEY}@{dead}?tls=0",
    }
    executor = Executor(models=default_registry(environ))
    agent = RunnableAgent(model="a/m,b/m,openai/gpt-6-sol")
    first = await executor.run(agent, "hi")
    second = await executor.run(agent, "hi")
    assert first.status is RunStatus.FAILED
    assert isinstance(first.error.__cause__, ChainExhausted)
    for part in ("a/m: ", "b/m: ", "connect_failed", "openai/gpt-6-sol: ", "OPENAI_API_KEY"):
        assert part in str(first.error)
    assert str(second.error).count("benched until") == 2
    assert KEY not in str(first.error) + str(second.error)


async def test_runs_beside_each_other_hear_of_their_own_requests_alone():
    heard = {}

    async def run(name):
        agent = RunnableAgent(model=f"fake/{name}")
        async with Executor().stream(agent, "hi") as stream:
            heard[name] = [e.model async for e in stream if isinstance(e, events.ModelRouted)]

    async with anyio.create_task_group() as tasks:
        for name in ("a", "b"):
            tasks.start_soon(run, name)
    assert heard == {"a": ["fake/a"] * 2, "b": ["fake/b"] * 2}
