"""An audit in this process's memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime

from executus.batteries.audit.records import AuditRecord, RunRecord
from executus.batteries.audit.store import RunQuery
from executus.errors import SetupError

__all__ = ["MemoryAuditStore", "MemoryRunIndex"]


class MemoryAuditStore:
    """Keeps records of the latest runs. May be used from several event loops at once.

    Args:
        max_runs: The records of the run begun first make room for those of one more.

    Raises:
        SetupError: `max_runs` is below 1.
    """

    def __init__(self, *, max_runs: int = 10_000) -> None:
        self._max_runs = _checked(max_runs)
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, dict[str, AuditRecord]] = OrderedDict()

    async def write(self, records: Sequence[AuditRecord]) -> None:
        """Keep these."""
        with self._lock:
            for record in records:
                self._runs.setdefault(record.run_id, {})[record.id] = record
            while len(self._runs) > self._max_runs:
                self._runs.popitem(last=False)

    async def read(self, run_id: str) -> Sequence[AuditRecord]:
        """A run's records."""
        with self._lock:
            return tuple(self._runs.get(run_id, {}).values())

    async def prune(self, before: datetime) -> int:
        """Forget the runs whose latest record was made before this; how many."""
        with self._lock:
            old = [
                run_id
                for run_id, records in self._runs.items()
                if max(record.at for record in records.values()) < before
            ]
            for run_id in old:
                del self._runs[run_id]
            return len(old)


class MemoryRunIndex:
    """Keeps the latest runs. May be used from several event loops at once.

    Args:
        max_runs: The run put first makes room for one more.

    Raises:
        SetupError: `max_runs` is below 1.
    """

    def __init__(self, *, max_runs: int = 10_000) -> None:
        self._max_runs = _checked(max_runs)
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, RunRecord] = OrderedDict()

    async def put(self, record: RunRecord) -> None:
        """Keep it."""
        with self._lock:
            self._runs[record.run_id] = record
            while len(self._runs) > self._max_runs:
                self._runs.popitem(last=False)

    async def get(self, run_id: str) -> RunRecord | None:
        """The run's record, or None."""
        with self._lock:
            return self._runs.get(run_id)

    async def list(self, query: RunQuery) -> Sequence[RunRecord]:
        """The runs that match, the latest first."""
        with self._lock:
            found = [record for record in self._runs.values() if query.matches(record)]
        found.sort(key=lambda record: (record.started, record.run_id), reverse=True)
        return tuple(found[query.offset : query.offset + query.limit])

    async def prune(self, before: datetime) -> int:
        """Forget the runs that ended before this; how many."""
        with self._lock:
            old = [
                run_id
                for run_id, record in self._runs.items()
                if record.ended is not None and record.ended < before
            ]
            for run_id in old:
                del self._runs[run_id]
            return len(old)


def _checked(max_runs: int) -> int:
    if max_runs < 1:
        raise SetupError(f"max_runs must be at least 1, not {max_runs}")
    return max_runs
