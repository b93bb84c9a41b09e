"""Random runs that die, pause and go on: whatever happens, no write is lost or done twice."""

import json
import random

import anyio
import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunRejected, RunStatus
from executus.asking import PENDING
from executus.registry import AskFor, Effect, ToolPolicy, ToolRegistry
from executus.run import MemoryCheckpointer, Phase
from majordomo.llm import (
    FinishReason,
    Message,
    Response,
    Role,
    Target,
    ToolCallPart,
    ToolContext,
    Usage,
    tool,
)
from majordomo.providers.fake import FakeProvider


class Died(BaseException):
    """The process is gone."""


class Mortal(MemoryCheckpointer):
    """Dies after so many writes, before or after the last one; then nothing is written any more."""

    def __init__(self):
        super().__init__()
        self.left, self.before = None, False

    async def append(self, run_id, at, entries):
        await anyio.lowlevel.checkpoint()
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                if not self.before and self.left == -1:
                    await super().append(run_id, at, entries)
                raise Died
        await super().append(run_id, at, entries)

    async def end(self, run_id):
        if self.left is None or self.left >= 0:
            await super().end(run_id)


class World:
    """Tools, and what they did; every call has a key of its own."""

    def __init__(self):
        self.done = []
        self.registry = ToolRegistry()

        @tool
        async def write(key: str) -> str:
            """Write."""
            return await self.do(key)

        @tool
        async def pay(key: str) -> str:
            """Needs an approval."""
            return await self.do(key)

        @tool
        async def read(key: str) -> str:
            """Read."""
            await anyio.lowlevel.checkpoint()
            return f"read {key}"

        @tool
        async def group(context: ToolContext, key: str) -> str:
            """Three calls in one."""
            names = ["disk.write", "disk.pay", "disk.write"]
            results = [
                await context.run.call(name, json.dumps({"key": f"{key}.{n}"}))
                for n, name in enumerate(names)
            ]
            return " ; ".join(result.text for result in results)

        self.registry.add("disk", [write, pay])
        reading = ToolPolicy(effect=Effect.READ)
        self.registry.add("look", [read, group], policy=reading)

    async def do(self, key):
        await anyio.lowlevel.checkpoint()
        self.done.append(key)
        return f"wrote {key}"


def answer(calls):
    return Response(
        message=Message(role=Role.ASSISTANT, parts=tuple(calls)),
        finish_reason=FinishReason.TOOL_CALLS,
        usage=Usage(input=10, output=5, requests=1),
        target=Target("fake", "m"),
    )


class Plan:
    """What the model says in each phase; it numbers its calls from 1 in every answer."""

    NAMES = ("disk__write", "disk__pay", "look__read", "look__group")

    def __init__(self, dice, phases):
        width, steps = dice.randint(1, 4), dice.randint(1, 4)
        self.phases = [
            [
                answer(
                    ToolCallPart(
                        id=f"call_{n + 1}",
                        name=dice.choice(self.NAMES),
                        arguments=json.dumps({"key": f"{phase}-{step}-{n}"}),
                    )
                    for n in range(width)
                )
                for step in range(steps)
            ]
            for phase in range(phases)
        ]
        self.steps = phases * (steps + 1)

    @property
    def calls(self):
        turns = [turn for phase in self.phases for turn in phase]
        return [call for turn in turns for call in turn.message.tool_calls]

    def keys(self):
        """What is to be written, each once."""
        for call in self.calls:
            key = json.loads(call.arguments)["key"]
            if call.name == "look__group":
                yield from (f"{key}.{n}" for n in range(3))
            elif call.name != "look__read":
                yield key

    @property
    def made(self):
        return len(self.calls) + 3 * sum(call.name == "look__group" for call in self.calls)


class Script(FakeProvider):
    """Says what the plan has for the phase and the turn a transcript has come to."""

    def __init__(self, plan):
        super().__init__()
        self._plan = plan

    def take(self, model_id, request):
        phase = max(m.text.count("<answer ") for m in request.messages if m.role is Role.USER)
        turns = sum(m.role is Role.ASSISTANT for m in request.messages)
        said = self._plan.phases[phase]
        self.enqueue(model_id, said[turns] if turns < len(said) else "done")
        return super().take(model_id, request)


def make(world, plan, journals, dice, parallel):
    agent = RunnableAgent(
        name="scribe",
        model=Script(plan).model("m"),
        tools=["disk.*", "look.*"],
        phases=[Phase(name=f"p{n}") for n in range(len(plan.phases))],
        limits=Limits(max_steps=50, max_parallel_tools=parallel, max_tool_calls=1000),
    )
    later = dice.random() < 0.6
    executor = Executor(
        agents=[agent],
        registry=world.registry,
        policy=AskFor(tools=["disk.pay"]),
        on_approval=lambda request: PENDING if later else True,
        ports=Ports(checkpointer=journals),
    )
    return executor, agent


async def live(dice, world, plan, parallel):
    """A run over as many processes as it takes."""
    journals, answers = Mortal(), {}
    for _ in range(300):
        journals.left = dice.randint(0, 6) if dice.random() < 0.8 else None
        journals.before = dice.random() < 0.5
        executor, agent = make(world, plan, journals, dice, parallel)
        try:
            if await journals.load("r"):
                result = await executor.resume("r", answers=answers)
            else:
                result = await executor.run(agent, Invocation("go", run_id="r"))
        except (Died, RunRejected):  # rejected: the answer was taken before the death
            answers = {}
            continue
        if result.status is not RunStatus.PAUSED:
            return result
        answers = {request.id: True for request in result.pending if dice.random() < 0.8}
    raise AssertionError("it never ends")


@pytest.mark.slow
@pytest.mark.parametrize("phases", [1, 2])
@pytest.mark.parametrize("parallel", [1, 3])
async def test_nothing_is_lost_done_twice_or_told_wrongly(parallel, phases):
    for seed in range(40):
        dice = random.Random(seed)
        world, plan = World(), Plan(dice, phases)
        result = await live(dice, world, plan, parallel)
        assert result.status is RunStatus.OK, (seed, result.error)
        assert len(world.done) == len(set(world.done)), seed
        told = [
            (json.loads(call.arguments)["key"], answered.text)
            for step in result.steps
            for call, answered in zip(step.response.message.tool_calls, step.results, strict=False)
        ]
        doubts = " ".join(text for _, text in told).count("in doubt")
        assert len(set(plan.keys()) - set(world.done)) <= doubts, seed
        assert all(key in text or "in doubt" in text for key, text in told), seed
        assert len(result.steps) == plan.steps, seed
        assert result.usage.requests == plan.steps, seed
        assert result.tool_calls == plan.made, seed
