"""Who is next: weighted fair queueing between keys, without tasks, time or locks.

Each key has a virtual time, which a slot given to it advances by 1 / weight. The waiting key with
the smallest one is next, and a key that begins to wait starts at the time the others have reached:
so a key with one item does not stand behind a thousand of another's, and a key that was idle has
saved nothing up. This is start-time fair queueing with slots as its unit; every operation takes
logarithmic time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator

__all__ = ["FairQueue", "Ticket"]

_MOST_IDLE = 64


class Ticket:
    """One request for a slot.

    Attributes:
        key: Who asks.
        priority: Higher ones go first, before any fairness.
        state: `waiting`, `running`, or `gone` (cancelled, or released).
    """

    __slots__ = ("key", "priority", "state")

    def __init__(self, key: str, priority: int) -> None:
        self.key = key
        self.priority = priority
        self.state = "waiting"


class _Flow:
    """What is known of one key."""

    __slots__ = ("count", "entry", "items", "running", "time")

    def __init__(self) -> None:
        self.items: list[tuple[int, int, Ticket]] = []  # a heap; cancelled ones stay until popped
        self.count = 0  # of those that really wait
        self.running = 0
        self.time = 0.0
        self.entry = -1  # number of the one entry in the heap of keys that counts; -1 for none

    def head(self) -> Ticket:
        """The next waiting ticket; there is one."""
        while self.items[0][2].state != "waiting":
            heapq.heappop(self.items)
        return self.items[0][2]


class FairQueue:
    """Hands out `limit` slots.

    Args:
        limit: Slots, at least 1.
        per_key: Most slots one key holds at once; None for no bound of its own.
        weight: A key's share in relation to others', above 0.
    """

    def __init__(
        self,
        limit: int,
        *,
        per_key: int | None = None,
        weight: Callable[[str], float] = lambda _: 1.0,
    ) -> None:
        self.limit = limit
        self.per_key = per_key
        self._weight = weight
        self._flows: dict[str, _Flow] = {}
        self._ready: list[tuple[int, float, int, str]] = []
        self._order = itertools.count()
        self._now = 0.0
        self.running = 0
        self.waiting = 0

    def submit(self, key: str, priority: int = 0) -> Ticket:
        """Ask for a slot; `grant` says when it is there."""
        flow = self._flows.get(key)
        if flow is None:
            flow = self._flows[key] = _Flow()
        if not flow.count:
            flow.time = max(flow.time, self._now)
        ticket = Ticket(key, priority)
        heapq.heappush(flow.items, (-priority, next(self._order), ticket))
        flow.count += 1
        self.waiting += 1
        self._offer(key, flow)
        return ticket

    def grant(self) -> Iterator[Ticket]:
        """The tickets whose turn it is now; each is `running` when it is given out."""
        while self.running < self.limit and self._ready:
            _, _, entry, key = heapq.heappop(self._ready)
            flow = self._flows.get(key)
            if flow is not None and flow.entry == entry:
                yield self._start(key, flow)

    def _start(self, key: str, flow: _Flow) -> Ticket:
        ticket = flow.head()
        heapq.heappop(flow.items)
        flow.count -= 1
        flow.running += 1
        self.waiting -= 1
        self.running += 1
        ticket.state = "running"
        self._now = max(self._now, flow.time)
        flow.time += 1 / self._weight(key)
        self._offer(key, flow)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """Give a slot back, or stop waiting for one; once more does nothing."""
        was, ticket.state = ticket.state, "gone"
        if was == "gone":
            return
        flow = self._flows[ticket.key]
        if was == "running":
            flow.running -= 1
            self.running -= 1
        else:
            flow.count -= 1
            self.waiting -= 1
        if flow.count:
            self._offer(ticket.key, flow)
        else:
            flow.entry = -1
            flow.items.clear()
            self._forget(ticket.key, flow)

    def _offer(self, key: str, flow: _Flow) -> None:
        """Put a key among those that may be next, or take it out; earlier entries lapse."""
        flow.entry = -1
        if flow.count and (self.per_key is None or flow.running < self.per_key):
            flow.entry = next(self._order)
            entry = (-flow.head().priority, flow.time, flow.entry, key)
            heapq.heappush(self._ready, entry)
            if len(self._ready) > 4 * (len(self._flows) + _MOST_IDLE):
                self._drop_lapsed()

    def _drop_lapsed(self) -> None:
        alive = [e for e in self._ready if (f := self._flows.get(e[3])) and f.entry == e[2]]
        heapq.heapify(alive)
        self._ready = alive

    def _forget(self, key: str, flow: _Flow) -> None:
        """Drop idle keys whose time says nothing; when there are many, all that are idle.

        Such a key is owed one turn less than it had when it comes back: what bounded memory costs.
        """
        if not self.running and not self.waiting:
            self._flows.clear()
            self._ready.clear()
            self._now = 0.0
        elif not flow.running and flow.time <= self._now:
            del self._flows[key]
        elif len(self._flows) > 2 * (self.running + self.waiting) + _MOST_IDLE:
            for name, idle in list(self._flows.items()):
                if not (idle.running or idle.count):
                    del self._flows[name]

    def counts(self) -> dict[str, tuple[int, int]]:
        """(running, waiting) of every key that has either."""
        return {
            key: (flow.running, flow.count)
            for key, flow in self._flows.items()
            if flow.running or flow.count
        }
