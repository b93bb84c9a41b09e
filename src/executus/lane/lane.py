"""A lane: at most so many at once, and whose turn it is decided fairly."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio
import anyio.lowlevel

from executus.errors import SetupError
from executus.lane.errors import LaneFull, LaneTimeout
from executus.lane.fairqueue import FairQueue, Ticket
from majordomo.clock import SYSTEM_CLOCK, Clock
from majordomo.tasks import call_soon, current_loop

__all__ = ["Lane", "LaneSnapshot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSnapshot:
    """What a lane is doing.

    Attributes:
        name: Its name.
        limit: Slots.
        running: Slots taken.
        waiting: Requests in the queue.
        keys: (running, waiting) of each key that has either.
    """

    name: str
    limit: int
    running: int
    waiting: int
    keys: Mapping[str, tuple[int, int]]


class Lane:
    """Slots for work, shared fairly between keys. May be used from several event loops at once.

    Between keys it is round-robin by weight: a key with one request waits at most one round of the
    others, however many of theirs wait. Within a key it is first come, first served. Priority comes
    before fairness: while requests of a higher one keep coming, lower ones wait.

    Args:
        limit: Most at once, at least 1.
        name: For errors and snapshots.
        per_key: Most at once for one key; None for no bound of its own.
        weights: A key's share in relation to others', above 0; 1 for a key that is not named.
        max_waiting: Most requests in the queue; further ones are refused.
        wait_timeout_s: Most seconds a request waits; None for no bound.
        clock: Limits the waiting.

    Raises:
        SetupError: A figure is out of its range.

    Example:
        >>> import anyio
        >>> lane = Lane(2, per_key=1)
        >>> async def work(user):
        ...     async with lane.slot(user):
        ...         return lane.snapshot().running
        >>> anyio.run(work, "ann")
        1
    """

    def __init__(
        self,
        limit: int,
        *,
        name: str = "lane",
        per_key: int | None = None,
        weights: Mapping[str, float] | None = None,
        max_waiting: int = 1000,
        wait_timeout_s: float | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        shares = dict(weights or {})
        if limit < 1 or (per_key is not None and per_key < 1) or max_waiting < 0:
            raise SetupError(
                f"lane {name!r}: limit and per_key must be at least 1, max_waiting at least 0"
            )
        for key, weight in shares.items():
            if not 0 < weight < float("inf"):
                raise SetupError(f"lane {name!r}: the weight of {key!r} must be above 0")
        self.name = name
        self._max_waiting = max_waiting
        self._wait_timeout_s = wait_timeout_s
        self._clock = clock
        self._lock = threading.Lock()
        self._queue = FairQueue(limit, per_key=per_key, weight=lambda key: shares.get(key, 1.0))
        self._wake: dict[Ticket, tuple[object, anyio.Event]] = {}

    @asynccontextmanager
    async def slot(self, key: str = "", *, priority: int = 0) -> AsyncGenerator[None]:
        """A slot, held for as long as the block lasts.

        Args:
            key: Whose share it is taken from.
            priority: Higher ones go first.

        Raises:
            LaneFull: As many wait already as may.
            LaneTimeout: None came free in time.
        """
        ticket = await self._acquire(key, priority)
        try:
            yield
        finally:
            self._leave(ticket)

    def snapshot(self) -> LaneSnapshot:
        """What the lane is doing at this moment."""
        with self._lock:
            queue = self._queue
            return LaneSnapshot(
                name=self.name,
                limit=queue.limit,
                running=queue.running,
                waiting=queue.waiting,
                keys=queue.counts(),
            )

    async def _acquire(self, key: str, priority: int) -> Ticket:
        await anyio.lowlevel.checkpoint_if_cancelled()
        event = anyio.Event()
        with self._lock:
            ticket = self._queue.submit(key, priority)
            self._grant()
            if ticket.state == "running":
                return ticket
            if self._queue.waiting > self._max_waiting:
                self._queue.leave(ticket)
                raise LaneFull(
                    self.name, key, f"{self._max_waiting} requests wait already; come back later"
                )
            self._wake[ticket] = (current_loop(), event)
        try:
            with self._clock.deadline(self._wait_timeout_s):
                await event.wait()
        except BaseException:
            self._leave(ticket)
            raise
        with self._lock:
            if ticket.state == "running":  # perhaps granted in the moment the time was over
                return ticket
        self._leave(ticket)
        raise LaneTimeout(self.name, key, f"none came free within {self._wait_timeout_s:g} s")

    def _leave(self, ticket: Ticket) -> None:
        with self._lock:
            self._wake.pop(ticket, None)
            self._queue.leave(ticket)
            self._grant()

    def _grant(self) -> None:
        """Wake those whose turn it is, each on its own loop; the caller holds the lock."""
        for ticket in self._queue.grant():
            waiter = self._wake.pop(ticket, None)
            if waiter is not None:
                loop, event = waiter
                event.set() if loop is current_loop() else call_soon(loop, event.set)
