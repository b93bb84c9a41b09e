"""How much is kept of what has ended (ADRs 0180, 0181)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from executus_gateway.schema import RunState

__all__ = ["ENDED", "Keep"]

ENDED: Final[frozenset[RunState]] = frozenset({"completed", "failed", "interrupted"})
"""The states in which a run does no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much is kept of what has ended; what has not is always kept.

    Attributes:
        runs: Most runs, the newest; at least 1.
        days: Age at which a run goes however few there are.
        run_bytes: Most bytes of all kept runs as JSON: their code and what they returned.
        approvals: Most records of who allowed what, which outlive their run.
        sweep_after: Runs that end before it is looked through again.
        file_bytes: Most bytes of all files that calls gave; the oldest of ended runs go first.
        run_file_bytes: Most bytes of files of one run.
        file_days: Age at which a file of an ended run goes; it goes with its run in any case.
    """

    runs: int = 1000
    days: float = 90.0
    run_bytes: int = 64 * 1024 * 1024
    approvals: int = 10_000
    sweep_after: int = 50
    file_bytes: int = 256 * 1024 * 1024
    run_file_bytes: int = 64 * 1024 * 1024
    file_days: float = 7.0
