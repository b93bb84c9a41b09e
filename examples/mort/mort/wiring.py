"""Every battery and every port, put together: this is where executus is set up."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from executus_store_sqlite import SqliteStore

from executus import Executor, Ports
from executus.batteries.audit import AuditLog
from executus.batteries.budget import BudgetRule, Estimate, RollingBudget
from executus.batteries.checkpoint import DurableCheckpointer
from executus.batteries.critic import CriticPolicy, RunCritic
from executus.batteries.prices import Price, PriceTable
from executus.config import Config, EnvironmentSource, LayeredSource, from_sync
from executus.deliver import Retrying, Splitting
from executus.money import Money
from executus.tools import comms_tools, default_registry, store_tools
from majordomo.clock import Clock
from majordomo.models import ModelRegistry
from mort.channel import Channel, ChannelAlarm, ChannelDeliverer
from mort.database import HostDatabase, karma_tools
from mort.memory import FileMemory

__all__ = ["CURRENCY", "Wiring", "wire"]

CURRENCY = "mortbux"
MAX_POST_CHARS = 2000  # what Discord takes

# What a million tokens cost, whoever answers: mort's friends pay in a coin of their own.
PRICES = PriceTable({"*": Price(input=Decimal(1000), output=Decimal(4000), currency=CURRENCY)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """What a bot is made of; each part may be another.

    Attributes:
        store: What the batteries keep, in one SQLite file.
        database: What the host keeps.
        config: Settings of the database, over those of the environment; read anew each time.
        channel: Where messages go.
        journals: Runs that have not ended.
        audit: Writes down what happened; the bot is within its block.
        budget: What each user may spend.
        executor: Runs the agents; the bot is within its block.
    """

    store: SqliteStore
    database: HostDatabase
    config: Config
    channel: Channel
    journals: DurableCheckpointer
    audit: AuditLog
    budget: RollingBudget
    executor: Executor


async def wire(
    store: SqliteStore,
    home: Path,
    channel: Channel,
    *,
    owner: str,
    models: ModelRegistry,
    clock: Clock,
) -> Wiring:
    """Put a bot's parts together.

    Args:
        store: Open.
        home: The folder that all is kept in.
        channel: Where messages go.
        owner: Who is told of runs in trouble.
        models: Makes models of their names.
        clock: Tells and limits time.
    """
    database = HostDatabase(home / "host.db")
    config = Config(LayeredSource(from_sync(database.setting), EnvironmentSource()))
    delivery = Retrying(Splitting(ChannelDeliverer(channel), MAX_POST_CHARS), clock=clock)

    registry = default_registry()
    registry.set_toolset("store", store_tools(FileMemory(home / "memory.jsonl"), shared="agents"))
    registry.add("comms", comms_tools(delivery))
    registry.add("karma", karma_tools(database))

    allowance = await config.get_int("allowance", 100, minimum=0)
    budget = RollingBudget(
        BudgetRule(max_cost=Money(allowance, CURRENCY), window_days=1),
        estimate=Estimate(cost=Money(2, CURRENCY)),
        storage=store.budget(),
        clock=clock,
    )
    ports = Ports(
        audit=(audit := AuditLog(store.audit(), store.runs(), clock=clock)),
        budget=budget,
        checkpointer=(journals := DurableCheckpointer(store.checkpoints(), clock=clock)),
        critic=RunCritic(
            policy=CriticPolicy(look_every_s=1.0), escalator=ChannelAlarm(channel, owner)
        ),
        delivery=delivery,
        prices=PRICES,
    )
    executor = Executor(models=models, registry=registry, ports=ports, config=config, clock=clock)
    return Wiring(
        store=store,
        database=database,
        config=config,
        channel=channel,
        journals=journals,
        audit=audit,
        budget=budget,
        executor=executor,
    )
