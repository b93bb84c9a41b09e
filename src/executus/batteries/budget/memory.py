"""A budget's storage in this process's memory."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from executus.batteries.budget.storage import (
    MAX_WINDOW_DAYS,
    Bound,
    Reservation,
    first_passed,
)
from executus.batteries.budget.tally import Tally

__all__ = ["MemoryBudgetStorage"]

_KEPT_US = MAX_WINDOW_DAYS * 86_400_000_000


class MemoryBudgetStorage:
    """Keeps spending until the process ends. May be used from several event loops at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, Tally] = {}
        self._entries: list[tuple[int, str, int]] = []  # a heap: when, account, amount
        self._reserved: dict[str, Tally] = {}
        self._held: dict[str, Reservation] = {}
        self._lapses: list[tuple[int, str]] = []  # sorted: when, run

    async def reserve(self, reservation: Reservation, bounds: Sequence[Bound]) -> Bound | None:
        """Set aside, unless a bound would be passed."""
        now_us, run_id = reservation.now_us, reservation.run_id
        with self._lock:
            used = [self._used(b.account, b.after_us, now_us, but=run_id) for b in bounds]
            passed = first_passed(bounds, used, reservation.amounts)
            if passed is None:
                self._drop(run_id)
                self._hold(reservation)
            return passed

    async def commit(self, run_id: str, amounts: Mapping[str, int], now_us: int) -> None:
        """Note what was spent, and drop the reservation."""
        with self._lock:
            self._drop(run_id)
            for account, amount in amounts.items():
                _add(self._spent, account, now_us, amount)
                heappush(self._entries, (now_us, account, amount))
            self._forget(now_us)

    async def release(self, run_id: str) -> None:
        """Drop the reservation."""
        with self._lock:
            self._drop(run_id)

    async def used(self, account: str, *, after_us: int, now_us: int) -> int:
        """What was spent after a moment, plus what is set aside."""
        with self._lock:
            return self._used(account, after_us, now_us)

    def _used(self, account: str, after_us: int, now_us: int, but: str | None = None) -> int:
        used = 0
        if spent := self._spent.get(account):
            used += spent.after(after_us)
        if reserved := self._reserved.get(account):
            used += reserved.after(now_us)
        own = None if but is None else self._held.get(but)
        if own is not None and own.expires_us > now_us:
            used -= own.amounts.get(account, 0)
        return used

    def _hold(self, reservation: Reservation) -> None:
        self._held[reservation.run_id] = reservation
        insort(self._lapses, (reservation.expires_us, reservation.run_id))
        for account, amount in reservation.amounts.items():
            _add(self._reserved, account, reservation.expires_us, amount)

    def _drop(self, run_id: str) -> None:
        held = self._held.pop(run_id, None)
        if held is None:
            return
        del self._lapses[bisect_left(self._lapses, (held.expires_us, run_id))]
        for account, amount in held.amounts.items():
            _add(self._reserved, account, held.expires_us, -amount)

    def _forget(self, now_us: int) -> None:
        """Drop what has lapsed, and what no window reaches any more."""
        while self._lapses and self._lapses[0][0] <= now_us:
            self._drop(self._lapses[0][1])
        while self._entries and self._entries[0][0] <= now_us - _KEPT_US:
            at_us, account, amount = heappop(self._entries)
            _add(self._spent, account, at_us, -amount)


def _add(tallies: dict[str, Tally], account: str, moment_us: int, amount: int) -> None:
    tally = tallies.setdefault(account, Tally())
    tally.add(moment_us, amount)
    if not tally:
        del tallies[account]
