"""What a run costs when nobody listens, counted: no machine is too busy for these bounds."""

import sys
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

import executus
import majordomo
from executus import Executor, Limits, RunnableAgent
from majordomo.agent import Agent
from majordomo.llm import (
    FinishReason,
    Response,
    Target,
    ToolCallPart,
    Usage,
    assistant,
    tool,
)
from majordomo.providers.fake import FakeProvider

OURS = tuple(str(Path(package.__file__).parent) for package in (executus, majordomo))
TURNS, MANY = 10, 200


@tool(inline=True)
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def said(*parts):
    """An answer made beforehand, so that making it is not counted."""
    calls = isinstance(parts[0], ToolCallPart)
    return Response(
        message=assistant(*parts),
        finish_reason=FinishReason.TOOL_CALLS if calls else FinishReason.STOP,
        usage=Usage(input=100, output=10, requests=1),
        target=Target("fake", "m"),
    )


def make_model(turns):
    """A model that calls `add` so many times, then answers; for two runs."""
    provider = FakeProvider()
    for _ in range(2):
        for number in range(turns):
            call = ToolCallPart(id=f"c{number}", name="add", arguments='{"a": 3, "b": 4}')
            provider.enqueue("m", said(call))
        provider.enqueue("m", said("done"))
    return provider.model("m")


def agent_run(turns):
    agent = Agent(make_model(turns), tools=[add], max_steps=turns + 1)
    return lambda: agent.run("go")


def executor_run(turns):
    return run_within(replace(Limits(), max_steps=turns + 1, max_tool_calls=MANY), turns)


def configured_run(turns):
    """Three bounds are looked up in the environment."""
    return run_within(Limits(max_steps=turns + 1), turns)


def run_within(limits, turns):
    agent = RunnableAgent(model=make_model(turns), tools=[add], limits=limits)
    executor = Executor()
    return lambda: executor.run(agent, "go")


async def calls_of(run):
    """How many of our functions a second run calls or resumes; the first one fills caches."""
    assert (await run()).output == "done"
    count = 0

    def note(frame, event, _argument):
        nonlocal count
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            count += 1

    sys.setprofile(note)
    try:
        await run()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    ("make", "most_alone", "most_per_turn"),
    [(agent_run, 60, 61), (executor_run, 240, 135), (configured_run, 275, 135)],
)
async def test_a_run_without_ports_calls_few_functions(make, most_alone, most_per_turn):
    alone = await calls_of(make(0))
    turns = await calls_of(make(TURNS))
    assert alone <= most_alone
    assert (turns - alone) / TURNS <= most_per_turn


@pytest.mark.parametrize("make", [agent_run, executor_run])
async def test_a_turn_costs_the_same_however_long_the_run(make):
    alone, some, many = [await calls_of(make(turns)) for turns in (0, TURNS, MANY)]
    assert (many - some) / (MANY - TURNS) <= 1.1 * (some - alone) / TURNS


@pytest.mark.parametrize("make", [agent_run, executor_run])
async def test_a_step_lets_others_run_twice_and_no_port_that_is_not_there_adds_to_it(make):
    """Once by the loop, once by the model."""
    run, ended, turns_of_others = make(TURNS), False, 0

    async def beside():
        nonlocal turns_of_others
        while not ended:
            await anyio.lowlevel.checkpoint()
            turns_of_others += 1

    async with anyio.create_task_group() as group:
        group.start_soon(beside)
        await anyio.lowlevel.checkpoint()
        turns_of_others = 0
        await run()
        ended = True
        seen = turns_of_others
    steps = TURNS + 1
    assert steps <= seen <= 2 * steps + 1
