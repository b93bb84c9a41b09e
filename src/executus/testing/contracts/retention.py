"""What every store that can be pruned must do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

from executus.batteries.audit import AuditStore, DenialRecord, RunIndex, RunQuery, RunRecord
from executus.batteries.checkpoint import JournalStorage
from executus.batteries.retention import Prunable
from executus.testing.clock import FakeClock
from executus.testing.contracts.contract import Check, expect
from executus.tools.store import Scope, ScratchStore
from majordomo.clock import Clock

__all__ = [
    "AUDIT_RETENTION",
    "JOURNAL_RETENTION",
    "RUNS_RETENTION",
    "SCRATCH_RETENTION",
    "PrunableScratchFactory",
]

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)


class _PrunableAudit(AuditStore, Prunable, Protocol): ...


class _PrunableIndex(RunIndex, Prunable, Protocol): ...


class _PrunableJournals(JournalStorage, Prunable, Protocol): ...


class _PrunableScratch(ScratchStore, Prunable, Protocol): ...


PrunableScratchFactory: TypeAlias = Callable[[Clock], _PrunableScratch]
"""Makes an empty store that takes the time of each text from a clock."""


def _denial(number: int, run_id: str, at: datetime) -> DenialRecord:
    return DenialRecord(
        id=str(number), run_id=run_id, at=at, call_id="c", tool="t", stage="grant", reason="no"
    )


async def an_audit_is_forgotten_whole(store: _PrunableAudit) -> None:
    """When the latest record of its run is older; a record at the moment itself is not."""
    long = (_denial(1, "long", NOON - DAY), _denial(2, "long", NOON))
    await store.write([_denial(1, "old", NOON - DAY), _denial(2, "old", NOON - TICK), *long])
    expect(await store.prune(NOON), 1, "audits forgotten")
    expect(tuple(await store.read("old")), (), "records of a run that is old")
    expect(tuple(await store.read("long")), long, "records of a run that went on")
    await store.write([replace(long[0], at=NOON)])
    expect(await store.prune(NOON), 0, "audits forgotten again")
    expect(await store.prune(NOON + TICK), 1, "audits forgotten later")


def _run(run_id: str, ended: datetime | None) -> RunRecord:
    return RunRecord(
        id=run_id,
        run_id=run_id,
        at=NOON,
        parent=None,
        root=run_id,
        agent="helper",
        caller="ann",
        status="ok" if ended else "running",
        started=NOON - 9 * DAY,
        ended=ended,
    )


async def finished_runs_are_forgotten(index: _PrunableIndex) -> None:
    """By when they ended; what goes on stays, however long ago it began."""
    await index.put(_run("goes on", None))
    await index.put(_run("old", NOON - TICK))
    await index.put(_run("now", NOON))
    expect(await index.prune(NOON), 1, "runs forgotten")
    expect(await index.get("old"), None, "a run that is old")
    left = [record.run_id for record in await index.list(RunQuery())]
    expect(left, ["now", "goes on"], "runs that are left")
    await index.put(_run("goes on", NOON - TICK))
    expect(await index.prune(NOON), 1, "runs forgotten after another has ended")


async def abandoned_journals_are_forgotten(storage: _PrunableJournals) -> None:
    """By when they were last touched, whole."""
    await storage.append("old", 0, ["a", "b"], NOON - TICK)
    await storage.append("long", 0, ["a"], NOON - DAY)
    await storage.append("long", 1, ["b"], NOON)
    expect(await storage.prune(NOON), 1, "journals forgotten")
    expect(tuple(await storage.load("old")), (), "entries of a journal that is old")
    expect(tuple(await storage.load("long")), ("a", "b"), "entries of one that was touched")


async def old_texts_are_forgotten(make: PrunableScratchFactory) -> None:
    """By when each was last written; reading keeps none."""
    clock = FakeClock(NOON)
    store, ann, bob = make(clock), Scope(caller="ann"), Scope(caller="bob")
    for key in ("old", "appended", "replaced"):
        await store.put(ann, key, "1")
    await store.put(bob, "old", "1")
    clock.advance(60)
    await store.put(ann, "appended", "2", append=True)
    await store.put(ann, "replaced", "2")
    await store.get(ann, "old")
    expect(await store.prune(NOON), 0, "texts forgotten that were written at that moment")
    expect(await store.prune(NOON + timedelta(seconds=60)), 2, "texts forgotten")
    left = [entry.key for entry in await store.entries(ann)]
    expect(left, ["appended", "replaced"], "texts that are left")
    expect(list(await store.entries(bob)), [], "texts of a scope that is old")
    expect(await store.get(ann, "appended"), "12", "a text that was written again")


AUDIT_RETENTION: tuple[Check[_PrunableAudit], ...] = (an_audit_is_forgotten_whole,)
RUNS_RETENTION: tuple[Check[_PrunableIndex], ...] = (finished_runs_are_forgotten,)
JOURNAL_RETENTION: tuple[Check[_PrunableJournals], ...] = (abandoned_journals_are_forgotten,)
SCRATCH_RETENTION: tuple[Callable[[PrunableScratchFactory], Awaitable[None]], ...] = (
    old_texts_are_forgotten,
)
