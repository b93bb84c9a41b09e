"""The contract holds for the memory default and a host's own storage, and finds broken ones."""

import pytest

from executus.batteries.budget import MemoryBudgetStorage, first_passed
from executus.testing.contracts import BUDGET_CONTRACT, ContractBroken


class LedgerStorage:
    """A host's own: one list of everything that happened, read from its beginning each time."""

    def __init__(self):
        self.ledger = []

    def total(self, account, after_us, now_us, but=None):
        held, spent = {}, 0
        for kind, run_id, what, at in self.ledger:
            if kind == "reserve":
                held[run_id] = what
            else:
                held.pop(run_id, None)
                spent += what.get(account, 0) if at > after_us else 0
        return spent + sum(
            r.amounts.get(account, 0)
            for r in held.values()
            if r.expires_us > now_us and r.run_id != but
        )

    async def reserve(self, reservation, bounds):
        now, run = reservation.now_us, reservation.run_id
        used = [self.total(b.account, b.after_us, now, run) for b in bounds]
        passed = first_passed(bounds, used, reservation.amounts)
        if passed is None:
            self.ledger.append(("reserve", run, reservation, now))
        return passed

    async def commit(self, run_id, amounts, now_us):
        self.ledger.append(("commit", run_id, amounts, now_us))

    async def release(self, run_id):
        self.ledger.append(("release", run_id, {}, 0))

    async def used(self, account, *, after_us, now_us):
        return self.total(account, after_us, now_us)


@pytest.mark.parametrize("storage", [MemoryBudgetStorage, LedgerStorage])
@pytest.mark.parametrize("check", BUDGET_CONTRACT, ids=lambda check: check.__name__)
async def test_the_contract_holds(check, storage):
    await check(storage())


class NeverRefuses(MemoryBudgetStorage):
    async def reserve(self, reservation, bounds):
        await super().reserve(reservation, ())


class KeepsTheDead(MemoryBudgetStorage):
    async def used(self, account, *, after_us, now_us):
        return await super().used(account, after_us=after_us, now_us=0)


class CountsTheEdge(MemoryBudgetStorage):
    async def used(self, account, *, after_us, now_us):
        return await super().used(account, after_us=after_us - 1, now_us=now_us)


@pytest.mark.parametrize("broken", [NeverRefuses, KeepsTheDead, CountsTheEdge])
async def test_the_contract_finds_a_broken_storage(broken):
    found = 0
    for check in BUDGET_CONTRACT:
        try:
            await check(broken())
        except ContractBroken:
            found += 1
    assert found
