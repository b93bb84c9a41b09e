"""Forgetting what is old: an explicit call with an age, the same for every store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from executus.errors import SetupError
from majordomo.clock import SYSTEM_CLOCK, Clock

__all__ = ["Prunable", "prune"]


class Prunable(Protocol):
    """Keeps things that grow old. `executus.testing.contracts` says what `prune` must do."""

    async def prune(self, before: datetime) -> int:
        """Forget what ended, or was last touched, before a moment, in UTC.

        Audits and journals go whole, by run; what still goes on stays, however old it is.

        Returns:
            How many things were forgotten: runs, audits of runs, journals, texts.
        """
        ...


async def prune(age: timedelta, *stores: Prunable, clock: Clock = SYSTEM_CLOCK) -> int:
    """Forget what is older than this in each of the stores; nothing does so by itself.

    Args:
        age: Above zero. For journals: longer than people take to answer a paused run.
        stores: The memory defaults, or what a store's accessors give.
        clock: Says when.

    Returns:
        How many things were forgotten.

    Raises:
        SetupError: The age is not above zero.

    Example:
        >>> import anyio
        >>> from executus.batteries.audit import MemoryAuditStore, MemoryRunIndex
        >>> anyio.run(prune, timedelta(days=90), MemoryRunIndex(), MemoryAuditStore())
        0
    """
    if age <= timedelta():
        raise SetupError(f"an age to prune by must be above zero, not {age}")
    try:
        before = clock.wall() - age
    except OverflowError:
        return 0  # before the calendar begins there is nothing
    return sum([await store.prune(before) for store in stores])
