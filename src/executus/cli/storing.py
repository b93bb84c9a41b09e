"""The store of a command: where a run is written down, and read again."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import click

from executus.batteries.audit import AuditLog, AuditStore, RunIndex
from executus.batteries.checkpoint import DurableCheckpointer
from executus.batteries.prices import OfflinePrices
from executus.batteries.stores import open_store
from executus.errors import SetupError
from executus.money import NO_PRICES, PriceSource
from executus.run import Ports
from majordomo.errors import MissingExtra

__all__ = ["STORE_VARIABLE", "Records", "reading", "recording", "store_option"]

STORE_VARIABLE = "EXECUTUS_STORE"

store_option = click.option(
    "--store",
    envvar=STORE_VARIABLE,
    metavar="URL",
    help=f"Where runs are kept, such as sqlite:///runs.db; else {STORE_VARIABLE}.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a store has about runs.

    Attributes:
        runs: One record per run.
        audit: What happened in them.
        checkpointer: Where those stand that may be resumed.
    """

    runs: RunIndex
    audit: AuditStore
    checkpointer: DurableCheckpointer


@asynccontextmanager
async def recording(url: str | None) -> AsyncGenerator[Ports]:
    """The ports that write a run down; those of nobody without a store.

    What model calls cost is known where the extra `prices` is installed.

    Raises:
        SetupError: No store is installed for the URL.
        ExecutusError: The store cannot be opened, or records could not be written.
    """
    if not url:
        yield Ports()
        return
    async with (
        open_store(url) as store,
        AuditLog(store.audit(), store.runs()) as audit,
    ):
        checkpointer = DurableCheckpointer(store.checkpoints())
        yield Ports(audit=audit, checkpointer=checkpointer, prices=_prices())


def _prices() -> PriceSource:
    try:
        return OfflinePrices()
    except MissingExtra:
        return NO_PRICES


@asynccontextmanager
async def reading(url: str | None) -> AsyncGenerator[Records]:
    """A store that is there already.

    Raises:
        SetupError: None is named, or none is installed for the URL.
        ExecutusError: The store cannot be opened.
    """
    if not url:
        raise SetupError(
            f"no store is named: give --store sqlite:///runs.db or set {STORE_VARIABLE}; "
            "`executus run` with the same writes there"
        )
    async with open_store(url, create=False) as store:
        checkpointer = DurableCheckpointer(store.checkpoints())
        yield Records(runs=store.runs(), audit=store.audit(), checkpointer=checkpointer)
