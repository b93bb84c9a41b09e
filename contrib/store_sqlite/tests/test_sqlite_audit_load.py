"""Many runs at once leave every record in the file, in its order, counted by somebody else."""

from collections import defaultdict

import anyio
import pytest

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.batteries.audit import AuditLog
from executus.registry import ToolRegistry
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Reply

RUNS = 1000
TELLS = {"tool_answered": "tool_call", "step_ended": "step", "route": "attempt"}


def registry():
    @tool
    async def look(n: int) -> str:
        """Look."""
        await anyio.lowlevel.checkpoint()
        return f"seen {n}"

    tools = ToolRegistry()
    tools.add("eye", [look])
    return tools


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_of_a_thousand_runs_at_once_every_record_is_in_the_file(store):
    told = defaultdict(list)

    def count(event):
        if event.kind in TELLS:
            told[event.run_id].append(TELLS[event.kind])

    fake = FakeProvider()

    def agent(number):
        calls = [("eye__look", {"n": n}) for n in range(1 + number % 3)]
        fake.enqueue(f"m{number}", Reply(calls=calls), Reply(text="done"))
        return RunnableAgent(name="helper", model=fake.model(f"m{number}"), tools=["eye.*"])

    audit = AuditLog(store.audit(), store.runs(), max_waiting=500)
    limits = Limits(port_timeout_s=600, close_timeout_s=600)
    ports = Ports(audit=audit)
    executor = Executor(registry=registry(), ports=ports, on_event=count, defaults=limits)
    async with audit, executor, anyio.create_task_group() as group:
        for number in range(RUNS):
            group.start_soon(executor.run, agent(number), Invocation("go", run_id=f"r{number}"))
    assert len(told) == RUNS
    for run_id, kinds in told.items():
        assert [record.kind for record in await store.audit().read(run_id)] == kinds
        assert (await store.runs().get(run_id)).status == "ok"
    assert audit.waiting == audit.lost == 0
