"""A checkpointer over a storage: runs are resumed in another process."""

from __future__ import annotations

from collections.abc import Sequence

from executus.batteries.checkpoint.sealing import Sealer
from executus.batteries.checkpoint.storage import (
    JournalStorage,
    MemoryJournalStorage,
    UnfinishedRun,
)
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["DurableCheckpointer"]


class DurableCheckpointer:
    """The `Checkpointer` port over a storage.

    Args:
        storage: Keeps the journals; this process's memory by default, which outlives nothing.
        keys: Seal entries, so that a changed journal is refused: the first one is used for new
            entries, all of them for reading.
        clock: Dates the entries.

    Raises:
        SetupError: A key is shorter than 16 bytes.

    Example:
        >>> import anyio
        >>> journals = DurableCheckpointer()
        >>> anyio.run(journals.append, "r1", 0, ['{"kind": "begin"}'])
        >>> [run.run_id for run in anyio.run(journals.unfinished)]
        ['r1']
    """

    def __init__(
        self,
        storage: JournalStorage | None = None,
        *,
        keys: Sequence[bytes] = (),
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._storage = MemoryJournalStorage() if storage is None else storage
        self._sealer = Sealer(keys)
        self._clock = clock

    async def append(self, run_id: str, at: int, entries: Sequence[str]) -> None:
        """Add entries; they are safe once this returns.

        Raises:
            JournalConflict: Another process goes on with this run.
        """
        wrapped = [
            self._sealer.wrap(run_id, position, entry)
            for position, entry in enumerate(entries, start=at)
        ]
        await self._storage.append(run_id, at, wrapped, self._clock.wall())

    async def load(self, run_id: str) -> Sequence[str]:
        """A run's journal.

        Raises:
            JournalRefused: An entry was changed, is of another version, or the key is missing.
        """
        kept = await self._storage.load(run_id)
        return tuple(self._sealer.unwrap(run_id, at, text) for at, text in enumerate(kept))

    async def end(self, run_id: str) -> None:
        """The journal is not needed any more."""
        await self._storage.end(run_id)

    async def unfinished(self, *, idle_s: float = 0.0) -> Sequence[UnfinishedRun]:
        """Runs that may be resumed; those that were touched first come first.

        A run that still goes on is among them: to resume it would stop it there. Choose an `idle_s`
        above the time that one model call takes.

        Args:
            idle_s: Only those that were not written to for so many seconds.
        """
        now = self._clock.wall()
        return tuple(
            run
            for run in await self._storage.unfinished()
            if max(0.0, (now - run.touched).total_seconds()) >= idle_s  # clocks may be set back
        )
