"""What bounds a run beyond its steps and time: tokens, money, a budget, a critic, a lane."""

import threading
from decimal import Decimal

import anyio
import pytest

from executus import (
    BudgetExceeded,
    Caller,
    Executor,
    Invocation,
    Limits,
    Ports,
    RunnableAgent,
    RunStatus,
    SetupError,
)
from executus.lane import Lane
from executus.money import Money
from executus.registry import ToolPolicy, ToolRegistry
from executus.testing import FakeClock
from majordomo.llm import Usage, tool
from majordomo.providers.fake import FakeProvider, Hang, Reply


@tool(inline=True)
def look(n: int) -> int:
    """Look something up."""
    return n


def steps(count):
    """Replies that call a tool, each of 100 input and 10 output tokens, and then an answer."""
    usage = Usage(input=100, output=10, requests=1)
    calls = [Reply(calls=[("look", {"n": n})], usage=usage) for n in range(count)]
    return [*calls, Reply(text="done", usage=usage)]


def scripted(*replies, name="m"):
    provider = FakeProvider()
    provider.enqueue(name, *replies)
    return provider, RunnableAgent(model=provider.model(name), tools=[look])


class Prices:
    """A cent per token, of models whose names are known."""

    def __init__(self, *known):
        self.known = known

    def cost(self, target, usage):
        if target.model not in self.known or usage.total is None:
            return None
        return Money(usage.total * Decimal("0.01"))


async def test_a_run_stops_before_the_call_that_would_pass_its_tokens():
    provider, agent = scripted(*steps(5))
    result = await Executor(defaults=Limits(max_tokens=220)).run(agent, "go")
    assert result.status is RunStatus.FAILED
    assert str(result.error) == "220 tokens are spent, and max_tokens is 220"
    assert len(provider.requests) == 2
    assert len(result.messages) == 5


async def test_a_run_knows_what_it_cost():
    _, agent = scripted(*steps(2))
    result = await Executor(ports=Ports(prices=Prices("m"))).run(agent, "go")
    assert result.cost == Money("3.30")


async def test_what_tools_cost_counts_too():
    registry = ToolRegistry()
    registry.add("paid", [look], policy=ToolPolicy(cost=Decimal("0.50")))
    provider = FakeProvider()
    usage = Usage(input=100, output=10, requests=1)
    replies = [Reply(calls=[("paid__look", {"n": n})], usage=usage) for n in range(5)]
    provider.enqueue("m", *replies)
    agent = RunnableAgent(model=provider.model("m"), tools=["paid.*"])
    limits = Limits(max_cost=Money("3.00"))
    executor = Executor(registry=registry, ports=Ports(prices=Prices("m")), defaults=limits)
    result = await executor.run(agent, "go")
    assert str(result.error) == "3.20 USD are spent, and max_cost is 3.00 USD"
    assert len(provider.requests) == 2


async def test_a_cost_that_is_unknown_is_never_nought():
    _, agent = scripted(*steps(2))
    assert (await Executor(ports=Ports(prices=Prices())).run(agent, "go")).cost is None
    _, agent = scripted(*steps(2))
    assert (await Executor().run(agent, "go")).cost is None


async def test_a_run_stops_when_its_cost_is_reached():
    provider, agent = scripted(*steps(5))
    limits = Limits(max_cost=Money("2.20"))
    result = await Executor(ports=Ports(prices=Prices("m")), defaults=limits).run(agent, "go")
    assert str(result.error) == "2.20 USD are spent, and max_cost is 2.20 USD"
    assert len(provider.requests) == 2
    assert result.cost == Money("2.20")


async def test_a_bound_on_cost_needs_every_targets_price():
    provider, agent = scripted(*steps(1))
    limits = Limits(max_cost=Money(1))
    result = await Executor(ports=Ports(prices=Prices("other")), defaults=limits).run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert "the price of fake/m is unknown" in str(result.error)
    assert provider.requests == []


async def test_a_bound_in_another_currency_is_refused():
    _, agent = scripted(*steps(1))
    limits = Limits(max_cost=Money(1, "EUR"))
    result = await Executor(ports=Ports(prices=Prices("m")), defaults=limits).run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert "different currencies" in str(result.error)


class Meter:
    """A budget of so many tokens."""

    def __init__(self, tokens):
        self.tokens, self.log = tokens, []

    async def reserve(self, info):
        self.log.append("reserve")

    async def extend(self, run_id, usage, cost):
        self.log.append(("extend", usage.total))
        if usage.total >= self.tokens:
            raise BudgetExceeded("the week's tokens are spent")

    async def commit(self, run_id, usage, cost):
        self.log.append(("commit", usage.total, cost))

    async def release(self, run_id):
        self.log.append("release")


async def test_a_budget_is_asked_before_each_further_call_and_may_stop_the_run():
    provider, agent = scripted(*steps(5))
    budget, events = Meter(220), []
    ports = Ports(budget=budget, prices=Prices("m"))
    result = await Executor(ports=ports, on_event=events.append).run(agent, "go")
    assert (result.status, str(result.error)) == (RunStatus.FAILED, "the week's tokens are spent")
    assert budget.log == [
        "reserve",
        ("extend", 110),
        ("extend", 220),
        ("commit", 220, Money("2.20")),
    ]
    assert len(provider.requests) == 2
    assert [e.action for e in events if e.kind == "budget"] == ["reserved", "stopped"]


@pytest.mark.parametrize("how", ["raises", "hangs"])
async def test_a_budget_that_fails_in_the_middle_is_a_closed_gate(how):
    clock, asked = FakeClock(), anyio.Event()

    class Broken(Meter):
        async def extend(self, run_id, usage, cost):
            if how == "raises":
                raise OSError("database is gone")
            asked.set()
            await anyio.sleep_forever()

    _, agent = scripted(*steps(2))
    executor = Executor(ports=Ports(budget=Broken(1000)), clock=clock)
    async with executor.stream(agent, "go") as run:
        if how == "hangs":
            await asked.wait()
            clock.advance(3)
        result = await run.wait()
    assert result.status is RunStatus.FAILED
    assert "so the run was stopped" in str(result.error)


async def test_a_critic_steers_extends_and_sees_what_goes_on():
    seen = []

    class Helpful:
        async def watch(self, watch):
            while watch.tally.steps < 1:
                await anyio.lowlevel.checkpoint()
            seen.append((watch.info.agent, len(watch.messages) >= 2))
            watch.extend(3)
            watch.steer("think of the deadline")
            await anyio.sleep_forever()

    @tool
    async def wait(n: int) -> int:
        """Give the critic a moment."""
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        return n

    provider = FakeProvider()
    replies = [Reply(calls=[("wait", {"n": n})]) for n in range(3)]
    provider.enqueue("m", *replies, "done")
    agent = RunnableAgent(
        name="slow", model=provider.model("m"), tools=[wait], limits=Limits(max_steps=1)
    )
    result = await Executor(ports=Ports(critic=Helpful())).run(agent, "go")
    assert result.output == "done"
    assert seen == [("slow", True)]
    assert "think of the deadline" in [m.text for m in result.messages]


async def test_a_critic_stops_a_run_that_hangs():
    class Strict:
        async def watch(self, watch):
            while not provider.requests:
                await anyio.lowlevel.checkpoint()
            watch.stop("nothing has happened for a while")

    provider, agent = scripted(Hang())
    result = await Executor(ports=Ports(critic=Strict())).run(agent, "go")
    assert result.status is RunStatus.FAILED
    assert str(result.error) == "the critic stopped the run: nothing has happened for a while"


async def test_a_critic_that_fails_only_warns():
    class Broken:
        async def watch(self, watch):
            raise OSError("no model")

    _, agent = scripted(*steps(1))
    result = await Executor(ports=Ports(critic=Broken())).run(agent, "go")
    assert result.ok
    assert result.warnings == ("the critic failed: OSError: no model",)


async def test_a_critic_ends_with_the_loop():
    ended = []

    class Patient:
        async def watch(self, watch):
            try:
                await anyio.sleep_forever()
            finally:
                ended.append(watch.info.run_id)

    _, agent = scripted(*steps(1))
    await Executor(ports=Ports(critic=Patient())).run(agent, Invocation("go", run_id="r"))
    assert ended == ["r"]


async def test_runs_wait_for_a_slot_of_their_callers_share():
    lane, order = Lane(1), []
    gate = anyio.Event()

    @tool
    async def work(name: str) -> str:
        """Take a while."""
        order.append(name)
        if name == "first":
            await gate.wait()
        return name

    def agent_of(name):
        provider = FakeProvider()
        provider.enqueue("m", Reply(calls=[("work", {"name": name})]), "done")
        return RunnableAgent(model=provider.model("m"), tools=[work])

    executor = Executor(lane=lane)
    async with executor:
        runs = []
        for name, caller in [("first", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b")]:
            invocation = Invocation("go", caller=Caller(id=caller))
            runs.append(executor.start(agent_of(name), invocation))
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
        assert order == ["first"]
        assert lane.snapshot().waiting == 3
        gate.set()
        for run in runs:
            assert (await run.wait()).ok
    assert order.index("b1") <= 2
    assert (lane.snapshot().running, lane.snapshot().waiting) == (0, 0)


async def test_a_full_lane_rejects_and_releases_the_budget():
    lane = Lane(1, max_waiting=0)
    budget = Meter(1000)
    _, agent = scripted(*steps(0))
    async with lane.slot("somebody"):
        result = await Executor(lane=lane, ports=Ports(budget=budget)).run(agent, "go")
    assert result.status is RunStatus.REJECTED
    assert "come back later" in str(result.error)
    assert budget.log == ["reserve", "release"]
    assert lane.snapshot().running == 0


async def test_waiting_for_a_slot_does_not_use_up_the_runtime():
    clock, lane = FakeClock(), Lane(1)
    _, agent = scripted(*steps(0))
    executor = Executor(lane=lane, clock=clock, defaults=Limits(max_runtime_s=10))
    async with executor:
        async with lane.slot("somebody"):
            run = executor.start(agent, "go")
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            clock.advance(60)
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
        assert (await run.wait()).ok


async def test_a_tool_that_cannot_be_interrupted_is_reported():
    clock, entered, release = FakeClock(), threading.Event(), threading.Event()

    @tool
    def stubborn() -> str:
        """Blocks its thread."""
        entered.set()
        release.wait()
        return "late"

    provider = FakeProvider()
    provider.enqueue("m", Reply(calls=[("stubborn", {})]))
    agent = RunnableAgent(model=provider.model("m"), tools=[stubborn])
    try:
        async with Executor(clock=clock, defaults=Limits(max_runtime_s=9)).stream(agent, "") as run:
            while not entered.is_set():
                await anyio.lowlevel.checkpoint()
            clock.advance(10)
            result = await run.wait()
    finally:
        release.set()
    assert result.status is RunStatus.TIMED_OUT
    assert any("stubborn cannot be interrupted" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    "bad", [{"max_steps": 0}, {"max_runtime_s": float("nan")}, {"max_tokens": 0}]
)
def test_limits_that_make_no_sense_are_refused(bad):
    with pytest.raises(SetupError, match=f"{next(iter(bad))} must be at least"):
        Limits(**bad)


@pytest.mark.parametrize(
    "bad",
    [{"max_steps": True}, {"max_steps": 2.5}, {"max_tool_calls": "9"}, {"max_runtime_s": None}],
)
def test_limits_of_the_wrong_kind_are_refused(bad):
    with pytest.raises(SetupError, match=f"{next(iter(bad))} must be a (whole )?number"):
        Limits(**bad)


def test_limits_survive_json():
    limits = Limits(max_steps=3, max_cost=Money("1.10", "EUR"), max_tokens=5)
    assert Limits.from_json(limits.as_json()) == limits
    later = Limits.from_json({**limits.as_json(), "of a later release": 1})
    assert later.extra == {"of a later release": 1}
    assert later.as_json() == {**limits.as_json(), "of a later release": 1}
