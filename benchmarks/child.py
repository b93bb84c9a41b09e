"""Runs one workload of one contestant in this process and prints its figures as one JSON line.

    python -P child.py CONTESTANT w1…w9 BASE_URL SCALE
    python -P child.py CONTESTANT fixed BASE_URL METRIC COUNT [PROFILE_FILE]

`run.py` starts it. CPU is user plus system time of all threads of this process. `fixed` does a
metric's operation exactly COUNT times, for callgrind and cProfile.
"""

# What this file imports is not charged to the contestant, so it imports late what it can.
# ruff: noqa: PLC0415, TID251
from __future__ import annotations

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
RSS_UNITS_PER_MB = 2**20 if sys.platform == "darwin" else 2**10
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from contestants._api import Base


def rss_mb() -> float:
    if not os.path.exists("/proc/self/statm"):
        return 0.0
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def load(name: str, base_url: str) -> tuple[Base, dict[str, float]]:
    """The contestant, and what loading it took."""
    import importlib

    sys.path.append(HERE)  # last: no contestant can be shadowed by a file of ours
    importlib.import_module("contestants._api")
    modules, rss, start = len(sys.modules), rss_mb(), time.process_time()
    module = importlib.import_module(f"contestants.{name}")
    imported = time.process_time()
    contestant = module.Contestant(base_url)
    constructed = time.process_time()
    return contestant, {
        "import_cpu_ms": (imported - start) * 1e3,
        "construct_cpu_ms": (constructed - imported) * 1e3,
        "rss_growth_mb": rss_mb() - rss,
        "modules": len(sys.modules) - modules,
    }


class Bench:
    """The workloads; each fills `out`."""

    def __init__(self, contestant: Base, scale: float) -> None:
        self.c = contestant
        self.scale = scale
        self.out: dict[str, float] = {}

    async def time(
        self,
        metric: str,
        count: int,
        op: Callable[..., Awaitable[Any]],
        *args: object,
        batches: int = 5,
        unit: int = 1,
        warm: int = 5,
        check: Callable[[Any], bool] = lambda result: "7" in str(result),
    ) -> None:
        """Median over batches of CPU and wall time per operation, in µs and divided by `unit`."""
        import gc
        import statistics

        count = max(1, round(count * self.scale / batches))
        for _ in range(min(count, warm) or 1):
            result = await op(*args)
            if not check(result):
                raise AssertionError(f"wrong result: {result!r:.200}")
        cpu: list[float] = []
        wall: list[float] = []
        for _ in range(batches):
            gc.collect()
            wall_start, cpu_start = time.perf_counter(), time.process_time()
            for _ in range(count):
                await op(*args)
            cpu.append((time.process_time() - cpu_start) / count / unit * 1e6)
            wall.append((time.perf_counter() - wall_start) / count / unit * 1e6)
        self.out[f"{metric}.cpu_us"] = statistics.median(cpu)
        self.out[f"{metric}.wall_us"] = statistics.median(wall)

    async def w1(self) -> None:
        """Loading was timed by `load`; a library that puts work off does it here."""
        start = time.process_time()
        await self.c.complete("plain")
        self.out["first_call_cpu_ms"] = (time.process_time() - start) * 1e3

    async def w2(self) -> None:
        if self.c.can("complete"):
            await self.time("complete", 500, self.c.complete, "plain")

    async def w3(self) -> None:
        if not self.c.can("agent_run"):
            return
        for turns, count, batches in ((10, 50, 5), (50, 5, 5), (200, 2, 2)):
            await self.time(
                f"turn@{turns}",
                count,
                self.c.agent_run,
                f"t{turns}",
                batches=batches,
                unit=turns + 1,
                warm=5 if turns == 10 else 1,
            )

    async def w4(self) -> None:
        if not self.c.can("stream"):
            return
        for name, model, deltas, count in (
            ("burst", "s2000", 2000, 20),
            ("paced", "s500-p1", 500, 4),
        ):
            await self.time(
                f"delta_{name}",
                count,
                self.c.stream,
                model,
                batches=min(count, 5),
                unit=deltas,
                # a library may join the first or last deltas, but must not lose a character
                check=lambda got, n=deltas: got[0] >= n - 2 and got[1] == 6 * n,
            )

    async def w5(self) -> None:
        """One measurement, not batches: what counts is how many runs are under way at once."""
        if not self.c.can("agent_run"):
            return
        import gc
        import resource

        count = max(1, round(1000 * self.scale))
        await self.c.concurrent("t2", 4, 2)
        gc.collect()
        rss, wall_start, cpu_start = rss_mb(), time.perf_counter(), time.process_time()
        await self.c.concurrent("t2-d50", count, min(count, 200))
        self.out["run.cpu_us"] = (time.process_time() - cpu_start) / count * 1e6
        self.out["all.wall_s"] = time.perf_counter() - wall_start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / RSS_UNITS_PER_MB
        self.out["peak_rss_mb"] = peak
        self.out["rss_growth_mb"] = peak - rss

    async def w6(self) -> None:
        c = self.c
        if not c.can("failover_new"):
            return
        await self.time("direct", 200, c.complete, "plain")
        await self.time("failing_over", 100, c.failover_call, c.failover_new(False))
        chain = c.failover_new(True)
        await c.failover_call(chain)
        await self.time("benched", 200, c.failover_call, chain)
        before = self.hits("f503")
        for _ in range(10):
            await c.failover_call(chain)
        self.out["benched.per_direct"] = await self.paired(
            lambda: c.failover_call(chain), lambda: c.complete("plain")
        )
        self.out["benched.primary_hits"] = self.hits("f503") - before

    async def paired(
        self,
        one: Callable[[], Awaitable[str]],
        other: Callable[[], Awaitable[str]],
        *,
        pairs: int = 20,
        count: int = 20,
    ) -> float:
        """CPU of one operation over that of the other, side by side: median over pairs."""
        import statistics

        ratios: list[float] = []
        for pair in range(max(4, round(pairs * self.scale))):
            took: list[float] = []
            for op in (one, other) if pair % 2 else (other, one):
                start = time.process_time()
                for _ in range(count):
                    await op()
                took.append(time.process_time() - start)
            ratios.append(took[0] / took[1] if pair % 2 else took[1] / took[0])
        return statistics.median(ratios)

    def hits(self, model: str) -> int:
        import json
        import urllib.request

        url = self.c.base_url.removesuffix("/v1") + "/stats"
        return json.load(urllib.request.urlopen(url))["requests"].get(model, 0)

    async def w7(self) -> None:
        if self.c.can("inproc_run"):
            await self.time("run1", 200, self.c.inproc_run, 0)
            await self.time("run10", 40, self.c.inproc_run, 10)
        if self.c.can("inproc_threaded"):
            await self.time("threaded10", 40, self.c.inproc_threaded, 10)
        if self.c.can("make_agent"):
            await self.time(
                "agent", 100, called(self.c.make_agent), check=lambda made: made is not None
            )
            self.out["agent.kib"] = self.kib_per_agent(50)

    def kib_per_agent(self, count: int) -> float:
        import gc
        import tracemalloc

        gc.collect()
        tracemalloc.start()
        agents = [self.c.make_agent() for _ in range(count)]
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        return traced / 1024 / len(agents)

    async def w8(self) -> None:
        if self.c.can("tool_build"):
            build = called(self.c.tool_build)
            await self.time("build", 100, build, check=lambda made: made is not None)
        if self.c.can("tool_call"):
            from contestants._api import BOOK_ARGS, BOOK_RESULT

            tool = self.c.tool_build()
            await self.time(
                "call",
                2000,
                self.c.tool_call,
                tool,
                BOOK_ARGS,
                check=lambda result: BOOK_RESULT in str(result),
            )

    async def w9(self) -> None:
        if self.c.can("large"):
            from contestants._api import big_history

            history = self.c.history(big_history())
            await self.time("call", 10, self.c.large, history)


def called(fn: Callable[[], Any]) -> Callable[[], Awaitable[Any]]:
    async def call() -> Any:
        return fn()

    return call


FIXED: dict[str, Callable[[Base], Awaitable[Any]]] = {
    "complete": lambda c: c.complete("plain"),
    "stream": lambda c: c.stream("s2000"),
    "agent10": lambda c: c.agent_run("t10"),
    "agent100": lambda c: c.agent_run("t100"),
    "run1": lambda c: c.inproc_run(0),
    "run10": lambda c: c.inproc_run(10),
    "threaded10": lambda c: c.inproc_threaded(10),
    "concurrent": lambda c: c.concurrent("t2-d50", 200, 200),
}


async def large(contestant: Base) -> Any:
    """The same history every time, as in w9."""
    if contestant not in HISTORIES:
        from contestants._api import big_history

        HISTORIES[contestant] = contestant.history(big_history())
    return await contestant.large(HISTORIES[contestant])


HISTORIES: dict[Base, Any] = {}
FIXED["large"] = large


async def fixed(contestant: Base, metric: str, count: str, profile_file: str = "") -> None:
    """The operation `count` times; profiled, without the loading, when there is a file for it."""
    op = FIXED[metric]
    if not profile_file:
        for _ in range(int(count)):
            await op(contestant)
        return
    import cProfile

    await op(contestant)  # first-use work is w1's subject
    with cProfile.Profile() as profiler:
        for _ in range(int(count)):
            await op(contestant)
    profiler.dump_stats(profile_file)


async def work(bench: Bench, workload: str, rest: list[str]) -> None:
    try:
        if workload == "fixed":
            await fixed(bench.c, *rest)
        else:
            await getattr(bench, workload)()
    finally:
        await bench.c.close()


def main() -> None:
    name, workload, base_url, *rest = sys.argv[1:]
    if cpu := os.environ.get("BENCH_CPU"):
        os.sched_setaffinity(0, {int(cpu)})
    contestant, loading = load(name, base_url)
    bench = Bench(contestant, 1.0 if workload == "fixed" else float(rest[0]))
    if workload == "w1":
        bench.out |= loading
    start = time.process_time()
    from asyncio import run

    asyncio_ms = (time.process_time() - start) * 1e3
    run(work(bench, workload, rest))
    if workload == "w1":  # the event loop belongs to the first call, whoever imports it
        bench.out["first_call_cpu_ms"] += asyncio_ms
        parts = ("import_cpu_ms", "construct_cpu_ms", "first_call_cpu_ms")
        bench.out = {"total_cpu_ms": sum(bench.out[part] for part in parts)} | bench.out
    import json

    print("\n" + json.dumps(bench.out), flush=True)


if __name__ == "__main__":
    main()
