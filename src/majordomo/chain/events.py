"""What a chain tells an observer while it works. The failures of one are logged and ignored."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from majordomo.llm.response import Target

__all__ = [
    "Advance",
    "Attempt",
    "Bench",
    "ChainEvent",
    "Observer",
    "Retry",
    "Skip",
    "Success",
    "notify",
    "observers_of",
    "observing",
]

logger = logging.getLogger("majordomo.chain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A target is asked.

    Attributes:
        target: Which.
        elapsed_s: Seconds since the request began; in every event.
        number: Which attempt at this target in this request, from 1.
        probe: The target comes off the bench, and this finds out whether it is back.
    """

    target: Target
    elapsed_s: float
    number: int
    probe: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The same target will be asked again.

    Attributes:
        number: Which attempt will follow.
        cause: Why the one before failed.
        wait_s: Seconds until then.
        without_state: The provider's own state is left out of the history: it refused that.
    """

    target: Target
    elapsed_s: float
    number: int
    cause: Exception
    wait_s: float
    without_state: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A failure of this request benched its target.

    Attributes:
        cause: The failure.
        left_s: Seconds until the bench ends.
    """

    target: Target
    elapsed_s: float
    cause: Exception
    left_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """A target is passed over without being dialled, and without penalty.

    Attributes:
        reason: One line, as in `ChainExhausted`.
        benched_until: When its bench ends, in UTC; None when that is not why, or is not known.
    """

    target: Target
    elapsed_s: float
    reason: str
    benched_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """A target that was asked is given up.

    Attributes:
        cause: Its last failure.
        to: The next target in order, which may yet be skipped; None after the last.
    """

    target: Target
    elapsed_s: float
    cause: Exception
    to: Target | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """A target answered; for a stream, told when it ends or is left.

    Attributes:
        number: Which attempt at this target it was.
        took_s: Seconds of this attempt alone.
    """

    target: Target
    elapsed_s: float
    number: int
    took_s: float


ChainEvent: TypeAlias = Attempt | Retry | Bench | Skip | Advance | Success
Observer: TypeAlias = Callable[[ChainEvent], object]
"""Called synchronously, in the middle of the request: it should only take note."""


_OBSERVERS: ContextVar[tuple[Observer, ...]] = ContextVar("majordomo_chain_observers", default=())


@contextmanager
def observing(observer: Observer) -> Generator[None]:
    """Tell an observer what every chain does that is asked within the block.

    Holds for this task and those it starts, through whatever wraps a chain: so a run hears of its
    own requests alone, although the chain is shared.
    """
    token = _OBSERVERS.set((*_OBSERVERS.get(), observer))
    try:
        yield
    finally:
        _OBSERVERS.reset(token)


def observers_of(own: Observer | None) -> tuple[Observer, ...]:
    """A chain's own observer, if it has one, and those of this task."""
    return _OBSERVERS.get() if own is None else (own, *_OBSERVERS.get())


def notify(observers: Sequence[Observer], event: ChainEvent) -> None:
    """Tell observers; when one fails, log that."""
    for observer in observers:
        try:
            observer(event)
        except Exception:
            logger.exception("the chain's observer failed and was ignored")
