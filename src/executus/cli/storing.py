"""The store of a command: where a run is written down, and read again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import click

from executus.batteries.audit import AuditLog, AuditStore, RunIndex
from executus.batteries.checkpoint import DurableCheckpointer
from executus.batteries.retention import Prunable
from executus.batteries.stores import open_store
from executus.cli.output import tell
from executus.errors import ExecutusError, SetupError
from executus.run import Ports

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
        prunable: What may be forgotten by its age, by the name of what it keeps.
    """

    runs: RunIndex
    audit: AuditStore
    checkpointer: DurableCheckpointer
    prunable: Mapping[str, Prunable]


@asynccontextmanager
async def recording(url: str | None) -> AsyncGenerator[Ports]:
    """The ports that write runs down; those of nobody without a store.

    Records that could not be written are a warning: what was run has its answer.

    Raises:
        SetupError: No store is installed for the URL.
        ExecutusError: The store cannot be opened.
    """
    if not url:
        yield Ports()
        return
    async with open_store(url) as store:
        is_over = False
        try:
            async with AuditLog(store.audit(), store.runs()) as audit:
                checkpointer = DurableCheckpointer(store.checkpoints())
                yield Ports(audit=audit, checkpointer=checkpointer)
                is_over = True
        except ExecutusError as error:
            if not is_over:
                raise
            tell(f"warning: {error}")


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
        runs, audit, journals = store.runs(), store.audit(), store.checkpoints()
        yield Records(
            runs=runs,
            audit=audit,
            checkpointer=DurableCheckpointer(journals),
            prunable={"runs": runs, "audits": audit, "journals": journals},
        )
