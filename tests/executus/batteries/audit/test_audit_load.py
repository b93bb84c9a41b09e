"""Under load, and with anything failing around it, an audit keeps exactly what happened."""

import json
from collections import Counter, defaultdict

import anyio
import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.batteries.audit import AuditLog, MemoryAuditStore, MemoryRunIndex, RunQuery
from executus.errors import ExecutusError
from executus.registry import ToolRegistry
from executus.testing import FakeClock
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Hang, Reply

RUNS = 1000
CANARY = "c4n4ryc4n4ry1234567890"
TELLS = {
    "tool_answered": "tool_call",
    "step_ended": "step",
    "tool_denied": "denial",
    "route": "attempt",
}


class Count:
    """An account of its own of what the events of each run come to, in order."""

    def __init__(self):
        self.kinds = defaultdict(list)

    def __call__(self, event):
        if event.kind in TELLS:
            self.kinds[event.run_id].append(TELLS[event.kind])


class Wavering(MemoryAuditStore):
    """Lets others run while it writes, and fails now and then until it is steady."""

    writes, steady = 0, False

    async def write(self, records):
        await anyio.lowlevel.checkpoint()
        self.writes += 1
        if not (self.writes % 7 or self.steady):
            raise OSError("locked")
        await super().write(records)
        await anyio.lowlevel.checkpoint()


class Seen:
    def __init__(self):
        self.ids, self.most = Counter(), 0

    async def write(self, records):
        self.most = max(self.most, len(records))
        self.ids.update(record.id for record in records if record.kind != "run")


def helper(number):
    """A run of two to four calls, one of them failing, one refused."""
    fake = FakeProvider()
    calls = [("eye__look", {"n": n}) for n in range(1 + number % 3)]
    fake.enqueue("m", Reply(calls=calls), Reply(calls=[("eye__fail", {})]), Reply(text="done"))
    limits = Limits(max_tool_calls=1 + number % 3, port_timeout_s=600, close_timeout_s=600)
    return RunnableAgent(name="helper", model=fake.model("m"), tools=["eye.*"], limits=limits)


def registry():
    @tool
    async def look(n: int) -> str:
        """Look."""
        await anyio.lowlevel.checkpoint()
        return f"seen {n}"

    @tool
    async def fail() -> str:
        """Fail."""
        raise ValueError("no")

    tools = ToolRegistry()
    tools.add("eye", [look, fail])
    return tools


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_of_a_thousand_runs_at_once_every_event_is_kept_in_its_order():
    count, seen = Count(), Seen()
    audit = AuditLog(Wavering(), sinks=[seen], max_waiting=200, clock=FakeClock())
    executor = Executor(registry=registry(), ports=Ports(audit=audit), on_event=count)
    async with audit, executor, anyio.create_task_group() as group:
        for number in range(RUNS):
            group.start_soon(executor.run, helper(number), Invocation("go", run_id=f"r{number}"))
    audit.store.steady = True
    await executor.run(helper(0), Invocation("go", run_id="last"))  # ends those it could not
    assert len(count.kinds) == RUNS + 1
    for run_id, kinds in count.kinds.items():
        assert [record.kind for record in await audit.store.read(run_id)] == kinds
        assert (await audit.runs.get(run_id)).status == "ok"
    assert seen.ids.total() == sum(map(len, count.kinds.values())) >= 5 * RUNS
    assert set(seen.ids.values()) == {1}, "a sink got a record twice"
    assert seen.most <= 500


async def test_runs_cut_off_leave_what_they_did_and_their_end():
    count, store = Count(), MemoryAuditStore()
    audit = AuditLog(store)
    executor = Executor(registry=registry(), ports=Ports(audit=audit), on_event=count)
    fake = FakeProvider()
    fake.enqueue("m", *[Reply(calls=[("eye__look", {"n": 1})])] * 50, *[Hang()] * 50)
    agent = RunnableAgent(name="helper", model=fake.model("m"), tools=["eye.*"])
    async with audit, anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(executor.run, agent, Invocation("go", run_id=f"r{number}"))
        for _ in range(2000):
            await anyio.lowlevel.checkpoint()
            if len(fake.requests) == 100:
                break
        group.cancel_scope.cancel()
    assert len(count.kinds) == 50
    for run_id, kinds in count.kinds.items():
        assert [record.kind for record in await store.read(run_id)] == kinds
        assert (await audit.runs.get(run_id)).status == "cancelled"
    assert audit.waiting == 0


async def test_what_is_queued_stays_within_its_bound_while_the_store_is_slow():
    gate, most = anyio.Event(), []

    class Stuck(MemoryAuditStore):
        async def write(self, records):
            await gate.wait()
            await super().write(records)

    audit = AuditLog(Stuck(), max_waiting=20)
    executor = Executor(registry=registry(), ports=Ports(audit=audit), on_event=Count())
    async with audit, anyio.create_task_group() as group:

        async def one_after_another():
            for number in range(100):
                invocation = Invocation("go", run_id=f"r{number}")
                await executor.run(helper(number), invocation)
                most.append(audit.waiting)

        group.start_soon(one_after_another)
        for _ in range(3000):
            await anyio.lowlevel.checkpoint()
        assert len(most) == 0, "a run's end waits for its records"
        assert 0 < audit.waiting <= 20
        gate.set()
    assert len(most) == 100
    assert audit.waiting == 0


async def test_a_store_that_stays_down_does_not_take_all_memory(caplog):
    class Down(MemoryAuditStore):
        async def write(self, records):
            raise OSError("disk full")

    audit = AuditLog(Down(), max_waiting=20, clock=FakeClock())
    executor = Executor(registry=registry(), ports=Ports(audit=audit))
    for number in range(60):
        result = await executor.run(helper(number), "go")
        assert result.ok, "a run does not fail for its audit"
        assert any("audit." in warning for warning in result.warnings)
    assert audit.waiting == 10 * 20
    assert audit.lost > 200
    assert audit._open == {}
    assert "audit records are lost" in caplog.text
    with pytest.raises(ExecutusError, match="could not be written"):
        await audit._last_flush()


async def test_a_key_is_gone_wherever_it_stood():
    @tool
    async def call(url: str, headers: dict[str, str], token: str) -> str:
        """Call."""
        if "fail" in url:
            raise ValueError(f"GET {url} with Authorization: Token {token} gave 401")
        return f"Set-Cookie: sid={token}; Path=/\nurl {url}"

    tools = ToolRegistry()
    tools.add("net", [call])
    headers = {"X-Api-Key": CANARY, "Cookie": f"a={CANARY}"}
    arguments = [
        {"url": f"https://x.org/{path}?key={CANARY}", "headers": headers, "token": CANARY}
        for path in ("ok", "fail")
    ]
    fake = FakeProvider()
    broken = APIError(
        f"401: Incorrect API key provided: sk-{CANARY}",
        provider="fake",
        model="m",
        kind=ErrorKind.AUTH,
        status=401,
    )
    calls = [("net__call", each) for each in arguments]
    fake.enqueue("m", Reply(text=f"password: {CANARY}", calls=calls), broken)
    seen = []

    class Sink:
        async def write(self, records):
            seen.extend(records)

    audit = AuditLog(sinks=[Sink()])
    executor = Executor(registry=tools, ports=Ports(audit=audit))
    agent = RunnableAgent(name="helper", model=fake.model("m"), tools=["net.*"])
    metadata = {"nested": [{"client_secret": CANARY}], "url": f"https://u:{CANARY}@x.org"}
    invocation = Invocation(f"--password {CANARY}", run_id="r", metadata=metadata)
    result = await executor.run(agent, invocation)
    assert not result.ok
    kept = [*await audit.store.read("r"), *await audit.runs.list(RunQuery())]
    assert [record.kind for record in kept] == ["tool_call", "tool_call", "step", "run"]
    assert len(seen) == len(kept) + 1, "the run is told of when it begins and when it ends"
    for record in [*seen, *kept]:
        assert CANARY not in json.dumps(record.as_json()), record


async def test_a_failing_sink_is_reported_and_the_others_get_everything(caplog):
    class Broken:
        async def write(self, records):
            raise OSError("collector is gone")

    seen = Seen()
    audit = AuditLog(MemoryAuditStore(), MemoryRunIndex(), sinks=[Broken(), seen])
    executor = Executor(registry=registry(), ports=Ports(audit=audit))
    result = await executor.run(helper(2), Invocation("go", run_id="r"))
    assert result.ok
    assert set(seen.ids) == {record.id for record in await audit.store.read("r")}
    assert "an audit sink misses" in caplog.text
    assert "collector is gone" in caplog.text
