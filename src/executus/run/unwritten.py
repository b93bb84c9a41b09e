"""A terminal record that could not be written yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from executus.run.info import RunInfo
from executus.run.ports import NO_AUDIT, Audit
from executus.run.result import RunResult
from majordomo.clock import Clock

__all__ = ["Unwritten"]


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A terminal record that could not be written yet; it holds nothing else of its run."""

    info: RunInfo
    result: RunResult[Any]
    audit: Audit
    clock: Clock

    async def write(self) -> None:
        """Write it."""
        if self.audit is not NO_AUDIT:
            await self.audit.close_run(self.info, self.result)
