"""Where a budget keeps what is spent and what is set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["MAX_WINDOW_DAYS", "Bound", "BudgetStorage", "Reservation", "first_passed"]

MAX_WINDOW_DAYS = 366
"""Storages forget what was spent longer ago than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What one run sets aside; it replaces what the run had set aside before.

    Attributes:
        run_id: The run.
        amounts: Whole units by account; not negative.
        now_us: When, in microseconds since 1970 in UTC.
        expires_us: From when on it counts no more.
    """

    run_id: str
    amounts: Mapping[str, int]
    now_us: int
    expires_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What an account may come to: spent after a moment, and set aside now.

    Attributes:
        account: Which.
        cap: The most, in whole units; to come to it exactly is allowed.
        after_us: What was spent at this moment or before counts no more.
    """

    account: str
    cap: int
    after_us: int


class BudgetStorage(Protocol):
    """Keeps spending and reservations. Every method is atomic, also between processes."""

    async def reserve(self, reservation: Reservation, bounds: Sequence[Bound]) -> Bound | None:
        """Set aside, unless a bound would be passed: then nothing changes.

        Reservations of other runs that have expired do not count.

        Returns:
            None when it is set aside, else the first bound that is in the way.
        """
        ...

    async def commit(self, run_id: str, amounts: Mapping[str, int], now_us: int) -> None:
        """The run has spent this by account; its reservation, if it has one, is gone.

        May be called several times for one run: it then has spent the sum.
        """
        ...

    async def release(self, run_id: str) -> None:
        """Drop the run's reservation, if it has one."""
        ...

    async def used(self, account: str, *, after_us: int, now_us: int) -> int:
        """What was spent after a moment, plus what is set aside and has not expired."""
        ...


def first_passed(
    bounds: Sequence[Bound], used: Sequence[int], amounts: Mapping[str, int]
) -> Bound | None:
    """The first bound that more spending would pass.

    Args:
        bounds: In order.
        used: What counts against each of them already.
        amounts: What is to be added, by account.
    """
    for bound, already in zip(bounds, used, strict=True):
        if already + amounts.get(bound.account, 0) > bound.cap:
            return bound
    return None
