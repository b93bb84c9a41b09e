"""What is kept of runs that have ended: the state of an old gateway stays small (ADR 0180)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from executus_gateway.domain import Ledger
from executus_gateway.ports import ArtifactKind, ArtifactStore
from executus_gateway.schema import (
    Approval,
    CallRecord,
    Drop,
    Interaction,
    KeptFile,
    Source,
    TaskRun,
)
from executus_gateway.service.keeping import ENDED, Keep
from executus_gateway.service.keptfiles import KeptFiles

__all__ = ["Retention"]

DAY_MS: Final = 24 * 3600 * 1000
DROPS_PER_EVENT: Final = 500
ENDINGS: Final = frozenset(f"run.{state}" for state in ENDED)


class Retention:
    """Drops what is over the bounds: runs with their calls and questions, and orphaned files.

    Args:
        ledger: Is trimmed.
        artifacts: Loses what no record names any more.
        keep: The bounds.
        files: Lose those whose run is gone.
    """

    def __init__(
        self, ledger: Ledger, artifacts: ArtifactStore, keep: Keep, files: KeptFiles
    ) -> None:
        self._ledger = ledger
        self._artifacts = artifacts
        self._keep = keep
        self._files = files
        self._sizes: dict[str, int] = {}

    async def live(self) -> None:
        """Sweep again and again, as runs end; until cancelled."""
        ended = 0
        while True:
            async with self._ledger.watch() as events:
                async for event in events:
                    ended += event.kind in ENDINGS
                    if ended >= self._keep.sweep_after:
                        ended = 0
                        await self.sweep()

    async def sweep(self) -> int:
        """Drop what is over the bounds.

        Returns:
            How many records went.
        """
        drops = [*self._runs(), *self._approvals()]
        for start in range(0, len(drops), DROPS_PER_EVENT):
            await self._ledger.commit("retention.swept", *drops[start : start + DROPS_PER_EVENT])
        return len(drops) + await self._files.sweep()

    async def sweep_files(self) -> None:
        """Drop files that no record names, as a crash leaves them. Before anything runs."""
        used: dict[ArtifactKind, set[str]] = {
            "catalog": {source.digest for source in self._ledger.all(Source)},
            "pause": {run.id for run in self._ledger.all(TaskRun) if run.state == "paused"},
            "file": {kept.id for kept in self._ledger.all(KeptFile)},
        }
        for kind, keys in used.items():
            for key in await self._artifacts.keys(kind):
                if key not in keys:
                    await self._artifacts.drop(kind, key)

    def _runs(self) -> Sequence[Drop]:
        gone = {run.id for run in self._over()}
        if not gone:
            return ()
        calls = (call.id for call in self._ledger.all(CallRecord) if call.run in gone)
        asked = (found.id for found in self._ledger.all(Interaction) if found.run in gone)
        return [
            *(Drop(collection="call", id=call) for call in calls),
            *(Drop(collection="interaction", id=question) for question in asked),
            *(Drop(collection="run", id=run) for run in gone),
        ]

    def _over(self) -> Iterable[TaskRun]:
        """Ended runs that are too many, too old, or too much together."""
        ended = [run for run in self._ledger.all(TaskRun) if run.state in ENDED]
        ended.sort(key=lambda run: run.ended_ms, reverse=True)
        oldest_ms = self._ledger.now_ms() - int(self._keep.days * DAY_MS)
        sizes: dict[str, int] = {}
        total = 0
        for number, run in enumerate(ended):
            size = sizes[run.id] = self._sizes.get(run.id) or len(run.model_dump_json())
            total += size
            over = total > self._keep.run_bytes and number > 0
            if over or number >= self._keep.runs or run.ended_ms < oldest_ms:
                yield run
        self._sizes = sizes

    def _approvals(self) -> Sequence[Drop]:
        known = self._ledger.all(Approval)
        over = known[: max(0, len(known) - self._keep.approvals)]
        return [Drop(collection="approval", id=approval.id) for approval in over]
