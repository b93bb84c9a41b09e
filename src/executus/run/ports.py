"""What a host plugs into a run; every port has a null object, so the kernel asks for none.

A failing optional port is logged, becomes a warning on the result and never ends a run. A failing
gate (`budget.reserve`, `palette.visible`) ends it before the first model call.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from executus.events import RunEvent
from executus.identity import Caller
from executus.invocation import Invocation, Limits
from majordomo.llm import Usage

if TYPE_CHECKING:
    from executus.run.result import RunResult

__all__ = [
    "ALL_TOOLS",
    "DISCARD",
    "NO_AUDIT",
    "UNLIMITED",
    "Audit",
    "BudgetGate",
    "Delivery",
    "Palette",
    "Ports",
    "RunInfo",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """What ports are told of a run.

    Attributes:
        run_id: Its id; the key under which a port keeps what belongs to the run.
        parent: Run id of the dispatching run, or None.
        agent: The agent's name.
        caller: On whose behalf.
        limits: Bounds in force.
        invocation: What was asked.
        started: Wall-clock time in UTC.
    """

    run_id: str
    parent: str | None
    agent: str
    caller: Caller
    limits: Limits
    invocation: Invocation
    started: datetime


class Audit(Protocol):
    """Writes down what happened.

    For each run, `close_run` is called once, last; when it fails or takes too long it is called
    again later, so it should replace a record of the same run id.
    """

    @property
    def wants(self) -> Collection[str]:
        """Event kinds it wants (`executus.events.EVENT_KINDS`)."""
        ...

    async def start_run(self, info: RunInfo) -> None:
        """A run begins. Not called for a run that was rejected or cancelled before."""
        ...

    def emit(self, event: RunEvent) -> None:
        """An event of the run; must return at once."""
        ...

    async def close_run(self, info: RunInfo, result: RunResult[Any]) -> None:
        """The terminal record. Called even when the run was rejected or cancelled."""
        ...


class BudgetGate(Protocol):
    """Decides whether a run may spend.

    Everything is keyed by run id, so that a run cancelled in the middle of `reserve` is released
    all the same.
    """

    async def reserve(self, info: RunInfo) -> None:
        """Set aside what the run may spend.

        Raises:
            BudgetExceeded: It must not begin. So does any other exception: this is a gate.
        """
        ...

    async def commit(self, run_id: str, usage: Usage) -> None:
        """The run has ended and spent this. Called for a run that began a model call.

        Token counts are None when a call failed or was cut off: it cost something unknown.
        """
        ...

    async def release(self, run_id: str) -> None:
        """The run has ended without spending, perhaps without having reserved."""
        ...


class Palette(Protocol):
    """Decides which registered tools this run may be offered."""

    async def visible(self, info: RunInfo, names: Sequence[str]) -> Collection[str]:
        """The subset of `names` to offer."""
        ...


class Delivery(Protocol):
    """Takes the answer to where it belongs."""

    async def deliver(self, info: RunInfo, output: object) -> None:
        """Called once, with the answer of a run that has one."""
        ...


class _NoAudit:
    wants: Collection[str] = frozenset()

    async def start_run(self, info: RunInfo) -> None:
        del info

    def emit(self, event: RunEvent) -> None:
        del event

    async def close_run(self, info: RunInfo, result: RunResult[Any]) -> None:
        del info, result


class _Unlimited:
    async def reserve(self, info: RunInfo) -> None:
        del info

    async def commit(self, run_id: str, usage: Usage) -> None:
        del run_id, usage

    async def release(self, run_id: str) -> None:
        del run_id


class _AllTools:
    async def visible(self, info: RunInfo, names: Sequence[str]) -> Collection[str]:
        del info
        return names


class _Discard:
    async def deliver(self, info: RunInfo, output: object) -> None:
        del info, output


NO_AUDIT: Audit = _NoAudit()
UNLIMITED: BudgetGate = _Unlimited()
ALL_TOOLS: Palette = _AllTools()
DISCARD: Delivery = _Discard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The host's side of a run; what is not given does nothing."""

    audit: Audit = NO_AUDIT
    budget: BudgetGate = UNLIMITED
    palette: Palette = ALL_TOOLS
    delivery: Delivery = DISCARD

    @property
    def to_close(self) -> bool:
        """Whether the close stage has anyone to tell."""
        return self.audit is not NO_AUDIT or self.budget is not UNLIMITED
