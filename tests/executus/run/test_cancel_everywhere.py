"""A run cancelled at every point where anything waits ends once, cleaned up, with nothing left."""

from collections.abc import Collection
from dataclasses import dataclass, field

import anyio
import pytest
import stepping

from executus import Executor, Invocation, Limits, Ports, RunnableAgent, RunStatus
from executus.asking import InputAnswer
from executus.dispatchguard import DispatchGuard
from executus.events import EVENT_KINDS
from executus.lane import Lane
from executus.money import Money
from executus.registry import Allow, Ask
from executus.run import MemoryCheckpointer, Phase
from majordomo.llm import Usage, tool
from majordomo.providers.fake import FakeProvider, Reply

pause = anyio.lowlevel.checkpoint


class Journals(MemoryCheckpointer):
    """Journals whose every operation waits."""

    async def append(self, run_id, at, entries):
        await pause()
        await super().append(run_id, at, entries)

    async def load(self, run_id):
        await pause()
        return await super().load(run_id)

    async def end(self, run_id):
        await pause()
        await super().end(run_id)


@dataclass
class Host:
    """Every port and seam, each waiting at least once, and what they saw."""

    wants: Collection[str] = frozenset(EVENT_KINDS)
    started: list[str] = field(default_factory=list)
    closed: list = field(default_factory=list)
    events: list = field(default_factory=list)
    reserved: set[str] = field(default_factory=set)
    settled: list[str] = field(default_factory=list)
    delivered: list = field(default_factory=list)
    journals: Journals = field(default_factory=Journals)
    lane: Lane = field(default_factory=lambda: Lane(1))
    guard: DispatchGuard = field(default_factory=DispatchGuard)
    tools_open: int = 0
    watching: int = 0
    compacted: int = 0

    async def start_run(self, info):
        await pause()
        self.started.append(info.run_id)

    def emit(self, event):
        self.events.append(event)

    async def close_run(self, info, result):
        await pause()
        self.closed.append(result)

    async def reserve(self, info):
        self.reserved.add(info.run_id)
        await pause()

    async def extend(self, run_id, usage, cost):
        await pause()

    async def commit(self, run_id, usage, cost):
        await pause()
        assert usage.requests
        self.reserved.discard(run_id)
        self.settled.append(run_id)

    async def release(self, run_id):
        await pause()
        self.reserved.discard(run_id)
        self.settled.append(run_id)

    async def visible(self, info, names):
        await pause()
        return names

    async def deliver(self, parcel):
        await pause()
        self.delivered.append(parcel.text)

    async def watch(self, watch):
        self.watching += 1
        try:
            watch.extend(1)
            while True:
                await pause()
        finally:
            self.watching -= 1

    async def decide(self, request):
        await pause()
        return Ask("May it?") if request.tool.name == "calc.calculate" else Allow()

    async def ask(self, request):
        await pause()
        return InputAnswer()

    async def get(self, name, caller):
        await pause()
        return "a long enough secret"

    def how_to_set(self, name):
        return "it is set"

    def cost(self, target, usage):
        return Money(1)

    def begin(self, scope):
        return self

    async def compact(self, messages, *, reported):
        await pause()
        self.compacted += 1
        return messages

    usage = Usage()
    folds = 0

    def overflowed(self):
        raise AssertionError("nothing is too long here")


def make_agent(host, *, parallel):
    @tool
    async def careful(n: int) -> int:
        """A tool with something to clean up."""
        host.tools_open += 1
        try:
            await pause()
            await pause()
        finally:
            host.tools_open -= 1
        return n

    provider = FakeProvider()
    calls = [("careful", {"n": 1}), ("calc__calculate", {"expression": "1+1"})]
    provider.enqueue("m", Reply(text="look", calls=calls), "looked", "done")
    return RunnableAgent(
        model=provider.model("m"),
        tools=[careful, "calc.*"],
        # Ports have time enough: a machine that stands still for seconds is not what is judged.
        limits=Limits(
            max_parallel_tools=2 if parallel else 1, port_timeout_s=60.0, close_timeout_s=60.0
        ),
        phases=[Phase(name="look"), Phase(name="answer")],
    )


def make_executor(host):
    ports = Ports(
        audit=host,
        budget=host,
        palette=host,
        critic=host,
        checkpointer=host.journals,
        delivery=host,
        ask=host,
        secrets=host,
        prices=host,
    )
    return Executor(
        ports=ports,
        policy=host,
        compactor=host,
        lane=host.lane,
        guard=host.guard,
        new_id=lambda: "run",
    )


def check_host(host, outcome):
    where = f"cancelled at step {outcome.step}"
    assert outcome.raised is None, where
    assert outcome.left_running == 0, where
    assert host.tools_open == 0, where
    assert host.reserved == set(), where
    assert (host.watching, host.guard.live) == (0, 0), where
    assert (host.lane.snapshot().running, host.lane.snapshot().waiting) == (0, 0), where
    answered = bool(host.closed) and host.closed[0].status is RunStatus.OK
    assert not (answered and host.journals._journals), where
    began = bool(host.events)
    assert len(host.closed) == (1 if began else 0), where
    assert len(host.settled) == (1 if began else 0), where
    ends = [e for e in host.events if e.kind == "run_ended"]
    assert len(ends) == (1 if began else 0), where
    if began:
        assert host.events[-1] is ends[0], where
        assert [e.seq for e in host.events] == list(range(len(host.events))), where
        check_transcript(host.closed[0].messages, where)


def check_transcript(messages, where):
    for index, message in enumerate(messages):
        if message.tool_calls:
            answered = [r.call_id for r in messages[index + 1].tool_results]
            assert answered == [c.id for c in message.tool_calls], where


@pytest.mark.slow
@pytest.mark.parametrize("mode", stepping.MODES)
@pytest.mark.parametrize("parallel", [False, True], ids=["sequential", "parallel"])
def test_an_awaited_run(mode, parallel):
    hosts = []

    def make():
        host = Host()
        hosts.append(host)
        executor, agent = make_executor(host), make_agent(host, parallel=parallel)
        return lambda: executor.run(agent, "go")

    def check(outcome):
        host = hosts[-1]
        check_host(host, outcome)
        if outcome.cancelled and host.closed:
            # A cancellation that arrives once the answer is there does not unmake it.
            assert host.closed[0].status in (RunStatus.CANCELLED, RunStatus.OK)
        if outcome.returned is not None:
            assert outcome.returned.status is RunStatus.OK
            assert outcome.returned.output == "done"

    stepping.sweep(mode, make, check, at_least=30)
    assert hosts[-1].closed[0].status is RunStatus.OK
    assert hosts[-1].compacted == 3


@pytest.mark.slow
@pytest.mark.parametrize("mode", stepping.MODES)
@pytest.mark.parametrize("how", ["stream", "start"])
def test_a_run_beside_its_caller(mode, how):
    hosts = []

    def make():
        host = Host()
        hosts.append(host)
        executor, agent = make_executor(host), make_agent(host, parallel=True)

        async def streamed():
            async with executor.stream(agent, Invocation("go")) as run:
                kinds = [event.kind async for event in run]
                result = await run.wait()
            return result, kinds

        async def started():
            async with executor:
                run = executor.start(agent, Invocation("go"))
                kinds = [event.kind async for event in run]
                result = await run.wait()
            return result, kinds

        return streamed if how == "stream" else started

    def check(outcome):
        check_host(hosts[-1], outcome)
        if outcome.returned is not None:
            result, kinds = outcome.returned
            assert result.output == "done"
            assert kinds[-1] == "run_ended"

    stepping.sweep(mode, make, check, at_least=30)
    assert hosts[-1].closed[0].status is RunStatus.OK
