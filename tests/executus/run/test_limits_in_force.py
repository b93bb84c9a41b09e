"""Which bounds hold: each from where it is given most specifically, and none is lost with it."""

import copy
import pickle
from dataclasses import replace

import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, SetupError
from executus.config import Config, MappingSource
from executus.money import Money
from executus.run import MemoryCheckpointer
from executus.run.restore import restore
from majordomo.agent import Agent
from majordomo.llm import ToolContext
from majordomo.providers.fake import FakeProvider, Reply


class Seen:
    """A budget that notes the bounds in force."""

    async def reserve(self, info):
        self.limits = info.limits

    async def extend(self, run_id, usage, cost): ...
    async def commit(self, run_id, usage, cost): ...
    async def release(self, run_id): ...


async def in_force(agent, *, said=None, settings=None, **executor):
    seen = Seen()
    executor = Executor(
        config=Config(MappingSource(settings or {})), ports=Ports(budget=seen), **executor
    )
    await executor.run(agent, Invocation("hello", limits=said))
    return seen.limits


CONFIGURED = {
    "max_steps": "50",
    "max_runtime": "5m",
    "max_tool_calls": "7",
    "max_tokens": "20000",
}


async def test_what_the_executor_does_not_give_stays_as_it_is_configured():
    limits = await in_force(
        RunnableAgent(model="fake"), defaults=Limits(max_steps=3), settings=CONFIGURED
    )
    found = limits.max_steps, limits.max_runtime_s, limits.max_tool_calls, limits.max_tokens
    assert found == (3, 300.0, 7, 20_000)


async def test_each_bound_is_the_most_specific_one():
    agent = RunnableAgent(model="fake", limits=Limits(max_steps=4, max_tool_calls=5))
    limits = await in_force(
        agent,
        said=Limits(max_tool_calls=6),
        defaults=Limits(max_steps=3, max_tool_calls=4, max_output_bytes=99),
        settings=CONFIGURED,
    )
    assert (limits.max_tool_calls, limits.max_steps, limits.max_output_bytes) == (6, 4, 99)
    assert (limits.max_tokens, limits.port_timeout_s) == (20_000, Limits().port_timeout_s)


async def test_a_bound_that_is_given_holds_though_it_is_the_default():
    given = Limits(max_steps=10, max_tokens=None)
    limits = await in_force(RunnableAgent(model="fake"), defaults=given, settings=CONFIGURED)
    assert (limits.max_steps, limits.max_tokens, limits.max_tool_calls) == (10, None, 7)


async def test_a_dispatched_agent_has_the_executors_bounds_beside_its_own():
    seen = []

    class Index(Seen):
        async def reserve(self, info):
            seen.append(info.limits)

    provider = FakeProvider()
    provider.enqueue("boss", Reply(calls=[("hand_over", {})]), "done")

    async def hand_over(context: ToolContext) -> str:
        """Hand over."""
        await context.run.dispatch("helper", "hello", limits=Limits(max_steps=2))
        return "done"

    boss = RunnableAgent(name="boss", model=provider.model("boss"), tools=[hand_over])
    helper = RunnableAgent(name="helper", model="fake", limits=Limits(max_tool_calls=3))
    executor = Executor(
        agents=[helper], ports=Ports(budget=Index()), defaults=Limits(max_output_bytes=99)
    )
    result = await executor.run(boss, "go")
    assert result.ok, result.error
    found = [(one.max_steps, one.max_tool_calls, one.max_output_bytes) for one in seen]
    assert found == [(10, 100, 99), (2, 3, 99)]


async def test_a_majordomo_agent_brings_its_own_bounds_and_has_the_rest():
    agent = Agent("fake", max_parallel_tools=3)
    limits = await in_force(agent, defaults=Limits(max_tokens=9_000), settings=CONFIGURED)
    assert (limits.max_steps, limits.max_parallel_tools) == (10, 3), "an agent always has these"
    assert (limits.max_tokens, limits.max_tool_calls) == (9_000, 7)
    limits = await in_force(agent, said=Limits(max_steps=2), settings=CONFIGURED)
    assert (limits.max_steps, limits.max_parallel_tools) == (2, 3)


async def test_a_journal_has_all_bounds_so_that_a_resumed_run_keeps_them():
    journals = MemoryCheckpointer()
    ports = Ports(checkpointer=journals)
    settings = dict(CONFIGURED)
    executor = Executor(config=Config(MappingSource(settings)), ports=ports)
    provider = FakeProvider()
    provider.enqueue("m", ValueError("down"))
    agent = RunnableAgent(name="a", model=provider.model("m"), limits=Limits(max_steps=3))
    assert not (await executor.run(agent, Invocation("go", run_id="r"))).ok
    settings |= {"max_tool_calls": "1", "max_tokens": "1"}
    limits = restore("r", await journals.load("r")).limits
    assert (limits.max_steps, limits.max_tool_calls, limits.max_tokens) == (3, 7, 20_000)
    seen = Seen()
    provider.enqueue("m", "done")
    again = Executor(
        config=Config(MappingSource(settings)), ports=replace(ports, budget=seen), agents=[agent]
    )
    assert (await again.resume("r")).output == "done"
    assert seen.limits == limits


def test_limits_know_what_was_given():
    limits = Limits(max_steps=10)
    assert (limits.given, Limits().given) == (frozenset({"max_steps"}), frozenset())
    assert limits != Limits()
    assert limits.max_steps == Limits().max_steps
    assert repr(limits) == "Limits(max_steps=10)"
    for same in (pickle.loads(pickle.dumps(limits)), copy.copy(limits), copy.deepcopy(limits)):
        assert (same, same.given) == (limits, limits.given)
    assert Limits.from_json(limits.as_json()) == limits
    assert hash(Limits.from_json(limits.as_json())) == hash(limits)


def test_none_is_given_too_and_comes_back_from_json():
    limits = Limits(max_tokens=None, max_cost=None)
    assert limits.as_json() == {"max_tokens": None, "max_cost": None}
    assert Limits.from_json(limits.as_json()).over(Limits(max_tokens=5)).max_tokens is None


def test_bounds_over_others_keep_what_neither_gives_open():
    later = Limits(max_steps=1, extra={"max_words": 5})
    both = later.over(Limits(max_steps=2, max_cost=Money("0.10"), extra={"max_words": 9, "x": 1}))
    assert both == Limits(max_steps=1, max_cost=Money("0.10"), extra={"max_words": 5, "x": 1})
    assert both.given == {"max_steps", "max_cost"}


def test_a_copy_by_replace_gives_all():
    whole = replace(Limits(max_steps=2), max_tokens=5)
    assert whole.given == set(Limits.__dataclass_fields__) - {"extra", "given"}
    assert Limits(max_tokens=9).over(whole) == replace(whole, max_tokens=9)


def test_what_is_given_cannot_be_claimed():
    with pytest.raises(TypeError):
        Limits(given=frozenset())
    with pytest.raises(TypeError):
        Limits(max_stepps=1)
    with pytest.raises(TypeError):
        Limits(3)


@pytest.mark.parametrize("defaults", [{"max_steps": 3}, 3, Limits])
def test_an_executors_defaults_are_limits(defaults):
    with pytest.raises(SetupError, match=r"defaults must be Limits\(…\)"):
        Executor(defaults=defaults)
