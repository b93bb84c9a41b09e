"""Where journals of unfinished runs are kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from executus.run.journal import JournalConflict

__all__ = ["JournalStorage", "MemoryJournalStorage", "UnfinishedRun", "journal_conflict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedRun:
    """A run that has a journal: it goes on, is paused, or its process died.

    Attributes:
        run_id: The run.
        entries: How many its journal has.
        begun, touched: When the first and the latest were written, in UTC.
    """

    run_id: str
    entries: int
    begun: datetime
    touched: datetime


class JournalStorage(Protocol):
    """Keeps texts in order, by run. Every method is atomic, also between processes."""

    async def append(self, run_id: str, at: int, entries: Sequence[str], now: datetime) -> None:
        """Add entries; they survive the process, and the machine, once this returns.

        Args:
            run_id: Which run.
            at: How many entries there must be before.
            entries: What to add.
            now: The time, in UTC.

        Raises:
            JournalConflict: There are more or fewer; nothing was added.
        """
        ...

    async def load(self, run_id: str) -> Sequence[str]:
        """The entries in order; empty when there are none."""
        ...

    async def end(self, run_id: str) -> None:
        """Forget the run's entries, if there are any."""
        ...

    async def unfinished(self) -> Sequence[UnfinishedRun]:
        """Every run that has entries; those that were touched first come first."""
        ...


@dataclass(slots=True)
class _Journal:
    about: UnfinishedRun
    entries: list[str] = field(default_factory=list[str])


class MemoryJournalStorage:
    """Journals in this process's memory. May be used from several event loops at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._journals: dict[str, _Journal] = {}

    async def append(self, run_id: str, at: int, entries: Sequence[str], now: datetime) -> None:
        """Add entries."""
        with self._lock:
            journal = self._journals.get(run_id)
            found = len(journal.entries) if journal else 0
            if found != at:
                raise journal_conflict(run_id, at, found)
            if journal is None:
                about = UnfinishedRun(run_id=run_id, entries=0, begun=now, touched=now)
                journal = self._journals[run_id] = _Journal(about)
            journal.entries += entries
            journal.about = replace(journal.about, entries=len(journal.entries), touched=now)

    async def load(self, run_id: str) -> Sequence[str]:
        """The entries so far."""
        with self._lock:
            journal = self._journals.get(run_id)
            return tuple(journal.entries) if journal else ()

    async def end(self, run_id: str) -> None:
        """Forget the run."""
        with self._lock:
            self._journals.pop(run_id, None)

    async def unfinished(self) -> Sequence[UnfinishedRun]:
        """Every run that has entries."""
        with self._lock:
            found = [journal.about for journal in self._journals.values()]
        return tuple(sorted(found, key=lambda run: (run.touched, run.run_id)))

    async def prune(self, before: datetime) -> int:
        """Forget the journals that were last touched before this; how many."""
        with self._lock:
            old = [
                run_id
                for run_id, journal in self._journals.items()
                if journal.about.touched < before
            ]
            for run_id in old:
                del self._journals[run_id]
            return len(old)


def journal_conflict(run_id: str, at: int, found: int) -> JournalConflict:
    """The error of an append at the wrong place."""
    return JournalConflict(
        f"the journal of run {run_id} has {found} entries instead of {at}: "
        "another process goes on with this run"
    )
