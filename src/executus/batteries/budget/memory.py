"""A budget's storage in this process's memory."""

from __future__ import annotations

import threading
from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence

from executus.batteries.budget.storage import (
    MAX_WINDOW_DAYS,
    Bound,
    Reservation,
    first_passed,
)

__all__ = ["MemoryBudgetStorage"]

_KEPT_US = MAX_WINDOW_DAYS * 86_400_000_000


class MemoryBudgetStorage:
    """Keeps spending until the process ends. May be used from several event loops at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[str, list[tuple[int, int]]] = {}
        self._reserved: dict[str, Reservation] = {}

    async def reserve(self, reservation: Reservation, bounds: Sequence[Bound]) -> Bound | None:
        """Set aside, unless a bound would be passed."""
        now_us, run_id = reservation.now_us, reservation.run_id
        with self._lock:
            used = [self._used(b.account, b.after_us, now_us, but=run_id) for b in bounds]
            passed = first_passed(bounds, used, reservation.amounts)
            if passed is None:
                self._reserved[run_id] = reservation
            return passed

    async def commit(self, run_id: str, amounts: Mapping[str, int], now_us: int) -> None:
        """Note what was spent, and drop the reservation."""
        with self._lock:
            self._reserved.pop(run_id, None)
            for account, amount in amounts.items():
                spent = self._spent.setdefault(account, [])
                insort(spent, (now_us, amount))  # a wall clock may step back
                del spent[: _after(spent, now_us - _KEPT_US)]
            self._forget_expired(now_us)

    async def release(self, run_id: str) -> None:
        """Drop the reservation."""
        with self._lock:
            self._reserved.pop(run_id, None)

    async def used(self, account: str, *, after_us: int, now_us: int) -> int:
        """What was spent after a moment, plus what is set aside."""
        with self._lock:
            return self._used(account, after_us, now_us)

    def _used(self, account: str, after_us: int, now_us: int, but: str | None = None) -> int:
        spent = self._spent.get(account, [])
        return sum(amount for _, amount in spent[_after(spent, after_us) :]) + sum(
            held.amounts.get(account, 0)
            for held in self._reserved.values()
            if held.expires_us > now_us and held.run_id != but
        )

    def _forget_expired(self, now_us: int) -> None:
        expired = [held.run_id for held in self._reserved.values() if held.expires_us <= now_us]
        for run_id in expired:
            del self._reserved[run_id]


def _after(spent: Sequence[tuple[int, int]], moment_us: int) -> int:
    """Index of the first that was spent after a moment."""
    return bisect_right(spent, moment_us, key=lambda entry: entry[0])
