"""Where an audit's records go, and how runs are found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from executus.batteries.audit.records import AuditRecord, RunRecord
from executus.errors import SetupError

__all__ = ["AuditSink", "AuditStore", "RunIndex", "RunQuery"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to list. What is not given does not matter.

    Attributes:
        id_prefix: How the run's id begins, in the same case.
        after, before: Began at or after, or before, this time.
        limit: Most of them, at least 1.
        offset: How many of the newest to leave out.

    Raises:
        SetupError: A figure is out of its range.
    """

    caller: str | None = None
    agent: str | None = None
    status: str | None = None
    root: str | None = None
    id_prefix: str | None = None
    after: datetime | None = None
    before: datetime | None = None
    limit: int = 100
    offset: int = 0

    def __post_init__(self) -> None:
        if self.limit < 1 or self.offset < 0:
            raise SetupError("limit must be at least 1 and offset at least 0")

    def matches(self, record: RunRecord) -> bool:
        """Whether the run is one of those, whatever the limit."""
        named = all(
            wanted is None or wanted == getattr(record, name)
            for name, wanted in (
                ("caller", self.caller),
                ("agent", self.agent),
                ("status", self.status),
                ("root", self.root),
            )
        )
        begun = record.run_id.startswith(self.id_prefix or "")
        late = self.after is None or record.started >= self.after
        return named and begun and late and (self.before is None or record.started < self.before)


class AuditSink(Protocol):
    """Takes records."""

    async def write(self, records: Sequence[AuditRecord]) -> None:
        """Keep these; they are safe once this returns. One of a known id replaces that."""
        ...


class AuditStore(AuditSink, Protocol):
    """Keeps what happened in runs: every record but the runs' own."""

    async def read(self, run_id: str) -> Sequence[AuditRecord]:
        """A run's records in the order in which they were first written; empty if none."""
        ...


class RunIndex(Protocol):
    """Keeps one record per run."""

    async def put(self, record: RunRecord) -> None:
        """Keep it; it is safe once this returns, and replaces the run's earlier one."""
        ...

    async def get(self, run_id: str) -> RunRecord | None:
        """The run's record, or None."""
        ...

    async def list(self, query: RunQuery) -> Sequence[RunRecord]:
        """The runs that match: those that began last come first, then by run id descending."""
        ...
