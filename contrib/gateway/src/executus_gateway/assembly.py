"""Puts adapters and service together; the only module that knows both."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from executus.egress import Egress
from executus_gateway.domain import Ledger
from executus_gateway.engine import MontyEngine
from executus_gateway.local import LOG_BYTES, FileStore, FolderArtifacts
from executus_gateway.ports import Connector, RunLimits, StateStore, Vault
from executus_gateway.schema import CredentialId, IdFactory, Prefix, SourceId, SourceKind
from executus_gateway.secrets import FileVault
from executus_gateway.service import Gateway, Keep
from executus_gateway.sources import (
    Detector,
    GraphqlConnector,
    McpConnector,
    OpenapiConnector,
    SourceManager,
)
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["open_local"]

logger = logging.getLogger("executus_gateway")

SEAL_CREDENTIAL = "crd_seal"
SEAL_BYTES = 32


def random_id(prefix: Prefix) -> str:
    """A new id: the prefix and 20 random hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(10)}"


@asynccontextmanager
async def open_local(
    folder: str | os.PathLike[str],
    *,
    guard: Egress | None = None,
    limits: RunLimits | None = None,
    keep: Keep | None = None,
    log_bytes: int = LOG_BYTES,
    clock: Clock = SYSTEM_CLOCK,
    new_id: IdFactory = random_id,
    store: StateStore | None = None,
    vault: Vault | None = None,
    connectors: Mapping[SourceKind, Connector] | None = None,
) -> AsyncGenerator[Gateway]:
    """A gateway in this process, its state in a folder. No network is used to open it.

    Args:
        folder: Made when missing, mode 0700; one process at a time.
        guard: Judges what sources may reach; the default refuses what is not the public internet.
        limits: Of each run.
        keep: How much is kept of runs that have ended.
        log_bytes: Size of the folder's log past which it is folded into the snapshot.
        clock: Dates and bounds.
        new_id: Makes ids.
        store: Instead of the folder's log.
        vault: Instead of the folder's encrypted file.
        connectors: In place of, or beside, those that are shipped.

    Raises:
        StateDamaged: The folder was changed by something else than a crash.
        StateLocked: Another process has it.
    """
    home = _expanded(folder)
    async with AsyncExitStack() as stack:
        ledger = Ledger(store or FileStore(home, log_bytes=log_bytes), new_id=new_id, clock=clock)
        if torn := await ledger.open():
            logger.warning("%d bytes of an event that was never acknowledged are gone", torn)
        stack.push_async_callback(ledger.aclose)
        vault = vault or FileVault(home / "vault")
        artifacts = FolderArtifacts(home / "artifacts")
        stale: list[SourceManager] = []

        def note_change(changed: SourceId) -> None:
            for manager in stale:
                manager.note_change(changed)

        guard = guard or Egress()
        shipped = await _connectors(stack, guard, clock, note_change)
        sources = SourceManager(
            ledger, {**shipped, **(connectors or {})}, artifacts, vault, Detector(guard=guard).place
        )
        stale.append(sources)
        seal_key = await _seal_key(vault)
        engine = await stack.enter_async_context(MontyEngine(seal_key=seal_key))
        yield await stack.enter_async_context(
            Gateway(
                ledger,
                sources=sources,
                engine=engine,
                artifacts=artifacts,
                vault=vault,
                state_key=seal_key,
                limits=limits or RunLimits(),
                keep=keep or Keep(),
            )
        )


def _expanded(folder: str | os.PathLike[str]) -> Path:
    return Path(folder).expanduser()


async def _connectors(
    stack: AsyncExitStack, guard: Egress, clock: Clock, note_change: Callable[[SourceId], None]
) -> dict[SourceKind, Connector]:
    mcp = McpConnector(guard=guard, on_change=note_change, clock=clock)
    return {
        "mcp": await stack.enter_async_context(mcp),
        "openapi": OpenapiConnector(guard=guard),
        "graphql": GraphqlConnector(guard=guard),
    }


async def _seal_key(vault: Vault) -> bytes:
    entry = CredentialId(SEAL_CREDENTIAL)
    known = await vault.get(entry)
    if known is None:
        known = secrets.token_hex(SEAL_BYTES)
        await vault.put(entry, known)
    return bytes.fromhex(known)
