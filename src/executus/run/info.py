"""What everybody who takes part is told of a run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from executus.identity import Caller
from executus.invocation import Invocation, Limits

__all__ = ["RunInfo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What ports are told of a run.

    Attributes:
        run_id: Its id; the key under which a port keeps what belongs to the run.
        parent: Run id of the dispatching run, or None.
        root: Run id at the top of its tree; its own when nobody dispatched it.
        agent: The agent's name.
        caller: On whose behalf.
        limits: Bounds in force.
        invocation: What was asked.
        started: Wall-clock time in UTC.
        resumed: Whether it goes on where an earlier process, or a pause, left it. The ports of that
            process have been closed for this run, or died with it.
    """

    run_id: str
    parent: str | None
    root: str
    agent: str
    caller: Caller
    limits: Limits
    invocation: Invocation
    started: datetime
    resumed: bool = False
