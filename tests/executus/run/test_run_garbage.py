"""A run that has ended leaves nothing behind that only a collection of garbage would find."""

import gc
import weakref
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.pendingattach import PendingAttachments
from executus.run import MemoryCheckpointer, Phase
from executus.run.treeaccount import ENDED
from majordomo.agent import Agent
from majordomo.llm import ToolContext, tool
from majordomo.providers.fake import FakeProvider, Reply

OURS = ("executus", "majordomo")


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


@tool(name="add")
def add_in_a_thread(a: int, b: int) -> int:
    """Add."""
    return a + b


def calling_model():
    provider = FakeProvider()
    for _ in range(2):  # the first run fills caches
        provider.enqueue("m", Reply(calls=[("add", {"a": 1, "b": 2})]), "done")
    return provider.model("m")


def plain(executor, used=add):
    agent = RunnableAgent(model=calling_model(), tools=[used])
    return lambda: executor.run(agent, "go")


def phased(executor):
    phases = [Phase(name="look"), Phase(name="say", model="fake", tools=())]
    agent = RunnableAgent(model=calling_model(), tools=[add], phases=phases)
    return lambda: executor.run(agent, "go")


def dispatching(executor):
    below = RunnableAgent(name="below", model="fake", limits=Limits(max_tokens=10_000))

    @tool
    async def delegate() -> str:
        """Have another agent do it."""
        return str((await executor.run(below, "go")).output)

    provider = FakeProvider()
    for _ in range(2):
        provider.enqueue("m", Reply(calls=[("delegate", {})]), "done")
    agent = RunnableAgent(model=provider.model("m"), tools=[delegate])
    return lambda: executor.run(agent, "go")


def streamed(executor):
    agent = RunnableAgent(model=calling_model(), tools=[add])

    async def run():
        async with executor.stream(agent, "go") as stream:
            kinds = [event.kind async for event in stream]
            assert "end" in kinds[-1]
            return await stream.wait()

    return run


def lean(_executor):
    agent = Agent(calling_model(), tools=[add])
    return lambda: agent.run("go")


def lean_streamed(_executor):
    agent = Agent(calling_model(), tools=[add])

    async def run():
        async with agent.stream("go") as stream:
            assert [event async for event in stream]
            return await stream.result()

    return run


@contextmanager
def garbage_kept():
    """Yields a list, filled at the end with those of our objects a collection found."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    found = []
    try:
        yield found
        gc.collect()
        found += [
            type(one).__qualname__ for one in gc.garbage if type(one).__module__.startswith(OURS)
        ]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize(
    "make", [plain, phased, dispatching, streamed, lean, lean_streamed], ids=lambda f: f.__name__
)
async def test_a_run_leaves_no_cycle_behind(make):
    run = make(Executor())
    assert (await run()).output is not None
    with garbage_kept() as found:
        await run()
    assert found == []


async def test_nor_does_one_with_a_journal_or_a_tool_in_a_thread():
    executor = Executor(ports=Ports(checkpointer=MemoryCheckpointer()))
    run = plain(executor, add_in_a_thread)
    await run()
    with garbage_kept() as found:
        await run()
    assert found == []


async def test_a_cycle_would_be_found():
    class Ours:
        __module__ = "executus"

    with garbage_kept() as found:
        one = Ours()
        one.itself = one
        del one
    assert found == ["test_a_cycle_would_be_found.<locals>.Ours"]


class Held:
    """Something a host gives a run."""


@pytest.mark.parametrize("anyio_backend", ["trio"])  # a task of asyncio holds what it began in
async def test_who_outlives_the_run_that_began_it_does_not_hold_it():
    begun, below = [], RunnableAgent(name="below", model="fake")
    async with Executor() as executor:

        @tool
        async def begin(context: ToolContext) -> str:
            """Begin a run that goes on by itself."""
            begun.append(executor.start(below, Invocation("go", parent=context.run.run_id)))
            return "begun"

        provider = FakeProvider()
        provider.enqueue("m", Reply(calls=[("begin", {})]), "done")
        agent = RunnableAgent(model=provider.model("m"), tools=[begin])
        given = Held()
        gone = weakref.ref(given)
        assert (await executor.run(agent, Invocation("go", deps=given))).output == "done"
        assert (await begun[0].wait()).output
        del given
        assert gone() is None


async def test_a_run_may_be_begun_below_one_that_ends_at_that_moment_on_another_thread():
    executor, agent = Executor(), RunnableAgent(model="fake")
    executor._kit.live["parent"] = SimpleNamespace(
        account=ENDED,
        info=SimpleNamespace(root="parent"),
        outbox=PendingAttachments(),
        lineage=None,
    )
    assert (await executor.run(agent, Invocation("go", parent="parent"))).ok
