"""What a host plugs into a run; every port has a null object, so the kernel asks for none.

A failing optional port is logged, becomes a warning on the result and never ends a run. A failing
gate stays closed: `budget.reserve` and `palette.visible` end the run before its first model call,
`budget.extend` before the next one, and a checkpointer that cannot record a call keeps it from
being made.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any, Protocol

from executus.asking import NOBODY_TO_ASK, Asker
from executus.deliver import DISCARD, Deliverer
from executus.errors import SetupError
from executus.events import RunEvent
from executus.money import NO_PRICES, Money, PriceSource
from executus.registry import NO_SECRETS, SecretSource
from executus.run.info import RunInfo
from executus.run.journal import NO_CHECKPOINTER, Checkpointer
from executus.run.result import RunResult
from executus.run.watch import RunWatch
from majordomo.llm import Usage

__all__ = [
    "ALL_TOOLS",
    "NO_AUDIT",
    "NO_CRITIC",
    "UNLIMITED",
    "Audit",
    "BudgetGate",
    "Critic",
    "Palette",
    "Ports",
]


class Audit(Protocol):
    """Writes down what happened.

    For each run, `close_run` is called once, last; when it fails or takes too long it is called
    again later, so it should replace a record of the same run id. A run that pauses is closed as
    paused, and begun and closed again when it is resumed.
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

    async def extend(self, run_id: str, usage: Usage, cost: Money | None) -> None:
        """The run has spent this so far, and wants to call a model again.

        Called before each model call but the first. Token counts and cost are None when unknown.

        Raises:
            BudgetExceeded: It must stop, and this is its error. So does any other exception: this
                is a gate.
        """
        ...

    async def commit(self, run_id: str, usage: Usage, cost: Money | None) -> None:
        """The run has ended and spent this. Called for a run that began a model call.

        Token counts are None when a call failed or was cut off: it cost something unknown. A run
        that is resumed reserves and commits again, for what it spends from there on and for what
        a process spent that died before it could commit.
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


class Critic(Protocol):
    """Watches a run beside it: looks at it now and then, and steers, extends or stops it."""

    async def watch(self, watch: RunWatch) -> None:
        """Watch one run until this returns; cancelled when the loop stage ends.

        An exception ends the watching, with a warning on the result, and not the run.
        """
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

    async def extend(self, run_id: str, usage: Usage, cost: Money | None) -> None:
        del run_id, usage, cost

    async def commit(self, run_id: str, usage: Usage, cost: Money | None) -> None:
        del run_id, usage, cost

    async def release(self, run_id: str) -> None:
        del run_id


class _AllTools:
    async def visible(self, info: RunInfo, names: Sequence[str]) -> Collection[str]:
        del info
        return names


class _NoCritic:
    async def watch(self, watch: RunWatch) -> None:
        del watch


NO_AUDIT: Audit = _NoAudit()
UNLIMITED: BudgetGate = _Unlimited()
ALL_TOOLS: Palette = _AllTools()
NO_CRITIC: Critic = _NoCritic()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The host's side of a run; what is not given does nothing.

    Attributes:
        audit: Writes down what happened.
        budget: Decides whether a run may spend.
        palette: Decides which registered tools a run may be offered.
        critic: Watches runs.
        checkpointer: Keeps journals, so that runs may pause, or go on after a crash.
        delivery: Takes answers to where they belong.
        ask: Reaches the person who approves calls and answers questions.
        secrets: Gives tools the secrets they name.
        prices: Knows what tokens cost.

    Raises:
        SetupError: One of them lacks a method of its protocol.
    """

    audit: Audit = NO_AUDIT
    budget: BudgetGate = UNLIMITED
    palette: Palette = ALL_TOOLS
    critic: Critic = NO_CRITIC
    checkpointer: Checkpointer = NO_CHECKPOINTER
    delivery: Deliverer = DISCARD
    ask: Asker = NOBODY_TO_ASK
    secrets: SecretSource = NO_SECRETS
    prices: PriceSource = NO_PRICES

    def __post_init__(self) -> None:
        for name, methods in _METHODS.items():
            port = getattr(self, name)
            for method in methods:
                if not callable(getattr(port, method, None)):
                    raise SetupError(
                        f"{name}={port!r:.100} is no such port: it has no method {method}() "
                        f"(it needs {', '.join(methods)}); a port that is not given does nothing"
                    )

    @property
    def to_close(self) -> bool:
        """Whether the close stage has anyone to tell."""
        return (
            self.audit is not NO_AUDIT
            or self.budget is not UNLIMITED
            or self.checkpointer is not NO_CHECKPOINTER
        )


def _methods(null: object) -> tuple[str, ...]:
    """A null object has its protocol's methods, and no other."""
    names = (name for name in dir(null) if not name.startswith("_"))
    return tuple(name for name in names if callable(getattr(null, name)))


_METHODS = {one.name: _methods(one.default) for one in fields(Ports)}
