"""A budget storage compared with a plain ledger over random operations, times and windows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from executus.batteries.budget import (
    MAX_WINDOW_DAYS,
    Bound,
    BudgetStorage,
    Reservation,
    first_passed,
)
from executus.testing.contracts.contract import expect

__all__ = ["compare_with_ledger"]

_BEGIN_US = 1_800_000_000_000_000
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US
_RUNS = [f"r{number}" for number in range(8)]
_ACCOUNTS = ["tokens", "USD", "all"]
_WINDOWS_US = [1, _SECOND_US, _DAY_US, 30 * _DAY_US, MAX_WINDOW_DAYS * _DAY_US]
_LEASES_US = [1, 900, _SECOND_US, 3600 * _SECOND_US, 3 * _DAY_US]
_STEPS_US = [0, 0, 1, 63, 4096, _SECOND_US, 7 * 3600 * _SECOND_US, 40 * _DAY_US]
_STEPS_BACK_US = [1, 64, 5000, 2 * _SECOND_US, 5 * _DAY_US]


class _Ledger:
    """What was spent and what is held, added up anew for every question."""

    def __init__(self) -> None:
        self.spent: list[tuple[str, int, int]] = []
        self.held: dict[str, Reservation] = {}

    def used(self, account: str, after_us: int, now_us: int, but: str = "") -> int:
        spent = sum(n for name, at_us, n in self.spent if name == account and at_us > after_us)
        return spent + sum(
            one.amounts.get(account, 0)
            for one in self.held.values()
            if one.expires_us > now_us and one.run_id != but
        )

    def reserve(self, asked: Reservation, bounds: Sequence[Bound]) -> Bound | None:
        used = [self.used(b.account, b.after_us, asked.now_us, asked.run_id) for b in bounds]
        passed = first_passed(bounds, used, asked.amounts)
        if passed is None:
            self.held[asked.run_id] = asked
        return passed

    def commit(self, run_id: str, amounts: Mapping[str, int], now_us: int) -> None:
        self.held.pop(run_id, None)
        self.spent += [(account, now_us, amount) for account, amount in amounts.items()]


class _Comparison:
    def __init__(self, storage: BudgetStorage, seed: int) -> None:
        self._storage = storage
        self._ledger = _Ledger()
        self._dice = Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._now_us = self._latest_us = _BEGIN_US

    async def step(self) -> None:
        """Let time pass, do something, and ask how much is used, three times."""
        await self._pass_time()
        doings = (self._reserve, self._reserve, self._commit, self._commit, self._release)
        await self._dice.choice(doings)()
        for _ in range(3):
            account, after_us, now_us = self._account(), self._moment(), self._now_us
            found = await self._storage.used(account, after_us=after_us, now_us=now_us)
            promised = self._ledger.used(account, after_us, now_us)
            expect(found, promised, f"used of {account} after {after_us} at {now_us}")

    async def _pass_time(self) -> None:
        if self._dice.random() < 0.8:
            self._now_us += self._dice.choice(_STEPS_US)
            self._latest_us = max(self._latest_us, self._now_us)
            return
        # Whether the lapsed come back when the clock steps back is not promised.
        for run_id, held in list(self._ledger.held.items()):
            if held.expires_us <= self._now_us:
                await self._drop(run_id)
        self._now_us -= self._dice.choice(_STEPS_BACK_US)

    async def _reserve(self) -> None:
        asked = Reservation(
            run_id=self._run(),
            amounts=self._amounts(),
            now_us=self._now_us,
            expires_us=self._now_us + self._dice.choice(_LEASES_US),
        )
        bounds = [self._bound() for _ in range(self._dice.randint(0, 4))]
        found = await self._storage.reserve(asked, bounds)
        expect(found, self._ledger.reserve(asked, bounds), f"{asked} within {bounds}")

    async def _commit(self) -> None:
        run_id, amounts = self._run(), self._amounts()
        self._ledger.commit(run_id, amounts, self._now_us)
        await self._storage.commit(run_id, amounts, self._now_us)

    async def _release(self) -> None:
        await self._drop(self._run())

    async def _drop(self, run_id: str) -> None:
        self._ledger.held.pop(run_id, None)
        await self._storage.release(run_id)

    def _run(self) -> str:
        return self._dice.choice(_RUNS)

    def _account(self) -> str:
        return self._dice.choice(_ACCOUNTS)

    def _amounts(self) -> dict[str, int]:
        chosen = self._dice.sample(_ACCOUNTS, self._dice.randint(1, len(_ACCOUNTS)))
        return {account: self._dice.randint(0, 9) for account in chosen}

    def _bound(self) -> Bound:
        account, after_us = self._account(), self._moment()
        used = self._ledger.used(account, after_us, self._now_us)
        return Bound(account=account, cap=used + self._dice.randint(-3, 15), after_us=after_us)

    def _moment(self) -> int:
        """The far edge of a window, or a moment at or beside some spending; never forgotten."""
        if self._ledger.spent and self._dice.random() < 0.5:
            moment_us = self._dice.choice(self._ledger.spent)[1] + self._dice.randint(-1, 1)
        else:
            moment_us = self._now_us - self._dice.choice(_WINDOWS_US)
        return max(moment_us, self._latest_us - MAX_WINDOW_DAYS * _DAY_US)


async def compare_with_ledger(storage: BudgetStorage, seed: int, operations: int = 150) -> None:
    """Do random things to a storage, and ask of it and of a ledger what is used.

    Time passes by microseconds, days or not at all, and steps back; leases lapse; windows overlap.

    Args:
        storage: Fresh and empty.
        seed: Other seeds, other operations.
        operations: How many.

    Raises:
        ContractBroken: They differ.
    """
    comparison = _Comparison(storage, seed)
    for _ in range(operations):
        await comparison.step()
