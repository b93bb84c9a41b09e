"""All batteries at once, with one SQLite file behind them; offline, with the embedded model.

Needs `pip install 'executus[batteries]'` and `executus-store-sqlite`. Prints:

    guide 1: 42 for … USD
    haiku: active
    poem: ok
    guide for ann: ok, … USD
    haiku for ann: ok, … USD
    haiku for anonymous: ok, … USD
    forgotten: 0
"""

import sys
import tempfile
from datetime import timedelta
from decimal import Decimal

import anyio
from executus_store_sqlite import SqliteStore, open_store

from executus import Caller, Executor, Invocation, Limits, Ports
from executus.batteries.audit import AuditLog, RunQuery
from executus.batteries.budget import BudgetRule, Estimate, RollingBudget
from executus.batteries.checkpoint import DurableCheckpointer
from executus.batteries.critic import CriticPolicy, RunCritic
from executus.batteries.persona import Persona, PersonaNotes
from executus.batteries.prices import OfflinePrices, Price
from executus.batteries.retention import prune
from executus.batteries.schedule import Job, Scheduler, Tick
from executus.batteries.skill import SavedSkill, SkillState, try_skill
from executus.money import Money
from executus.tools import default_registry, store_tools

ANN = Caller(id="ann")


def executor_over(store: SqliteStore) -> tuple[Executor, AuditLog]:
    """Every battery that is a port, in one block."""
    ports = Ports(
        audit=(audit := AuditLog(store.audit(), store.runs())),
        budget=RollingBudget(
            BudgetRule(max_tokens=200_000, window_days=1),
            BudgetRule(max_cost=Money("5.00"), window_days=30, per="all"),
            estimate=Estimate(tokens=2_000, cost=Money("0.10")),
            storage=store.budget(),
        ),
        checkpointer=DurableCheckpointer(store.checkpoints(), keys=[b"from your secret store"]),
        critic=RunCritic(policy=CriticPolicy(soft_s=60, hard_s=300)),
        prices=OfflinePrices({"fake/*": Price(input=Decimal(1), output=Decimal(2))}),
    )
    registry = default_registry()
    registry.set_toolset("store", store_tools(store.scratch()))
    defaults = Limits(max_cost=Money("0.50"))
    return Executor(ports=ports, registry=registry, defaults=defaults, model="fake"), audit


async def ask_a_persona(executor: Executor, store: SqliteStore) -> None:
    """A stored agent, with what it noted about its caller."""
    if (guide := await store.personas().get("guide")) is None:
        new = Persona(name="guide", instructions="Help with sums.", tools=("calc.*", "store.*"))
        guide = await store.personas().save(new)
    notes = PersonaNotes("guide", ANN.id, store=store.notes())
    await notes.add("likes short answers")
    agent = guide.to_runnable(notes=await notes.all())
    result = await executor.run(agent, Invocation("what is 6*7?", caller=ANN))
    print(f"{guide.name} {guide.version}: {result.output} for {result.cost}")


async def save_a_skill(executor: Executor, store: SqliteStore) -> SavedSkill:
    """From draft to active, after it was tried with its own prompt."""
    draft = SavedSkill(name="haiku", instructions="Answer as a haiku.", test_prompt="rain")
    haiku = await store.skills().save(draft)
    tried = await try_skill(executor, haiku, caller=ANN)
    if tried.ok:
        haiku = await store.skills().set_state("haiku", SkillState.ACTIVE)
    print(f"{haiku.name}: {haiku.state}")
    return haiku


async def run_by_the_clock(executor: Executor, store: SqliteStore) -> None:
    """Every minute, until the first run is done; a host would go on for as long as it lives."""
    done = anyio.Event()

    async def fire(tick: Tick) -> None:
        skill = await store.skills().get(tick.job.payload["skill"])
        if skill is not None and skill.state is SkillState.ACTIVE:
            result = await executor.run(skill.to_runnable(), Invocation("rain", run_id=tick.key))
            print(f"{tick.job.id}: {result.status}")
        done.set()

    schedule = store.schedule()
    job = Job(id="poem", cron="* * * * *", zone="Europe/Berlin", payload={"skill": "haiku"})
    await Scheduler(schedule, fire).add(job)
    (kept,) = await schedule.list()
    if kept.next_fire is not None:  # so that nobody has to wait for the minute to end
        await schedule.put(job, kept.next_fire - timedelta(minutes=1), instead_of=kept)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(Scheduler(schedule, fire).run)
        await done.wait()
        tasks.cancel_scope.cancel()


async def main(url: str) -> None:
    """Use everything, then see what was kept."""
    async with open_store(url) as store:
        executor, audit = executor_over(store)
        async with executor, audit:
            await ask_a_persona(executor, store)
            await save_a_skill(executor, store)
            await run_by_the_clock(executor, store)
    async with open_store(url) as store:  # as another process would find it
        for run in reversed(await store.runs().list(RunQuery())):
            print(f"{run.agent} for {run.caller}: {run.status}, {run.cost}")
        old = (store.runs(), store.audit(), store.checkpoints(), store.scratch())
        print(f"forgotten: {await prune(timedelta(days=90), *old)}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(anyio.run(main, f"sqlite:///{folder}/everything.db"))
