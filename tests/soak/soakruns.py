"""Many fake runs, some failing and some cancelled: nothing is lost, left behind, or grows.

    soakruns.py [RUNS]

Prints one table and ends with 1 when something was lost or leaked, or memory grew.
"""

import gc
import json
import os
import random
import sys
import threading
from collections import Counter

import anyio

from executus import Executor, Invocation, Limits, Ports, RunnableAgent
from executus.batteries.audit import AuditLog, MemoryAuditStore, MemoryRunIndex
from executus.lane import Lane
from executus.registry import ToolRegistry
from executus.run import MemoryCheckpointer
from majordomo.errors import APIError, ErrorKind
from majordomo.llm import tool
from majordomo.providers.fake import FakeProvider, Hang, Reply

AT_ONCE = 40
FAULTS, CANCELS = 0.10, 0.05
SAMPLES = 20
MOST_GROWTH_MB = 1.0


class Ends:
    """An audit sink that counts the terminal records of each run."""

    def __init__(self):
        self.statuses = Counter()
        self.open = Counter()

    async def write(self, records):
        for record in records:
            if record.kind == "run" and record.ended is not None:
                self.statuses[record.status] += 1
                self.open[record.run_id] -= 1
                if not self.open[record.run_id]:
                    del self.open[record.run_id]


class Settling:
    """A budget that counts what was reserved and settled."""

    def __init__(self):
        self.open = set()

    async def reserve(self, info):
        await anyio.lowlevel.checkpoint()
        self.open.add(info.run_id)

    async def extend(self, run_id, usage, cost):
        pass

    async def commit(self, run_id, usage, cost):
        await anyio.lowlevel.checkpoint()
        self.open.discard(run_id)

    async def release(self, run_id):
        self.open.discard(run_id)


class Soak:
    """Runs one case after another, many at once.

    Attributes:
        cases: What was asked for, by kind.
        memory: Megabytes, by how many runs had ended.
    """

    def __init__(self, runs, seed=1):
        self._runs, self._dice = runs, random.Random(seed)
        self._next, self._ended = 0, 0
        self.cases, self.wrong = Counter(), Counter()
        self.memory = []
        self.ends, self.budget, self.journals = Ends(), Settling(), MemoryCheckpointer()
        self.lane = Lane(AT_ONCE // 2)

    async def run(self):
        threads = set(threading.enumerate())
        audit = AuditLog(
            MemoryAuditStore(max_runs=200), MemoryRunIndex(max_runs=200), sinks=[self.ends]
        )
        ports = Ports(audit=audit, budget=self.budget, checkpointer=self.journals)
        executor = Executor(registry=tools(), ports=ports, lane=self.lane)
        async with audit, executor:
            async with anyio.create_task_group() as group:
                for _ in range(AT_ONCE):
                    group.start_soon(self._work, executor)
            self.left = {
                "live runs": len(executor._kit.live),
                "slots": self.lane.snapshot().running,
                "reservations": len(self.budget.open),
                "journals": len(self.journals._journals),
                "audit records": audit.waiting,
                "open recorders": len(audit._open),
            }
        self.left["threads"] = len(set(threading.enumerate()) - threads)  # others may end
        self.left = {name: count for name, count in self.left.items() if count}

    async def _work(self, executor):
        while self._next < self._runs:
            number, self._next = self._next, self._next + 1
            fate = self._dice.random()
            kind = "fault" if fate < FAULTS else "cancel" if fate < FAULTS + CANCELS else "plain"
            self.cases[kind] += 1
            self.ends.open[f"r{number}"] += 1
            await self._one(executor, f"r{number}", kind)
            self._ended += 1
            if not self._ended % max(1, self._runs // SAMPLES):
                gc.collect()
                self.memory.append((self._ended, megabytes()))

    async def _one(self, executor, run_id, kind):
        agent = RunnableAgent(
            name="helper",
            model=script(self._dice, kind).model("m"),
            tools=["eye.*"],
            limits=Limits(max_runtime_s=3600, close_timeout_s=3600, port_timeout_s=3600),
        )
        steps = self._dice.randint(1, 200)
        result = None
        async with anyio.create_task_group() as group:

            async def go():
                nonlocal result
                result = await executor.run(agent, Invocation("go", run_id=run_id))
                group.cancel_scope.cancel()

            group.start_soon(go)
            if kind == "cancel":
                for _ in range(steps):
                    await anyio.lowlevel.checkpoint()
                group.cancel_scope.cancel()
        fine = {"plain": "ok", "fault": "failed"}.get(kind)
        if fine and (result is None or result.status.value != fine):
            self.wrong[f"{kind} ended as {result and result.status.value}"] += 1
        if result is None or not result.ok:
            await self.journals.end(run_id)  # nobody will resume it

    @property
    def growth_mb(self):
        """Megabytes per 10,000 runs, by least squares over the second half."""
        points = self.memory[len(self.memory) // 2 :]
        if len(points) < 3:
            return 0.0
        mean_x = sum(x for x, _ in points) / len(points)
        mean_y = sum(y for _, y in points) / len(points)
        over = sum((x - mean_x) * (y - mean_y) for x, y in points)
        return 10_000 * over / sum((x - mean_x) ** 2 for x, _ in points)


def script(dice, kind):
    fake = FakeProvider()
    calls = [Reply(calls=[("eye__look", {"n": n})]) for n in range(dice.randint(0, 3))]
    broken = APIError("down", provider="fake", model="m", kind=ErrorKind.TRANSIENT, status=500)
    last = {"plain": "done", "fault": broken, "cancel": Hang()}[kind]
    fake.enqueue("m", *calls, last)
    return fake


def tools():
    @tool
    async def look(n: int) -> str:
        """Look."""
        await anyio.lowlevel.checkpoint()
        return f"seen {n}"

    registry = ToolRegistry()
    registry.add("eye", [look])
    return registry


def megabytes():
    """What this process has in memory; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


def report(part, cases, survived, leaked, lost):
    """A line that `soaktable.py` puts into its table."""
    figures = {"cases": cases, "survived": survived, "leaked": leaked, "lost": lost}
    return f"soak: {json.dumps({'part': part, **figures})}"


def main():
    soak = Soak(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    anyio.run(soak.run)
    lost, leaked = sum(soak.ends.open.values()), sum(soak.left.values())
    survived = soak.ends.statuses.total() - soak.wrong.total()
    print(f"{'cases':>10}{'faults':>10}{'cancels':>10}{'survived':>10}{'leaked':>10}{'lost':>10}")
    figures = (soak.cases.total(), soak.cases["fault"], soak.cases["cancel"], survived)
    print("".join(f"{each:10}" for each in (*figures, leaked, lost)))
    print(f"ended as: {dict(soak.ends.statuses)}; wrong: {dict(soak.wrong)}; left: {soak.left}")
    print(
        f"memory: {soak.growth_mb:+.2f} MB per 10,000 runs; at the end {soak.memory[-1][1]:.0f} MB"
    )
    print(report("runs", soak.cases.total(), survived, leaked, lost))
    bad = lost or leaked or soak.wrong or soak.growth_mb >= MOST_GROWTH_MB
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
